"""The compiled engine: one pass over sorted arrays for each row."""
