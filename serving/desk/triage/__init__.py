"""A sitting: which case comes next, a person's own grade from the records, then the order and a second look."""
