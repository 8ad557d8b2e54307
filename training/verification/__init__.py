"""Checking a release: what the RUN says is computed again, for the gate, for a drill and for an outsider."""
