"""A released model: one directory, signed, without a pickle in it.

``manifest.json`` names every file with its SHA-256 and size; ``signature.json`` is a DSSE envelope over it. Opening
goes: sizes and file list, signature, hashes, JSON, approvals, structure of base and trees, canary predictions, and only
then use. In a force nothing is served by the word of the key that signed it alone (``approved``).
Every file is read once into memory and checked there, so nothing can change between the check and the use.
"""

from __future__ import annotations

import math
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final, TypeVar

from threat.errors import BadInput, GateRefused, IntegrityFailure, UsageError
from threat.files import sha256_of, whole_folder
from threat.measuring.figure import Verdict
from threat.release import tree_structure
from threat.release.approved import RUN_MANIFEST, NotApproved, require_approved
from threat.release.bundle_files import is_taken
from threat.release.documents.card import Card
from threat.release.documents.document import JsonFile, json_object
from threat.release.documents.earlier import Released, released, released_before
from threat.release.documents.fairness import Fairness
from threat.release.documents.gate import Gate
from threat.release.documents.manifest import BundleManifest, Canary, FileFacts
from threat.release.documents.model import DAYS_UNTIL_RELEASE, IN_CUSTODY, BaseModel, Calibrator, ModelFeatures
from threat.release.model_files import TREES, model_sha256
from threat.release.runs import Run
from threat.trust.chain import canonical
from threat.trust.folder import Trust
from threat.trust.signing import Signer, sign

if TYPE_CHECKING:
    # LightGBM and NumPy load when a bundle is built or opened, so that commands that do neither start at once.
    import numpy as np
    from numpy.typing import NDArray

    from threat.release.ranking_model import RankingModel

AnyFile = TypeVar("AnyFile", bound=JsonFile)
FORMAT: Final = "threat-bundle/4"
FORMAT_WITHOUT_VERSIONS: Final = "threat-bundle/1"
"""The format whose documents carry no version of their own; the second came before there were bases, the third before
bundles carried what people signed: a force serves none of these."""
PAYLOAD_TYPE = "application/vnd.threat.bundle+json"
MANIFEST, SIGNATURE = "manifest.json", "signature.json"
REQUIRED = (TREES, ModelFeatures.FILE, Calibrator.FILE, Gate.FILE, "evaluation.json", Canary.FILE)

