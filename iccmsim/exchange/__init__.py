"""Readers and writers of the files that programmes already have."""
