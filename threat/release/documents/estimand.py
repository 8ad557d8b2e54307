"""What the figures of a test are figures of: outcomes by rule, who is credited, what competes, how soon they come."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import Field

from threat.measuring.counts import LEAST, counts_in_words, is_given_away, plural
from threat.measuring.figure import Figure
from threat.measuring.titles import TITLES
from threat.release.documents.document import Part


class OutcomesOfRule(Part):
    """Outcome events of the test by the gravest rung they meet, and the rule by which they meet it."""

    rung: str = Field(pattern=r"^Y[0-5]$", description="the gravest rung that the incident meets")
    outcome: str = Field(min_length=1, description="the rung in words")
    rule: str = Field(min_length=1, description="the first rule of the rung that it meets, in words")
    events: int = Field(ge=0, description="outcome events of the test; each is in one line")


class Attribution(Part):
    """Whom the outcome events of the test are credited to."""

    events: int = Field(ge=0, description="outcome events")
    outside_alone: int = Field(ge=0, description="of those, credited to no row at all: nobody on a list could be right")
    several_relationships: int = Field(ge=0, description="of those, of several relationships, which share the credit")
    unknown_person_at_risk: int = Field(ge=0, description="of those, towards somebody nobody knows")
    lists_per_event: float | None = Field(description="mean lists that share an event; null without an event")


class Exposure(Part):
    """What else can happen to the rows, or keep the outcome from happening, within the horizon."""

    rows: int = Field(ge=0, description="rows of the test")
    in_custody: int | None = Field(
        description="rows whose subject is in custody at the as-of; null: not in the records"
    )
    release_known: int | None = Field(description="of those, with a date of release on record")
    share_at_liberty: float | None = Field(
        description="mean share of the horizon that subjects are expected at liberty, by the policy values of the base"
    )
    deaths: int = Field(ge=0, description="rows without an outcome of which a party died within the horizon")
    people_who_died: int = Field(ge=0, description="distinct persons who died so")


class BlankedRecall(Part):
    """What the list holds when outcomes of the first days after the as-of are left out."""

    days: int = Field(ge=0, description="days after the as-of whose outcomes are left out")
    events: int = Field(ge=0, description="outcome events that are left")
    recall: Figure = Field(description="the model's recall at capacity of what is left")


class Estimand(Part):
    """What was estimated, in counts."""

    rung: str = Field(pattern=r"^Y[0-5]$", description="the outcome")
    outcome: str = Field(min_length=1, description="the outcome in words")
    horizon_days: int = Field(ge=1, description="days within which the outcome counts")
    composition: tuple[OutcomesOfRule, ...] = Field(description="outcome events by rung and rule, gravest first")
    attribution: Attribution = Field(description="whom they are credited to")
    exposure: Exposure = Field(description="what competes with the outcome")
    blanking: tuple[BlankedRecall, ...] = Field(description="by days left out after the as-of, 0 first")
    plans_recorded: bool = Field(default=False, description="whether plans of the unit are on record; none are yet")

    def composition_rows(self, *, withhold: bool) -> list[tuple[str, str]]:
        """Return the outcome events by rung and rule as rows of a table; rules that no event meets are left out.

        ``withhold``: small counts are hidden, and with them what would give them away by subtraction.
        """
        met = [line for line in self.composition if line.events]
        events = [line.events for line in met]
        words = counts_in_words(events) if withhold else [f"{count:,}" for count in events]
        rows = [(f"{line.rung}, {line.outcome}: {line.rule}", said) for line, said in zip(met, words, strict=True)]
        return rows or [("Outcome events", "0")]

    def exposure_rows(self, *, withhold: bool) -> list[tuple[str, str]]:
        """Return attribution and competing exposure as rows of a table; ``withhold``: small counts are hidden."""
        credited, exposed = self.attribution, self.exposure
        # Each count with its whole: of a part, what is left of the whole may be small as well.
        counts: list[tuple[str, int | None, int | None]] = [
            ("Outcome events", credited.events, None),
            ("of those, of nobody on any list", credited.outside_alone, credited.events),
            (
                "of those, of several relationships, which share the credit",
                credited.several_relationships,
                credited.events,
            ),
            ("of those, towards somebody unknown", credited.unknown_person_at_risk, credited.events),
            ("Rows without an outcome, a party of which died within the horizon", exposed.deaths, None),
            ("Rows whose subject is in custody at the as-of", exposed.in_custody, None),
            ("of those, with a date of release on record", exposed.release_known, exposed.in_custody),
        ]
        rows = [(name, _said(number, whole, withhold)) for name, number, whole in counts]
        if exposed.share_at_liberty is not None:
            rows.append(("Share of the horizon expected at liberty, mean", f"{exposed.share_at_liberty:.1%}"))
        if credited.lists_per_event is not None:
            rows.append(("Lists that share an event, mean", f"{credited.lists_per_event:.1f}"))
        return [*rows, ("Plans of the unit on record", "yes" if self.plans_recorded else "none")]

    def blanking_rows(self, words: Callable[[Figure], str]) -> list[tuple[str, str]]:
        """Return recall without the first days as rows of a table; ``words``: how a figure is printed."""
        return [
            (
                TITLES["recall_at_capacity"]
                if not line.days
                else f"without outcomes of the first {plural(line.days, 'day')}",
                words(line.recall),
            )
            for line in self.blanking
        ]

    @property
    def sentences(self) -> tuple[str, str]:
        """Two sentences: what is estimated, and what no figure is corrected for."""
        return (
            f"Estimated is how likely {self.outcome} is to be recorded within {self.horizon_days} days of an "
            "as-of, under the policing, the custody and the help of that time: no plan of a unit is on record, so what "
            "a plan would have prevented cannot be told from what would not have happened.",
            "An outcome that nobody reported, or that was recorded as not domestic, counts as none, and a death by "
            "another cause or time in custody makes an outcome less likely without making anybody safer; no figure is "
            "corrected for either.",
        )


def _said(number: int | None, whole: int | None, withhold: bool) -> str:
    if number is None:
        return "not in the records"
    if withhold and whole is not None and is_given_away(number, whole):
        return "not shown"
    return _count(number, withhold)


def _count(number: int, withhold: bool) -> str:
    return f"fewer than {LEAST}" if withhold and 0 < number < LEAST else f"{number:,}"
