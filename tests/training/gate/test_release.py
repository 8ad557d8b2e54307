"""From a RUN to what is served: what is released, what is refused and why."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from fixtures.release_commands import run_command, sign_everything
from fixtures.trusted import Trusted

from threat.errors import BadInput, GateRefused, IntegrityFailure
from threat.release import bundle, promotions
from threat.release.documents.card import Card
from threat.release.documents.fairness import Fairness
from threat.release.documents.gate import Gate
from threat.release.envelopes import read_envelopes, verified_statements
from threat.release.runs import Run
from threat.trust.folder import Trust

pytestmark = pytest.mark.usefixtures("came_out_again")


def test_a_demonstration_release_is_served_and_marked(make_audited: Any, var: Path) -> None:
    run = make_audited("r1")
    result = run_command(
        "release", run.directory, "--environment", "demonstration", "--var", var, "--store", var, "--json"
    )
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["released"] is True
    assert document["state"] == "live"
    assert document["gate"]["environment"] == "demonstration"
    assert {approval["by"] for approval in document["gate"]["approvals"]} == {
        "DEMONSTRATION validator",
        "DEMONSTRATION SRO",
    }
    accepted = [acceptance for check in document["gate"]["checks"] for acceptance in check["accepted"]]
    assert {acceptance["by"] for acceptance in accepted} == {"DEMONSTRATION equality lead", "DEMONSTRATION SRO"}
    standing, opened = promotions.open_current(var / "promotions.jsonl")
    assert (standing.state, standing.environment) == ("live", "demonstration")
    assert opened is not None
    assert opened.environment == "demonstration"
    assert opened.card["summary"]["environment"] == "demonstration"
    assert opened.card["summary"]["status"] == "passed the gate"
    assert opened.released.passed
    assert "DEMONSTRATION. Signed by nobody" in (run.directory / "card.html").read_text()
    assert Run.open(run.directory).read(Gate).as_json() == document["gate"]


def test_what_people_read_says_demonstration(make_audited: Any, var: Path) -> None:
    result = run_command(
        "release", make_audited("r1").directory, "--environment", "demonstration", "--var", var, "--store", var
    )
    assert "DEMONSTRATION: signed by nobody, valid nowhere else." in result.stdout
    assert "DEMONSTRATION: valid nowhere else" in run_command("promotions", "--var", var).stdout


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"recall_difference": -0.2}, "Usefulness: fail"),
        ({"recall_difference": 0.02}, "Usefulness: not enough evidence"),
        (
            {"ethnicity": "fail"},
            "Fairness: fail: treated worse than the line allows, by ethnicity (5+1) of the person at risk "
            "(person_at_risk/ethnicity_group)",
        ),
    ],
)
def test_a_refusal_gives_every_reason_and_serves_nothing(
    make_audited: Any, var: Path, change: Any, reason: str
) -> None:
    run = make_audited("r1", **change)
    result = run_command("release", run.directory, "--environment", "demonstration", "--var", var, "--store", var)
    assert isinstance(result.exception, GateRefused)
    assert result.exception.exit_code == 4
    assert reason in str(result.exception)
    as_json = run_command(
        "release", run.directory, "--environment", "demonstration", "--var", var, "--store", var, "--json"
    )
    assert as_json.exit_code == 4
    assert any(line.startswith(reason) for line in json.loads(as_json.stdout)["reasons"])
    assert promotions.current(var / "promotions.jsonl").state == "none"
    assert not (var / "bundles").exists()
    assert Run.open(run.directory).read(Card).summary.status == "refused by the gate"


def test_an_unaudited_run_is_refused(make_audited: Any, var: Path) -> None:
    run = make_audited("bare", ethnicity=None)
    result = run_command("release", run.directory, "--environment", "demonstration", "--var", var, "--store", var)
    assert isinstance(result.exception, GateRefused)
    assert "Fairness: not enough evidence: not audited yet: threat audit RUN" in str(result.exception)


def asked_of(run: Run, var: Path, keys: dict[str, Path], approvals: Path) -> tuple[object, ...]:
    """A force's release, as its release service asks for it."""
    return (
        "release",
        run.directory,
        "--key",
        keys["Release Service"],
        "--var",
        var,
        "--store",
        var,
        "--approvals",
        approvals,
    )


