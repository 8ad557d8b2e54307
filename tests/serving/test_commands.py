"""The commands as a person runs them: documents, exit codes, and what is refused."""

from __future__ import annotations

import shutil
import sqlite3
import sys

import pytest
from fixtures.golden_lists import REFERENCE, published_list

from serving.audit.log import Entry, record
from serving.relationship.words_not_said import not_to_be_said
from serving.storage import connect
from threat import lists
from threat.cli import main
from threat.trust.folder import Trust


def test_score_explain_replay_verify(threat, golden_store, tmp_path):
    var = ("--var", str(tmp_path / "var"))
    store = ("--store", str(golden_store))
    code, made, noise = threat("score", "--as-of", "2024-06-01", "--capacity", "3", "--publish", *store, *var)
    assert (code, noise) == (0, "")
    assert (made["ranked"], made["selected"], made["ranking"], made["published"]) == (10, 3, "rule", True)
    code, explained, _ = threat("explain", REFERENCE["G01"], "--as-of", "2024-06-01", *store, *var)
    assert (code, explained["reasons"][0]["theme"]) == (0, "rule")
    assert [reason["text"] for reason in explained["panel"]["raises"]] == [
        "6 incidents since September 2023: threat to kill and threat with a knife 30 May, breach of a non-molestation "
        "order (contact) 10 May, strangulation and assault with injury 20 Mar, coercive control 14 Feb, and 2 more "
        "(harassment and assault with injury)"
    ]
    code, again, _ = threat("replay", made["list"], *store, *var)
    assert (code, again["same"], again["rows"]) == (0, True, 10)
    code, verified, _ = threat("audit-log", "verify", *var)
    # Made, published, explained; its referrals, and that they are open.
    assert made["referrals"] == {"must_see": 2, "for_review": 1, "questions": 0}
    assert (code, verified["entries"], verified["witnessed"]) == (0, 7, 7)
    code, opened, _ = threat("casework", "open", *store, *var)
    assert (code, opened) == (0, {"list": made["list"], "opened": False})


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (("score", "--as-of", "yesterday"), 2, "The as-of is not a date or time in ISO 8601."),
        (("score", "--as-of", "2024-06-01T08:00"), 2, "The time 2024-06-01T08:00:00 has no time zone."),
        (("explain", "G01", "--as-of", "2024-06-01"), 2, "Not a reference of a relationship"),
        (("explain", REFERENCE["G01"], "--as-of", "2020-01-01"), 2, "This relationship was not on record"),
        (("explain", "R-0000000000000001", "--as-of", "2024-06-01"), 2, "This relationship was not on record"),
        (("explain", REFERENCE["G01"], "--as-of", "2999-01-01"), 2, "The as-of is after now"),
        (("replay", "L-1"), 2, "There is no such list."),
        (("audit-log", "verify"), 2, "There is no audit log in this folder."),
        (("serve", "--host", "0.0.0.0"), 2, "The desk was asked to answer other machines"),
        (("serve", "--host", "desk.example"), 2, "This is no address of this machine."),
    ],
)
def test_what_the_commands_refuse(threat, golden_store, tmp_path, arguments, code, problem):
    store = () if arguments[0] == "audit-log" else ("--store", str(golden_store))
    exit_code, said, _ = threat(*arguments, *store, "--var", str(tmp_path / "var"))
    assert exit_code == code
    assert said["problem"].startswith(problem)
    assert said["way_out"]


def test_the_desk_does_not_open_on_a_trust_that_its_own_user_could_change(threat, golden_store, tmp_path):
    asked = ("serve", "--port", "0", "--store", str(golden_store), "--var", str(tmp_path / "var"))
    code, said, _ = threat(*asked)
    assert (code, said["problem"]) == (2, "The trust folder can be changed by the user that this service runs as.")
    assert "--development" in said["way_out"]
    assert not (tmp_path / "var").exists()


def test_the_desk_does_not_open_without_a_trust_folder(threat, golden_store, tmp_path, no_trust):
    code, said, _ = threat("serve", "--port", "0", "--store", str(golden_store), "--var", str(tmp_path / "var"))
    assert (code, said["problem"]) == (2, "No trust folder exists, so nothing that is served could be verified.")
    assert not (tmp_path / "var").exists()


def test_replay_of_a_changed_history_exits_5(threat, golden_store, rule_var, tmp_path):
    other = tmp_path / "var"
    shutil.copytree(rule_var, other)
    listed = published_list(other)
    rows = listed.rows.set_column(8, "last_recorded_at", [listed.rows["last_recorded_at"].to_numpy() + 1])
    signer = Trust.open().signer("list")
    forged = lists.freeze(other / "lists", listed.basis, listed.must_see, rows, signer=signer)
    code, said, _ = threat("replay", forged.id, "--store", str(golden_store), "--var", str(other))
    assert code == 5
    assert "last_recorded_at differs in 10 rows" in said["value"]


def test_a_tampered_audit_log_exits_5(threat, tmp_path):
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


def test_explain_prints_the_panel_and_never_what_lowers(monkeypatch, capsys, golden_store, model_var):
    folders = ("--store", str(golden_store), "--var", str(model_var))
    monkeypatch.setattr(sys, "argv", ["threat", "explain", REFERENCE["G01"], "--as-of", "2024-06-01", *folders])
    with pytest.raises(SystemExit):
        main()
    lines = capsys.readouterr().out.splitlines()
    raises, on_record, other = (
        lines.index(heading)
        for heading in ("Raises its place", "On record, given little weight by this order", "Other parts of the order")
    )
    assert lines[raises + 1].startswith(
        "  ########  Domestic incidents: 6 incidents since September 2023: threat to kill"
    )
    assert "  Separation: Separation 25 Mar, 10 weeks ago." in lines[on_record:other]
    assert lines[other + 1].startswith("  #         Plus. This is the rest of the sum.")
    assert not_to_be_said(" ".join(lines[raises:])) == []
