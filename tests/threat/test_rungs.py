"""The table of rungs: what its rules must say, what ships, and the words that pages and cards take from there."""

from __future__ import annotations

import pytest

from threat.errors import BadInput, UsageError
from threat.rungs import all_rules, meaning_of, read_rules, rules_of, title_of

HEAD = "rung,title,version,all_of,any_domestic,includes,attributed_to,note\n"


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("Y9,an outcome,1,quarrel,yes,,relationship,", "unknown kind"),
        ("Y9,an outcome,1,murder,yes,Y8,relationship,", "unknown rung"),
        ("Y9,an outcome,1,murder,perhaps,,relationship,", "neither yes nor no"),
        ("Y9,an outcome,1,murder,yes,,neighbour,", "Not a way to attribute"),
        ("Y9,an outcome,1,suspected_suicide,no,,relationship,", "not about a relationship"),
        ("Y9,an outcome,1,murder,no,,person_at_risk,", "not about a person"),
    ],
)
def test_the_rules_are_checked(line: str, rule: str) -> None:
    with pytest.raises(BadInput, match=rule):
        read_rules(HEAD + line)


def test_the_shipped_rules() -> None:
    assert {rule.rung for rule in all_rules()} == {"Y0", "Y1", "Y2", "Y4", "Y5"}
    assert {rule.all_of for rule in rules_of("Y1")} == {
        ("murder",),
        ("manslaughter",),
        ("attempted_murder",),
        ("gbh_with_intent",),
    }
    with pytest.raises(UsageError, match="Y0, Y1, Y2, Y4, Y5"):
        rules_of("Y3")


def test_a_rung_has_one_title() -> None:
    line = "Y9,{title},1,murder,yes,,relationship,murder\n"
    with pytest.raises(BadInput, match="no title, or two"):
        read_rules(HEAD + line.format(title=""))
    with pytest.raises(BadInput, match="no title, or two"):
        read_rules(HEAD + line.format(title="a killing") + line.format(title="a death"))
    assert [rule.title for rule in read_rules(HEAD + line.format(title="a killing") * 2)] == ["a killing", "a killing"]


def test_every_rung_says_in_words_what_counts() -> None:
    assert title_of("Y2") == "severe domestic harm"
    assert meaning_of("Y2") == (
        "strangulation with injury, wounding with a weapon, injury with a weapon, rape, kidnap or false imprisonment, "
        "attempted murder, grievous bodily harm with intent, murder or manslaughter"
    )
    assert meaning_of("Y5") == "suspected suicide or suicide attempt"
    assert all(rule.note for rule in all_rules())
