"""The classroom: a page in the browser on which a district lives day by day, beside its twin without the programme."""
