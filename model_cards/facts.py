"""What the evidence says, field by field: each function reads a RUN's documents and returns a value, or None.

A value is a sentence, a list of sentences, or a table of words. Nothing here judges; nothing is invented where a
document is missing.
"""

from __future__ import annotations

from collections.abc import Callable

from model_cards import audit_facts, estimand, limits, public_record, results, signing
from model_cards.ablations import ablations_field, ablations_meaning_field
from model_cards.base_facts import base_field, kind_field
from model_cards.decision import decision_curve_field
from model_cards.words import PUBLISH, count, day, figure_words, number, outcome_words, table
from threat.measuring.counts import counts_in_words
from threat.measuring.titles import TITLES
from threat.release.documents.card import Value
from threat.release.documents.model import Calibrator
from threat.release.documents.settings import APPROACH_TITLES
from threat.release.evidence import RunDocuments

Fact = tuple[str, Callable[[RunDocuments], Value | None]]

_ON_PAPER = frozenset({"law", "target", "security", "shadow_run", "ethics", "go_live"})
"""Checks of the gate that documents alone decide."""

_KINDS = {
    "monthly": "Every relationship of which a domestic record became known in the policy's days at liberty of the "
    "subject, or a first signal, at the start of each list; without those of whom a party was on record as dead, or "
    "may have been under the policy's lower age",
    "incident": "Every relationship with a domestic incident, after it was recorded as domestic; without those of "
    "whom a party was on record as dead, or may have been under the policy's lower age",
}
"""Who is ranked, by kind of cohort."""


def _name(documents: RunDocuments) -> Value | None:
    return None if documents.config is None else documents.config.settings.title


def _model_sha256(documents: RunDocuments) -> Value | None:
    return None if documents.choices is None else documents.choices.model_sha256


def _started_at(documents: RunDocuments) -> Value | None:
    return None if documents.snapshot is None else documents.snapshot.started_at


def _documents(documents: RunDocuments) -> Value | None:
    if documents.gate is None:
        return None
    in_force = [
        [
            document.kind.replace("_", " "),
            f"{document.title}, version {document.version}",
            f"{document.by} ({document.role})",
            document.review_due.isoformat(),
            document.sha256,
        ]
        for document in documents.gate.documents
    ]
    if in_force:
        return table(["Document", "Title", "Signed by", "Review due", "SHA-256"], in_force)
    rows = [[check.title, check.words, check.reason] for check in documents.gate.checks if check.name in _ON_PAPER]
    return table(["Check", "Verdict", "Why"], rows)


def population(documents: RunDocuments) -> str | None:
    """Say who is ranked, and on how many the RUN was measured."""
    if documents.evaluation is None:
        return None
    cohort = documents.evaluation.cohort
    rows, relationships = number(cohort.n), number(cohort.relationships)
    return f"{_KINDS[cohort.kind]}. Measured on {rows} rows of {relationships} relationships."


def _capacity(documents: RunDocuments) -> Value | None:
    if documents.evaluation is None:
        return None
    return f"{number(documents.evaluation.capacity)} relationships per list"


def _outcome(documents: RunDocuments) -> Value | None:
    return None if documents.evaluation is None else outcome_words(documents.evaluation.rung)


def _horizon(documents: RunDocuments) -> Value | None:
    if documents.evaluation is None:
        return None
    return f"{documents.evaluation.horizon_days} days from the moment the list is made"


def _snapshot(documents: RunDocuments) -> Value | None:
    if documents.snapshot is None:
        return None
    return f"Snapshot {documents.snapshot.id}, {number(len(documents.snapshot.batches))} batches"


