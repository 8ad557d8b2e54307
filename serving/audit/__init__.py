"""The audit log: every read and write, chained by hashes."""
