"""What an earlier version wrote still opens, still verifies, and its lists still come out row for row."""

from __future__ import annotations

import json
import shutil
import tarfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from fixtures import golden_force as golden
from fixtures.cohort_evidence import cohort
from fixtures.desk_browser import STARTED_AT
from fixtures.earlier_keys import earlier_trust

from fairness.runs import snapshot_of
from serving.audit.log import verify
from serving.lists.making import replay_list
from serving.storage import connect
from threat import lists
from threat.errors import BadInput, IntegrityFailure
from threat.history.store import Store
from threat.release import bundle as bundles
from threat.release import promotions
from threat.release.documents.cohort import CohortAttrition
from threat.release.documents.gate import Gate
from threat.release.documents.manifest import Canary
from threat.release.documents.scored_list import ListFile
from threat.release.model_files import model_sha256, ranking_files
from threat.release.runs import Run
from threat.trust.folder import Trust
from training.evaluation.reproduce import reproduce

FORMATS = Path(__file__).parent / "fixtures" / "formats"
LISTS = {
    "L-2024-05-18-860d63445094f68b": "rule",
    "L-2024-05-25-0f309f1a785d01f8": "model",
    "L-2024-05-25-c4bce4da32e18407": "rule",
    "L-2024-06-01-169e0f13dd94c945": "rule",
    "L-2024-06-01-847791b465d10c05": "model",
}


