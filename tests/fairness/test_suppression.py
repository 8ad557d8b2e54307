"""What may be published: no small count, and nothing that gives one away to whoever adds and subtracts."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import numpy as np
import pytest
from fixtures.attacker import KINDS, Attacker
from fixtures.audits import audited
from fixtures.drawn_reports import drawn, totals_of

from fairness.characteristics import Characteristic
from fairness.disclosure import protection
from fairness.disclosure.amounts import Kind
from fairness.published.page import public_page
from fairness.published.screen import public_screen
from fairness.suppression import public
from threat.errors import BadInput
from threat.release.documents.fairness import Fairness
from threat.release.documents.fairness_public import PublicFairness, PublicRanking


def made(tables: dict[str, dict[str, tuple[int, int, int]]], party: str = "column") -> Fairness:
    """The audit of groups of (rows, later harmed, of them on the list), each table over the same rows."""
    columns, score, label = [], None, None
    for name, groups in tables.items():
        code = np.concatenate([np.repeat(group, n) for group, (n, _, _) in groups.items()])
        harmed = np.concatenate([np.arange(n) < events for n, events, _ in groups.values()])
        listed = np.concatenate([np.arange(n) < caught for n, _, caught in groups.values()])
        order = np.lexsort((~listed, ~harmed)) if score is None else np.arange(len(code))
        if score is None:
            score, label = listed[order].astype(float), harmed[order].astype(float)
            code = code[order]
        columns.append(Characteristic(name, party, code))  # type: ignore[arg-type]
    return audited(score, label, columns, threshold=0.5)


@cache
def both(seed: int) -> tuple[Fairness, PublicFairness]:
    """A drawn report, and the same as published."""
    exact = drawn(seed)
    return exact, public(exact)


def published(report: PublicFairness, which: int = 0) -> dict[str, tuple[float | None, ...]]:
    """Rows, later harmed, caught of each group, as published."""
    groups = report.characteristics[which].groups
    return {group.code: (group.rows, group.events, group.caught) for group in groups}


def test_large_counts_are_published_to_the_nearest_five() -> None:
    report = public(made({"g": {"A": (502, 101, 48), "B": (403, 83, 41)}}))
    assert published(report) == {"A": (500, 100, 50), "B": (405, 85, 40)}
    assert (report.least, report.step) == (10, 5)
    assert (report.overall.rows, report.overall.events) == (905, 184)
    assert report.characteristics[0].groups[0].recall == 0.5
    assert [kind.withheld for kind in report.withholding] == [0, 0, 0, 0, 2]


def test_a_small_count_is_withheld_and_no_sum_tells_it() -> None:
    """Six later harmed are the total less the others, but for the rounding of the others."""
    groups = {"A": (500, 100, 50), "B": (400, 80, 40), "C": (40, 6, 3)}
    report = public(made({"g": groups}))
    assert published(report)["C"] == (40, None, None)
    # The others may each be 2.5 off: the total leaves 1 to 11 harmed of C, and would leave 0 to 8 caught.
    assert published(report)["B"] == (400, 80, None)
    assert Attacker(report.as_json(), totals_of(made({"g": groups}))).narrowed() == {}


@pytest.mark.parametrize("minority", [8, 1])
def test_a_minority_is_not_its_group_less_the_majority(minority: int) -> None:
    """White less White British gave 8 and 1: the two tables are two, and what adds up to White is in both."""
    group = {"W": (208, 100 + minority, 60), "A": (300, 90, 45)}
    white = {"White British": (200, 100, 55), "White minority": (8, minority, 1), "not recorded": (300, 90, 45)}
    rows = np.repeat(["W", "A"], [208, 300])
    fine = np.repeat(["White British", "White minority", "not recorded"], [200, 8, 300])
    score, label = np.zeros(508), np.zeros(508)
    for start, (n, events, caught) in zip((0, 200, 208), white.values(), strict=True):
        label[start : start + events] = 1
        score[start : start + caught] = 1
        assert n >= events >= caught
    tables = [
        Characteristic("ethnicity_group", "person_at_risk", rows),
        Characteristic("white_minority", "person_at_risk", np.where(fine == "not recorded", None, fine)),
    ]
    exact = audited(score, label, tables, threshold=0.5)
    assert exact.characteristics[0].groups[1].n == group["W"][0]
    report = public(exact)
    assert Attacker(report.as_json(), totals_of(exact)).narrowed() == {}
    assert published(report, 1)["White minority"] == (None, None, None)


@pytest.mark.parametrize("seed", [1, 2, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(3, 60))])
def test_nobody_who_adds_and_subtracts_gets_close_to_a_withheld_count(seed: int) -> None:
    exact, report = both(seed)
    attacker = Attacker(report.as_json(), totals_of(exact))
    assert attacker.withheld()
    assert attacker.narrowed() == {}
    groups = [group for item in report.characteristics for group in item.groups]
    shown = sum(getattr(group, kind) is not None for group in groups for kind in KINDS)
    cells = len(groups) * len(KINDS)
    assert shown / cells > 0.2  # what is safe is still published


def test_the_attacker_succeeds_where_only_small_counts_are_withheld() -> None:
    """The attack is one: without what is withheld besides, and without rounding, it finds small counts exactly."""
    exact, report = both(1)
    json = report.as_json()
    for item, table in zip(exact.characteristics, json["characteristics"], strict=True):
        for group, cells in zip(item.groups, table["groups"], strict=True):
            cells["rows"] = group.n if group.n >= 10 else None
    json["step"] = 0
    for item in json["characteristics"]:
        for cells in item["groups"]:
            cells.update({kind: None for kind in KINDS if kind != "rows"})
    found = Attacker(json, totals_of(exact)).narrowed()
    assert any(high - low < 0.01 for low, high in found.values()), found


def test_a_range_that_stays_too_narrow_is_an_error_and_no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """With every count of the kind withheld there is nothing more to withhold."""
    narrow = protection._Range(protection.Target(0, ((Kind.EVENTS, 1),)), 3.0, 5.0)
    monkeypatch.setattr(protection._Programme, "unsafe", lambda programme, hidden: narrow)
    monkeypatch.setattr(protection._Programme, "complement", lambda programme, hidden, unsafe, weight: frozenset())
    with pytest.raises(BadInput, match="The report cannot be published") as refused:
        public(made({"g": {"A": (502, 101, 48), "B": (403, 83, 41)}}))
    assert refused.value.value == "events"


NUMBERS = re.compile(r"\d")


def test_no_number_but_the_published_counts_leaves_the_report() -> None:
    """No interval, ratio, probability or reason: each follows from exact counts (3.8 % of 52 is 2)."""
    report = both(2)[1]
    for table in report.as_json()["characteristics"]:
        assert not NUMBERS.search(table["reason"] + table["note"].replace("5+1", ""))
        for group in table["groups"]:
            numbers = {name: value for name, value in group.items() if isinstance(value, int | float | list)}
            assert set(numbers) <= set(KINDS) | {"reference"}
            assert all(value % 5 == 0 for name, value in numbers.items() if name in KINDS)
            assert not NUMBERS.search(group["reason"])


def rows_of(html: str) -> list[list[str]]:
    return [re.findall(r">([^<]*)</t[dh]>", row) for row in re.findall(r"<tr>(.*?)</tr>", html)]


def test_page_and_terminal_say_the_published_counts_and_shares_alone() -> None:
    report = public(made({"g": {"A": (502, 101, 48), "B": (403, 83, 41), "C": (40, 6, 3)}}))
    rows = {row[0]: row[1:] for row in rows_of(public_page(report)) if row and row[0] in "ABC"}
    by_code = {group.code: group for group in report.characteristics[0].groups}
    assert rows["C"][:4] == ["40", "withheld", "withheld", ""]
    for code, group in by_code.items():
        wanted = [group.rows, group.events, group.caught]
        assert rows[code][:3] == ["withheld" if count is None else f"{count:,.0f}" for count in wanted]
    assert "101" not in public_page(report)
    screen = public_screen(report, full=True)
    assert "101" not in screen
    assert "Rows: published for all 3 groups." in screen
    assert "counts below 10 are withheld" in screen


def test_few_events_outside_and_other_rankings_are_not_published() -> None:
    report = made({"g": {"A": (500, 100, 50), "B": (400, 80, 40)}})

    def outside(events: int) -> Any:
        overall = report.overall.model_copy(update={"outside_events": events})
        return public(report.model_copy(update={"overall": overall})).overall.outside_events

    assert (outside(3), outside(32)) == (None, 30)
    assert set(PublicRanking.model_fields) == {"ranking", "title", "verdict"}


@pytest.mark.parametrize("caught", [(1, 2), (98, 79)])
def test_few_caught_or_missed_in_all_are_not_published(caught: tuple[int, int]) -> None:
    report = public(made({"g": {"A": (500, 100, caught[0]), "B": (400, 80, caught[1])}}))
    assert (report.overall.rows, report.overall.events, report.overall.recall) == (900, 180, None)
    assert [hit for _, _, hit in published(report).values()] == [None, None]
