"""One relationship: where it is in the order and why, its records, and what is not known."""
