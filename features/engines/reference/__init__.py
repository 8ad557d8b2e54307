"""The plain engine: one event at a time, slow, and it can say which events made a value."""
