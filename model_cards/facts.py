"""What the evidence says, field by field: each function reads a RUN's documents and returns a value, or None.

A value is a sentence, a list of sentences, or a table of words. Nothing here judges; nothing is invented where a
document is missing.
"""

from __future__ import annotations

from collections.abc import Callable

from model_cards import results
from model_cards.results import Documents, Value
from model_cards.words import day, figure_words, number, outcome_words, table, verdict_words

Fact = tuple[str, Callable[[Documents], Value]]


def _name(docs: Documents) -> Value:
    return ((docs.get("config.json") or {}).get("settings") or {}).get("title")


def _documents(docs: Documents) -> Value:
    gate = docs.get("gate.json")
    if gate is None:
        return None
    rows = [
        [one["title"], verdict_words(one["verdict"]), one["reason"]] for one in gate["checks"] if one["id"] in _PAPER
    ]
    return table(["Check", "Verdict", "Why"], rows)


_PAPER = {"G1", "G3", "G9", "G10", "G11", "G12"}


def _population(docs: Documents) -> Value:
    cohort = (docs.get("evaluation.json") or {}).get("cohort")
    if cohort is None:
        return None
    kind = {
        "monthly": "Every relationship with any record in the eligibility window, or a first signal, at the start of "
        "each list",
        "incident": "Every relationship with a domestic incident, after it was recorded",
    }.get(cohort["kind"], cohort["kind"])
    return f"{kind}. Measured on {number(cohort['n'])} rows of {number(cohort['relationships'])} relationships."


def _capacity(docs: Documents) -> Value:
    document = docs.get("evaluation.json")
    return None if document is None else f"{number(document['capacity'])} relationships per list"


def _outcome(docs: Documents) -> Value:
    document = docs.get("evaluation.json")
    return None if document is None else outcome_words(document["rung"])


def _horizon(docs: Documents) -> Value:
    document = docs.get("evaluation.json")
    return None if document is None else f"{document['horizon_days']} days from the moment the list is made"


def _snapshot(docs: Documents) -> Value:
    document = docs.get("snapshot.json")
    if document is None:
        return None
    return f"Snapshot {document['id']}, {number(len(document.get('batches', [])))} batches"


def _cohort(docs: Documents) -> Value:
    cohort = (docs.get("evaluation.json") or {}).get("cohort")
    recall = results.headline(docs)
    if cohort is None:
        return None
    lines = [
        f"{number(cohort['n'])} rows, {number(cohort['relationships'])} relationships, "
        f"{number(cohort['subjects'])} subjects, {number(cohort['lists'])} lists",
        f"From {day(cohort['start'])} to {day(cohort['last_as_of'])}",
    ]
    return (
        lines if recall is None else [*lines, f"{number(recall['events'])} outcome events, inside the cohort and out"]
    )


def _attrition(docs: Documents) -> Value:
    """Of the last list: what each filter kept and left out."""
    cycles = (docs.get("cohort.json") or {}).get("cycles")
    if not cycles:
        return None
    steps = cycles[-1]["steps"]
    rows = [
        [one["step"].replace("_", " "), number(one["kept"]), number(one["dropped"]), one["reason"]] for one in steps
    ]
    return table([f"Filter, list of {day(cycles[-1]['as_of'])}", "Kept", "Left out", "Rule"], rows)


def _features(docs: Documents) -> Value:
    document = docs.get("model/features.json")
    if document is None:
        return None
    return (
        f"{number(len(document['names']))} features of catalogue {document['catalogue_version']}; "
        "each is described in docs/features.md"
    )


def _constraints(docs: Documents) -> Value:
    document = docs.get("model/features.json")
    if document is None or "constraints" not in document:
        return None
    held = sum(1 for one in document["constraints"] if one)
    return f"{number(held)} of {number(len(document['constraints']))} features can only move the score one way"


def _sensitive(docs: Documents) -> Value:
    document = docs.get("model/features.json")
    if document is None or "sensitive" not in document:
        return None
    names = document["sensitive"]
    without, with_ = results.figure_of(docs, "without_sensitive", "recall_at_capacity"), results.headline(docs)
    lines = list(names) or ["None"]
    if without is not None and with_ is not None:
        lines.append(f"Recall at capacity with them {figure_words(with_)}; without them {figure_words(without)}")
    return lines


def _parameters(docs: Documents) -> Value:
    chosen = ((docs.get("choices.json") or {}).get("trees") or {}).get("chosen")
    if not chosen:
        return None
    return table(["Setting", "Value"], [[str(key), str(value)] for key, value in sorted(chosen.items())])


def _calibrator(docs: Documents) -> Value:
    method = (docs.get("model/calibrator.json") or {}).get("method")
    return None if method is None else f"{method}, on pooled out-of-fold scores"


def _folds(docs: Documents) -> Value:
    dates = (docs.get("checks.json") or {}).get("dates")
    if dates is None:
        return None
    columns = ["Fold", "Last as-of fitted on", "Its outcome known by", "Fit date", "First as-of measured"]
    keys = ("fold", "last_fit_as_of", "last_fit_label_known", "fit_date", "first_as_of_measured")
    return table(columns, [[day(one[key]) for key in keys] for one in dates["folds"]])


