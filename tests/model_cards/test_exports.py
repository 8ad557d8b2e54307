"""Exports of a card: each is written whole, JSON follows its schema, and a mistake writes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from fixtures import evidence
from fixtures.card_commands import run_card
from fixtures.cards import made

from model_cards.exports import EXPORTS
from threat.errors import UsageError

SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "card.json"


def test_the_json_follows_its_schema_and_a_field_too_many_does_not() -> None:
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    document = json.loads(made().encode())
    assert list(validator.iter_errors(document)) == []
    assert list(validator.iter_errors(json.loads(made(gate=None, evaluation=None).encode()))) == []
    assert len(list(validator.iter_errors(document | {"colour": "blue"}))) == 1
    del document["summary"]["cannot_see"]
    assert [error.validator for error in validator.iter_errors(document)] == ["required"]


def test_one_command_writes_every_export(tmp_path: Path) -> None:
    run = evidence.audited_run(tmp_path / "runs")
    paths = {name: tmp_path / f"card.{name}" for name in EXPORTS}
    result = run_card(run.directory, *(word for name, path in paths.items() for word in (f"--{name}", path)))
    assert result.exit_code == 0, result.output
    assert paths["out"].read_bytes() == run.path("card.html").read_bytes()
    assert json.loads(paths["atrs"].read_bytes())["tier_1"]["Name"] == "Severe harm, monthly"
    assert json.loads(paths["bom"].read_bytes())["specVersion"] == "1.7"
    assert paths["pdf"].read_bytes().startswith(b"%PDF")


def test_two_exports_to_one_file_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    run = evidence.audited_run(tmp_path / "runs")
    shared = tmp_path / "card.json"
    result = run_card(run.directory, "--atrs", shared, "--bom", shared)
    assert isinstance(result.exception, UsageError)
    assert str(result.exception).startswith("Two exports would overwrite each other in one file.")
    assert not shared.exists()
    assert not run.has("card.json")


@pytest.mark.parametrize("name", EXPORTS)
def test_every_export_is_an_option_of_the_command(name: str) -> None:
    assert f"--{name}" in run_card("--help").stdout