def _cohort(documents: RunDocuments) -> Value | None:
    if documents.evaluation is None:
        return None
    cohort, recall = documents.evaluation.cohort, results.headline(documents)
    lines: tuple[str, ...] = (
        f"{number(cohort.n)} rows, {number(cohort.relationships)} relationships, "
        f"{number(cohort.subjects)} subjects, {number(cohort.lists)} lists",
        f"From {day(cohort.start)} to {day(cohort.last_as_of)}",
    )
    if recall is not None:
        lines = (*lines, f"{number(recall.events)} outcome events, inside the cohort and out")
    if documents.cohort is None:
        return lines
    left_out, competing = documents.cohort.test_left_out, documents.cohort.competing_deaths
    return (
        *lines,
        f"On the lists and in no figure: {count(left_out.death_not_yet_recorded)} rows of which a party had died, and "
        f"{count(left_out.outcome_not_yet_recorded)} of which the outcome was over, when it was not on record yet",
        f"In {count(competing.rows)} rows one of the two died of another cause within the horizon "
        f"({count(competing.people)} people): no outcome, and none could follow",
    )


def _undercount(documents: RunDocuments) -> Value | None:
    """Say what no figure holds, and count the severe incidents on record that no outcome counts as severe."""
    general = (
        "Only what was recorded counts. Harm that was not reported, or not recorded, is in no figure of this card."
    )
    if documents.cohort is None:
        return (general,)
    lines = [f"{count(unseen.incidents)} {unseen.title}" for unseen in documents.cohort.unseen_severe]
    return (
        general,
        "Severe incidents of people on record that no outcome counts, or only a lesser one:",
        *(lines or ["none"]),
    )


def _attrition(documents: RunDocuments) -> Value | None:
    """Return what each filter kept and left out of the last list."""
    if documents.cohort is None or not documents.cohort.cycles:
        return None
    last = documents.cohort.cycles[-1]
    # Where a filter left few out, what each kept is to the nearest ten.
    about = "about " if any(0 < step.dropped < PUBLISH for step in last.steps) else ""
    rows = [
        [step.step.replace("_", " "), f"{about}{number(step.kept)}", count(step.dropped), step.reason]
        for step in last.steps
    ]
    return table([f"Filter, list of {day(last.as_of)}", "Kept", "Left out", "Rule"], rows)


def _features(documents: RunDocuments) -> Value | None:
    if documents.features is None:
        return None
    count, version = number(len(documents.features.names)), documents.features.catalogue_version
    line = f"{count} features of catalogue {version}; each is described in docs/features.md"
    if documents.cohort is None:
        return line
    silent = documents.cohort.silent_features
    return (
        line,
        f"On these records {number(len(silent.empty))} of them are missing on every row and "
        f"{number(len(silent.constant))} have one value; cohort.json names them",
    )


def _constraints(documents: RunDocuments) -> Value | None:
    if documents.features is None or not documents.features.constraints:
        return None
    directions = documents.features.constraints
    one_way = sum(direction != 0 for direction in directions)
    return f"{number(one_way)} of {number(len(directions))} features can only move the score one way"


def _sensitive(documents: RunDocuments) -> Value | None:
    if documents.features is None:
        return None
    lines = documents.features.sensitive or ("None",)
    evaluation = documents.evaluation
    without = None if evaluation is None else evaluation.figure("without_sensitive", "recall_at_capacity")
    recall = results.headline(documents)
    if without is None or recall is None:
        return lines
    return (
        *lines,
        f"{TITLES['recall_at_capacity']} with them {figure_words(recall)}; without them {figure_words(without)}",
    )


def _parameters(documents: RunDocuments) -> Value | None:
    if documents.choices is None:
        return None
    model = documents.choices.model
    chosen = model.chosen.model_dump() | {"seeds": model.seeds}
    rows = [["approach", APPROACH_TITLES[model.approach]], *([name, str(chosen[name])] for name in sorted(chosen))]
    return table(["Setting", "Value"], [*rows, *(["on the edge", warning] for warning in documents.choices.warnings)])


def _calibrator(documents: RunDocuments) -> Value | None:
    if documents.calibrator is None:
        return None
    return _calibrator_lines(documents.calibrator)


_KIND_TITLES = {"current_partner": "Current partners", "ex_partner": "Former partners", "family": "Family"}
_METHODS = {
    "none": "None",
    "intercept": "Intercept alone, the slope of the raw score left at 1",
    "platt": "Logistic line (intercept and slope)",
    "isotonic": "Isotonic table",
}


