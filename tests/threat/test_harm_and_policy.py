"""The harm file and the policy: what is shipped, and what is refused."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from threat.asof import NEVER
from threat.errors import BadInput, UsageError
from threat.harm import days_by_number, days_of, read, table
from threat.policy import load_policy
from threat.vocabulary import kinds

SHIPPED = files("threat").joinpath("harm.csv").read_text(encoding="utf-8")


def test_every_shipped_value_is_approximate_and_has_a_source() -> None:
    assert all(item.approximate and item.source for item in table().values())
    assert {(item.index, item.version) for item in table().values()} == {("approximate-cchi", "2026-ours-1")}
    assert set(table()) == {name for name, kind in kinds().items() if kind.crime} | {"domestic_incident"}
    for item in table().values():
        if item.statistic != "floor":
            assert item.band_min <= item.days <= item.band_max


@pytest.mark.parametrize(
    ("kind", "days"),
    [
        ("murder", 5475),
        ("rape", 2555),
        ("gbh_with_intent", 943.5),
        ("wounding", 365),
        ("assault_without_injury", 1),
        ("domestic_incident", 1),
        ("unit_contact", 0),
        ("separation", 0),
    ],
)
def test_values(kind: str, days: float) -> None:
    assert days_of(kind) == days
    assert days_by_number()[kinds()[kind].number] == days


def test_more_serious_kinds_never_weigh_less() -> None:
    order = [
        "murder",
        "attempted_murder",
        "gbh_with_intent",
        "wounding",
        "assault_with_injury",
        "assault_without_injury",
    ]
    values = [days_of(kind) for kind in order]
    assert values == sorted(values, reverse=True)
    assert len(set(values)) == len(values)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda text: text.replace("murder,5475", "murder,-1", 1), "0 or more"),
        (lambda text: text.replace("murder,5475", "murder,5000", 1), "differs from the max"),
        (lambda text: text.replace("murder,5475", "murder,many", 1), "cannot be read"),
        (lambda text: text.replace("\nmurder,", "\nquarrel,", 1), "unknown kind"),
        (lambda text: text + text.splitlines()[1] + "\n", "given twice"),
        (lambda text: "\n".join(text.splitlines()[:1] + text.splitlines()[2:]), "This crime has no harm days"),
        (lambda text: text.replace("2026-ours-1", "2027", 1), "more than one index or version"),
        (lambda text: text.replace(",max,", ",mode,", 1), "Not a statistic"),
    ],
)
def test_a_wrong_file_is_refused(change: object, rule: str) -> None:
    assert callable(change)
    with pytest.raises(BadInput, match=rule):
        read(change(SHIPPED))


def test_an_official_value_needs_no_band() -> None:
    lines = SHIPPED.splitlines()
    row = "murder,5000,approximate-cchi,2026-ours-1,no,none,official,0,0,0,0,the official table"
    assert read("\n".join([lines[0], row, *lines[2:]]))["murder"].days == 5000


def test_the_shipped_policy() -> None:
    policy = load_policy()
    assert (policy.version, policy.capacity, policy.known_within_days_at_liberty) == ("2026.4", 50, 730)
    assert policy.time_zone == "Europe/London"
    assert (policy.lower_age, policy.stale_after_days, policy.stale_after_days_by_source) == (16, 7, {})
    assert policy.reveal_order == ("records", "own_grade", "rank_and_reasons")
    assert set(policy.must_see_kinds) == {name for name, kind in kinds().items() if kind.must_see}


def test_each_stay_that_stops_the_clock_has_a_reason_and_a_length() -> None:
    policy = load_policy()
    assert policy.stays == {"custody": NEVER, "hold": 96 * 3600, "mental_health_detention": 36 * 3600}
    assert set(policy.stays) == {name for name, kind in kinds().items() if kind.lasts == "stay"}
    reasons = [stay.because for stay in policy.not_at_liberty.values()]
    assert ["Police and Criminal Evidence Act 1984" in reasons[1], "Mental Health Act 1983" in reasons[2]] == [True] * 2


@pytest.mark.parametrize(
    ("stays", "rule"),
    [
        (None, "not_at_liberty is missing"),
        (["hold"], "Not a mapping of kinds of stay"),
        ({"arrest": {"because": "x"}}, "Not a kind of the vocabulary that lasts as a stay.\n  found: arrest"),
        ({"hold": {"open_hours": 96}}, "hold has no reason: the key because is missing or empty"),
        ({"hold": "96 hours"}, "hold has no reason"),
        ({"hold": {"because": "x", "open_hours": 0}}, "hold.open_hours is not a whole number from 1"),
        ({"hold": {"because": "x", "hours": 3}}, "Not a key of a stay.\n  found: hours"),
    ],
)
def test_stays_that_a_policy_may_not_name(tmp_path: Path, stays: object, rule: str) -> None:
    document = yaml.safe_load(files("threat").joinpath("policy.yaml").read_text(encoding="utf-8"))
    document["eligibility"]["not_at_liberty"] = stays
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(document))
    with pytest.raises(UsageError) as told:
        load_policy(tmp_path / "own.yaml")
    assert rule in str(told.value)


def test_a_force_may_add_and_remove_triggers(tmp_path: Path) -> None:
    document = yaml.safe_load(files("threat").joinpath("policy.yaml").read_text(encoding="utf-8"))
    document["must_see"] |= {"add": ["separation"], "remove": ["release"]}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(document))
    found = load_policy(tmp_path / "own.yaml").must_see_kinds
    assert "separation" in found
    assert "release" not in found


def test_a_wrong_policy_tells_every_problem(tmp_path: Path) -> None:
    document = {
        "version": 1,
        "time_zone": "Europe",
        "eligibility": {
            "known_within_days_at_liberty": "two years",
            "first_signal_within_days_at_liberty": 30,
            "lower_age": 16,
        },
        "capacity": 0,
        "cycle_days": 7,
        "must_see": {"add": ["quarrel"], "recorded_within_days": 7, "release_within_days": 7},
        "feeds": {"stale_after_days": 7, "by_source": {"partners": 0}},
        "reveal_order": ["records"],
    }
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(document))
    with pytest.raises(UsageError) as told:
        load_policy(tmp_path / "own.yaml")
    parts = "8 problems", "found: Europe", "two years", "capacity", "quarrel", "partners", "reveal order", "as text"
    for part in parts:
        assert part in str(told.value)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("a: [", "not YAML"),
        ("- capacity", "The policy is not a mapping"),
        ("", "The policy is not a mapping"),
        (None, "There is no policy here"),
        ("eligibility: {first_signal_within_days: 3}", "since 2026.2 it is first_signal_within_days_at_liberty"),
        ("capacity: 50", "time_zone is missing."),
        ("time_zone: ../London", "time_zone is not a time zone.\n  found: ../London"),
        ("feeds: {by_source: [crime]}", "feeds.by_source is not a mapping"),
        ("must_see: {removed: [release]}", "Not a key of a policy.\n  found: removed"),
        ("must_see: [release]", "must_see.recorded_within_days is not a whole number"),
        ("reveal_order: [records, 3]", "The reveal order does not name each step once"),
    ],
)
def test_a_file_that_is_no_policy(tmp_path: Path, text: str | None, rule: str) -> None:
    if text is not None:
        (tmp_path / "own.yaml").write_text(text)
    with pytest.raises(UsageError) as told:
        load_policy(tmp_path / "own.yaml")
    assert rule in str(told.value)
