"""What is fitted: trees, the elastic net, calibrators."""
