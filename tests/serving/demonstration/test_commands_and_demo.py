"""The commands as a person runs them, the desk in its own process, and what the demonstration decides by itself."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from fixtures import golden_force as golden

from serving.demonstration.run import MARK, Demonstration, prepare, run
from serving.demonstration.tour import tour_steps
from serving.desk.server import listen
from threat import lists
from threat.cli import main
from threat.errors import UsageError
from threat.ids import show_id

G01 = show_id("R", golden.relationship_id("G01"))

REFUSED = {
    "verdict": "not_enough_evidence",
    "show_probability": False,
    "checks": [
        {
            "id": "G4",
            "title": "Local validation",
            "required": True,
            "verdict": "fail",
            "reason": "24 events, 50 needed",
        },
        {"id": "G6", "title": "Calibration", "required": True, "verdict": "pass", "reason": "fits"},
        {"id": "G10", "title": "Shadow run", "required": False, "verdict": "fail", "reason": "none"},
    ],
}


Threat = Callable[..., tuple[int, dict, str]]


@pytest.fixture
def threat(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Threat:
    """Run a command as ``main`` does: exit code, the one JSON document, and what went to standard error."""

    def ask(*arguments: str) -> tuple[int, dict, str]:
        monkeypatch.setattr(sys, "argv", ["threat", *arguments, "--json"])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), json.loads(said.out), said.err

    return ask


def test_score_explain_replay_verify(threat, golden_store, tmp_path):
    var = ("--var", str(tmp_path / "var"))
    store = ("--store", str(golden_store))
    code, made, noise = threat("score", "--as-of", "2024-06-01", "--capacity", "3", "--publish", *store, *var)
    assert (code, noise) == (0, "")
    assert (made["ranked"], made["selected"], made["ranking"], made["published"]) == (10, 3, "rule", True)
    code, explained, _ = threat(
        "explain", show_id("R", golden.relationship_id("G01")), "--as-of", "2024-06-01", *store, *var
    )
    assert (code, explained["reasons"][0]["theme"]) == (0, "rule")
    code, again, _ = threat("replay", made["list"], *store, *var)
    assert (code, again["same"], again["rows"]) == (0, True, 10)
    code, verified, _ = threat("audit-log", "verify", *var)
    assert (code, verified["entries"], verified["witnessed"]) == (0, 3, 3)


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (("score", "--as-of", "yesterday"), 2, "The as-of is not a date or time in ISO 8601."),
        (("score", "--as-of", "2024-06-01T08:00"), 2, "The time 2024-06-01T08:00:00 has no time zone."),
        (("explain", "G01", "--as-of", "2024-06-01"), 2, "Not a reference of a relationship"),
        (("explain", G01, "--as-of", "2020-01-01"), 2, "This relationship was not on record at that as-of."),
        (("explain", "R-0000000000000001", "--as-of", "2024-06-01"), 2, "This relationship was not on record"),
        (("explain", G01, "--as-of", "2999-01-01"), 2, "The as-of is after now"),
        (("replay", "L-1"), 2, "There is no such list."),
        (("audit-log", "verify"), 2, "There is no audit log in this folder."),
        (("serve", "--host", "0.0.0.0"), 2, "The desk was asked to answer other machines"),
        (("serve", "--host", "desk.example"), 2, "The desk was asked to answer other machines"),
    ],
)
def test_what_the_commands_refuse(threat, golden_store, tmp_path, arguments, code, problem):
    store = () if arguments[0] == "audit-log" else ("--store", str(golden_store))
    found, said, _ = threat(*arguments, *store, "--var", str(tmp_path / "var"))
    assert found == code
    assert said["problem"].startswith(problem)
    assert said["way_out"]


def test_replay_of_a_changed_history_exits_5(threat, golden_store, rule_var, tmp_path):
    other = tmp_path / "var"
    shutil.copytree(rule_var, other)
    listed = lists.open_list(other / "lists", lists.published(other / "lists").list)
    rows = listed.rows.set_column(8, "last_recorded_at", [listed.rows["last_recorded_at"].to_numpy() + 1])
    forged = lists.freeze(other / "lists", listed.basis, listed.must_see, rows)
    code, said, _ = threat("replay", forged.id, "--store", str(golden_store), "--var", str(other))
    assert code == 5
    assert "last_recorded_at differs in 10 rows" in said["value"]


def test_a_tampered_audit_log_exits_5(threat, tmp_path):
    import sqlite3

    from serving.audit.database import connect
    from serving.audit.log import Entry, record

    engine = connect(tmp_path / "desk.sqlite")
    for at in (1, 2, 3):
        record(engine, Entry("Test", "reviewer", "consultation", "view queue"), at)
    engine.dispose()
    raw = sqlite3.connect(tmp_path / "desk.sqlite")
    raw.execute("DROP TRIGGER audit_entries_no_delete")
    raw.execute("DELETE FROM audit_entries WHERE sequence = 2")
    raw.commit()
    raw.close()
    code, said, _ = threat("audit-log", "verify", "--var", str(tmp_path))
    assert (code, said["value"]) == (5, "entry 2 is missing: the next one is 3")


def test_the_desk_in_a_process_of_its_own(golden_store, rule_var):
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "threat.cli", "serve", "--port", "0", "--json"),
            *("--store", str(golden_store), "--var", str(rule_var)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    try:
        address = json.loads(process.stdout.readline())["address"]
        with urllib.request.urlopen(f"{address}health", timeout=30) as answer:
            assert json.load(answer) == {"status": "ok", "version": "0.1.0", "list_published": True}
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert "Server" not in answer.headers
        with urllib.request.urlopen(f"{address}sign-in", timeout=30) as answer:
            assert "Development sign-in" in answer.read().decode()
        process.send_signal(signal.SIGINT)
        _, noise = process.communicate(timeout=30)
        assert process.returncode == 0
        assert noise == "The desk is closed.\n"
    finally:
        process.kill()
        process.wait()


def test_a_port_in_use():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"Port {port} is in use") as caught:
            listen("127.0.0.1", port)
        assert str(port) in str(caught.value)
        assert caught.value.way_out == "--port 0 picks a free one"
        with pytest.raises(UsageError, match=f"Port {port} is in use"):
            run(Path("nowhere"), port=port, serve=True, seed=7, fresh=False, as_json=True)
    assert not Path("nowhere").exists()


def test_the_demonstration_keeps_to_its_own_folder(tmp_path):
    (tmp_path / "precious").write_text("mine")
    with pytest.raises(UsageError, match="folder of its own"):
        prepare(Demonstration(tmp_path, 7, quiet=True), fresh=True)
    assert (tmp_path / "precious").read_text() == "mine"


def test_the_demonstration_uses_what_is_there_or_starts_over(tmp_path):
    var = tmp_path / "demo"

    def kept(seed: int, *, fresh: bool = False) -> bool:
        prepare(Demonstration(var, seed, quiet=True), fresh=fresh)
        there = (var / "made").exists()
        (var / "made").write_text("x")
        return there

    assert not kept(7)
    assert kept(7)
    assert not kept(8)  # another seed
    assert kept(8)
    assert not kept(8, fresh=True)
    assert json.loads((var / MARK).read_text())["seed"] == 8
    (var / MARK).write_text('{"seed": 8, "rel')  # torn by a crash
    assert not kept(8)
    assert kept(8)


def test_the_tour_by_rule_after_a_refusal(rule_var):
    listed = lists.open_list(rule_var / "lists", lists.published(rule_var / "lists").list)
    steps = tour_steps(listed, REFUSED)
    by_title = {step.title: step for step in steps}
    assert "One that rose" in by_title
    assert by_title["The gate at work"].text == (
        "1 of 2 checks passed. Stopped by local validation: 24 events, 50 needed. So a rule orders the list, and the "
        "page says so. Calibration does not allow a probability, so ranks only are shown."
    )
    assert by_title["The gate at work"].link == "/model-card"
    assert not {"What this model was taught", "Stopping the model"} & set(by_title)


def test_the_tour_by_the_model(model_var):
    listed = lists.open_list(model_var / "lists", lists.published(model_var / "lists").list)
    titles = [step.title for step in tour_steps(listed, {**REFUSED, "checks": REFUSED["checks"][1:]})]
    assert titles[-4:] == [
        "What this model was taught",
        "The gate at work",
        "Stopping the model",
        "Everything you opened was recorded",
    ]


def test_the_tour_shows_one_beyond_capacity(golden_store, tmp_path):
    from fixtures.desk_browser import STARTED_AT

    from serving.lists.making import ListOptions, make_list

    listed = make_list(golden_store, tmp_path, golden.AS_OF, ListOptions(capacity=1), started_at=STARTED_AT)
    step = next(step for step in tour_steps(listed, REFUSED) if step.title.startswith("One beyond"))
    assert step.text.startswith("Ranked 2 when the unit reviews 1: the order alone would never show it.")
    assert step.link == f"/relationships/{show_id('R', golden.relationship_id('G02'))}"


@pytest.mark.long
def test_the_whole_demonstration(threat, tmp_path):
    code, made, _ = threat("demo", "--no-serve", "--var", str(tmp_path / "demo"))
    assert code == 0
    assert made["ranking"] == ("model" if made["released"] else "rule")
    assert made["released"] or made["reasons"]
    assert len(made["tour"]) >= 3
    code, again, _ = threat("demo", "--no-serve", "--var", str(tmp_path / "demo"))
    assert (code, again["released"]) == (0, made["released"])
