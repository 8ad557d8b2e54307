"""A case of casework: its page, its history, and the form that puts a relationship before the unit."""
