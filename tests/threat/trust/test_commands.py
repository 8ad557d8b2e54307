"""The key list through the commands that people type, from the root to a revoked key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from threat.errors import UsageError
from threat.trust.commands import app
from threat.trust.folder import UNSIGNED


def said(*arguments: object) -> dict[str, Any]:
    result = CliRunner().invoke(app, [str(argument) for argument in (*arguments, "--json")])
    assert result.exit_code == 0, result.exception
    return dict(json.loads(result.stdout))


def failure(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert isinstance(result.exception, UsageError), result.output
    return str(result.exception)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = said("new-trust", tmp_path / "trust", "--name", "Gwen Root", "--key", tmp_path / "root.pem")
    assert (made["environment"], made["name"]) == ("force", "Gwen Root")
    monkeypatch.setenv("THREAT_TRUST", str(tmp_path / "trust"))
    monkeypatch.delenv("THREAT_KEYS")
    return tmp_path


def new_key(folder: Path, name: str, *verbs: str, by: str = "root") -> dict[str, Any]:
    file = folder / f"{name.split(maxsplit=1)[0].lower()}.pem"
    options = [word for verb in verbs for word in ("--verb", verb)]
    made = said("new-key", file, "--name", name, "--role", "officer", *options)
    assert file.stat().st_mode & 0o777 == 0o600
    return said("register-key", made["request"], "--key", folder / f"{by}.pem")


def test_a_key_is_made_by_its_holder_and_registered_by_another_person(folder: Path) -> None:
    registered = new_key(folder, "Vera Lid", "approval")
    assert (registered["name"], registered["verbs"], registered["state"]) == ("Vera Lid", ["approval"], "in force")
    listed = said("keys")
    assert [(key["name"], key["registered_by"]) for key in listed["keys"]] == [
        ("Gwen Root", "Gwen Root"),
        ("Vera Lid", "Gwen Root"),
    ]
    text = CliRunner().invoke(app, ["keys"]).stdout
    assert "Vera Lid (officer), registered by Gwen Root" in text
    own = said("new-key", folder / "g.pem", "--name", "Gwen Root", "--role", "x", "--verb", "approval")["request"]
    assert "Nobody registers a key of their own" in failure("register-key", own, "--key", folder / "root.pem")
    assert "does not sign for governance" in failure(
        "register-key", folder / "vera.request.json", "--key", folder / "vera.pem"
    )


def test_a_private_key_of_before_is_kept_and_asked_for_again(folder: Path) -> None:
    asked = ("new-key", folder / "old.pem", "--name", "Old Service", "--role", "service", "--verb", "promotion")
    first = said(*asked)
    before = (folder / "old.pem").read_bytes()
    assert said(*asked)["key_id"] == first["key_id"]
    assert (folder / "old.pem").read_bytes() == before


def test_wrong_usage_makes_nothing(folder: Path) -> None:
    asked = ("new-key", folder / "new.pem", "--name", "Ann", "--role", "x")
    assert "The verb of the key is unknown." in failure(*asked, "--verb", "everything")
    assert "The name or the role of the holder is blank." in failure(*asked[:3], " ", *asked[4:], "--verb", "list")
    assert not (folder / "new.pem").exists()
    assert "no name or no key file" in failure("new-trust", folder / "second")
    assert not (folder / "second").exists()


def test_the_trust_of_a_demonstration_has_every_key_and_says_what_it_is(tmp_path: Path) -> None:
    made = said("new-trust", tmp_path / "d", "--demonstration")
    assert made["environment"] == "demonstration"
    assert {path.name for path in (tmp_path / "d" / "keys").glob("*.pem")} > {"intake.pem", "list.pem", "audit.pem"}
    assert made["THREAT_TRUST"] == str(tmp_path / "d" / "trust")
    again = CliRunner().invoke(app, ["new-trust", str(tmp_path / "d"), "--demonstration"])
    assert "DEMONSTRATION: invented holders, believed nowhere else." in again.stdout


def test_without_a_trust_folder_the_command_says_so(no_trust: None) -> None:
    assert CliRunner().invoke(app, ["keys"]).stdout.strip() == UNSIGNED
