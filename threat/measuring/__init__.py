"""Measured once: figures, ranked data, resampling and intervals, for training, fairness, cards and pages alike."""
