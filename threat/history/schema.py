"""The tables as Arrow schemas. Times are int64 UTC seconds; ids are 63-bit integers (``threat.ids``)."""

from __future__ import annotations

import pyarrow as pa

_ID = pa.int64()
_TIME = pa.int64()
_WORD = pa.dictionary(pa.int32(), pa.string())

PERSONS = pa.schema(
    [
        pa.field("person_id", _ID, nullable=False),
        pa.field("kind", _WORD, nullable=False),  # person | organisation | unknown
        pa.field("birth_year", pa.int16()),
        pa.field("recorded_at", _TIME, nullable=False),
    ]
)

IDENTITIES = pa.schema(
    [
        pa.field("person_id", _ID, nullable=False),
        pa.field("names", pa.string()),
        pa.field("birth_date", pa.string()),
        pa.field("contact", pa.string()),
        pa.field("safe_contact", pa.string()),
        pa.field("interpreter", pa.string()),
        pa.field("recorded_at", _TIME, nullable=False),
    ]
)

PROTECTED = pa.schema(
    [
        pa.field("person_id", _ID, nullable=False),
        pa.field("characteristic", _WORD, nullable=False),
        pa.field("code", _WORD, nullable=False),
        pa.field("scheme", _WORD, nullable=False),
        pa.field("source", _WORD, nullable=False),  # self | observed
        pa.field("recorded_at", _TIME, nullable=False),
        pa.field("withdrawn_at", _TIME),
    ]
)

PERSON_LINKS = pa.schema(
    [
        pa.field("source_person_id", _ID, nullable=False),
        pa.field("person_id", _ID, nullable=False),
        pa.field("recorded_at", _TIME, nullable=False),
        pa.field("withdrawn_at", _TIME),
        pa.field("method", _WORD, nullable=False),
        pa.field("score", pa.float64()),
    ]
)

RELATIONSHIPS = pa.schema(
    [
        pa.field("relationship_id", _ID, nullable=False),
        pa.field("recorded_at", _TIME, nullable=False),
        pa.field("subject_id", _ID, nullable=False),
        pa.field("person_at_risk_id", _ID),  # null: unknown
        pa.field("kind", _WORD, nullable=False),  # current_partner | ex_partner | family kinds | unknown
        pa.field("valid_from", _TIME),
        pa.field("withdrawn_at", _TIME),
    ]
)

EVENTS = pa.schema(
    [
        pa.field("event_id", _ID, nullable=False),
        pa.field("record_id", _ID, nullable=False),
        pa.field("incident_id", _ID, nullable=False),
        pa.field("supersedes_event_id", _ID),
        pa.field("subject_id", _ID),
        pa.field("person_at_risk_id", _ID),
        pa.field("person_id", _ID),
        pa.field("kind", _WORD, nullable=False),  # threat/vocabulary.csv
        pa.field("code", _WORD),
        pa.field("value", pa.float64()),
        pa.field("occurred_at", _TIME, nullable=False),
        pa.field("until", _TIME),
        pa.field("recorded_at", _TIME, nullable=False),
        pa.field("domestic", _WORD, nullable=False),  # yes | no | unknown
        pa.field("proactive", pa.bool_(), nullable=False),
        pa.field(
            "reported_by", _WORD, nullable=False
        ),  # person_at_risk | subject | third_party | police | agency | unknown
        pa.field("assertion", _WORD, nullable=False),  # fact | assessment
        pa.field("source_system", _WORD, nullable=False),
        pa.field("source_id", pa.string()),
        pa.field("occurred_precision", _WORD),  # second | day | unknown; null: second
        pa.field("recorded_precision", _WORD),
        pa.field("batch_id", _WORD, nullable=False),
    ]
)

_OF_KNOWN_EARLIER = ("event_id", "recorded_at", "recorded_precision")
KNOWN_EARLIER = pa.schema(
    [
        *(EVENTS.field(name) for name in _OF_KNOWN_EARLIER),
        *(field.with_nullable(True) for field in EVENTS if field.name not in {*_OF_KNOWN_EARLIER, "batch_id"}),
        EVENTS.field("batch_id"),
    ]
)
"""Events that a later load knew to be recorded earlier (``threat.history.known_earlier``); empty in most stores.

The other columns are null where the event is the same; where its reference was taken by other content, recorded later,
they are all of the event that was recorded first.
"""

BATCHES = pa.schema(
    [
        pa.field("batch_id", pa.string(), nullable=False),
        pa.field("profile", pa.string(), nullable=False),
        pa.field("sha256", pa.string(), nullable=False),
        pa.field("rows_in", pa.int64(), nullable=False),
        pa.field("rows_kept", pa.int64(), nullable=False),
        pa.field("rows_quarantined", pa.int64(), nullable=False),
        pa.field("loaded_at", _TIME, nullable=False),
        pa.field("feed_lag_seconds", pa.int64(), nullable=False),
        pa.field("legal_basis", pa.string(), nullable=False),
    ]
)

TABLES: dict[str, pa.Schema] = {
    "persons": PERSONS,
    "identities": IDENTITIES,
    "protected": PROTECTED,
    "person_links": PERSON_LINKS,
    "relationships": RELATIONSHIPS,
    "events": EVENTS,
    "known_earlier": KNOWN_EARLIER,
    "batches": BATCHES,
}

REPEATED = "-repeated"
"""Ends the name of the parts that keep which rows of a table came again and changed nothing; intake alone reads them.

``persons-repeated`` has the columns of ``persons``. Such a row is in force already, but an export loaded later may hold
another content of a time in between, and then the repeated row counts.
"""

CLOSED = frozenset({"identities", "protected"})
"""Tables that ``Snapshot.table`` and ``Snapshot.query`` refuse; each has its own module with its own permission."""

UNKNOWN = "unknown"
"""Precision of a time that stands in for one that is not known: the death happened some time before its recording."""

DOMESTIC = ("no", "yes", "unknown")

REPORTER_TITLES = {
    "unknown": "not recorded",
    "person_at_risk": "the person at risk",
    "subject": "the subject",
    "third_party": "someone else",
    "police": "police",
    "agency": "another agency",
}
"""Who reported an event, in running text. The order is the integer code in arrays: add at the end only."""

REPORTED_BY = tuple(REPORTER_TITLES)

RELATIONSHIP_KIND_TITLES = {
    "current_partner": "Current partner",
    "ex_partner": "Former partner",
    "parent": "Parent of the subject",
    "child": "Child of the subject",
    "sibling": "Sibling of the subject",
    "other_family": "Other family",
    "unknown": "Relationship not recorded",
    "not_related": "Neither intimate nor family",
}
"""What the person at risk is to the subject, in words (``parent``: the person at risk is the subject's parent).

``not_related``: an officer, a bystander, a stranger; such two parties are no relationship.
"""

RELATIONSHIP_KINDS = tuple(RELATIONSHIP_KIND_TITLES)
