"""The first page of a card: what it is for, what it cannot see, how good and for whom, who signed, until when."""

from __future__ import annotations

from collections.abc import Sequence

from model_cards import facts, results
from model_cards.audit_facts import alerts, faults, own_errors
from model_cards.limits import cannot_see
from model_cards.outline import is_required
from model_cards.tested import how_tested
from model_cards.words import figure_words, number, outcome_words, table
from threat.characteristics import PARTY_TITLES
from threat.measuring.figure import Figure, Verdict
from threat.measuring.titles import TITLES
from threat.release.documents.card import Section, Status, Summary, Table
from threat.release.documents.comparison import VERDICT_WORDS
from threat.release.documents.evaluation import MODEL
from threat.release.documents.gate import Gate
from threat.release.evidence import RunDocuments

_FIGURES = ("recall_at_capacity", "coverage", "in_cohort_recall", "mean_recall", "precision_at_capacity", "auc")
"""The model's figures of the first page; every other figure is in the section Performance."""

_NO_CEILING = (
    "How near this comes to the best that records allow is not known: it can be computed of a synthetic force alone, "
    "whose truth is known. docs/ceiling.md has such measurements."
)


def first_page(documents: RunDocuments, run_id: str, limits: Sequence[str], sections: Sequence[Section]) -> Summary:
    """Return the first page. ``limits``: the gravest first; ``sections``: the finished sections, for what is missing.

    What the documents do not say reads as not measured, not audited or not asked; nothing is left out.
    """
    evaluation, gate, config = documents.evaluation, documents.gate, documents.config
    return Summary(
        name=run_id if config is None else config.settings.title,
        status=_status(gate),
        environment=None if gate is None else gate.environment,
        does=facts.SUPPORTS,
        does_not=facts.NOT_FOR,
        decides=facts.DECIDES,
        cannot_see=cannot_see(documents),
        population=facts.population(documents) or "Not measured yet.",
        outcome="Not measured yet." if evaluation is None else outcome_words(evaluation.rung),
        horizon_days=None if evaluation is None else evaluation.horizon_days,
        capacity=None if evaluation is None else evaluation.capacity,
        recall=results.headline(documents),
        reach=_reach(documents),
        ceiling=_ceiling(documents),
        quality=_quality(documents),
        comparators=_comparators(documents),
        compared=results.compared(documents),
        worst_served=results.worst_served(documents),
        alerts=alerts(documents.audit),
        faults=faults(documents.audit),
        own_errors=own_errors(documents.audit),
        for_whom=_for_whom(documents),
        verdicts=_verdicts(gate),
        conditions=_conditions(gate),
        signed=_signed(gate),
        dissent=_dissent(gate),
        missing=_missing(gate, sections),
        limits=(limits[0], limits[1], limits[2]),
        version=run_id,
        expires=None if gate is None else gate.expires(),
    )


def _status(gate: Gate | None) -> Status:
    if gate is None:
        return Status.DRAFT
    return Status.PASSED if gate.verdict == Verdict.PASS else Status.REFUSED


def _model_figure(documents: RunDocuments, name: str) -> Figure | None:
    return None if documents.evaluation is None else documents.evaluation.figure(MODEL, name)


def _reach(documents: RunDocuments) -> str:
    """Say in a sentence that recall is coverage times the recall of outcomes in the cohort."""
    figures = [_model_figure(documents, name) for name in ("coverage", "in_cohort_recall", "recall_at_capacity")]
    if any(figure is None or figure.value is None for figure in figures):
        return "Not measured: which outcomes happened to people who were not ranked."
    coverage, within, recall = (figure_words(figure) for figure in figures)
    return (
        f"Coverage {coverage} of all recorded outcomes happened to people who were ranked, times {within} of those on "
        f"the list, makes {recall} of all recorded outcomes on the list."
    )


def _ceiling(documents: RunDocuments) -> str:
    share = None if documents.captures is None else documents.captures.shares_of_ceiling.get(MODEL)
    if share is None:
        return _NO_CEILING
    return (
        f"By the truth of a synthetic force, its lists meet {figure_words(share)} of what the best use of the same "
        "records would. No real force can be measured so."
    )


