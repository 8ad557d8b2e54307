"""A signed statement is read whole, and refused when its form or its check is unknown."""

from __future__ import annotations

from typing import Any

import pytest
from fixtures.trusted import Trusted

from threat.errors import BadInput
from threat.release.envelopes import STATEMENT_TYPE, verified_statements
from threat.release.statements import Acceptance
from threat.trust.folder import Trust
from threat.trust.signing import Signer, sign

SAID: dict[str, Any] = {
    "kind": "acceptance", "release_digest": "e" * 64, "on": "2026-05-20", "check": "fairness", "reason": "few",
    "about": "person_at_risk/sex", "controls": "watch", "expires": "2026-07-01",
}  # fmt: skip


@pytest.fixture
def validator(demonstration_trusted: Trusted) -> Signer:
    return demonstration_trusted.signer("approval")


def test_name_and_role_are_those_of_the_key(validator: Signer) -> None:
    claimed = sign(SAID, STATEMENT_TYPE, validator)
    [statement] = verified_statements([claimed], Trust.open())
    assert (statement.by, statement.role, statement.environment) == (
        "DEMONSTRATION validator",
        "validator",
        "demonstration",
    )
    assert isinstance(statement.body, Acceptance)
    assert statement.body.about == "person_at_risk/sex"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"check": "G7"}, "not a check of the gate: G7 (now fairness)"),
        ({"check": "G5"}, "not a check of the gate: G5 (now usefulness)"),
        ({"check": "approvals"}, "not a check of the gate: approvals (now approval)"),
        ({"kind": "promise"}, "promise"),
        ({"expires": None}, "expires"),
        ({"expires": "soon"}, "expires"),
        ({"reason": " "}, "reason"),
        ({"surplus": 1}, "surplus"),
    ],
)
def test_a_statement_of_another_form_is_refused_with_the_way_out(
    validator: Signer, change: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInput, match="signed by DEMONSTRATION validator has not the form") as caught:
        verified_statements([sign(SAID | change, STATEMENT_TYPE, validator)], Trust.open())
    assert words in str(caught.value)
    assert "threat approve RUN" in caught.value.way_out
