"""The day and its calendar, and the simulation that lets days pass zone by zone."""