def _calibrator_lines(calibrator: Calibrator) -> Value:
    """Return how scores become probabilities, on what it was fitted, and the offsets by kind of relationship."""
    people = "" if calibrator.people is None else f" of {number(calibrator.people)} people"
    lines = [
        f"{_METHODS[calibrator.method]}; {number(calibrator.n)} pooled out-of-fold rows, "
        f"{number(calibrator.events)} with an outcome{people}"
    ]
    if calibrator.why_none:
        return (*lines, calibrator.why_none)
    rows, events = (counts_in_words([getattr(kind, name) for kind in calibrator.kinds]) for name in ("n", "events"))
    for entry, of_kind, with_outcome in zip(calibrator.kinds, rows, events, strict=True):
        kind = _KIND_TITLES[entry.kind]
        shrunk = "too few outcomes for its own" if entry.unshrunk is None else f"own {entry.unshrunk:+.2f}, shrunk"
        lines.append(
            f"{kind}: log odds {entry.offset:+.2f} ({shrunk}); rows: {of_kind}; with an outcome: {with_outcome}"
        )
    return tuple(lines)


def _folds(documents: RunDocuments) -> Value | None:
    if documents.checks is None:
        return None
    columns = ["Fold", "Last as-of fitted on", "Its outcome known by", "Fit date", "First as-of measured"]
    rows = [
        [
            fold.fold,
            day(fold.last_fit_as_of),
            day(fold.last_fit_label_known),
            day(fold.fit_date),
            day(fold.first_as_of_measured),
        ]
        for fold in documents.checks.dates.folds
    ]
    return table(columns, rows)


def _leaks(documents: RunDocuments) -> Value | None:
    if documents.checks is None:
        return None
    future = documents.checks.future_removed
    word = "no value differs" if future.holds else f"{number(future.values_that_differ)} values differ"
    dates = "hold" if documents.checks.dates.holds else "DO NOT hold"
    return (
        f"Features of {number(future.rows)} test rows computed again without anything known later: {word}",
        f"Label known, then fit date, then first as-of measured, in every fold: the dates {dates}",
    )


def _opened(documents: RunDocuments) -> Value | None:
    if documents.folds is None:
        return None
    earlier = number(len(documents.folds.test_opening.earlier_runs_that_opened_it))
    return f"Once in this RUN; by {earlier} earlier RUNs. Choosing among RUNs by their test is tuning on it."


def _fixed(text: Value) -> Callable[[RunDocuments], Value | None]:
    return lambda documents: text


SUPPORTS = "Which relationships the threat assessment unit looks at first."
NOT_FOR = (
    "It must not be used to conclude that somebody needs no help: not being on the list says nothing about safety.",
    "It must not be used as evidence in court, or for charging, bail, custody, parole, employment or housing.",
    "It must not be used for any decision without a person who has looked at the records.",
    "Its figures must not be shown to a subject or a person at risk.",
)
"""Whole sentences: exports print them one after another, and half a sentence was once read as what the tool does."""
DECIDES = "A reviewer of the unit, with their supervisor, after reading the records. The ranking decides nothing."

