"""Who is scored and when: cohorts, folds, feed lag, credit for outcomes, and what is fitted on."""
