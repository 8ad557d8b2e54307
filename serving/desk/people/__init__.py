"""The persons of a relationship."""
