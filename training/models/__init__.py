"""Models that are fitted: trees, the elastic net, calibrators."""
