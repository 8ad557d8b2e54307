"""Attacks on what governance gets: whatever is changed, added, removed or forged is red, and the command exits 5."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fixtures.archives import promoted, signed_anew
from fixtures.promoted import witness_now
from fixtures.trained_run import Trained, forged
from fixtures.trusted import Trusted
from typer.testing import CliRunner

from fairness.runs import audit_by
from threat.errors import BadInput, IntegrityFailure, ThreatError
from threat.release import checkpoint
from threat.release.documents.evaluation import Evaluation
from threat.release.documents.gate import Gate
from threat.release.runs import Run
from threat.trust.folder import Trust
from training.archive import governance as checks_of_governance
from training.archive.build import CHECKPOINT, INDEX, PROMOTIONS, SIGNATURE, Places, write_archive
from training.archive.checks import verify
from training.archive.commands import app
from training.evaluation.reproduce import reproduce


@pytest.fixture(scope="module", autouse=True)
def computed_once() -> Iterator[None]:
    """Figures and audit of one RUN are computed once: equal files give equal results, and most attacks change none."""
    known: dict[tuple[str, str], Any] = {}

    def figures(run: Run) -> Any:
        key = ("figures", run.manifest_sha256)
        return known[key] if key in known else known.setdefault(key, reproduce(run))

    def audit(run: Run, groups: Any, policy: Any) -> Any:
        key = ("audit", run.manifest_sha256)
        return known[key] if key in known else known.setdefault(key, audit_by(run, groups, policy))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(checks_of_governance, "reproduce", figures)
        patched.setattr(checks_of_governance, "audit_by", audit)
        yield


def colours(folder: Path, trust: Path | None = None) -> dict[str, str]:
    return {line.check: line.colour for line in verify(folder, trust)}


def red(folder: Path) -> set[str]:
    return {check for check, colour in colours(folder).items() if colour == "red"}


def says(folder: Path, check: str) -> str:
    return next(line.says for line in verify(folder) if line.check == check)


def test_a_sound_governance_archive_is_green_with_no_history_and_no_service(
    governance_archive: Path, demonstration_trusted: Trusted, tmp_path: Path, no_trust: None
) -> None:
    alone = Path(shutil.copytree(governance_archive, tmp_path / "elsewhere"))
    checks = ("files", "signature", "run", "evidence", "promotion", "figures", "audit", "card", "digest", "verdict")
    lines = {line.check: line for line in verify(alone)}
    found = {name: line.colour for name, line in lines.items()}
    assert found == dict.fromkeys(checks, "green") | {"keys": "not checked"}
    assert set(colours(alone, demonstration_trusted.folder).values()) == {"green"}
    assert lines["promotion"].says == (
        "r1 is live by 1 record, 0 of them witnessed; promote on 2026-05-28 by DEMONSTRATION release service: "
        "the unit asked for it"
    )
    result = CliRunner().invoke(app, ["verify-release", str(alone), "--json"])
    assert (result.exit_code, json.loads(result.stdout)["holds"]) == (0, True)


def test_every_drawn_change_of_any_file_is_red(governance_archive: Path, tmp_path: Path) -> None:
    """A byte changed, a file cut, removed or added, anywhere: 40 draws, the index among them."""
    draw = random.Random(7)
    names = sorted(path.relative_to(governance_archive) for path in governance_archive.rglob("*") if path.is_file())
    changed = Path(shutil.copytree(governance_archive, tmp_path / "changed"))
    for number in range(40):
        name = names[number % len(names)]
        data = (governance_archive / name).read_bytes()
        place = draw.randrange(len(data))
        damaged = [data[:place] + bytes([data[place] ^ 1 << draw.randrange(8)]) + data[place + 1 :], data[:place], None]
        result = damaged[number % 3]
        (changed / name).unlink() if result is None else (changed / name).write_bytes(result)
        try:
            files_and_signature = {line.check: line.colour for line in verify(changed)}
            assert "red" in files_and_signature.values(), (name, number % 3)
        except ThreatError:
            assert name.name in {INDEX, SIGNATURE}
        (changed / name).write_bytes(data)
    (changed / "run" / "note.txt").write_text("hello")
    assert "files" in red(changed)


def test_an_archive_signed_by_a_key_that_is_on_no_list_is_red(
    governance_archive: Path, force_trusted: Trusted, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(governance_archive, tmp_path / "copy"))
    assert red(signed_anew(copy, force_trusted.signer("promotion"))) == {"signature"}
    # With a key list of the forger's own, the root is another: the outsider's own list says so.
    assert set(colours(copy, force_trusted.folder).values()) >= {"red"}


def test_forged_figures_are_red_even_with_a_stolen_promotion_key(
    governance_archive: Path, released_run: Run, demonstration_trusted: Trusted, tmp_path: Path
) -> None:
    whole = released_run.read(Evaluation)
    better = whole.model_copy(
        update={"cohort": whole.cohort.model_copy(update={"subjects": whole.cohort.subjects + 1})}
    )
    copy = Path(shutil.copytree(governance_archive, tmp_path / "copy"))
    shutil.rmtree(copy / "run")
    shutil.move(forged(released_run, tmp_path / "f", sealed=[better]).directory, copy / "run")
    assert red(signed_anew(copy, demonstration_trusted.signer("promotion"))) >= {
        "evidence",
        "promotion",
        "figures",
        "audit",
        "digest",
    }


@pytest.mark.parametrize(
    ("change", "checks"),
    [
        (lambda gate: gate | {"verdict": "fail"}, {"promotion", "verdict", "card"}),
        (lambda gate: gate | {"dissents": [], "approvals": []}, {"promotion", "card"}),
        (lambda gate: gate | {"to": "pilot"}, {"promotion", "verdict", "card", "digest"}),
    ],
)
def test_a_verdict_that_was_changed_is_red_even_with_a_stolen_promotion_key(
    governance_archive: Path,
    released_run: Run,
    demonstration_trusted: Trusted,
    tmp_path: Path,
    change: Callable[[dict[str, Any]], dict[str, Any]],
    checks: set[str],
) -> None:
    copy = Path(shutil.copytree(governance_archive, tmp_path / "copy"))
    Run.open(copy / "run").write(Gate.model_validate(change(released_run.read(Gate).as_json())))
    assert red(signed_anew(copy, demonstration_trusted.signer("promotion"))) == checks


def test_a_run_that_no_record_names_says_so_in_a_line(
    released_run: Run, trained: Trained, make_run: Any, demonstration_trusted: Trusted, tmp_path: Path
) -> None:
    """Where nothing was ever promoted, and where other RUNs were: no file is taken for a word on what was done."""
    signer = demonstration_trusted.signer("promotion")
    nothing = Places(trained.store, tmp_path / "promotions.jsonl")
    archive = write_archive(released_run, tmp_path / "a", "governance", Trust.open(), signer, nothing)
    lines = {line.check: line for line in verify(archive)}
    assert lines["promotion"].says == "the archive holds no records of promotions, and governance witnessed none"
    assert lines["promotion"].colour == "not checked"
    assert "red" not in {line.colour for line in lines.values()}

    records = promoted(make_run("r2"), tmp_path / "var", signer)
    others = Places(trained.store, records)
    beside = write_archive(released_run, tmp_path / "b", "governance", Trust.open(), signer, others)
    assert (beside / PROMOTIONS).read_bytes() == records.read_bytes()
    lines = {line.check: line for line in verify(beside)}
    assert lines["promotion"].says == (
        "the records of promotions in the archive do not name r1: 1 record, 0 of them witnessed"
    )
    assert lines["promotion"].colour == "not checked"
    assert "red" not in {line.colour for line in lines.values()}


def test_records_left_out_are_red_where_governance_witnessed_them_even_with_a_stolen_promotion_key(
    governance_archive: Path, demonstration_trusted: Trusted, tmp_path: Path
) -> None:
    """The RUN is live. Without records and bundle the archive would say that nothing of the kind is known."""
    signer = demonstration_trusted.signer("promotion")
    copy = Path(shutil.copytree(governance_archive, tmp_path / "copy"))
    witness_now(Trusted(copy / "trust", demonstration_trusted.keys), copy / PROMOTIONS, at=1_780_000_060)
    assert not red(signed_anew(copy, signer))
    shutil.rmtree(copy / "promotions")
    assert red(signed_anew(copy, signer)) == {"promotion"}  # a bundle that no record names
    shutil.rmtree(copy / "bundle")
    assert [line.says for line in verify(signed_anew(copy, signer)) if line.colour == "red"] == [
        "The archive holds no records of promotions, and governance witnessed 1. One that was made before the first "
        "of them must be made again."
    ]


def test_promotions_of_another_run_or_cut_short_are_red_even_with_a_stolen_promotion_key(
    governance_archive: Path, make_run: Any, demonstration_trusted: Trusted, tmp_path: Path
) -> None:
    """Records that are right by themselves, and are not of this RUN; a line taken away; a bundle of another model."""
    signer = demonstration_trusted.signer("promotion")
    copy = Path(shutil.copytree(governance_archive, tmp_path / "copy"))
    other = promoted(make_run("r1"), tmp_path / "var", signer)
    for name, file in ((PROMOTIONS, other), (CHECKPOINT, checkpoint.path_of(other))):
        shutil.copy(file, copy / name)
    assert red(signed_anew(copy, signer)) == {"promotion"}
    assert says(copy, "promotion") == "The promotions are of another RUN than the archive's. r1"
    (copy / PROMOTIONS).write_bytes(b"")
    assert red(signed_anew(copy, signer)) == {"promotion"}
    for name in (PROMOTIONS, CHECKPOINT):
        shutil.copy(governance_archive / name, copy / name)
    shutil.rmtree(copy / "bundle")
    shutil.copytree(next((tmp_path / "var" / "bundles").iterdir()), copy / "bundle")
    assert red(signed_anew(copy, signer)) == {"promotion"}
    assert says(copy, "promotion").startswith("This is not the bundle that was promoted.")


def test_wrong_usage_writes_nothing_and_a_red_archive_exits_5(
    governance_archive: Path, trained: Trained, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match="no archive of a release"):
        verify(tmp_path)
    refused = CliRunner().invoke(app, ["archive", str(trained.run.directory), "--out", str(tmp_path / "a")])
    assert "was not before the gate yet" in str(refused.exception)
    assert not (tmp_path / "a").exists()
    copy = Path(shutil.copytree(governance_archive, tmp_path / "copy"))
    (copy / "run" / "card.html").write_text("<p>fine</p>")
    failed = CliRunner().invoke(app, ["verify-release", str(copy)])
    assert isinstance(failed.exception, IntegrityFailure)
    assert failed.exception.value == "files"
    assert CliRunner().invoke(app, ["verify-release", str(copy), "--json"]).exit_code == 5