def test_a_force_releases_to_shadow_with_signatures(
    make_audited: Any, var: Path, force_keys: dict[str, Path], tmp_path: Path
) -> None:
    run, approvals = make_audited("r1"), tmp_path / "approvals.json"
    asked = asked_of(run, var, force_keys, approvals)
    sign_everything(run, force_keys, approvals)
    result = run_command(*asked, "--json")
    assert result.exit_code == 0, result.exception
    assert json.loads(result.stdout)["gate"]["environment"] == "force"
    assert promotions.read(var / "promotions.jsonl").states == {"r1": "shadow"}
    assert promotions.current(var / "promotions.jsonl").state == "none"  # shadow is scored and unseen
    refused = run_command(*asked, "--to", "live")
    assert isinstance(refused.exception, GateRefused)
    assert "Go-live: not enough evidence: GO_LIVE_DRILL: not provided" in str(refused.exception)


def test_without_approvals_a_force_releases_nothing(make_audited: Any, var: Path, force_keys: dict[str, Path]) -> None:
    result = run_command("release", make_audited("r1").directory, "--key", force_keys["Release Service"], "--var", var)
    assert isinstance(result.exception, GateRefused)
    assert "Approvals: not enough evidence: nobody has said who made the model" in str(result.exception)


def test_demonstration_approvals_do_not_count_in_a_force(
    make_audited: Any, var: Path, tmp_path: Path, force_trusted: Trusted, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_audited("r1")
    assert (
        run_command("release", run.directory, "--environment", "demonstration", "--var", var, "--store", var).exit_code
        == 0
    )
    before = Run.open(run.directory).read(Gate)
    force_trusted.use(monkeypatch)
    approvals = ("--approvals", run.directory / "approvals.json")
    result = run_command(
        "release", run.directory, "--var", tmp_path / "force", "--store", var, *approvals, "--to", "live"
    )
    assert isinstance(result.exception, IntegrityFailure)
    assert result.exception.problem == "No key trusted for approval verifies the signature."
    assert Run.open(run.directory).read(Gate) == before
    assert not (tmp_path / "force").exists()


def test_an_altered_statement_stops_everything(
    make_audited: Any, var: Path, force_keys: dict[str, Path], tmp_path: Path
) -> None:
    run, approvals = make_audited("r1"), tmp_path / "approvals.json"
    sign_everything(run, force_keys, approvals)
    document = json.loads(approvals.read_text())
    body = json.loads(base64.b64decode(document["statements"][1]["payload"]))
    body["to"] = "live"
    document["statements"][1]["payload"] = base64.b64encode(json.dumps(body).encode()).decode()
    approvals.write_text(json.dumps(document))
    result = run_command(*asked_of(run, var, force_keys, approvals))
    assert isinstance(result.exception, IntegrityFailure)
    assert result.exception.exit_code == 5


def test_a_changed_run_is_never_released(make_audited: Any, var: Path) -> None:
    run = make_audited("r1")
    (run.directory / "choices.json").write_text("{}")
    result = run_command("release", run.directory, "--environment", "demonstration", "--var", var, "--store", var)
    assert isinstance(result.exception, IntegrityFailure)


def test_a_statement_is_about_its_evidence_only(
    make_audited: Any, var: Path, force_keys: dict[str, Path], tmp_path: Path
) -> None:
    approvals = tmp_path / "approvals.json"
    sign_everything(make_audited("r1"), force_keys, approvals)
    other = make_audited("r2")
    result = run_command(
        "release",
        other.directory,
        "--key",
        force_keys["Release Service"],
        "--var",
        var,
        "--store",
        var,
        "--approvals",
        approvals,
    )
    assert isinstance(result.exception, GateRefused)
    assert "Approvals: not enough evidence" in str(result.exception)
    statements = verified_statements(read_envelopes(approvals), Trust.open())
    assert {statement.body.release_digest for statement in statements if statement.body.kind == "approval"} != {""}


def test_a_broken_approvals_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for text in ("{", "[]", '{"statements": 1}'):
        path.write_text(text)
        with pytest.raises(BadInput):
            read_envelopes(path)


def test_the_bundle_of_the_run_opens_without_the_run(make_audited: Any, var: Path, tmp_path: Path) -> None:
    run = make_audited("r1")
    assert (
        run_command("release", run.directory, "--environment", "demonstration", "--var", var, "--store", var).exit_code
        == 0
    )
    shutil.rmtree(run.directory)
    _, opened = promotions.open_current(var / "promotions.jsonl")
    assert opened is not None
    assert opened.read(Fairness).verdict == "not_enough_evidence"
    moved = tmp_path / "elsewhere"
    shutil.move(var, moved)
    _, opened = promotions.open_current(moved / "promotions.jsonl")  # paths in the chain are relative to it
    assert opened is not None
    assert bundle.hash_of(opened.path) == opened.sha256
