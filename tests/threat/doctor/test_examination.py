"""``threat doctor``: an empty folder, a whole one, and each state that needs mending, with its command."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from fixtures import evidence, history_rows
from fixtures.published_lists import publish_list
from fixtures.standard_export import GOOD, events, write
from fixtures.typed_commands import assert_mends_work, parse_command
from typer.testing import CliRunner

from threat.asof import DAY, parse_as_of
from threat.doctor import environment
from threat.doctor.commands import app
from threat.doctor.evidence import SIMULATED, check_list, check_release, check_runs, check_store
from threat.doctor.examination import examine, lines
from threat.doctor.findings import Finding, Places
from threat.history.batches import Batch
from threat.history.intake.load import load
from threat.history.store import Store
from threat.lists import published
from threat.release import bundle, promotions
from threat.release.documents.scored_list import FeedReach
from threat.release.partial_runs import new_run
from threat.release.runs import Run
from threat.trust.folder import Trust, trust_folder
from threat.trust.signing import Signer

LOADED = parse_as_of("2025-01-01")


def places_in(folder: Path, days_later: float = 1) -> Places:
    return Places(store=folder / "history", var=folder / "var", now=LOADED + int(days_later * DAY))


def states(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.part, finding.state) for finding in findings]


@pytest.fixture
def whole(tmp_path: Path) -> Places:
    """A history, a published list by a rule made from it, a sealed RUN."""
    places = places_in(tmp_path)
    load("standard_csv", write(tmp_path / "export", events=events(GOOD)), places.store, LOADED)
    publish_list(places, Store.open(places.store).snapshot().id)
    run = Run.create(places.runs, "first")
    run.path("config.json").write_text("{}")
    run.seal()
    return places


def test_a_list_that_was_published_from_a_stopped_feed(whole: Places) -> None:
    calls = FeedReach(source="calls", reaches=DAY, stated=False, latest_recorded_at=DAY, stale_after_days=7, stale=True)
    publish_list(whole, Store.open(whole.store).snapshot().id, (calls, calls.model_copy(update={"stale": False})))
    (finding,) = [found for found in check_list(whole) if "feeds" in found.says]
    assert (finding.state, finding.mend) == ("stale", whole.load_command)
    assert finding.says.endswith("from feeds that are behind: calls; load what is missing, then a list again")


def test_a_fresh_empty_folder(tmp_path: Path, no_trust: None) -> None:
    places = places_in(tmp_path)
    assert [
        *check_store(places),
        *check_list(places),
        *check_runs(places),
        *check_release(places),
    ] == [
        Finding(
            "history",
            "missing",
            f"no history in {places.store}",
            f"threat load PROFILE EXPORT --store {places.store}",
        ),
        Finding(
            "list",
            "missing",
            f"no list is published in {places.lists}",
            f"threat score --as-of DATE --store {places.store} --var {places.var} --publish",
        ),
        Finding("RUNs", "note", f"none in {places.runs}", f"threat train --store {places.store} --out {places.runs}"),
        Finding(
            "trust",
            "missing",
            f"no trust folder in {trust_folder()}: nothing is signed, no release verifies, and the desk stays closed",
            "threat new-trust FOLDER --name NAME --key ROOT.pem",
        ),
        Finding(
            "release",
            "note",
            "no model is released: the rule ranking is served",
            f"threat release {places.runs / 'RUN'} --var {places.var} --store {places.store} "
            "--approvals APPROVALS.json --key KEY.pem",
        ),
    ]
    assert list(tmp_path.iterdir()) == []  # a doctor makes nothing


def test_a_whole_folder_has_nothing_to_mend(whole: Places) -> None:
    Store.open(whole.store).snapshot().sightings()
    before = files_under(whole.store.parent)
    document = examine(whole)
    assert states(check_store(whole)) == [("history", "ok"), ("arrays", "ok")]
    assert states(check_list(whole)) == [("list", "ok")]
    assert check_runs(whole) == [Finding("RUNs", "ok", f"1 in {whole.runs}, all as they were sealed")]
    listed = len(Trust.open().keys)
    assert check_release(whole)[0] == Finding(
        "trust", "ok", f"{listed} keys in force in {trust_folder()} (demonstration)"
    )
    assert document["need_mending"] == 0
    assert document["places"]["lists"] == str(whole.lists)
    assert "Nothing needs mending." in lines(document)
    assert files_under(whole.store.parent) == before


def files_under(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_later_load_makes_list_and_arrays_stale(whole: Places, tmp_path: Path) -> None:
    Store.open(whole.store).snapshot().sightings()
    more = write(tmp_path / "more", events=events(GOOD | {"event": "E2"}))
    load("standard_csv", more, whole.store, LOADED + 1)
    assert states(check_store(whole)) == [("history", "ok"), ("arrays", "stale")]
    stale = check_list(whole)[1]
    assert (stale.state, "made from snapshot" in stale.says) == ("stale", True)
    assert stale.mend == whole.publish_command
    assert examine(whole)["need_mending"] == 2


def test_a_feed_and_a_list_older_than_a_cycle(whole: Places, tmp_path: Path) -> None:
    at_a_cycle = places_in(tmp_path, days_later=7)
    assert [state for _, state in states(check_list(at_a_cycle) + check_store(at_a_cycle))] == ["ok", "ok", "note"]
    later = places_in(tmp_path, days_later=7.1)
    assert [finding.says for finding in check_list(later) + check_store(later) if finding.state == "stale"] == [
        f"{published(later.lists).list} is older than a cycle of 7 days",
        "last loaded on 2025-01-01, over a cycle of 7 days ago",
    ]


def make_synthetic(places: Places) -> None:
    shutil.rmtree(places.store)
    Store.create(places.store).append(Batch(SIMULATED, loaded_at=LOADED), {"events": history_rows.two_events()})
    publish_list(places, Store.open(places.store).snapshot().id)


def test_time_says_nothing_about_a_synthetic_force(whole: Places, tmp_path: Path) -> None:
    make_synthetic(whole)
    later = places_in(tmp_path, days_later=900)
    assert "stale" not in [state for _, state in states(check_list(later) + check_store(later))]


@pytest.mark.parametrize(
    ("spoil", "part", "says", "way_out"),
    [
        ("history/manifest.json", "history", "The manifest of the history cannot be read.", "restore the store"),
        ("var/lists/current.json", "list", "current.json", "threat score --publish"),
        ("var/runs/first/config.json", "RUNs", "first: ", "Restore it from a copy, or train again."),
        ("var/runs/first/manifest.json", "RUNs", "first: ", "Restore it from a copy, or train again."),
    ],
)
def test_a_broken_file_is_a_finding_and_hides_no_other(
    whole: Places, spoil: str, part: str, says: str, way_out: str
) -> None:
    (whole.store.parent / spoil).write_text("{spoilt")
    document = examine(whole)
    broken = [finding for finding in document["findings"] if finding["state"] == "broken"]
    shown = next(finding for finding in broken if finding["part"] == part)
    assert says in shown["says"]
    assert way_out in shown["says"]
    assert shown["mend"] == (whole.train_command if part == "RUNs" else "")
    assert {"product", "compiled code", "RUNs"} <= {finding["part"] for finding in document["findings"]}


def test_a_part_of_the_history_that_is_gone(whole: Places) -> None:
    part = next((whole.store / "parts" / "events").glob("*.parquet"))
    part.unlink()
    broken = check_store(whole)[1]
    assert broken == Finding(
        "history",
        "broken",
        f"1 of its files are gone, first parts/events/{part.name}: restore them from a copy, then verify them",
        f"threat history --verify --store {whole.store}",
    )


def test_a_training_that_did_not_finish(whole: Places) -> None:
    question = (evidence.config(), evidence.snapshot())
    Run.create(whole.runs, "second", question)
    assert check_runs(whole) == [
        Finding(
            "RUNs",
            "broken",
            "second is partial: its training ended before its model was chosen. Finish it, or train with "
            "--discard-partial",
            f"threat train --resume {whole.runs / 'second'} --store {whole.store}",
        )
    ]
    with new_run(whole.runs, "third", question):
        assert check_runs(whole)[1] == Finding("RUNs", "note", "third is being trained at this moment.")


def test_a_folder_among_the_runs_that_is_no_run(whole: Places) -> None:
    Run.create(whole.runs, "second")
    assert check_runs(whole) == [
        Finding(
            "RUNs",
            "broken",
            "second is no RUN: it holds neither a manifest nor what was asked",
            f"rm -r {whole.runs / 'second'}",
        )
    ]


def test_every_mend_is_a_command_that_parses(whole: Places, tmp_path: Path) -> None:
    folders = [places_in(tmp_path / "our force"), whole, places_in(tmp_path, days_later=900)]
    for places in folders:
        assert_mends_work(mends_of(places))
    load("standard_csv", write(tmp_path / "more", events=events(GOOD | {"event": "E2"})), whole.store, LOADED + 1)
    next((whole.store / "parts" / "events").glob("*.parquet")).unlink()
    Run.create(whole.runs, "second", (evidence.config(), evidence.snapshot()))
    (whole.runs / "first" / "config.json").write_text("{spoilt")
    assert len(mends_of(whole)) > len(mends_of(folders[0]))
    assert_mends_work(mends_of(whole))
    given = parse_command(folders[0].publish_command)
    assert (given["store"], given["var"]) == (folders[0].store, folders[0].var)  # a space in a folder is quoted


def mends_of(places: Places) -> list[str]:
    return [finding["mend"] for finding in examine(places)["findings"] if finding["mend"]]


def test_what_is_released(make_run: Any, var: Path, signer: Signer) -> None:
    places = Places(store=var / "history", var=var, now=LOADED)
    built = bundle.build(make_run(), var / "bundles", signer)
    promotions.promote(places.promotions, built, "live", signer, at=LOADED, reason="a test")
    assert check_release(places)[1] == Finding("release", "ok", "run-1 is live")
    shutil.move(built, var / "elsewhere")
    assert check_release(places)[2] == Finding(
        "release",
        "broken",
        f"the bundle of run-1 is gone: {built}; restore it, or suspend the model",
        f"threat suspend --reason WHY --var {var}",
    )
    assert_mends_work([finding.mend for finding in check_release(places)])
    shutil.move(var / "elsewhere", built)
    promotions.suspend(places.promotions, signer, at=LOADED + 1, reason="of a test")
    assert check_release(places)[1] == Finding(
        "release",
        "note",
        "run-1 is suspended (of a test): the rule ranking is served",
        f"threat resume --reason WHY --var {var}",
    )
    assert_mends_work(mends_of(places))


def test_compiled_code_and_optional_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert [finding.state for finding in environment.check_compiled_code(places_in(tmp_path))] == ["note"]
    (tmp_path / "kernel.nbi").write_text("")
    assert environment.check_compiled_code(places_in(tmp_path))[0].says == f"1 compiled functions in {tmp_path}"
    monkeypatch.setattr(environment, "by_extra", lambda: {"serving": ("fastapi",)})
    monkeypatch.setattr(environment, "missing", lambda extra: ["fastapi"])
    assert environment.check_installation(places_in(tmp_path))[-1] == Finding(
        "optional part", "note", "serving: without fastapi", "pip install 'threat-assessment[serving]'"
    )


def test_the_command_says_by_its_exit_code_whether_something_needs_mending(whole: Places) -> None:
    runner = CliRunner()
    # The command reads the clock: a list made now is no older than a cycle.
    asked = ["--store", str(whole.store), "--var", str(whole.var), "--json"]
    stale = runner.invoke(app, asked)
    assert (stale.exit_code, json.loads(stale.stdout)["need_mending"]) == (3, 2)
    make_synthetic(whole)
    fine = runner.invoke(app, asked)
    assert (fine.exit_code, json.loads(fine.stdout)["need_mending"]) == (0, 0)
    assert "Nothing needs mending." in runner.invoke(app, asked[:-1]).stdout
