"""Each document has a schema made from its type, and what the product writes follows its schema."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fixtures import cards, evidence
from fixtures.drawn_bases import base_model
from jsonschema import Draft202012Validator
from pages.schemas import DOCUMENTS, main, schema

from threat.release.documents.document import JsonFile

WRITTEN: list[JsonFile] = [
    *evidence.documents("the model"),
    evidence.fairness("b" * 64),
    evidence.gate(),
    base_model(),
    cards.made(),
    cards.human(identity__contact="the unit"),
]


@pytest.mark.parametrize("document", WRITTEN, ids=lambda document: document.FILE)
def test_what_is_written_follows_its_schema(document: JsonFile) -> None:
    assert type(document) in DOCUMENTS.values()
    made = json.loads(schema(type(document)))
    Draft202012Validator.check_schema(made)
    Draft202012Validator(made).validate(json.loads(document.encode()))
    surplus = json.loads(document.encode()) | {"surplus": 1}
    assert not Draft202012Validator(made).is_valid(surplus)


def test_a_schema_that_differs_from_its_type_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--out", str(tmp_path)]) == 0
    assert main(["--out", str(tmp_path), "--check"]) == 0
    (tmp_path / "gate.json").write_text("{}")
    (tmp_path / "old.json").write_text("{}")
    assert main(["--out", str(tmp_path), "--check"]) == 1
    said = capsys.readouterr().err
    assert "gate.json is not what its type says" in said
    assert "old.json is not what its type says" in said
