"""From a RUN to what is served, through the commands a person types."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from fixtures import evidence
from typer.testing import CliRunner

from threat.errors import BadInput, GateRefused, IntegrityFailure, UsageError
from threat.release import bundle, promotions
from threat.release.commands import app as release_app
from threat.release.documents.card import Card
from threat.release.documents.fairness import Fairness
from threat.release.documents.gate import Gate
from threat.release.runs import Run
from threat.release.signing import demonstration_signer, load_keys, load_signer
from training.gate.commands import app as gate_app
from training.gate.release import read_envelopes, verified_statements

app = typer.Typer()
app.registered_commands += [*release_app.registered_commands, *gate_app.registered_commands]


def run_command(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(one) for one in arguments])


@pytest.fixture
def make_audited(tmp_path: Path) -> Any:
    """A RUN with good evidence, and a fairness report with too few events for one characteristic."""

    def make(run_id: str, *, recall_difference: float = 0.1, ethnicity: str | None = "not_enough_evidence") -> Run:
        measured = evidence.evaluation(rankings=evidence.rankings(recall_difference)[:2])
        if ethnicity is None:
            return evidence.make_run(tmp_path / "runs", run_id, replacing=[measured])
        report = {"characteristics": [evidence.characteristic("ethnicity_group", ethnicity)]}
        return evidence.audited_run(tmp_path / "runs", run_id, report, replacing=[measured])

    return make


def test_a_demonstration_release_is_served_and_marked(make_audited: Any, var: Path) -> None:
    run = make_audited("r1")
    result = run_command("release", run.directory, "--environment", "demonstration", "--var", var, "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["released"] is True
    assert document["state"] == "live"
    assert document["gate"]["environment"] == "demonstration"
    assert {one["by"] for one in document["gate"]["approvals"]} == {"DEMONSTRATION validator", "DEMONSTRATION SRO"}
    accepted = [one for check in document["gate"]["checks"] for one in check["accepted"]]
    assert {one["by"] for one in accepted} == {"DEMONSTRATION equality lead", "DEMONSTRATION SRO"}
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
    result = run_command("release", make_audited("r1").directory, "--environment", "demonstration", "--var", var)
    assert "DEMONSTRATION: signed by nobody, valid nowhere else." in result.stdout
    assert "DEMONSTRATION: valid nowhere else" in run_command("promotions", "--var", var).stdout


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"recall_difference": -0.2}, "Usefulness: fail"),
        ({"recall_difference": 0.02}, "Usefulness: not enough evidence"),
        (
            {"ethnicity": "fail"},
            "Fairness: fail: served worse than the line allows, by person_at_risk/ethnicity_group",
        ),
    ],
)
def test_a_refusal_gives_every_reason_and_serves_nothing(
    make_audited: Any, var: Path, change: Any, reason: str
) -> None:
    run = make_audited("r1", **change)
    result = run_command("release", run.directory, "--environment", "demonstration", "--var", var)
    assert isinstance(result.exception, GateRefused)
    assert result.exception.exit_code == 4
    assert reason in str(result.exception)
    as_json = run_command("release", run.directory, "--environment", "demonstration", "--var", var, "--json")
    assert as_json.exit_code == 4
    assert any(line.startswith(reason) for line in json.loads(as_json.stdout)["reasons"])
    assert promotions.current(var / "promotions.jsonl").state == "none"
    assert not (var / "bundles").exists()
    assert Run.open(run.directory).read(Card).summary.status == "refused by the gate"


def test_an_unaudited_run_is_refused(make_audited: Any, var: Path) -> None:
    run = make_audited("bare", ethnicity=None)
    result = run_command("release", run.directory, "--environment", "demonstration", "--var", var)
    assert isinstance(result.exception, GateRefused)
    assert "Fairness: not enough evidence: not audited yet: threat audit RUN" in str(result.exception)


PEOPLE = {"Vera Lid": "validator", "Sam Owner": "SRO", "Eve Equal": "equality_lead"}


@pytest.fixture
def force(var: Path) -> dict[str, Path]:
    """Keys of a force, by name."""
    for name, role in PEOPLE.items():
        assert run_command("new-key", name, "--role", role, "--purpose", "approval", "--var", var).exit_code == 0
    assert (
        run_command(
            "new-key",
            "Release Service",
            "--role",
            "service",
            "--purpose",
            "bundle",
            "--purpose",
            "promotion",
            "--var",
            var,
        ).exit_code
        == 0
    )
    return {name: var / "keys" / f"{'-'.join(name.lower().split())}.pem" for name in (*PEOPLE, "Release Service")}


SHADOW_DOCUMENTS = (
    "DPIA",
    "EIA",
    "APPROPRIATE_POLICY",
    "ATRS",
    "INSTRUCTIONS_FOR_USE",
    "TARGET_REVIEW",
    "COMPREHENSION_TEST",
    "SECURITY",
)


def sign_everything(run: Run, var: Path, keys: dict[str, Path], approvals: Path, to: str = "shadow") -> None:
    soon = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    given = ["--approvals", approvals, "--var", var]

    def say(name: str, kind: str, *more: object) -> None:
        result = run_command("approve", run.directory, kind, "--key", keys[name], *given, *more)
        assert result.exit_code == 0, result.exception

    say("Vera Lid", "authorship", "--author", "Dev Eloper")
    for name in ("Vera Lid", "Sam Owner"):
        say(name, "approval", "--to", to, "--expires", soon)
    for name in ("Eve Equal", "Sam Owner"):
        about = (
            "--check",
            "fairness",
            "--about",
            "person_at_risk/ethnicity_group",
            "--reason",
            "few",
            "--controls",
            "monthly",
        )
        say(name, "acceptance", *about, "--expires", soon)
    for kind in SHADOW_DOCUMENTS:
        say("Sam Owner", "document", "--document", kind, "--title", f"{kind} 1", "--review-due", soon)


def test_a_force_releases_to_shadow_with_signatures(make_audited: Any, var: Path, force: Any, tmp_path: Path) -> None:
    run, approvals = make_audited("r1"), tmp_path / "approvals.json"
    asked = ("release", run.directory, "--key", force["Release Service"], "--var", var, "--approvals", approvals)
    sign_everything(run, var, force, approvals)
    result = run_command(*asked, "--json")
    assert result.exit_code == 0, result.exception
    assert json.loads(result.stdout)["gate"]["environment"] == "force"
    assert promotions.read(var / "promotions.jsonl").states == {"r1": "shadow"}
    assert promotions.current(var / "promotions.jsonl").state == "none"  # shadow is scored and unseen
    refused = run_command(*asked, "--to", "live")
    assert isinstance(refused.exception, GateRefused)
    assert "Go-live: not enough evidence: GO_LIVE_DRILL: not provided" in str(refused.exception)


def test_without_approvals_a_force_releases_nothing(make_audited: Any, var: Path, force: Any) -> None:
    result = run_command("release", make_audited("r1").directory, "--key", force["Release Service"], "--var", var)
    assert isinstance(result.exception, GateRefused)
    assert "Approvals: not enough evidence: nobody has said who made the model" in str(result.exception)


def test_demonstration_approvals_do_not_count_in_a_force(make_audited: Any, var: Path, tmp_path: Path) -> None:
    run = make_audited("r1")
    assert run_command("release", run.directory, "--environment", "demonstration", "--var", var).exit_code == 0
    approvals = tmp_path / "approvals.json"
    approvals.write_text((run.directory / "approvals.json").read_text())
    service = run_command(
        "new-key", "Release Service", "--role", "service", "--purpose", "bundle", "--purpose", "promotion", "--var", var
    )
    assert service.exit_code == 0
    key = var / "keys" / "release-service.pem"
    result = run_command("release", run.directory, "--key", key, "--var", var, "--approvals", approvals, "--to", "live")
    assert isinstance(result.exception, GateRefused)
    gate = Run.open(run.directory).read(Gate)
    assert gate.approvals == ()
    assert gate.not_counted
    assert all("environment demonstration" in said for said in gate.not_counted)


def test_an_altered_statement_stops_everything(make_audited: Any, var: Path, force: Any, tmp_path: Path) -> None:
    import base64

    run, approvals = make_audited("r1"), tmp_path / "approvals.json"
    sign_everything(run, var, force, approvals)
    document = json.loads(approvals.read_text())
    body = json.loads(base64.b64decode(document["statements"][1]["payload"]))
    body["to"] = "live"
    document["statements"][1]["payload"] = base64.b64encode(json.dumps(body).encode()).decode()
    approvals.write_text(json.dumps(document))
    result = run_command(
        "release", run.directory, "--key", force["Release Service"], "--var", var, "--approvals", approvals
    )
    assert isinstance(result.exception, IntegrityFailure)
    assert result.exception.exit_code == 5


def test_a_changed_run_is_never_released(make_audited: Any, var: Path) -> None:
    run = make_audited("r1")
    (run.directory / "choices.json").write_text("{}")
    result = run_command("release", run.directory, "--environment", "demonstration", "--var", var)
    assert isinstance(result.exception, IntegrityFailure)


def test_a_statement_is_about_its_evidence_only(make_audited: Any, var: Path, force: Any, tmp_path: Path) -> None:
    approvals = tmp_path / "approvals.json"
    sign_everything(make_audited("r1"), var, force, approvals)
    other = make_audited("r2")
    result = run_command(
        "release", other.directory, "--key", force["Release Service"], "--var", var, "--approvals", approvals
    )
    assert isinstance(result.exception, GateRefused)
    assert "Approvals: not enough evidence" in str(result.exception)
    statements = verified_statements(read_envelopes(approvals), load_keys(var / "keys"))
    assert {statement.body.evidence_sha256 for statement in statements if statement.body.kind == "approval"} != {""}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--environment", "moon"), "two environments"),
        (("--environment", "demonstration", "--to", "draft"), "one of three states"),
        (("--environment", "force"), "another environment"),
        (("--environment", "demonstration", "--approvals", "nowhere.json"), "approvals file is missing"),
        (("--environment", "demonstration", "--policy", "nowhere.yaml"), "gate policy file is missing"),
        (("--key", "nowhere.pem"), "no signing key"),
    ],
)
def test_wrong_usage_of_release(make_audited: Any, var: Path, arguments: tuple[str, ...], words: str) -> None:
    result = run_command("release", make_audited("r1").directory, "--var", var, *arguments)
    assert isinstance(result.exception, UsageError)
    assert words in str(result.exception)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("promise",), ["known kinds"]),
        (("approval",), ["--to", "--expires"]),
        (("acceptance", "--check", "fairness"), ["--about", "--reason", "--controls", "--expires"]),
        (("document", "--document", "DPIA", "--title", "x", "--review-due", "soon"), ["2026-01-31", "--review-due"]),
        (("authorship",), ["--author"]),
    ],
)
def test_wrong_usage_of_approve(
    make_audited: Any, var: Path, force: Any, tmp_path: Path, arguments: tuple[str, ...], words: list[str]
) -> None:
    run, key = make_audited("r1"), force["Vera Lid"]
    result = run_command(
        "approve", run.directory, *arguments, "--key", key, "--approvals", tmp_path / "a.json", "--var", var
    )
    assert isinstance(result.exception, UsageError)
    for word in words:
        assert word in str(result.exception)
    assert not (tmp_path / "a.json").exists()


def test_a_document_that_is_not_there_is_refused(make_audited: Any, var: Path, force: Any, tmp_path: Path) -> None:
    given = ("--document", "DPIA", "--title", "x", "--review-due", "2027-01-01", "--file", tmp_path / "nowhere.pdf")
    signed = ("--key", force["Vera Lid"], "--approvals", tmp_path / "a.json", "--var", var)
    result = run_command("approve", make_audited("r1").directory, "document", *given, *signed)
    assert result.exit_code == 2
    assert not (tmp_path / "a.json").exists()


def test_a_broken_approvals_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for text in ("{", "[]", '{"statements": 1}'):
        path.write_text(text)
        with pytest.raises(BadInput):
            read_envelopes(path)


def test_suspend_resume_roll_back_revoke(make_audited: Any, var: Path) -> None:
    for name in ("r1", "r2"):
        assert (
            run_command(
                "release", make_audited(name).directory, "--environment", "demonstration", "--var", var
            ).exit_code
            == 0
        )

    def said(*arguments: object) -> dict[str, Any]:
        result = run_command(*arguments, "--var", var, "--json")
        assert result.exit_code == 0, result.exception
        return dict(json.loads(result.stdout))

    suspended = said("suspend", "--reason", "drift")
    assert (suspended["state"], suspended["served"], suspended["reason"]) == ("suspended", "rule ranking", "drift")
    assert said("resume", "--reason", "explained")["state"] == "live"
    back = said("roll-back", "--reason", "complaint")
    assert (back["state"], back["run_id"]) == ("live", "r1")
    assert said("revoke", back["bundle_sha256"], "--reason", "leak")["state"] == "suspended"
    listed = said("promotions")
    assert [one["action"] for one in listed["records"]] == [
        "promote",
        "promote",
        "suspend",
        "resume",
        "roll_back",
        "revoke",
    ]
    assert listed["revoked"] == [back["bundle_sha256"]]
    text = run_command("promotions", "--var", var).stdout
    assert "r1 is suspended. Served: rule ranking." in text
    again = run_command("suspend", "--reason", "x", "--var", var)
    assert isinstance(again.exception, UsageError)


def test_keys(var: Path) -> None:
    signer = demonstration_signer(var / "keys", "validator", role="validator", purposes=("approval",))
    path = var / "keys" / "demonstration-validator.pem"
    assert oct(path.stat().st_mode & 0o777) == "0o600"
    again = demonstration_signer(var / "keys", "validator", role="validator", purposes=("approval",))
    assert again.key == signer.key
    path.chmod(0o644)
    with pytest.raises(UsageError, match="also be read by others"):
        load_signer(path, load_keys(var / "keys"))
    path.chmod(0o600)
    with pytest.raises(UsageError, match="does not name this key"):
        load_signer(path, {})
    made = ("new-key", "Vera Lid", "--role", "validator", "--var", var)
    assert run_command(*made, "--purpose", "approval").exit_code == 0
    assert "has a key already" in str(run_command(*made, "--purpose", "approval").exception)
    assert "purpose of the key is unknown" in str(run_command(*made, "--purpose", "everything").exception)


def test_the_bundle_of_the_run_opens_without_the_run(make_audited: Any, var: Path, tmp_path: Path) -> None:
    import shutil

    run = make_audited("r1")
    assert run_command("release", run.directory, "--environment", "demonstration", "--var", var).exit_code == 0
    shutil.rmtree(run.directory)
    _, opened = promotions.open_current(var / "promotions.jsonl")
    assert opened is not None
    assert opened.read(Fairness).verdict == "not_enough_evidence"
    moved = tmp_path / "elsewhere"
    shutil.move(var, moved)
    _, opened = promotions.open_current(moved / "promotions.jsonl")  # paths in the chain are relative to it
    assert opened is not None
    assert bundle.hash_of(opened.path) == opened.sha256
