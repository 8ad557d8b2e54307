"""The synthetic force: a mechanism, the way police record it, and the truth of it (``docs/simulation.md``)."""
