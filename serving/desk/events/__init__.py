"""Records that a system of the force sends as they happen: one route, the same intake, and what they open at once."""
