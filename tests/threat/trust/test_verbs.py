"""The table of verbs: whole, and the verbs that the product signs with are those of the table."""

from __future__ import annotations

import re
from pathlib import Path

import threat
from threat.trust.verbs import verbs

PRODUCT = Path(threat.__file__).parents[1]
SIGNED = re.compile(r"(?:\.signer|\.may_sign)\(\s*\"([a-z]+)\"|verb=\"([a-z]+)\"")


def test_every_row_says_what_is_signed_by_which_process_and_what_theft_allows() -> None:
    rows = verbs().values()
    assert all(row.name and row.signs and row.process and row.theft for row in rows)
    assert len({row.process for row in rows}) == len(rows), "two verbs of one process would be one key"


def test_the_product_signs_and_verifies_with_verbs_of_the_table_and_with_each() -> None:
    used = set()
    for room in ("threat", "serving", "training", "fairness", "model_cards"):
        for path in (PRODUCT / room).rglob("*.py"):
            used |= {first or second for first, second in SIGNED.findall(path.read_text(encoding="utf-8"))}
    assert used <= set(verbs())
    assert used >= {"intake", "list", "audit", "promotion", "governance", "approval"}
