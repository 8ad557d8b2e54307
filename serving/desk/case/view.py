"""One relationship as it was at the published list's as-of: its place, why, its records, and what is not known."""

from __future__ import annotations

from serving.desk import words
from serving.desk.answered import answered_circumstance, answered_reasons, answered_trigger, change_of
from serving.desk.case.cards import page_of_incidents
from serving.desk.case.file import CaseFile
from serving.desk.case.filters import Choice
from serving.desk.case.frequency import frequency
from serving.desk.case.named_in import named_in
from serving.desk.case.now import now_lines
from serving.desk.case.records import Reading, records_of
from serving.desk.case.unknowns import unknowns
from serving.desk.list_view import ListView
from serving.desk.listing import summary_of
from serving.desk.marked import answered_markers
from serving.desk.panel import answered_panel, sentences_of
from serving.desk.parties import parties_of, person_reference
from serving.desk.people.ages import ages_of
from serving.desk.people.around import children_of, others_at_risk
from serving.desk.places import Places
from serving.desk.responses.case import NotRanked, NotShown, Ranked, Relationship
from serving.desk.why import seen_for
from serving.relationship.reasons import check_sum
from threat.ids import parse_id, show_id
from threat.lists import BAND_TITLES


def relationship_of(places: Places, reference: str, choice: Choice | None = None) -> Relationship:
    """Return one relationship at the list's as-of, with the incidents that ``choice`` asks for (None: the latest).

    Its place, with all that says it, is there only where ``places`` may show it.

    Raises UsageError for a malformed reference, NotFound for a relationship that was not recorded by the as-of,
    IntegrityFailure when its reasons do not add up to the score on the list.
    """
    return relationship_of_file(places, reference, file_of(places.view, reference), choice or Choice())


def file_of(view: ListView, reference: str) -> CaseFile:
    """Return everything on record of a relationship at the list's as-of. Raises as ``relationship_of`` does."""
    relationship_id = view.recorded(reference)
    return CaseFile(
        view.snapshot.sightings(),
        parties_of(view.snapshot, relationship_id, view.as_of),
        view.as_of,
        since=view.listed.basis.previous_as_of,
        must_see={trigger.event_id for trigger in view.triggers(relationship_id)},
        zone=view.zone,
        inexact=view.snapshot.inexact,
    )


def relationship_of_file(places: Places, reference: str, file: CaseFile, choice: Choice) -> Relationship:
    """Return one relationship of which the file is there already. Raises as ``relationship_of`` does."""
    view = places.view
    relationship_id, parties = view.recorded(reference), file.parties
    subject_age, person_at_risk_age = ages_of(view, list(parties))
    standing = _standing(places, relationship_id)
    must_see = [answered_trigger(trigger, view.days) for trigger in view.triggers(relationship_id)]
    stated = view.circumstances(relationship_id)
    circumstances = [answered_circumstance(each) for each in stated]
    now, seen = now_lines(view, stated, file), seen_for(view, relationship_id, stated, len(file.new))
    markers = answered_markers(view, relationship_id)
    sentences = sentences_of(standing.panel, view.ranking.kind) if isinstance(standing, Ranked) else []
    behind: dict[int, list[str]] = {}
    for title, sentence in sentences:
        for event in sentence.events:
            behind.setdefault(parse_id(event, "E"), []).append(title)
    reading = Reading(
        view.as_of,
        since=file.since,
        behind=behind,
        must_see=file.must_see,
        inexact=file.inexact,
    )
    new = records_of(file.sightings, file.new, file.directions, reading)
    return Relationship(
        listing=summary_of(view),
        limits=list(words.LIMITS),
        relationship=show_id("R", relationship_id),
        relationship_kind=view.kind_title(relationship_id),
        subject=person_reference(parties.subject),
        person_at_risk=person_reference(parties.at_risk),
        subject_age=subject_age,
        person_at_risk_age=person_at_risk_age,
        children_of_subject=children_of(view, parties.subject),
        children_of_person_at_risk=children_of(view, parties.at_risk),
        others_at_risk=others_at_risk(places, parties),
        other_way=view.other_way(relationship_id, parties),
        standing=standing,
        circumstances=circumstances,
        seen_for=seen,
        now=now,
        markers=markers,
        must_see=must_see,
        new_records=[new[j] for j in file.new],
        incidents=page_of_incidents(file, choice, reading, named_in(must_see, now, markers, sentences)),
        unknown=unknowns(file.sightings, parties, view.as_of, view.zone),
    )


def _standing(places: Places, relationship_id: int) -> Ranked | NotRanked | NotShown:
    view, row = places.view, places.row(relationship_id)
    if not view.is_ranked(relationship_id):
        sentence = words.SAFEGUARDED if view.is_safeguarded(relationship_id) else words.NOT_RANKED
        return NotRanked(kind="not_ranked", sentence=sentence)
    if row is None:
        closed = places.closed_because(relationship_id) or "ungraded"
        return NotShown(kind="not_shown", because=closed, sentence=words.NOT_SHOWN[closed])
    score, (base, reasons) = view.explained(row["relationship_id"], row["score"])
    # Summed again on every answer that shows a reason, cached or not: a reason that does not hold is never shown.
    check_sum(base, [reason.contribution for reason in reasons], score, show_id("R", row["relationship_id"]))
    said = frequency(view.ranking, score, view.kind(relationship_id))
    return Ranked(
        kind="ranked",
        sentence=words.place(
            row["rank"], tied=row["tied"], ranked=len(view.listed), capacity=view.listed.basis.capacity
        ),
        rank=row["rank"],
        tied=row["tied"],
        band=row["band"],
        band_title=BAND_TITLES[row["band"]],
        freshness=row["freshness"],
        change=change_of(view.listed.basis, row),
        base=base,
        score=score,
        reasons=answered_reasons(reasons),
        panel=answered_panel(view.panel(relationship_id)),
        frequency=[] if isinstance(said, str) else [said],
        no_frequency=said if isinstance(said, str) else "",
    )
