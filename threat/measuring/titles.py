"""What each figure is called in words: training, fairness, model cards and their pages all read this table."""

from __future__ import annotations

TITLES = {
    "recall_at_capacity": "Recall at capacity",
    "recall_at_threshold": "Recall at threshold",
    "in_cohort_recall": "Recall at capacity, of outcomes in the cohort",
    "mean_recall": "Mean recall over the lengths of list",
    "coverage": "Outcomes in the cohort, of all outcomes",
    "precision_at_capacity": "Precision at capacity",
    "lift_at_capacity": "Lift at capacity",
    "prevalence": "Rows of the cohort with an outcome",
    "auc": "AUC",
    "auprc": "Area under precision and recall; chance gives the prevalence",
    "brier": "Brier score",
    "brier_skill": "Brier skill over the cohort's rate",
    "net_benefit": "Net benefit per 1,000 rows",
    "rate_off_the_lists": "Rows not listed with an outcome",
}
"""Title by name of the figure. A part or a difference begins with the same words, by the functions below.

``recall_at_threshold``: only for rankings cut by a score; the lists of a unit are always cut at a capacity.
"""


def recall_title(capacity: float | None) -> str:
    """Return what recall is called, of everyone and of a group alike; ``capacity``: None where a score is the cut.

    >>> recall_title(50), recall_title(None)
    ('Recall at capacity', 'Recall at threshold')
    """
    return TITLES["recall_at_threshold" if capacity is None else "recall_at_capacity"]


def title_within(name: str, part: str) -> str:
    """Return the title of a figure restricted to a part of the rows.

    >>> title_within("recall_at_capacity", "band")
    'Recall at capacity, within the band'
    """
    return f"{TITLES[name]}, within the {part}"


def title_of_difference(name: str) -> str:
    """Return the title of the model's figure minus that of another ranking.

    >>> title_of_difference("auc")
    'AUC, model minus this ranking'
    """
    better = " (below 0: model better)" if name == "brier" else ""  # the only error among them: smaller is better
    return f"{TITLES[name]}, model minus this ranking{better}"
