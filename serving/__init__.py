"""Serving: from the history to a review list with reasons, on pages and an API that log every read."""
