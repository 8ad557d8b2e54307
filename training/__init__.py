"""Training: cohort, folds, fit, calibration, evaluation. The gate decides, nothing more."""
