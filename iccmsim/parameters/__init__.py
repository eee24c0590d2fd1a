"""What the model is told: every number it uses, with its meaning, range, source and grade of evidence."""
