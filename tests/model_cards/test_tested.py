"""A characteristic is tested only where the audit could judge a group of it."""

from __future__ import annotations

from typing import Any

import pytest
from fixtures import evidence
from fixtures.cards import MANIFEST, made, value
from fixtures.gated_characteristics import characteristic

from model_cards.tested import how_tested
from threat.release.documents.fairness import Coverage


def entry(state: str, audited_as: str = "") -> Coverage:
    fields = {"characteristic": "sex", "party": "person_at_risk", "state": state, "audited_as": audited_as}
    return Coverage.model_validate(fields | {"reason": "the history holds no such record"})


def report(*verdicts: str, verdict: str = "pass") -> Any:
    groups = [evidence.group(f"G{i}", 900, 60, 20, 0.9, given) for i, given in enumerate(verdicts)]
    sex = characteristic("sex", verdict, groups, reason="the reason")
    return evidence.fairness(MANIFEST, characteristics=[sex])


@pytest.mark.parametrize(
    ("of", "verdicts", "words"),
    [
        (entry("not_recorded"), (), "Not recorded, so not tested"),
        (entry("proxy_only"), (), "Through a proxy only"),
        (entry("tested", "sex"), ("not_enough_evidence", "not_enough_evidence"), "Recorded, but too few to test"),
        (entry("tested", "sex"), ("fail", "not_enough_evidence"), "Tested in part: 1 of 2 groups"),
        (entry("tested", "sex"), ("pass", "fail"), "Tested"),
        (entry("tested", "religion"), ("pass",), "Recorded, but too few to test"),
        (entry("tested"), ("pass",), "Recorded, but too few to test"),
        (entry("tested").model_copy(update={"reason": "audited as sex"}), ("pass",), "Tested"),
    ],
)
def test_only_what_could_be_judged_was_tested(of: Coverage, verdicts: tuple[str, ...], words: str) -> None:
    assert how_tested(of, report(*verdicts))[0] == words


def test_the_card_says_of_each_whether_it_was_tested_and_why_not() -> None:
    whole = report("not_enough_evidence", verdict="not_enough_evidence")
    covered = whole.model_copy(update={"coverage": (entry("tested", "sex"), entry("not_recorded"))})
    card = made(fairness=covered)
    assert value(card, "fairness.coverage").rows == (
        (
            "sex",
            "person at risk",
            "Recorded, but too few to test",
            "Not enough evidence",
            "audited as sex of the person at risk: the reason",
        ),
        ("sex", "person at risk", "Not recorded, so not tested", "None", "the history holds no such record"),
    )
    assert card.summary.for_whom is not None
    assert card.summary.for_whom.rows[0] == (
        "sex of the person at risk",
        "Recorded, but too few to test",
        "Not enough evidence",
    )
