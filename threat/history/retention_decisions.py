"""What people decided of retention: reviews that were held, and legal holds, each signed by a person, in one chain.

``retention.jsonl`` in the folder of the history. A review says that the records of persons stay until a day, and why.
A legal hold says by which authority's word the records of a person may not be disposed of: while a hold is in force
nobody erases the person. What is not believed of a key that was ended since is read on the side of keeping: a hold
stays in force, and reviews and lifted holds count no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from threat.errors import IntegrityFailure, UsageError
from threat.history import manifest
from threat.ids import parse_id, show_id
from threat.trust import records
from threat.trust.folder import Trust
from threat.trust.signing import Signer

FILE: Final = "retention.jsonl"
PAYLOAD_TYPE: Final = "application/vnd.threat.retention+json"
VERB: Final = "approval"
"""A person's word, as for an erasure."""


@dataclass(frozen=True, slots=True)
class Review:
    """A review that was held: the records of these persons, of one class, stay until a day. ``by``: who signed."""

    retention_class: str
    persons: frozenset[int]
    until: date
    reason: str
    by: str
    on: date


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold on the records of one person. ``reference``: the authority's own. ``until``: None until lifted."""

    person: int
    authority: str
    reference: str
    until: date | None
    by: str
    on: date

    def in_force(self, on: date) -> bool:
        """Tell whether the hold is in force on a day: its last day is one of them."""
        return self.until is None or on <= self.until


@dataclass(frozen=True, slots=True)
class Decisions:
    """The reviews of a history, in order, and the holds that nobody lifted."""

    reviews: tuple[Review, ...] = ()
    holds: tuple[Hold, ...] = ()

    def reviewed(self, person: int, retention_class: str, on: date) -> bool:
        """Tell whether a review of that class keeps a person's records on a day; on its last day they are due again."""
        return any(
            person in review.persons and review.retention_class == retention_class and on < review.until
            for review in self.reviews
        )

    def holds_on(self, persons: Iterable[int], on: date) -> list[Hold]:
        """Return the holds in force on a day on any of the persons."""
        asked = {int(person) for person in persons}
        return [hold for hold in self.holds if hold.person in asked and hold.in_force(on)]


def decisions(store: Path, trust: Trust) -> Decisions:
    """Return what was decided of the history at ``store``, each record verified; nothing where nothing was decided yet.

    Raises IntegrityFailure naming the first line that does not verify; also where the file exists and no trust folder.
    """
    reviews: list[Review] = []
    holds: dict[tuple[int, str], Hold] = {}
    path = store / FILE
    for signed in records.read(path, PAYLOAD_TYPE, trust.belief(chain_name(store)), verb=VERB):
        said, by, believed = signed.record, signed.key.name, signed.belief == "believed"
        try:
            persons = [parse_id(str(person), "P") for person in said["persons"]]
            on, until = date.fromisoformat(said["on"]), said.get("until")
            last = None if until is None else date.fromisoformat(until)
            if said["kind"] == "hold":
                for person in persons:
                    key = person, str(said["reference"])
                    holds[key] = Hold(person, str(said["authority"]), str(said["reference"]), last, by, on)
            elif said["kind"] == "lift":
                for person in persons if believed else []:
                    holds.pop((person, str(said["reference"])), None)
            elif last is not None and believed:
                reviews.append(Review(str(said["class"]), frozenset(persons), last, str(said["reason"]), by, on))
        except (KeyError, TypeError, ValueError, UsageError) as error:
            raise IntegrityFailure(
                "The record of a retention decision lacks a field.",
                value=error,
                where=f"{path}, line {signed.sequence + 1}",
            ) from None
    return Decisions(tuple(reviews), tuple(holds.values()))


def chain_name(store: Path) -> str:
    """Return what the chain of a history is called where governance names chains."""
    return f"retention {manifest.history_id(store)}".rstrip()


def record_review(store: Path, review: Review, trust: Trust, signer: Signer) -> None:
    """Add a review, signed. Raises UsageError where nobody is due, for a blank reason, and for a day that is over."""
    if not review.persons:
        raise UsageError("Nobody of this class is due for a review.", value=review.retention_class)
    _require_words({"reason": review.reason}, review.until, review.on)
    said = {"kind": "review", "class": review.retention_class, "reason": review.reason}
    _add(store, said | _days(review.on, review.until), review.persons, trust, signer)


def record_hold(store: Path, hold: Hold, trust: Trust, signer: Signer) -> None:
    """Add a legal hold, signed. Raises UsageError for a blank authority or reference, and for a day that is over."""
    _require_words({"authority": hold.authority, "reference": hold.reference}, hold.until, hold.on)
    said = {"kind": "hold", "authority": hold.authority, "reference": hold.reference}
    _add(store, said | _days(hold.on, hold.until), [hold.person], trust, signer)


def lift_hold(store: Path, hold: Hold, reason: str, on: date, trust: Trust, signer: Signer) -> None:
    """Add that a hold is lifted, signed. Raises UsageError for a blank reason, and where no such hold is in force."""
    _require_words({"reason": reason}, None, on)
    present = decisions(store, trust).holds_on([hold.person], on)
    if not any(other.reference == hold.reference for other in present):
        raise UsageError(
            "No such hold is in force on this person.",
            value=hold.reference,
            way_out=f"in force: {', '.join(other.reference for other in present) or 'none'}",
        )
    said = {"kind": "lift", "reference": hold.reference, "reason": reason}
    _add(store, said | _days(on, None), [hold.person], trust, signer)


def refuse_under_hold(store: Path, persons: Sequence[int], on: date, trust: Trust) -> None:
    """Raise UsageError where a legal hold is in force on any of the persons who are to be erased."""
    if present := decisions(store, trust).holds_on(persons, on):
        said = "; ".join(f"{hold.authority}, {hold.reference}, signed by {hold.by} on {hold.on}" for hold in present)
        raise UsageError(
            "The person is under a legal hold, and nobody erases what is held.",
            value=said,
            where=str(store / FILE),
            way_out="when the authority has released it: threat legal-hold PERSON --lift",
        )


def _require_words(said: Mapping[str, str], until: date | None, on: date) -> None:
    if blank := [name for name, words in said.items() if not words.strip()]:
        raise UsageError(f"The record lacks a word: {', '.join(blank)}.", way_out=f"--{blank[0]} '...'")
    if until is not None and until <= on:
        raise UsageError(
            "The day is not to come, so nothing would be kept.", value=until, way_out="--until: a day that is to come"
        )


def _days(on: date, until: date | None) -> dict[str, str | None]:
    return {"on": on.isoformat(), "until": None if until is None else until.isoformat()}


def _add(store: Path, said: Mapping[str, Any], persons: Iterable[int], trust: Trust, signer: Signer) -> None:
    decisions(store, trust)  # nothing is added to a chain that does not verify
    shown = [show_id("P", person) for person in sorted(persons)]
    records.append(store / FILE, {**said, "persons": shown}, PAYLOAD_TYPE, signer)
