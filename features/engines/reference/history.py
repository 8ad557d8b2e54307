"""What was known of one person at an as-of, as plain events."""

from __future__ import annotations

from features.events import Event
from threat.asof import visible
from threat.history.schema import DOMESTIC, REPORTED_BY
from threat.history.sightings import NO_PERSON, Sightings
from threat.vocabulary import kinds

_READ = (
    "visible_from", "visible_until", "occurred_at", "recorded_at", "event_id", "incident_id", "until", "kind", "code",
    "value", "role", "counterpart", "domestic", "reported_by", "proactive", "assessment", "began_at",
)  # fmt: skip


def known_history(sightings: Sightings, person: int, as_of: int) -> list[Event]:
    """Return what was visible of one person at as-of, in the total order; nothing for a person never seen."""
    names = list(kinds())
    where = sightings.rows_of(person)
    columns = (getattr(sightings, name)[where].tolist() for name in _READ)
    out = []
    for (
        visible_from, visible_until, occurred_at, recorded_at, event_id, incident_id, until, kind, code, value, role,
        counterpart, domestic, reported_by, proactive, assessment, began_at,
    ) in zip(*columns, strict=True):  # fmt: skip
        if visible(visible_from, visible_until, as_of):
            out.append(
                Event(
                    occurred_at=occurred_at,
                    recorded_at=recorded_at,
                    event_id=event_id,
                    incident_id=incident_id,
                    until=until,
                    kind=names[kind],
                    code=sightings.code_names[code] if code >= 0 else "",
                    value=value,
                    role=role,
                    counterpart=int(sightings.persons[counterpart]) if counterpart >= 0 else NO_PERSON,
                    domestic=DOMESTIC[domestic],
                    reported_by=REPORTED_BY[reported_by],
                    proactive=proactive,
                    assessment=assessment,
                    began_at=began_at,
                )
            )
    return sorted(out, key=lambda event: event.order)
