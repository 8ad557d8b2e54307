"""Incident cards as answers: what happened, who did what to whom, how it was assessed, and what followed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from serving.desk.case.file import PER_PAGE, CaseFile
from serving.desk.case.filters import Choice
from serving.desk.case.gaps import Gap as Found
from serving.desk.case.incidents import Incident as Grouped
from serving.desk.case.lanes import lane_of
from serving.desk.case.records import Reading, records_of
from serving.desk.responses.answer import OccurredPrecision, Precision
from serving.desk.responses.incidents import Assessment, Between, Gap, Incident, IncidentPage, NamedIn, Record
from serving.relationship.kind_words import capitalised, several
from threat.asof import instant
from threat.dates import how_long, short_day
from threat.ids import parse_id

NamedBy = Mapping[int, Sequence[NamedIn]]
"""Sections of the page that name a record, by event id."""

_NOT_ANSWERED = frozenset({"refused", "not_known", "not_asked", ""})
"""Answers that are none: an item without a code was not answered either."""


def page_of_incidents(file: CaseFile, choice: Choice, reading: Reading, named_by: NamedBy) -> IncidentPage:
    """Return the page that a choice asks for; the last where there are fewer pages."""
    chosen = file.chosen(choice)
    pages = max(1, -(-len(chosen) // PER_PAGE))
    page = min(choice.page, pages)
    numbers = chosen[(page - 1) * PER_PAGE : page * PER_PAGE]
    rows = [j for number in numbers for j in file.incidents[number].rows]
    records = records_of(file.sightings, rows, file.directions, reading)
    return IncidentPage(
        incidents=[
            _card(file.incidents[number], records, named_by, [_gap(gap, file) for gap in file.gaps.get(number, [])])
            for number in numbers
        ],
        gaps=[] if choice.narrows or page > 1 else [_gap(gap, file) for gap in file.gaps.get(-1, [])],
        page=page,
        pages=pages,
        shown=len(chosen),
        recorded=len(file.incidents),
        records=len(file.directions),
    )


def _card(incident: Grouped, records: Mapping[int, Record], named_by: NamedBy, gaps: list[Gap]) -> Incident:
    happened, assessed, followed = (
        [records[j] for j in rows] for rows in (incident.happened, incident.assessed, incident.followed)
    )
    every, first = [*happened, *assessed, *followed], happened or assessed
    dated = [record for record in first if record.occurred_precision != "unknown"]
    return Incident(
        title=capitalised(said_together(happened)) if happened else "Assessment",
        lane=lane_of(first[0].direction),
        ahead=incident.ahead,
        began_at=min(record.began_at for record in dated or first),
        occurred_at=max(record.occurred_at for record in dated or first),
        occurred_precision=_precision(dated),
        first_recorded_at=min(record.recorded_at for record in first),
        recorded_at=max(record.recorded_at for record in first),
        recorded_precision=_recorded_precision(first),
        days_to_record=max(record.days_to_record for record in first),
        between=_between(first),
        must_see=any(record.must_see for record in every),
        is_new=any(record.is_new for record in every),
        happened=happened,
        assessments=_assessments(assessed),
        followed=followed,
        named_in=_named_in(every, named_by),
        gaps=gaps,
    )


def _precision(dated: Sequence[Record]) -> OccurredPrecision:
    """Return how exactly an incident is dated: to the second only where one instant is all that is on record."""
    if not dated:
        return "unknown"
    exact = all(record.occurred_precision == "second" for record in dated)
    return "second" if exact and len({record.occurred_at for record in dated}) == 1 else "day"


def _recorded_precision(records: Sequence[Record]) -> Precision:
    """Return how exactly a recording is dated: to the second only where all was recorded at one known second."""
    exact = all(record.recorded_precision == "second" for record in records)
    return "second" if exact and len({record.recorded_at for record in records}) == 1 else "day"


def _between(records: Sequence[Record]) -> list[Between]:
    """Return who did what to whom, the direction of the gravest record first."""
    together: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        together.setdefault((record.direction_title, record.other), []).append(record)
    return [
        Between(direction=group[0].direction, title=title, other=other, said=said_together(group))
        for (title, other), group in together.items()
    ]


def said_together(records: Sequence[Record]) -> str:
    """Name the kinds of records in running text, equal kinds counted."""
    counts: dict[tuple[str, str], int] = {}
    for record in records:
        counts[record.kind, record.code] = counts.get((record.kind, record.code), 0) + 1
    return ", ".join(several(kind, code, number) for (kind, code), number in counts.items())


def _assessments(assessed: Sequence[Record]) -> list[Assessment]:
    """Return the forms of an incident, latest first: answers of one instant and one direction are one form."""
    forms: dict[tuple[object, str], list[Record]] = {}
    for record in assessed:
        forms.setdefault((record.occurred_at, record.direction), []).append(record)
    return [
        Assessment(
            occurred_at=form[0].occurred_at,
            occurred_precision=form[0].occurred_precision,
            direction=form[0].direction,
            direction_title=form[0].direction_title,
            grades=[record for record in form if record.kind == "risk_grade"],
            yes=[record for record in form if record.kind != "risk_grade" and record.code == "yes"],
            not_answered=[record for record in form if record.kind != "risk_grade" and record.code in _NOT_ANSWERED],
            no=[record for record in form if record.kind != "risk_grade" and record.code == "no"],
        )
        for form in sorted(forms.values(), key=lambda form: form[0].occurred_at, reverse=True)
    ]


def _named_in(records: Sequence[Record], named_by: NamedBy) -> list[NamedIn]:
    """Return the sections that name any of the records, each once."""
    return list(dict.fromkeys(named for record in records for named in named_by.get(parse_id(record.event, "E"), ())))


def _gap(gap: Found, file: CaseFile) -> Gap:
    """Say a gap. Never as calm: nobody knows what happened in it."""
    began, ended = (short_day(at, file.as_of, file.zone) for at in (gap.began_at, gap.ended_at))
    until = "and this list" if gap.ended_at == file.as_of else f"and {ended}"
    return Gap(
        began_at=instant(gap.began_at),
        ended_at=instant(gap.ended_at),
        days=gap.days,
        sentence=f"No records between {began} {until} ({how_long(gap.days)})",
    )