FACTS: dict[str, Fact] = {
    "identity.name": ("config.json", _name),
    "identity.model_sha256": ("choices.json", _model_sha256),
    "identity.trained_on": ("snapshot.json", _started_at),
    "basis.documents": ("gate.json", _documents),
    "use.supports": ("the product's design", _fixed(SUPPORTS)),
    "use.not_for": ("the product's design", _fixed(NOT_FOR)),
    "use.population": ("evaluation.json", population),
    "use.capacity": ("evaluation.json", _capacity),
    "oversight.decides": ("the product's design", _fixed(DECIDES)),
    "oversight.stop": (
        "threat/release/promotions.py",
        _fixed("threat suspend --reason '...': the rule ranking is served in its place at once, labelled."),
    ),
    "target.outcome": ("evaluation.json", _outcome),
    "target.horizon": ("evaluation.json", _horizon),
    "target.estimand": ("the product's design, evaluation.json", estimand.estimand_field),
    "target.composition": ("evaluation.json", estimand.composition_field),
    "target.exposure": ("evaluation.json", estimand.exposure_field),
    "target.undercount": ("the product's design, cohort.json", _undercount),
    "data.snapshot": ("snapshot.json", _snapshot),
    "data.cohort": ("evaluation.json, cohort.json", _cohort),
    "data.attrition": ("cohort.json", _attrition),
    "data.cleaning": ("the product's design", _fixed(public_record.CLEANING)),
    "model.kind": ("model/", kind_field),
    "model.base": ("model/base.json, choices.json", base_field),
    "model.features": ("model/features.json, cohort.json", _features),
    "model.constraints": ("model/features.json", _constraints),
    "model.sensitive": ("model/features.json, evaluation.json", _sensitive),
    "model.parameters": ("choices.json", _parameters),
    "model.calibrator": ("model/calibrator.json", _calibrator),
    "design.folds": ("checks.json", _folds),
    "design.leaks": ("checks.json", _leaks),
    "design.test_opened": ("folds.json", _opened),
    "performance.comparison": ("evaluation.json", results.comparison_field),
    "performance.validation_bar": ("choices.json", results.validation_bar_field),
    "performance.rankings": ("evaluation.json", results.rankings_field),
    "performance.differences": ("evaluation.json", results.differences_field),
    "performance.calibration": ("evaluation.json, gate.json", results.calibration_field),
    "performance.decision_curve": ("evaluation.json", decision_curve_field),
    "performance.freshness": ("evaluation.json", results.freshness_field),
    "performance.blanking": ("evaluation.json", estimand.blanking_field),
    "performance.ablations": ("ablations.json", ablations_field),
    "performance.ablations_meaning": ("ablations.json", ablations_meaning_field),
    "performance.warnings": ("evaluation.json", results.warnings_field),
    "fairness.verdict": ("fairness_public.json", results.verdict_field),
    "fairness.by_group": ("fairness_public.json", results.by_group_field),
    "fairness.not_shown": ("fairness_public.json", results.not_shown_field),
    "fairness.faults": ("fairness_public.json", audit_facts.faults_field),
    "fairness.coverage": ("fairness_public.json", results.coverage_field),
    "fairness.alerts": ("fairness_public.json", audit_facts.alerts_field),
    "fairness.own_errors": ("fairness_public.json", audit_facts.own_errors_field),
    "fairness.others": ("fairness_public.json, evaluation.json", results.others_field),
    "explanation.method": (
        "threat/release/ranking_model.py",
        _fixed(
            "Exact contributions, of base and trees together one figure per feature, grouped by theme into sentences, "
            "each with the records behind it. The expected score and the time at liberty are among the other parts of "
            "the order, without a sentence."
        ),
    ),
    "explanation.fidelity": ("checks.json", results.fidelity_field),
    "explanation.misreadings": (
        "the product's design",
        _fixed(
            (
                "A reason says what moved the rank, not what causes violence",
                "A high rank is not a finding about anybody; subjects are alleged",
                "A low rank is not reassurance",
            )
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
    "limits.mitigations": ("the product's design", limits.mitigations_field),
    "public_record.phase": ("gate.json", public_record.phase_field),
    "public_record.architecture": ("the product's design", _fixed(public_record.ARCHITECTURE)),
    "public_record.input": ("model/features.json", public_record.input_field),
    "public_record.output": ("evaluation.json, gate.json", public_record.output_field),
    "public_record.processing": ("the product's design", _fixed(public_record.PROCESSING)),
    "monitoring.acceptances": ("gate.json", results.acceptances_field),
    "sign_off.gate": ("gate.json", results.gate_field),
    "sign_off.approvals": ("gate.json", results.approvals_field),
    "sign_off.dissent": ("gate.json", signing.dissent_field),
    "sign_off.not_counted": ("gate.json", signing.not_counted_field),
    "sign_off.policies": ("gate.json", signing.policies_field),
    "sign_off.computed_again": ("gate.json", signing.computed_again_field),
    "sign_off.release_digest": ("gate.json", signing.release_digest_field),
}
"""By section.field: the evidence, and how its value is read. The card itself gives ``identity.run``, the RUN's id, and
``limits.numbered``."""
