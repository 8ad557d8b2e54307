"""The simulated records measured against published figures."""
