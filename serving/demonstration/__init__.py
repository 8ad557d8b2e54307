"""The demonstration: a synthetic force from records to pages, and a tour of it."""