def _leaks(docs: Documents) -> Value:
    checks = docs.get("checks.json")
    if checks is None:
        return None
    future = checks["future_removed"]
    word = "no value differs" if future["holds"] else f"{number(future['values_that_differ'])} values differ"
    dates = "hold" if checks["dates"]["holds"] else "DO NOT hold"
    return [
        f"Features of {number(future['rows'])} test rows computed again without anything known later: {word}",
        f"Label known, then fit date, then first as-of measured, in every fold: the dates {dates}",
    ]


def _opened(docs: Documents) -> Value:
    opening = (docs.get("folds.json") or {}).get("test_opening")
    if opening is None:
        return None
    earlier = len(opening["earlier_runs_that_opened_it"])
    return f"Once in this RUN; by {number(earlier)} earlier RUNs. Choosing among RUNs by their test is tuning on it."


def _fixed(text: str | list[str]) -> Callable[[Documents], Value]:
    return lambda docs: text


SUPPORTS = "Which relationships the threat assessment unit looks at first."
NOT_FOR = [
    "Deciding that somebody needs no help: not being on the list says nothing about their safety",
    "Evidence in court, charging, bail, custody, parole, employment or housing",
    "Any decision taken without a person who has looked at the records",
    "Showing a figure to a subject or a person at risk",
]
DECIDES = "A reviewer of the unit, with their supervisor, after reading the records. The ranking decides nothing."

FACTS: dict[str, Fact] = {
    "identity.name": ("config.json", _name),
    "identity.run": ("manifest.json", lambda docs: docs["run"]["id"]),
    "identity.model_sha256": ("choices.json", lambda docs: (docs.get("choices.json") or {}).get("model_sha256")),
    "identity.made_on": ("snapshot.json", lambda docs: (docs.get("snapshot.json") or {}).get("started_at")),
    "basis.documents": ("gate.json", _documents),
    "use.supports": ("the product's design", _fixed(SUPPORTS)),
    "use.not_for": ("the product's design", _fixed(NOT_FOR)),
    "use.population": ("evaluation.json", _population),
    "use.capacity": ("evaluation.json", _capacity),
    "oversight.decides": ("the product's design", _fixed(DECIDES)),
    "oversight.stop": (
        "threat/release/promotions.py",
        _fixed("threat suspend --reason '...': the rule ranking is served in its place at once, labelled."),
    ),
    "target.outcome": ("evaluation.json", _outcome),
    "target.horizon": ("evaluation.json", _horizon),
    "target.estimand": (
        "the product's design",
        _fixed("Risk of the recorded outcome within the horizon under usual policing, without a new plan by the unit."),
    ),
    "target.undercount": (
        "the product's design",
        _fixed(
            "Only what was recorded counts. Harm that was not reported, or not recorded, is in no figure of this card."
        ),
    ),
    "data.snapshot": ("snapshot.json", _snapshot),
    "data.cohort": ("evaluation.json", _cohort),
    "data.attrition": ("cohort.json", _attrition),
    "model.kind": (
        "model/model.txt",
        _fixed("Gradient-boosted decision trees (LightGBM), regularised; ranked by raw score."),
    ),
    "model.features": ("model/features.json", _features),
    "model.constraints": ("model/features.json", _constraints),
    "model.sensitive": ("model/features.json, evaluation.json", _sensitive),
    "model.parameters": ("choices.json", _parameters),
    "model.calibrator": ("model/calibrator.json", _calibrator),
    "design.folds": ("checks.json", _folds),
    "design.leaks": ("checks.json", _leaks),
    "design.test_opened": ("folds.json", _opened),
    "performance.rankings": ("evaluation.json", results.rankings_field),
    "performance.differences": ("evaluation.json", results.differences_field),
    "performance.calibration": ("evaluation.json, gate.json", results.calibration_field),
    "performance.freshness": ("evaluation.json", results.freshness_field),
    "performance.warnings": ("evaluation.json", results.warnings_field),
    "fairness.verdict": ("fairness.json", results.verdict_field),
    "fairness.by_group": ("fairness.json", results.by_group_field),
    "fairness.coverage": ("fairness.json", results.coverage_field),
    "fairness.others": ("fairness.json", results.others_field),
    "explanation.method": (
        "threat/release/scorer.py",
        _fixed("Exact tree contributions, grouped by theme into sentences, each with the records behind it."),
    ),
    "explanation.fidelity": ("checks.json", results.fidelity_field),
    "explanation.misreadings": (
        "the product's design",
        _fixed(
            [
                "A reason says what moved the rank, not what causes violence",
                "A high rank is not a finding about anybody; subjects are alleged",
                "A low rank is not reassurance",
            ]
        ),
    ),
    "security.artefact": (
        "threat/release/bundle.py",
        _fixed(
            "Signed bundle without executable content; signature, hashes, tree structure and canary scores are "
            "checked on every load."
        ),
    ),
    "security.added_harm": ("checks.json", results.added_harm_field),
    "monitoring.acceptances": ("gate.json", results.acceptances_field),
    "sign_off.gate": ("gate.json", results.gate_field),
    "sign_off.approvals": ("gate.json", results.approvals_field),
}
"""By section.field: the evidence, and how its value is read. ``limits.numbered`` is written by the card itself."""