_SUFFIXES = frozenset({".txt", ".json", ".parquet", ".html"})
_LARGEST = 256 * 1024 * 1024
"""Bytes of one file at most. Every file is read into memory before its hash is checked: a larger file is refused."""
_LARGEST_MANIFEST = 1024 * 1024
"""Bytes of the manifest, and of its signature, at most: both are parsed before any signature is checked."""
_MOST_FILES = 500
"""Files in a bundle at most: the walk through a folder that somebody filled stops here, before anything is read."""
_CANARIES = 64
"""Rows predicted at every load: enough to visit most leaves of a small model, few enough to take a millisecond."""
_MISSING = 0.2
"""Share of values missing in a canary row: splits send missing values their own way, which must be walked too."""
_LARGEST_LOG = 20.0
"""Signed log of a canary's value at most, 485 million: past anything recorded, and far from overflow."""
_TOLERANCE = 1e-12
"""Largest difference of a raw score: the same library gives the same bits; another version may add up otherwise."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """An opened bundle; everything in it has been verified.

    ``sha256``: hash of the manifest, the one string that names this bundle in promotions, lists and cards.
    ``environment``: that of the signing key; ``demonstration`` must be shown wherever the model's output is.
    ``model`` scores float matrices with the columns of ``features.names``. ``released``: what its gate and its
    evaluation say. ``card``: its model card as JSON; empty where it has none. JSON, not a ``Card``: a bundle
    of the format ``threat-bundle/1`` has a card of an earlier version, shown as it was signed. ``revoked``: opened to
    be read and replayed alone; never true of a bundle that is served.
    """

    path: Path
    sha256: str
    environment: str
    signed_by: str
    manifest: BundleManifest
    model: RankingModel
    features: ModelFeatures
    calibrator: Calibrator
    released: Released
    card: dict[str, Any]
    files: dict[str, bytes]
    revoked: bool = False

    def read(self, kind: type[AnyFile]) -> AnyFile:
        """Return a document of the bundle by its type, already verified.

        Raises UsageError when the bundle has none, BadInput for a document of another version.
        """
        if kind.FILE not in self.files:
            raise UsageError(f"The bundle has no {kind.FILE}.", where=str(self.path), way_out=kind.MADE_AGAIN)
        return kind.parse(self.files[kind.FILE], f"{self.path}/{kind.FILE}")


@dataclass(frozen=True, slots=True)
class Judged:
    """What the gate decided, and on which audit. ``audit_sha256``: of ``fairness.json``, None where there is none."""

    gate: Gate
    audit_sha256: str | None


def build(run: Run, out: Path, signer: Signer, judged: Judged | None = None) -> Path:
    """Make the bundle of a RUN whose gate passed, as the new directory ``out / <run id>-<12 digits>``.

    The digits are the first of the bundle's own hash. The same RUN makes the same bundle: building it again returns
    the one that is there. ``judged``: the verdict as the gate gave it; None takes the verdict in the RUN's
    ``gate.json``. Every byte that is signed is compared, as it was read, with the manifest that the verdict names or
    with the annexes. Raises GateRefused when the gate has not passed or passed in an environment other than the
    signer's, BadInput when a file the bundle needs is missing from the RUN, IntegrityFailure for a file that differs.
    """
    gate = run.read(Gate) if judged is None else judged.gate
    _require_pass(gate.verdict, gate.environment, signer.key.environment, GateRefused)
    files = run.verified_files(gate.run_manifest_sha256, is_taken)
    if judged is not None:
        _require_judged(files, judged, str(run.directory))
    if missing := [name for name in REQUIRED if name not in files and name != Canary.FILE]:
        raise BadInput(
            "The RUN lacks a part of its model.",
            value=", ".join(missing),
            where=str(run.directory),
            way_out="train again: threat train",
        )
    files[RUN_MANIFEST] = (run.directory / MANIFEST).read_bytes()
    if sha256_of(files[RUN_MANIFEST]) != gate.run_manifest_sha256:
        raise IntegrityFailure("The manifest of the RUN is not the one that was judged.", where=str(run.directory))
    features = ModelFeatures.parse(files[ModelFeatures.FILE], str(run.path(ModelFeatures.FILE)))
    model = _model(files, features, str(run.directory))
    shape = tree_structure.check(files[TREES], features.names, TREES)
    rows = canary_rows(shape, None if model.base is None else model.base.document)
    scores = [float(score) for score in model.raw_score(_matrix(rows))]
    files[Canary.FILE] = canonical({"rows": rows, "scores": scores})
    manifest = BundleManifest(
        format=FORMAT,
        run_id=run.id,
        run_manifest_sha256=gate.run_manifest_sha256,
        environment=gate.environment,
        model_sha256=model_sha256(files),
        files={name: _facts(data) for name, data in sorted(files.items())},
    ).as_json()
    files[MANIFEST] = canonical(manifest)
    files[SIGNATURE] = canonical(sign(manifest, PAYLOAD_TYPE, signer))
    _within_limits({name: len(data) for name, data in files.items()}, str(run.directory))
    target = out / f"{run.id}-{sha256_of(files[MANIFEST])[:12]}"
    if not target.exists():
        whole_folder(target, files)
    return target


def open(  # noqa: A001  callers say bundle.open
    path: Path, trust: Trust, *, expected_sha256: str | None = None, to_serve: bool = True
) -> Bundle:
    """Open a bundle after verifying everything in it (in the order the module says).

    ``trust``: whose keys count. ``expected_sha256``: the bundle hash a promotion names; anything else is refused.
    ``to_serve``: False for replay and comparison, which ask for no approval by keys of today.
    Raises IntegrityFailure at the first thing that does not verify, saying which; UsageError when there is no such
    directory.
    """
    if not path.is_dir() or path.is_symlink():
        raise UsageError("The bundle is missing.", where=str(path), way_out="list the bundles: threat promotions")
    files = _read_directory(path)
    sha256 = sha256_of(files[MANIFEST])
    if expected_sha256 is not None and sha256 != expected_sha256:
        raise IntegrityFailure("This is not the bundle that was promoted.", value=sha256, where=str(path))
    signed, key = trust.verify(json_object(files[SIGNATURE], SIGNATURE), PAYLOAD_TYPE, "promotion")
    if canonical(signed) != files[MANIFEST]:
        raise IntegrityFailure("The manifest is not the one that was signed.", where=str(path / MANIFEST))
    manifest = BundleManifest.parse(files[MANIFEST], str(path / MANIFEST))
    _check_manifest(manifest, key.environment, files, path)
    for name in (name for name in files if name.endswith(".json")):
        json_object(files[name], str(path / name))
    # The demonstration's word counts nowhere else, so nobody's approval is asked for.
    of_force = to_serve and key.environment != "demonstration"
    if of_force:
        _require_format_of_today(manifest, path)
    # The format is signed: nobody can have a document of today read by the more lenient reader of before.
    read_release = released_before if manifest.format == FORMAT_WITHOUT_VERSIONS else released
    release = read_release(files, str(path))
    _require_pass(Verdict.PASS if release.passed else None, release.environment, key.environment, IntegrityFailure)
    _require_gate_of_run(manifest, files, path)
    if of_force:
        require_approved(files, manifest.run_id, trust, path)
    features = ModelFeatures.parse(files[ModelFeatures.FILE], str(path / ModelFeatures.FILE))
    calibrator = Calibrator.parse(files[Calibrator.FILE], str(path / Calibrator.FILE))
    model = _model(files, features, str(path))
    _check_canaries(model, Canary.parse(files[Canary.FILE], str(path / Canary.FILE)), path)
    return Bundle(
        path=path,
        sha256=sha256,
        environment=key.environment,
        signed_by=key.name,
        manifest=manifest,
        model=model,
        features=features,
        calibrator=calibrator,
        released=release,
        card=json_object(files[Card.FILE], Card.FILE) if Card.FILE in files else {},
        files=files,
    )


def hash_of(path: Path) -> str:
    """The hash that names the bundle in ``path`` (nothing is verified)."""
    return sha256_of(path / MANIFEST)


def _facts(data: bytes) -> FileFacts:
    return FileFacts(sha256=sha256_of(data), size=len(data))


def _require_pass(
    verdict: Verdict | None, gate_environment: str, key_environment: str, failure: type[GateRefused | IntegrityFailure]
) -> None:
    if verdict != Verdict.PASS:
        raise failure(
            "The gate did not pass this RUN: only a RUN that passed the gate becomes a bundle.",
            value=verdict,
            way_out="see why: threat release RUN",
        )
    if gate_environment != key_environment:
        raise failure(
            "The gate passed in one environment and the signing key belongs to another.",
            value=f"gate {gate_environment}, key {key_environment}",
        )


def _require_judged(files: dict[str, bytes], judged: Judged, where: str) -> None:
    """Raise IntegrityFailure unless verdict and audit in the RUN are those that were given and read."""
    if files.get(Gate.FILE) != judged.gate.encode():
        raise IntegrityFailure("The verdict in the RUN is not the verdict that the gate gave.", where=where)
    audit = files.get(Fairness.FILE)
    if (None if audit is None else sha256_of(audit)) != judged.audit_sha256:
        raise IntegrityFailure("The audit in the RUN is not the audit that the gate read.", where=where)


def _require_format_of_today(manifest: BundleManifest, path: Path) -> None:
    """Raise NotApproved for a bundle of before bundles carried what people signed: the rule is served."""
    if manifest.format != FORMAT:
        raise NotApproved(
            f"The bundle of {manifest.run_id} is of an earlier format, which does not carry what people signed.",
            value=f"{manifest.format}; a force serves {FORMAT}",
            where=str(path),
            way_out=f"release the RUN again: threat release {manifest.run_id}; until then the rule ranking is served",
        )


def _require_gate_of_run(manifest: BundleManifest, files: dict[str, bytes], path: Path) -> None:
    """Raise IntegrityFailure for a verdict that was given on another RUN than the manifest names."""
    if manifest.format == FORMAT_WITHOUT_VERSIONS:
        return  # the verdict of that day named no manifest
    said = json_object(files[Gate.FILE], str(path / Gate.FILE))
    if (said["run_id"], said["run_manifest_sha256"]) != (manifest.run_id, manifest.run_manifest_sha256):
        raise IntegrityFailure(
            "The verdict in the bundle is about another RUN than its manifest.",
            value=f"verdict {said['run_id']}, manifest {manifest.run_id}",
            where=str(path / Gate.FILE),
        )


def _within_limits(sizes: dict[str, int], where: str) -> None:
    if len(sizes) > _MOST_FILES:
        raise IntegrityFailure(
            f"The bundle holds too many files: {len(sizes)}, at most {_MOST_FILES} are allowed.", where=where
        )
    for name, size in sizes.items():
        limit = _LARGEST_MANIFEST if name in {MANIFEST, SIGNATURE} else _LARGEST
        if size > limit:
            raise IntegrityFailure(
                "The bundle holds a file that is too large.", value=f"{size} bytes, {limit} allowed", where=name
            )


def _read_directory(path: Path) -> dict[str, bytes]:
    """Every file, read once. Links, devices, odd names and sizes are refused before anything is read."""
    sizes: dict[str, int] = {}
    for folder, folders, names in os.walk(path):
        for name in (*folders, *names):
            place = Path(folder) / name
            relative = place.relative_to(path).as_posix()
            if place.is_symlink() or not (place.is_dir() or place.is_file()):
                raise IntegrityFailure("The bundle holds more than plain files.", value=relative, where=str(path))
            if place.is_file():
                if PurePosixPath(relative).suffix not in _SUFFIXES:
                    raise IntegrityFailure("The bundle holds an unknown kind of file.", value=relative, where=str(path))
                sizes[relative] = place.stat().st_size
                if len(sizes) > _MOST_FILES:
                    _within_limits(sizes, str(path))
    _within_limits(sizes, str(path))
    missing = [name for name in (MANIFEST, SIGNATURE) if name not in sizes]
    if missing:
        raise IntegrityFailure("The bundle lacks its manifest or signature.", value=missing, where=str(path))
    files: dict[str, bytes] = {}
    for relative, size in sizes.items():
        handle = os.open(path / relative, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            files[relative] = file.read(size + 1)
    return files


def _check_manifest(manifest: BundleManifest, environment: str, files: dict[str, bytes], path: Path) -> None:
    if manifest.environment != environment:
        raise IntegrityFailure(
            "The manifest is of another environment than its signature.",
            value=f"manifest {manifest.environment}, signature {environment}",
            where=str(path / MANIFEST),
        )
    present = set(files) - {MANIFEST, SIGNATURE}
    if present != set(manifest.files) or not set(REQUIRED) <= present:
        raise IntegrityFailure(
            "The bundle does not hold exactly the files its manifest lists.",
            value=", ".join(sorted(present ^ set(manifest.files))) or "a required file is missing",
            where=str(path),
        )
    for name, facts in manifest.files.items():
        if _facts(files[name]) != facts:
            raise IntegrityFailure("The bundle holds a file that was changed.", value=name, where=str(path / name))
    if manifest.model_sha256 != model_sha256(files):
        raise IntegrityFailure("The manifest names another model than it lists.", where=str(path / MANIFEST))


def _model(files: dict[str, bytes], features: ModelFeatures, where: str) -> RankingModel:
    from threat.release.ranking_model import RankingModel

    return RankingModel.read(files, features.names, where)


def _matrix(rows: Sequence[Sequence[float | None]]) -> NDArray[np.float64]:
    import numpy as np

    return np.array([[np.nan if value is None else value for value in row] for row in rows], dtype=np.float64)


def canary_rows(shape: tree_structure.Shape, base: BaseModel | None = None) -> list[list[float | None]]:
    """Return rows that walk many paths: per feature a split point of the trees or of ``base``, next to it, or missing.

    The first row has every value missing, the second none; the others mix missing and present values.
    """
    points = {name: shape.thresholds.get(number, []) for number, name in enumerate(shape.features)}
    for name, more in ({} if base is None else base_points(base)).items():
        points[name] = [*points[name], *more]
    draw = random.Random(20_240_601)  # noqa: S311  any fixed rows do; they are stored with the bundle
    rows: list[list[float | None]] = [[None] * len(shape.features), [0.0] * len(shape.features)]
    while len(rows) < _CANARIES:
        row: list[float | None] = []
        for near in points.values():
            missing = draw.random() < _MISSING
            row.append(None if missing or not near else draw.choice(near) + draw.choice((-0.5, 0.0, 0.5)))
        rows.append(row)
    return rows


def base_points(base: BaseModel) -> dict[str, list[float]]:
    """Return values that move a base, by feature: its mean and a deviation off, what missing counts as, times served.

    >>> base_points(BaseModel(penalty=1.0, rows=1, events=0, intercept=0.0, columns=(), liberty=None))
    {}
    """
    points: dict[str, list[float]] = {}
    for column in base.columns:
        if column.fill is not None:
            logs = (column.mean, column.mean + column.scale, column.fill)
            points[column.feature] = [_from_signed_log(log) for log in logs]
    if base.liberty is not None:
        points.setdefault(IN_CUSTODY, []).extend((0.0, 1.0))
        # Released within the horizon, at its end, and beyond.
        points.setdefault(DAYS_UNTIL_RELEASE, []).extend(
            base.liberty.horizon_days * share for share in (0.25, 1.0, 2.0)
        )
    return points


def _from_signed_log(log: float) -> float:
    return math.copysign(math.expm1(min(abs(log), _LARGEST_LOG)), log)


def _check_canaries(model: RankingModel, canary: Canary, path: Path) -> None:
    again = model.raw_score(_matrix(canary.rows))
    worst = max(abs(float(score) - built) for score, built in zip(again, canary.scores, strict=True))
    if not worst <= _TOLERANCE:
        raise IntegrityFailure(
            "The model does not give the predictions it gave when it was built.",
            value=f"off by {worst:.3g}",
            where=str(path),
            way_out="score with the version of LightGBM the bundle was built with, or train again",
        )
