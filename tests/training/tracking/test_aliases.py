"""Aliases in MLflow follow the promotions, through the commands a person types; a decision never waits for them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from fixtures import evidence
from fixtures.gated_characteristics import gated
from fixtures.release_commands import attested, run_command
from typer.testing import CliRunner

from threat.errors import UsageError
from threat.release import followers, promotions
from threat.release.runs import Run
from threat.trust.folder import Trust
from training.commands import app
from training.tracking import aliases
from training.tracking.aliases import follow, follow_promotions
from training.tracking.mirror import mirror
from training.tracking.store import MODEL

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module", autouse=True)
def declared() -> Iterator[None]:
    """The followers that the distribution declares, and the store of this machine."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
    points = [EntryPoint(name, place, followers.GROUP) for name, place in groups[followers.GROUP].items()]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(followers, "entry_points", lambda group: points)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.delenv("MLFLOW_RUN_ID", raising=False)
        yield


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("aliases") / "var"


def audited(var: Path, run_id: str) -> Run:
    measured = evidence.evaluation(rankings=evidence.rankings()[:2])
    tested = {"characteristic": "sex", "party": "person_at_risk", "state": "tested", "reason": "recorded"}
    report = {"characteristics": gated(ethnicity_group="not_enough_evidence"), "coverage": [tested]}
    return attested(evidence.audited_run(var / "runs", run_id, report, replacing=[measured]))


def said(var: Path, *words: object) -> dict[str, Any]:
    result = run_command(*words, "--var", var, "--json")
    assert result.exit_code == 0, result.exception
    return dict(json.loads(result.stdout))


def shown(var: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Version by alias, and state by version, as MLflow shows them."""
    import mlflow

    client = mlflow.MlflowClient(f"sqlite:///{var / 'mlflow.db'}")
    versions = client.search_model_versions(f"name = '{MODEL}'")
    states = {str(version.version): version.tags.get("state", "") for version in versions}
    return {name: str(number) for name, number in client.get_registered_model(MODEL).aliases.items()}, states


def test_without_a_store_nothing_follows(tmp_path: Path) -> None:
    assert follow(tmp_path) is None
    assert followers.tell_followers(tmp_path) == []


@pytest.mark.usefixtures("came_out_again")
def test_aliases_follow_release_suspension_resumption_roll_back_and_revocation(var: Path) -> None:
    runs = {name: audited(var, name) for name in ("r1", "r2", "r3")}
    for number, name in enumerate(("r1", "r2"), 1):
        assert mirror(runs[name], var)["model_version"] == str(number)
    release = ("--environment", "demonstration", "--store", var)
    assert said(var, "release", runs["r1"].directory, *release)["followed"] == ["MLflow: live is version 1."]
    assert shown(var) == ({"live": "1"}, {"1": "live", "2": ""})
    assert said(var, "release", runs["r2"].directory, *release)["followed"] == ["MLflow: live is version 2."]
    assert shown(var) == ({"live": "2"}, {"1": "retired", "2": "live"})
    assert said(var, "suspend", "--reason", "drift")["followed"] == ["MLflow: suspended is version 2."]
    assert shown(var) == ({"suspended": "2"}, {"1": "retired", "2": "suspended"})
    assert said(var, "resume", "--reason", "explained")["followed"] == ["MLflow: live is version 2."]
    back = said(var, "roll-back", "--reason", "complaint")
    assert back["followed"] == ["MLflow: live is version 1."]
    assert shown(var) == ({"live": "1"}, {"1": "live", "2": "retired"})
    said(var, "revoke", back["bundle_sha256"], "--reason", "leak")
    assert shown(var) == ({}, {"1": "retired", "2": "retired"})  # a revoked model is retired, and never comes back
    # A RUN that was never mirrored has no version: that is said, and the command mirrors it.
    followed = said(var, "release", runs["r3"].directory, *release)["followed"]
    assert followed == ["MLflow: no alias; not in MLflow: r3 (threat mirror)."]
    assert shown(var)[0] == {}
    mirrored = CliRunner().invoke(app, ["mirror", "--var", str(var), "--json"])
    document = json.loads(mirrored.stdout)
    assert (document["aliases"], document["promoted_but_absent"]) == ({"live": "3"}, [])
    assert {name: entry["model_version"] for name, entry in document["runs"].items()} == {
        "r1": "1",
        "r2": "2",
        "r3": "3",
    }
    assert shown(var) == ({"live": "3"}, {"1": "retired", "2": "retired", "3": "live"})
    artifacts = list((var / "mlartifacts").rglob("*"))
    assert any(path.name == "loaded_model.py" for path in artifacts)
    assert {path.stat().st_mode & 0o777 for path in artifacts} == {0o600, 0o700}


def test_of_two_models_in_one_state_the_later_has_the_alias(var: Path) -> None:
    signer = Trust.open().signer("promotion")
    chain = var / "promotions.jsonl"
    bundles = {path.name.rpartition("-")[0]: path for path in (var / "bundles").iterdir()}
    for number, name in enumerate(("r3", "r2")):
        promotions.promote(chain, bundles[name], "shadow", signer, at=2_000_000_000 + number, reason="compare")
    assert follow_promotions(var).aliases == {"shadow": "2"}
    promotions.promote(chain, bundles["r3"], "pilot", signer, at=2_000_000_009, reason="try")
    assert follow_promotions(var).aliases == {"shadow": "2", "pilot": "3"}


def test_a_decision_is_in_force_though_mlflow_cannot_follow(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(_: Path) -> None:
        raise ConnectionError("no server\nat all")

    monkeypatch.setattr(aliases, "follow", down)
    document = said(var, "suspend", "--reason", "drift")
    assert document["state"] == "suspended"
    assert document["followed"] == ["mlflow did not follow (ConnectionError: no server). Later: threat mirror"]
    assert promotions.current(var / "promotions.jsonl").state == "suspended"


def test_the_command_names_what_cannot_be_mirrored_and_mirrors_the_others(var: Path) -> None:
    Run.create(var / "runs", "partial")
    result = CliRunner().invoke(app, ["mirror", "--var", str(var)])
    assert result.exit_code == 0
    assert "partial: not mirrored: The RUN was never sealed" in result.stdout
    assert "r2: version 2" in result.stdout


def test_a_folder_that_is_not_there_is_refused_and_not_made(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["mirror", "--var", str(tmp_path / "nowhere")])
    assert isinstance(result.exception, UsageError)
    assert (result.exception.exit_code, result.exception.where) == (2, str(tmp_path / "nowhere"))
    assert list(tmp_path.iterdir()) == []
