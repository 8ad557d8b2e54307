"""What a policy says of casework: read whole, every problem at once, each with its place."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from serving.casework.policy import Rule, load_casework_policy
from threat.errors import UsageError
from threat.policy import load_policy
from threat.vocabulary import kinds

TEXT = files("threat").joinpath("policy.yaml").read_text(encoding="utf-8")


def changed(tmp_path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    document = yaml.safe_load(TEXT)
    change(document)
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(document))
    return tmp_path / "own.yaml"


def test_the_shipped_policy() -> None:
    policy, whole = load_casework_policy(), load_policy()
    section = policy.section
    assert (policy.version, policy.time_zone) == (whole.version, whole.time_zone) == ("2026.4", "Europe/London")
    assert (policy.reviews_per_cycle, policy.cycle_days, section.plans_at_once) == (50, 7, 40)
    assert (section.keep_in_view_days, section.roll_limit_days, section.sealed_one_in) == (28, 183, 10)
    assert (section.second_reader_one_in, section.sitting.cases_at_most) == (20, 25)
    assert (section.closing.severe_within_days, section.closing.decider_may_confirm) == (183, False)
    assert set(policy.clocks) == set(get_args(Rule))
    hours = policy.calendar.working_hours
    assert (f"{hours.begin:%H:%M}", f"{hours.end:%H:%M}") == ("08:00", "18:00")


def test_every_must_see_kind_brings_a_case_back_and_some_more_do() -> None:
    brings_back = load_casework_policy().brings_back
    assert {name for name, kind in kinds().items() if kind.must_see} < brings_back
    assert {"new_partner", "separation", "child_contact_dispute", "stalking_order"} < brings_back


def test_a_must_see_kind_that_a_force_removes_brings_no_case_back(tmp_path: Path) -> None:
    own = changed(tmp_path, lambda document: document["must_see"].update(remove=["suicidal_ideation"]))
    assert "suicidal_ideation" not in load_casework_policy(own).brings_back


def test_a_policy_of_before_still_makes_lists_and_no_cases(tmp_path: Path) -> None:
    own = changed(tmp_path, lambda document: document.pop("casework"))
    assert load_policy(own).capacity == 50
    with pytest.raises(UsageError) as caught:
        load_casework_policy(own)
    assert (caught.value.problem, caught.value.where) == ("The policy has no section casework.", str(own))
    assert caught.value.way_out.startswith("since 2026.4")


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("keep_in_view_days", "28", "casework.keep_in_view_days"),
        ("keep_in_view_days", 0, "casework.keep_in_view_days"),
        ("sealed_one_in", 1, "casework.sealed_one_in"),
        ("second_reader_one_in", True, "casework.second_reader_one_in"),
        ("closing.decider_may_confirm", "no", "casework.closing.decider_may_confirm"),
        ("closing.severe_kinds", ["shouting"], "not a kind of the vocabulary"),
        ("brings_back", ["shouting"], "casework.brings_back.0"),
        ("calendar.working_hours.begin", 480, 'not a clock time in quotes, such as "08:00"'),
        ("calendar.unit_hours.end", "07:00", "the hours end at 07:00, not after they begin at 08:00"),
        ("calendar.closed_on", ["24 December"], "casework.calendar.closed_on"),
        ("calendar.bank_holidays", "scotland", "casework.calendar.bank_holidays"),
        ("clocks.plan_serious", {"hours": 72, "days": 3}, "a clock of hours and days, not of exactly one"),
        ("clocks.plan_serious", {}, "a clock of no unit, not of exactly one"),
        ("clocks.plan_serious", {"hours": 72, "at": "17:00"}, "a clock time without working_days"),
        ("clocks.plan_serious", {"hours": 720_000}, "casework.clocks.plan_serious.hours"),
        ("clocks.plan_grave", {"hours": 72}, "casework.clocks.plan_grave"),
        ("clocks.grade_referral", {"working_days": 1, "at": "19:00"}, "grade_referral: 19:00 is outside working hours"),
        ("clocks.review_watching", {"days": 35}, "another number of days than casework.keep_in_view_days"),
        ("roll_limit_days", 20, "casework.keep_in_view_days is longer than casework.roll_limit_days"),
        ("sitting.strangulation_at_most", 30, "is more than casework.sitting.cases_at_most"),
        ("sittings", 3, "casework.sittings"),
    ],
)
def test_a_wrong_line_is_found_with_its_place(tmp_path: Path, path: str, value: object, problem: str) -> None:
    def change(document: dict[str, Any]) -> None:
        *parents, last = ["casework", *path.split(".")]
        for parent in parents:
            document = document[parent]
        document[last] = value

    with pytest.raises(UsageError) as caught:
        load_casework_policy(changed(tmp_path, change))
    assert problem in str(caught.value)
    assert "own.yaml" in str(caught.value)


def test_every_problem_is_said_at_once(tmp_path: Path) -> None:
    def change(document: dict[str, Any]) -> None:
        del document["casework"]["clocks"]["plan_serious"]
        del document["casework"]["clocks"]["look_again"]
        document["casework"]["roll_limit_days"] = 20

    with pytest.raises(UsageError) as caught:
        load_casework_policy(changed(tmp_path, change))
    assert str(caught.value).startswith("3 problems:\n1. casework.clocks lacks the clock plan_serious.")


def test_a_section_that_is_no_mapping_is_refused_by_every_reader(tmp_path: Path) -> None:
    own = changed(tmp_path, lambda document: document.update(casework=["clocks"]))
    with pytest.raises(UsageError, match=r"casework is not a mapping"):
        load_policy(own)