def unpacked(name: str, folder: Path) -> Path:
    with tarfile.open(FORMATS / f"{name}.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return folder / name


@pytest.fixture(scope="module")
def format_1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive unpacked: ``history/`` and ``var/``."""
    return unpacked("format_1", tmp_path_factory.mktemp("formats"))


def test_the_store_verifies_and_holds_the_golden_force(format_1: Path, no_trust: None) -> None:
    store = Store.open(format_1 / "history")
    store.verify(full=True)
    assert store.snapshot().row_count("relationships") == 12
    known = set(store.snapshot().relationships.relationship_id.tolist())
    assert {golden.relationship_id(name) for name in golden.ORDER} <= known  # ids of pairs, no references of before


@pytest.mark.parametrize("list_id", LISTS)
def test_every_list_json_is_written_again_byte_for_byte(format_1: Path, list_id: str) -> None:
    data = (format_1 / "var" / "lists" / list_id / "list.json").read_bytes()
    assert ListFile.parse(data, list_id).encode() == data


@pytest.mark.parametrize(("list_id", "kind"), LISTS.items())
def test_every_list_opens_and_a_replay_says_that_its_ids_are_of_before(
    format_1: Path, list_id: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = shutil.copytree(format_1 / "history", tmp_path / "history")
    Store(history).sign()  # as a force does that makes its first trust folder
    before, now = earlier_trust(format_1 / "var"), Trust.open()
    monkeypatch.setattr(Trust, "open", lambda: replace(before, keys={**before.keys, **now.keys}))
    with pytest.raises(IntegrityFailure, match="The list is not signed"):
        lists.open_list(format_1 / "var" / "lists", list_id)
    listed = lists.open_list(format_1 / "var" / "lists", list_id, Trust.none())
    assert listed.basis.ranking == kind
    assert (listed.version, listed.basis.feeds, listed.safeguarding) == (1, (), ())
    assert listed.rows["circumstances"].to_pylist() == [[]] * len(listed)
    arguments = {"started_at": STARTED_AT, "trust": Trust.none()}
    replay = partial(replay_list, history, format_1 / "var", list_id, **arguments)
    if kind == "model":
        # The promotions that name its bundle are of before records named their place: they count no longer.
        with pytest.raises(IntegrityFailure, match="of before records named their place"):
            replay()
        return
    replayed = replay()
    assert {
        "the policy was 2026.1, is 2026.4",
        "the list was made when a relationship had its source's reference for id, not its pair's",
    } < set(replayed["differences"])
    assert any(sentence.startswith("the catalogue was") for sentence in replayed["differences"])
    assert replayed["rows"] == len(listed) > 0


@pytest.mark.parametrize("name", ["format_1", "format_2"])
def test_promotions_of_before_count_no_longer_and_the_way_out_is_said(name: str, tmp_path: Path) -> None:
    var = unpacked(name, tmp_path) / "var"
    with pytest.raises(IntegrityFailure, match="of before records named their place, and count no longer") as caught:
        promotions.open_current(var / "promotions.jsonl", earlier_trust(var))
    assert caught.value.where == f"{var / 'promotions.jsonl'}, line 1"
    assert caught.value.way_out == (
        "move promotions.jsonl and promotions.checkpoint.json to an archive, and release again"
    )


def test_a_bundle_of_the_first_format_still_opens(format_1: Path) -> None:
    [built] = (format_1 / "var" / "bundles").iterdir()
    opened = bundles.open(built, earlier_trust(format_1 / "var"))
    assert (opened.sha256[:12], opened.manifest.run_id) == ("6280cdef41e3", "run-1")


def test_a_bundle_of_before_bases_opens_and_scores_as_it_did(tmp_path: Path) -> None:
    var = unpacked("format_2", tmp_path) / "var"
    [built] = (var / "bundles").iterdir()
    bundle = bundles.open(built, earlier_trust(var))
    assert (bundle.manifest.format, bundle.sha256[:12], bundle.model.base) == ("threat-bundle/2", "9263e6fd49b1", None)
    # Its documents have versions, so more is read of them than of the first format's.
    assert bundle.read(Gate).verdict == "pass"
    assert (bundle.released.rung, bundle.released.to, bundle.released.passed) == ("Y2", "live", True)
    canary = bundle.read(Canary)
    rows = np.array([[np.nan if value is None else value for value in row] for row in canary.rows])
    assert bundle.model.raw_score(rows).tolist() == list(canary.scores)
    run = Run.open(var / "runs" / "run-1")
    chosen = json.loads(run.path("choices.json").read_text(encoding="utf-8"))["model_sha256"]
    assert chosen == model_sha256(ranking_files(run)) == bundle.manifest.model_sha256


def test_the_runs_verify(format_1: Path) -> None:
    for name in ("run-1", "trained"):
        assert Run.open(format_1 / "var" / "runs" / name).id == name


def test_an_earlier_run_is_neither_measured_again_nor_audited_but_refused_by_version(
    format_1: Path, no_trust: None
) -> None:
    """Its intervals were made by another rule: recomputing them would call a sound RUN changed."""
    run = Run.open(format_1 / "var" / "runs" / "trained")
    for ask in (lambda: reproduce(run), lambda: snapshot_of(run, format_1 / "history")):
        with pytest.raises(BadInput, match="written before documents had versions") as caught:
            ask()
        assert "train again" in str(caught.value)


def test_a_run_that_does_not_say_what_its_figures_leave_out_is_refused_by_version() -> None:
    """Version 1 of ``cohort.json`` counts neither rows left out nor what no rung sees; its labels had no span."""
    document = cohort().as_json() | {"version": 1}
    added = ("test_left_out", "competing_deaths", "unseen_severe", "silent_features")
    before = {name: value for name, value in document.items() if name not in added}
    with pytest.raises(BadInput, match="written as version 1, where this product reads version 3") as caught:
        CohortAttrition.parse(json.dumps(before).encode(), "trained/cohort.json")
    assert "train again" in str(caught.value)


def test_a_changed_file_of_an_earlier_run_is_found(format_1: Path, tmp_path: Path) -> None:
    copy = tmp_path / "trained"
    copy.mkdir()
    for path in (format_1 / "var" / "runs" / "trained").rglob("*"):
        target = copy / path.relative_to(format_1 / "var" / "runs" / "trained")
        target.mkdir(parents=True, exist_ok=True) if path.is_dir() else target.write_bytes(path.read_bytes())
    evaluation = json.loads((copy / "evaluation.json").read_text(encoding="utf-8"))
    evaluation["capacity"] += 1
    (copy / "evaluation.json").write_text(json.dumps(evaluation), encoding="utf-8")
    with pytest.raises(IntegrityFailure, match=r"evaluation\.json"):
        Run.open(copy)


def test_the_audit_log_is_one_unbroken_chain(tmp_path: Path) -> None:
    engine = connect(unpacked("format_1", tmp_path) / "var" / "desk.sqlite")
    try:
        verified = verify(engine)
    finally:
        engine.dispose()
    assert (verified.entries, verified.witnessed) == (3, 3)  # three commands made the five lists
