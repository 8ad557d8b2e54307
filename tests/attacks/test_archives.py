"""Attacks on an archive of a release: whatever is changed, added, removed or forged is red, and the command exits 5."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fixtures.release_commands import run_command
from fixtures.trained_run import Trained, forged
from fixtures.trusted import Trusted
from typer.testing import CliRunner

from threat.errors import BadInput, IntegrityFailure, ThreatError
from threat.files import sha256_of
from threat.release.documents.evaluation import Evaluation
from threat.release.documents.gate import Gate
from threat.release.runs import Run
from threat.trust.chain import canonical
from threat.trust.folder import Trust
from threat.trust.signing import Signer, sign
from training.archive.build import INDEX, PAYLOAD_TYPE, SIGNATURE, write_archive
from training.archive.checks import verify
from training.archive.commands import app


@pytest.fixture(scope="module")
def judged(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A copy of the trained RUN with the verdict of the demonstration's gate, and its card."""
    folder = tmp_path_factory.mktemp("judged")
    run = Path(shutil.copytree(trained.run.directory, folder / "r1"))
    asked = ("--environment", "demonstration", "--store", trained.store, "--no-retrain", "--var", folder / "var")
    run_command("release", run, *asked)
    return Run.open(run)


def archived(run: Run, trained: Trained, folder: Path, kind: Any = "governance") -> Path:
    trust = Trust.open()
    return write_archive(run, folder / kind, kind, trust, trust.signer("promotion"), trained.store)


@pytest.fixture(scope="module")
def governance(judged: Run, trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return archived(judged, trained, tmp_path_factory.mktemp("archives"))


@pytest.fixture(scope="module")
def public(judged: Run, trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return archived(judged, trained, tmp_path_factory.mktemp("archives"), "public")


def colours(folder: Path, trust: Path | None = None) -> dict[str, str]:
    return {line.check: line.colour for line in verify(folder, trust)}


def red(folder: Path) -> set[str]:
    return {check for check, colour in colours(folder).items() if colour == "red"}


def signed_anew(folder: Path, signer: Signer) -> Path:
    """The archive with an index and a signature that fit what is there now: what a forger with that key would make."""
    index = json.loads((folder / INDEX).read_text())
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    index["files"] = {name: sha256_of(folder / name) for name in sorted(names) if name not in {INDEX, SIGNATURE}}
    if (folder / "run" / "manifest.json").is_file():
        index["run_manifest_sha256"] = sha256_of(folder / "run" / "manifest.json")
    (folder / INDEX).write_bytes(canonical(index))
    (folder / SIGNATURE).write_bytes(canonical(sign(index, PAYLOAD_TYPE, signer)))
    return folder


def test_a_sound_governance_archive_is_green_with_no_history_and_no_service(
    governance: Path, demonstration_trusted: Trusted, tmp_path: Path, no_trust: None
) -> None:
    alone = Path(shutil.copytree(governance, tmp_path / "elsewhere"))
    checks = ("files", "signature", "run", "evidence", "figures", "audit", "card", "digest", "verdict")
    assert colours(alone) == dict.fromkeys(checks, "green") | {"keys": "not checked"}
    assert set(colours(alone, demonstration_trusted.folder).values()) == {"green"}
    result = CliRunner().invoke(app, ["verify-release", str(alone), "--json"])
    assert (result.exit_code, json.loads(result.stdout)["holds"]) == (0, True)


def test_a_sound_public_archive_is_green_and_holds_no_row(public: Path, no_trust: None) -> None:
    assert colours(public) == dict.fromkeys(("files", "signature", "verdict", "card"), "green") | {
        "keys": "not checked"
    }
    assert not list(public.rglob("*.parquet"))
    assert not (public / "run" / "fairness.json").exists()


@pytest.mark.parametrize("kind", ["governance", "public"])
def test_every_drawn_change_of_any_file_is_red(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """A byte changed, a file cut, removed or added, anywhere: 40 draws of each archive, the index among them."""
    sound: Path = request.getfixturevalue(kind)
    draw = random.Random(7)
    names = sorted(path.relative_to(sound) for path in sound.rglob("*") if path.is_file())
    changed = Path(shutil.copytree(sound, tmp_path / "changed"))
    for number in range(40):
        name = names[number % len(names)]
        data = (sound / name).read_bytes()
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
    governance: Path, force_trusted: Trusted, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(governance, tmp_path / "copy"))
    assert red(signed_anew(copy, force_trusted.signer("promotion"))) == {"signature"}
    # With a key list of the forger's own, the root is another: the outsider's own list says so.
    assert set(colours(copy, force_trusted.folder).values()) >= {"red"}


def test_forged_figures_are_red_even_with_a_stolen_promotion_key(
    governance: Path, judged: Run, demonstration_trusted: Trusted, tmp_path: Path
) -> None:
    whole = judged.read(Evaluation)
    better = whole.model_copy(
        update={"cohort": whole.cohort.model_copy(update={"subjects": whole.cohort.subjects + 1})}
    )
    copy = Path(shutil.copytree(governance, tmp_path / "copy"))
    shutil.rmtree(copy / "run")
    shutil.move(forged(judged, tmp_path / "f", sealed=[better]).directory, copy / "run")
    assert red(signed_anew(copy, demonstration_trusted.signer("promotion"))) >= {
        "evidence",
        "figures",
        "audit",
        "digest",
    }


@pytest.mark.parametrize(
    ("change", "checks"),
    [
        (lambda gate: gate | {"verdict": "pass" if gate["verdict"] != "pass" else "fail"}, {"verdict", "card"}),
        (lambda gate: gate | {"dissents": [], "approvals": []}, {"card"}),
        (lambda gate: gate | {"to": "pilot"}, {"verdict", "card", "digest"}),
    ],
)
def test_a_verdict_that_was_changed_is_red_even_with_a_stolen_promotion_key(
    governance: Path,
    judged: Run,
    demonstration_trusted: Trusted,
    tmp_path: Path,
    change: Callable[[dict[str, Any]], dict[str, Any]],
    checks: set[str],
) -> None:
    copy = Path(shutil.copytree(governance, tmp_path / "copy"))
    Run.open(copy / "run").write(Gate.model_validate(change(judged.read(Gate).as_json())))
    assert red(signed_anew(copy, demonstration_trusted.signer("promotion"))) == checks


def test_a_public_page_that_says_otherwise_is_red_even_with_a_stolen_promotion_key(
    public: Path, demonstration_trusted: Trusted, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(public, tmp_path / "copy"))
    page = copy / "run" / "card.html"
    page.write_text(page.read_text().replace("</h1>", " (passed the gate)</h1>", 1))
    assert red(signed_anew(copy, demonstration_trusted.signer("promotion"))) == {"card"}


def test_wrong_usage_writes_nothing_and_a_red_archive_exits_5(public: Path, trained: Trained, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no archive of a release"):
        verify(tmp_path)
    refused = CliRunner().invoke(app, ["archive", str(trained.run.directory), "--out", str(tmp_path / "a")])
    assert "was not before the gate yet" in str(refused.exception)
    assert not (tmp_path / "a").exists()
    copy = Path(shutil.copytree(public, tmp_path / "copy"))
    (copy / "run" / "card.html").write_text("<p>fine</p>")
    failed = CliRunner().invoke(app, ["verify-release", str(copy)])
    assert isinstance(failed.exception, IntegrityFailure)
    assert failed.exception.value == "files"
    assert CliRunner().invoke(app, ["verify-release", str(copy), "--json"]).exit_code == 5
