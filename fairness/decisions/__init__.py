"""The audit of what people decided about a list: who is served by the list, by the decisions, and by both."""
