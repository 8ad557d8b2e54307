"""What governance reviewers read: the model card and the state of the audit log, without case data."""
