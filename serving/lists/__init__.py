"""A list: scored, ranked, explained, frozen and replayed."""
