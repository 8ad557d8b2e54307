"""A released model: one directory, signed, without a pickle in it.

``manifest.json`` names every file with its SHA-256 and size; ``signature.json`` is a DSSE envelope over it. Opening
goes: sizes and file list, signature, hashes, JSON, structure of every tree, canary predictions, and only then use.
Every file is read once into memory and checked there, so nothing can change between the check and the use.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from threat.errors import BadInput, GateRefused, IntegrityFailure, UsageError
from threat.files import sha256_of
from threat.release import tree_structure
from threat.release.chain import canonical
from threat.release.runs import Run
from threat.release.signing import Keys, Signer, sign, verify

if TYPE_CHECKING:
    import lightgbm
    import numpy as np
    from numpy.typing import NDArray

FORMAT = "threat-bundle/1"
PAYLOAD_TYPE = "application/vnd.threat.bundle+json"
MANIFEST, SIGNATURE = "manifest.json", "signature.json"
REQUIRED = ("model/model.txt", "model/features.json", "model/calibrator.json", "gate.json", "canary.json")
DOCUMENTS = (
    "gate.json",
    "card.json",
    "fairness.json",
    "evaluation.json",
    "checks.json",
    "config.json",
    "cohort.json",
    "snapshot.json",
)
"""What a bundle takes from the RUN beside ``model/``, where it is there."""

_SUFFIXES = frozenset({".txt", ".json", ".parquet", ".html"})
_LARGEST = 256 * 1024 * 1024
_LARGEST_MANIFEST = 1024 * 1024
_MOST_FILES = 500
_CANARIES = 64
_TOLERANCE = 1e-12


@dataclass(frozen=True, slots=True)
class Bundle:
    """An opened bundle; everything in it has been verified.

    ``sha256``: hash of the manifest, the one string that names this bundle in promotions, lists and cards.
    ``environment``: that of the signing key; ``demonstration`` must be shown wherever the model's output is.
    ``booster`` scores float matrices with the columns of ``features['names']``.
    """

    path: Path
    sha256: str
    environment: str
    signed_by: str
    manifest: dict[str, Any]
    booster: lightgbm.Booster
    features: dict[str, Any]
    calibrator: dict[str, Any]
    gate: dict[str, Any]
    card: dict[str, Any]
    files: dict[str, bytes]

    def read_json(self, name: str) -> Any:
        """Another JSON file of the bundle, already verified. Raises UsageError when there is none of that name."""
        if name not in self.files:
            raise UsageError("The bundle has no such file.", value=name, where=str(self.path))
        return json.loads(self.files[name])


def build(run: Run, out: Path, signer: Signer) -> Path:
    """Make the bundle of a RUN whose ``gate.json`` says pass, as the new directory ``out / <run id>-<12 digits>``.

    The digits are the first of the bundle's own hash. The same RUN makes the same bundle: building it again returns
    the one that is there. Raises GateRefused when the gate has not passed or passed in an environment other than the
    signer's, BadInput when a model file is missing or malformed.
    """
    gate = run.read_json("gate.json")
    _require_pass(gate, signer.key.environment, GateRefused)
    files = {name: run.path(name).read_bytes() for name in DOCUMENTS if run.has(name)}
    for path in sorted(run.path("model").rglob("*")):
        if path.is_file():
            files[path.relative_to(run.directory).as_posix()] = path.read_bytes()
    missing = [name for name in REQUIRED if name not in files and name != "canary.json"]
    if missing:
        raise BadInput("The RUN lacks a part of its model.", value=", ".join(missing), where=str(run.directory))
    features = _json(files["model/features.json"], "model/features.json")
    shape = tree_structure.check(files["model/model.txt"], features["names"], "model/model.txt")
    rows = _canary_rows(shape)
    scores = [float(score) for score in _predict(_booster(files["model/model.txt"]), _matrix(rows))]
    files["canary.json"] = canonical({"rows": rows, "scores": scores})
    manifest = {
        "format": FORMAT,
        "run_id": run.id,
        "run_manifest_sha256": run.manifest_sha256,
        "environment": signer.key.environment,
        "model_sha256": sha256_of(files["model/model.txt"]),
        "files": {name: _describe(data) for name, data in sorted(files.items())},
    }
    files[MANIFEST] = canonical(manifest)
    files[SIGNATURE] = canonical(sign(manifest, PAYLOAD_TYPE, signer))
    _within_limits({name: len(data) for name, data in files.items()}, str(run.directory))
    target = out / f"{run.id}-{sha256_of(files[MANIFEST])[:12]}"
    if not target.exists():
        _write_directory(files, target)
    return target


def open(path: Path, keys: Keys, *, expected_sha256: str | None = None) -> Bundle:  # noqa: A001
    """Open a bundle after verifying everything in it (in the order the module says).

    ``expected_sha256``: the bundle hash a promotion names; anything else is refused. Raises IntegrityFailure at the
    first thing that does not verify, saying which; UsageError when there is no such directory.
    """
    if not path.is_dir() or path.is_symlink():
        raise UsageError("There is no such bundle.", where=str(path), way_out="list them: threat promotions")
    files = _read_directory(path)
    sha256 = sha256_of(files[MANIFEST])
    if expected_sha256 is not None and sha256 != expected_sha256:
        raise IntegrityFailure("This is not the bundle that was promoted.", value=sha256, where=str(path))
    manifest, key = verify(_json(files[SIGNATURE], SIGNATURE), PAYLOAD_TYPE, keys, purpose="bundle")
    if canonical(manifest) != files[MANIFEST]:
        raise IntegrityFailure("The manifest is not the one that was signed.", where=str(path / MANIFEST))
    _check_manifest(manifest, key.environment, files, path)
    documents = {name: _json(data, name) for name, data in files.items() if name.endswith(".json")}
    features, gate = documents["model/features.json"], documents["gate.json"]
    _check_documents(documents)
    _require_pass(gate, key.environment, IntegrityFailure)
    tree_structure.check(files["model/model.txt"], features["names"], str(path / "model/model.txt"))
    booster = _booster(files["model/model.txt"])
    _check_canaries(booster, documents["canary.json"], path)
    return Bundle(
        path=path,
        sha256=sha256,
        environment=key.environment,
        signed_by=key.name,
        manifest=manifest,
        booster=booster,
        features=features,
        calibrator=documents["model/calibrator.json"],
        gate=gate,
        card=documents.get("card.json", {}),
        files=files,
    )


def hash_of(path: Path) -> str:
    """The hash that names the bundle in ``path`` (nothing is verified)."""
    return sha256_of(path / MANIFEST)


def _describe(data: bytes) -> dict[str, Any]:
    return {"sha256": sha256_of(data), "size": len(data)}


def _require_pass(gate: Any, environment: str, failure: type[GateRefused | IntegrityFailure]) -> None:
    if not isinstance(gate, dict) or gate.get("verdict") != "pass":
        raise failure(
            "Only a RUN that passed the gate becomes a bundle.",
            value=gate.get("verdict") if isinstance(gate, dict) else None,
            way_out="see why: threat release RUN",
        )
    if gate.get("environment") != environment:
        raise failure(
            "The gate passed in one environment and the signing key belongs to another.",
            value=f"gate {gate.get('environment')}, key {environment}",
        )


def _within_limits(sizes: dict[str, int], where: str) -> None:
    if len(sizes) > _MOST_FILES:
        raise IntegrityFailure("A bundle has fewer files than this.", value=len(sizes), where=where)
    for name, size in sizes.items():
        limit = _LARGEST_MANIFEST if name in {MANIFEST, SIGNATURE} else _LARGEST
        if size > limit:
            raise IntegrityFailure(
                "A file of the bundle is larger than it may be.", value=f"{size} bytes, {limit} allowed", where=name
            )


def _read_directory(path: Path) -> dict[str, bytes]:
    """Every file, read once. Links, devices, odd names and sizes are refused before anything is read."""
    sizes: dict[str, int] = {}
    for folder, folders, names in os.walk(path):
        for name in (*folders, *names):
            place = Path(folder) / name
            relative = place.relative_to(path).as_posix()
            if place.is_symlink() or not (place.is_dir() or place.is_file()):
                raise IntegrityFailure("A bundle holds plain files only.", value=relative, where=str(path))
            if place.is_file():
                if PurePosixPath(relative).suffix not in _SUFFIXES:
                    raise IntegrityFailure("A bundle does not hold this kind of file.", value=relative, where=str(path))
                sizes[relative] = place.stat().st_size
                if len(sizes) > _MOST_FILES:
                    _within_limits(sizes, str(path))
    _within_limits(sizes, str(path))
    missing = [name for name in (MANIFEST, SIGNATURE) if name not in sizes]
    if missing:
        raise IntegrityFailure("A bundle has a manifest and a signature.", value=missing, where=str(path))
    files: dict[str, bytes] = {}
    for relative, size in sizes.items():
        handle = os.open(path / relative, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            files[relative] = file.read(size + 1)
    return files


def _check_manifest(manifest: dict[str, Any], environment: str, files: dict[str, bytes], path: Path) -> None:
    listed = manifest.get("files")
    if manifest.get("format") != FORMAT or manifest.get("environment") != environment or not isinstance(listed, dict):
        raise IntegrityFailure(
            "The manifest is of another format or environment than its signature.", where=str(path / MANIFEST)
        )
    present = set(files) - {MANIFEST, SIGNATURE}
    if present != set(listed) or not set(REQUIRED) <= present:
        raise IntegrityFailure(
            "The bundle does not hold exactly the files its manifest lists.",
            value=", ".join(sorted(present ^ set(listed))) or "a required file is missing",
            where=str(path),
        )
    for name, facts in listed.items():
        if _describe(files[name]) != facts:
            raise IntegrityFailure("A file of the bundle was changed.", value=name, where=str(path / name))
    if manifest.get("model_sha256") != listed["model/model.txt"]["sha256"]:
        raise IntegrityFailure("The manifest names another model than it lists.", where=str(path / MANIFEST))


def _check_documents(documents: dict[str, Any]) -> None:
    """The shape of what scoring relies on; ``card.json`` is checked against its own schema where cards are made."""
    for name, document in documents.items():
        if not isinstance(document, dict):
            raise IntegrityFailure("A document of the bundle is not a JSON object.", where=name)
    names = documents["model/features.json"].get("names")
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
        raise IntegrityFailure("The bundle's feature list is malformed.", where="model/features.json")
    if len(set(names)) != len(names):
        raise IntegrityFailure("The bundle names a feature twice.", where="model/features.json")


def _json(data: bytes, name: str) -> Any:
    def refuse(text: str) -> None:
        raise ValueError(f"{text} is not JSON")

    try:
        return json.loads(data, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise IntegrityFailure("A document of the bundle is not JSON.", value=error, where=name) from None


def _booster(data: bytes) -> lightgbm.Booster:
    import lightgbm

    return lightgbm.Booster(model_str=data.decode())


def _matrix(rows: Sequence[Sequence[float | None]]) -> NDArray[np.float64]:
    import numpy as np

    return np.array([[np.nan if value is None else value for value in row] for row in rows], dtype=np.float64)


def _predict(booster: lightgbm.Booster, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    return np.asarray(booster.predict(matrix, raw_score=True, num_threads=1), dtype=np.float64)


def _canary_rows(shape: tree_structure.Shape) -> list[list[float | None]]:
    """Rows that walk many paths: per feature one of the model's own split points, a value beside it, or missing."""
    draw = random.Random(20_240_601)  # noqa: S311 (any fixed rows do; they are stored with the bundle)
    rows: list[list[float | None]] = [[None] * len(shape.features), [0.0] * len(shape.features)]
    while len(rows) < _CANARIES:
        row: list[float | None] = []
        for feature in range(len(shape.features)):
            points = shape.thresholds.get(feature)
            missing = draw.random() < 0.2
            row.append(None if missing or not points else draw.choice(points) + draw.choice((-0.5, 0.0, 0.5)))
        rows.append(row)
    return rows


def _check_canaries(booster: lightgbm.Booster, canary: dict[str, Any], path: Path) -> None:
    rows, scores = canary.get("rows"), canary.get("scores")
    if not isinstance(rows, list) or not isinstance(scores, list) or len(rows) != len(scores) or not rows:
        raise IntegrityFailure("The canary predictions are malformed.", where=str(path / "canary.json"))
    found = _predict(booster, _matrix(rows))
    worst = max(abs(float(a) - b) for a, b in zip(found, scores, strict=True))
    if not worst <= _TOLERANCE:
        raise IntegrityFailure(
            "The model does not give the predictions it gave when it was built.",
            value=f"off by {worst:.3g}",
            where=str(path),
            way_out="score with the version of LightGBM the bundle was built with, or train again",
        )


def _write_directory(files: dict[str, bytes], target: Path) -> None:
    """All files or no directory: written beside under another name, then renamed."""
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        for name, data in files.items():
            place = partial / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
