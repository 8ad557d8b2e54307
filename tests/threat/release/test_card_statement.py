"""The card is signed by the job that made it: who, of which documents, with which code."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path

import pytest
from fixtures import evidence
from fixtures.trusted import Trusted

from model_cards.runs import add_card, signed_card
from threat.checkout import code
from threat.errors import IntegrityFailure
from threat.files import sha256_of
from threat.release.documents.attestations import CardStatement
from threat.release.documents.card import Card
from threat.release.documents.fairness import Fairness
from threat.release.runs import Run
from threat.trust.folder import KEYS_VARIABLE, Trust


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = evidence.audited_run(tmp_path / "runs")
    add_card(made)
    return made


def test_the_statement_names_card_and_page_inputs_commit_and_lock_file(run: Run) -> None:
    statement = json.loads(b64decode(run.read(CardStatement).envelope.payload))
    assert {item["name"]: item["digest"]["sha256"] for item in statement["subject"]} == {
        name: sha256_of(run.path(name)) for name in (Card.FILE, "card.html")
    }
    predicate = statement["predicate"]
    assert predicate["inputs"][Fairness.FILE] == sha256_of(run.path(Fairness.FILE))
    assert predicate["run_manifest_sha256"] == run.manifest_sha256
    assert (predicate["code"]["commit"], predicate["code"]["lock_sha256"]) == (code().commit, code().lock_sha256)
    said = signed_card(run, Trust.open())
    assert said.startswith(f"made by DEMONSTRATION training service of {len(predicate['inputs'])} documents, with ")


def test_another_card_other_documents_and_another_key_are_told_apart(
    run: Run, force_trusted: Trusted, tmp_path: Path
) -> None:
    trust = Trust.open()
    report = run.read(Fairness)
    run.write(report.model_copy(update={"notes": ("changed since",)}))
    with pytest.raises(IntegrityFailure, match="statement on the card names other documents") as refused:
        signed_card(run, trust)
    assert refused.value.value == Fairness.FILE
    run.write(report)
    run.write(run.read(Card).model_copy(update={"not_yet_provided": 0}))
    assert signed_card(run, trust) == "no job signed this card; DEMONSTRATION training service signed an earlier one"
    with pytest.raises(IntegrityFailure):
        signed_card(run, force_trusted.trust)


def test_a_person_without_a_key_for_evidence_makes_a_card_that_no_job_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEYS_VARIABLE, str(tmp_path))
    made = evidence.audited_run(tmp_path / "runs")
    add_card(made)
    assert not made.has(CardStatement.FILE)
    assert signed_card(made, Trust.open()) == "no job signed this card"
