"""Who is considered at an as-of, and why the others are not: the policy and the cohort."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from threat.asof import in_look_back, look_back_bounds, on_record, visible
from threat.errors import ThreatError, UsageError, raise_all
from threat.history.schema import DOMESTIC
from threat.history.sightings import NO_PERSON, ROLE_SUBJECT, Rows, Sightings
from threat.history.snapshot import Snapshot
from threat.history.sorted_ids import is_in, position, since
from threat.release.documents.cohort import FilterStep
from threat.vocabulary import kinds

REVEAL_STEPS = ("records", "own_grade", "rank_and_reasons")
_KEYS = {
    "": {"version", "eligibility", "capacity", "cycle_days", "must_see", "reveal_order"},
    "eligibility": {"domestic_event_within_days", "first_signal_within_days"},
    "must_see": {"add", "remove", "recorded_within_days", "release_within_days"},
}


@dataclass(frozen=True, slots=True)
class Policy:
    """What a force signs. Days are numbers of 86,400 s. ``must_see_kinds`` open an item whatever the rank."""

    version: str
    domestic_event_within_days: int
    first_signal_within_days: int
    capacity: int
    cycle_days: int
    must_see_kinds: tuple[str, ...]
    must_see_recorded_days: int
    must_see_release_days: int
    reveal_order: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cohort:
    """The eligible rows, and what each filter kept and dropped, in order."""

    rows: Rows
    attrition: tuple[FilterStep, ...]


def load_policy(path: str | Path | None = None) -> Policy:
    """Read a policy (None: the one shipped). Raises UsageError with every problem when it is wrong."""
    if path is None:
        name, text = "threat/policy.yaml", files("threat").joinpath("policy.yaml").read_text(encoding="utf-8")
    else:
        name = str(path)
        if not Path(path).is_file():
            raise UsageError("There is no policy here.", value=path, way_out="name a YAML file; see threat/policy.yaml")
        text = Path(path).read_text(encoding="utf-8")
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError("The policy is not YAML.", value=error, where=name) from None
    if not isinstance(document, dict):
        raise UsageError("The policy is not a mapping.", value=document, where=name, way_out="see threat/policy.yaml")
    problems: list[ThreatError] = _unknown_keys(document, name)
    order = _reveal_order(document, name, problems)
    version = document.get("version")
    if not isinstance(version, str) or not version:
        problems.append(UsageError("The policy has no version, as text.", value=version, where=name))
    policy = Policy(
        version=str(version),
        domestic_event_within_days=_number(
            document, ("eligibility", "domestic_event_within_days"), name, problems, least=1
        ),
        first_signal_within_days=_number(
            document, ("eligibility", "first_signal_within_days"), name, problems, least=0
        ),
        capacity=_number(document, ("capacity",), name, problems, least=1),
        cycle_days=_number(document, ("cycle_days",), name, problems, least=1),
        must_see_kinds=_triggers(document, name, problems),
        must_see_recorded_days=_number(document, ("must_see", "recorded_within_days"), name, problems, least=1),
        must_see_release_days=_number(document, ("must_see", "release_within_days"), name, problems, least=1),
        reveal_order=order,
    )
    raise_all(problems)
    return policy


def _number(
    document: dict[str, Any], keys: tuple[str, ...], name: str, problems: list[ThreatError], *, least: int
) -> int:
    """Read a whole number from ``least``; a problem is added where there is none."""
    value: Any = document
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    # In YAML `yes` is a bool, and a bool is an int in Python: `capacity: yes` would mean 1.
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        problems.append(UsageError(f"{'.'.join(keys)} is not a whole number from {least}.", value=value, where=name))
        return least
    return value


def _triggers(document: dict[str, Any], name: str, problems: list[ThreatError]) -> tuple[str, ...]:
    """Return the kinds that open a must-see item: those of the vocabulary, with what the policy adds and removes."""
    section = document.get("must_see")
    must_see: dict[str, Any] = section if isinstance(section, dict) else {}
    added, removed = ([str(word) for word in must_see.get(key) or ()] for key in ("add", "remove"))
    problems += [
        UsageError("The trigger is not a kind of the vocabulary.", value=word, where=name)
        for word in [*added, *removed]
        if word not in kinds()
    ]
    chosen = ({kind.name for kind in kinds().values() if kind.must_see} | set(added)) - set(removed)
    return tuple(kind for kind in kinds() if kind in chosen)


def _reveal_order(document: dict[str, Any], name: str, problems: list[ThreatError]) -> tuple[str, ...]:
    order = tuple(str(step) for step in document.get("reveal_order") or ())
    if sorted(order) != sorted(REVEAL_STEPS):
        problems.append(
            UsageError(
                "The reveal order does not name each step once.",
                value=order,
                where=name,
                way_out=", ".join(REVEAL_STEPS),
            )
        )
    return order


def _unknown_keys(document: dict[str, Any], name: str) -> list[ThreatError]:
    """Refuse unknown keys: a misspelt ``remove:`` would be ignored and leave every trigger in force."""
    out: list[ThreatError] = []
    for section, keys in _KEYS.items():
        mapping = document.get(section) if section else document
        unknown = sorted({str(key) for key in mapping} - keys) if isinstance(mapping, dict) else []
        out += [UsageError("Not a key of a policy.", value=key, where=f"{name}: {section or 'top'}") for key in unknown]
    return out


def eligible(snapshot: Snapshot, as_of: int, policy: Policy) -> Cohort:
    """Return the complete cohort at one as-of (int64 UTC seconds), sorted by relationship id, with its attrition.

    Only what is visible at the as-of counts. A merge that makes both parties one person quarantines the relationship.
    A relationship stays when a domestic event of the pair is in the policy's look-back, or when the first that was
    ever recorded between the two is new (a first signal).

    Relationship 1 had a domestic event three years ago, relationship 2 had one last month, relationship 3 was first
    recorded ten days ago and has no domestic event, relationship 4 is recorded only after the as-of:

    >>> import tempfile
    >>> import pyarrow as pa
    >>> from threat.asof import DAY
    >>> from threat.history import Batch, Store
    >>> pairs = pa.Table.from_pylist([
    ...     {"relationship_id": pair, "subject_id": 10 + pair, "person_at_risk_id": 20 + pair, "kind": "unknown",
    ...      "recorded_at": day * DAY}
    ...     for pair, day in [(1, 900), (2, 900), (3, 1990), (4, 2000)]])
    >>> events = pa.Table.from_pylist([
    ...     {"event_id": pair, "record_id": pair, "incident_id": pair, "kind": "assault_with_injury",
    ...      "subject_id": 10 + pair, "person_at_risk_id": 20 + pair,
    ...      "occurred_at": day * DAY, "recorded_at": day * DAY,
    ...      "domestic": "yes", "proactive": False, "reported_by": "police", "assertion": "fact", "source_system": "x"}
    ...     for pair, day in [(1, 900), (2, 1970)]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = Store.create(f"{folder}/history")
    ...     _ = store.append(Batch("example", loaded_at=0), {"relationships": pairs, "events": events})
    ...     cohort = eligible(store.snapshot(), 2000 * DAY, load_policy())
    >>> cohort.rows.relationship_id.tolist()
    [2, 3]
    >>> [(step.step, step.kept) for step in cohort.attrition if step.dropped]
    [('known', 3), ('window', 2)]
    """
    relationships, sightings = snapshot.relationships, snapshot.sightings()
    rows = snapshot.rows(relationships.relationship_id, as_of)
    recorded = relationships.recorded_at
    keep = np.ones(len(rows), dtype=bool)
    attrition = [FilterStep(step="on record", kept=len(rows), dropped=0, reason="relationships in the snapshot")]

    def drop(step: str, stays: NDArray[np.bool_], reason: str) -> None:
        before = int(keep.sum())
        keep[:] = keep & stays
        kept = int(keep.sum())
        attrition.append(FilterStep(step=step, kept=kept, dropped=before - kept, reason=reason))

    drop(
        "known",
        visible(recorded, relationships.withdrawn_at, as_of),
        "not recorded before the as-of, or withdrawn by then",
    )
    drop("subject", rows.subject != NO_PERSON, "the subject is unknown or an organisation")
    links = snapshot.links
    organisation_since = since(relationships.person_at_risk_id, links.organisations, links.organisations_since)
    drop("person_at_risk", ~on_record(organisation_since, as_of), "the other party is an organisation")
    drop("one_person", rows.subject != rows.at_risk, "quarantined: a merge made both parties one person")
    # After the filters above: a pair's earliest relationship must not be one that they dropped.
    drop("twice", _first_of_pair(rows, recorded, keep), "after a merge, the same pair as an earlier relationship")
    first_signal_from, _ = look_back_bounds(as_of, policy.first_signal_within_days)
    domestic, seen_before = _signals(sightings, rows, as_of, policy, first_signal_from)
    first_signal = ~on_record(recorded, first_signal_from) & ~seen_before
    drop(
        "window",
        domestic | first_signal,
        f"no domestic event in the last {policy.domestic_event_within_days} days and first recorded more than "
        f"{policy.first_signal_within_days} days ago",
    )
    return Cohort(rows.take(keep), tuple(attrition))


def _first_of_pair(rows: Rows, recorded: NDArray[np.int64], among: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mask of the earliest recorded of the rows, among those given, that resolve to one pair."""
    out = np.zeros(len(rows), dtype=bool)
    order = np.flatnonzero(among)
    order = order[np.lexsort((rows.relationship_id[order], recorded[order], rows.at_risk[order], rows.subject[order]))]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(rows.subject[order]) != 0) | (np.diff(rows.at_risk[order]) != 0)
    out[order[new]] = True
    return out


def _signals(
    sightings: Sightings, rows: Rows, as_of: int, policy: Policy, first_signal_from: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return two masks of the rows: with a domestic event in the look-back, and with anything known before a date.

    The events are those of the subject towards the person at risk. What is known in advance lies ahead, and what the
    unit did itself (proactive) is no sign from outside, so neither opens the window; both count as known before.
    """
    ahead = np.array([kind.known_in_advance for kind in kinds().values()], dtype=bool)
    seen = (sightings.role == ROLE_SUBJECT) & sightings.visible_at(as_of)
    recent = seen & in_look_back(sightings.occurred_at, as_of, policy.domestic_event_within_days)
    recent &= (sightings.domestic == DOMESTIC.index("yes")) & ~ahead[sightings.kind] & ~sightings.proactive
    before = seen & on_record(sightings.recorded_at, first_signal_from)
    owner = sightings.owners()
    n = len(sightings.persons) + 1

    def pairs(where: NDArray[np.bool_]) -> NDArray[np.int64]:
        # Owner and counterpart as one number; + 1, so that NO_PERSON (-1) is a pair of its own and not another's.
        return np.unique(owner[where] * n + sightings.counterpart[where] + 1)

    subject, at_risk = position(rows.subject, sightings.persons), position(rows.at_risk, sightings.persons)
    never_seen = (subject < 0) | ((at_risk < 0) & (rows.at_risk != NO_PERSON))
    wanted = np.where(never_seen, -1, subject * n + at_risk + 1)
    return is_in(wanted, pairs(recent)), is_in(wanted, pairs(before))
