"""The engines that compute features: each gives the same value for the same definition and rows."""