def _quality(documents: RunDocuments) -> Table | None:
    rows = [
        [TITLES[name], figure_words(figure), number(figure.n), number(figure.events)]
        for name in _FIGURES
        if (figure := _model_figure(documents, name)) is not None
    ]
    return table(["Figure of the model", "Value (95% interval)", "Rows", "Outcomes"], rows)


def _comparators(documents: RunDocuments) -> Table | None:
    """Return every other ranking: its recall, the model minus it, and the verdict of the planned comparison."""
    evaluation = documents.evaluation
    if evaluation is None:
        return None
    planned = {line.row.name: VERDICT_WORDS[line.row.verdict] for line in evaluation.compared_lines}
    rows = []
    for line in evaluation.lines:
        if line.row.name != MODEL:
            recall = line.row.figure("recall_at_capacity", evaluation.capacity)
            difference = line.row.figure("recall_difference", evaluation.capacity)
            words = figure_words(difference, signed=True)
            rows.append([line.title, figure_words(recall), words, planned.get(line.row.name, "not planned")])
    heads = ["Ranking", TITLES["recall_at_capacity"], "Model minus this ranking", "Model, by the planned comparison"]
    return table(heads, rows)


def _for_whom(documents: RunDocuments) -> Table | None:
    report = documents.audit
    if report is None:
        return None
    rows = [
        [f"{entry.characteristic.replace('_', ' ')} of the {PARTY_TITLES[entry.party]}", *how_tested(entry, report)[:2]]
        for entry in report.coverage
    ]
    return table(["Protected characteristic", "Could it be tested", "Verdict"], rows)


def _verdicts(gate: Gate | None) -> Table | None:
    if gate is None:
        return None
    rows = [[check.title, check.words, f"{'' if check.required else 'not '}required"] for check in gate.checks]
    return table(["Check of the gate", "Verdict", f"For {gate.to}"], rows)


def _conditions(gate: Gate | None) -> tuple[str, ...]:
    """Return the acceptances and the conditions of approvals.

    Acceptances that differ in nothing but what they are about or who gave them are one line.
    """
    if gate is None:
        return ()
    people: dict[tuple[str, str, str], list[str]] = {}
    for check in gate.checks:
        for given in check.accepted:
            until = (
                f"until {given.expires.isoformat()}, because: {given.reason}. Instead: {given.controls or 'nothing'}."
            )
            people.setdefault((check.title, given.about, until), []).append(f"{given.by} ({given.role})")
    about: dict[tuple[str, str], list[str]] = {}
    for (title, what, until), names in people.items():
        about.setdefault((title, f"accepted by {' and '.join(names)} {until}"), []).append(what)
    lines = [f"{title} ({', '.join(what)}): {words}" for (title, words), what in about.items()]
    lines += [
        f"Approval of {approval.by} ({approval.role}): {condition}"
        for approval in gate.approvals
        for condition in approval.conditions
    ]
    return tuple(lines)


def _signed(gate: Gate | None) -> tuple[str, ...]:
    if gate is None:
        return ()
    return tuple(
        f"{approval.by} ({approval.role}), {approval.on.isoformat()}"
        + ("" if approval.expires is None else f", until {approval.expires.isoformat()}")
        for approval in gate.approvals
    )


def _dissent(gate: Gate | None) -> tuple[str, ...]:
    if gate is None:
        return ()
    return (
        *(f"{given.by} ({given.role}), {given.on.isoformat()}: {given.reason}" for given in gate.dissents),
        *(f"Did not count: {statement}" for statement in gate.not_counted),
    )


def _missing(gate: Gate | None, sections: Sequence[Section]) -> tuple[str, ...]:
    """Name the mandatory fields that are empty, for the state that was asked, or for live before the gate."""
    to = "live" if gate is None else gate.to
    return tuple(
        f"{section.title}: {field.title}"
        for section in sections
        for field in section.fields
        if not field.provided and is_required(field.mandatory, to)
    )
