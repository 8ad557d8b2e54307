"""The groups an audit compares: by both parties, their relationship, and how much is on record."""
