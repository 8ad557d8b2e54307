"""``docs/schemas/<document>.json``: a JSON Schema of each document of a RUN, bundle and LIST, made from its type."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from threat.release.documents.ablations import Ablations
from threat.release.documents.approvals import Approvals
from threat.release.documents.attestations import Attestations, CardStatement
from threat.release.documents.card import Card, Human
from threat.release.documents.champion import ChampionComparison, MovedRelationships
from threat.release.documents.checks import Checks
from threat.release.documents.choices import Choices
from threat.release.documents.cohort import CohortAttrition
from threat.release.documents.config import Config
from threat.release.documents.document import JsonFile
from threat.release.documents.evaluation import Evaluation
from threat.release.documents.expected_captures import ExpectedCaptures
from threat.release.documents.fairness import Fairness
from threat.release.documents.fairness_champion import FairnessWithChampion
from threat.release.documents.fairness_public import PublicFairness
from threat.release.documents.folds import Folds
from threat.release.documents.gate import Gate
from threat.release.documents.global_picture import GlobalPicture
from threat.release.documents.manifest import Annexes, BundleManifest, Canary, RunManifest
from threat.release.documents.model import BaseModel, Calibrator, ElasticNet, ModelFeatures
from threat.release.documents.provenance import Execution, Provenance
from threat.release.documents.scored_list import ListFile
from threat.release.documents.snapshot import SnapshotRead
from threat.release.documents.stability import Stability

DOCUMENTS: dict[str, type[JsonFile]] = {
    "ablations": Ablations,
    "annexes": Annexes,
    "approvals": Approvals,
    "attestations": Attestations,
    "card_statement": CardStatement,
    "base": BaseModel,
    "bundle_manifest": BundleManifest,
    "calibrator": Calibrator,
    "canary": Canary,
    "card": Card,
    "checks": Checks,
    "choices": Choices,
    "cohort": CohortAttrition,
    "comparison_with_champion": ChampionComparison,
    "config": Config,
    "elastic_net": ElasticNet,
    "evaluation": Evaluation,
    "execution": Execution,
    "expected_captures": ExpectedCaptures,
    "fairness": Fairness,
    "fairness_public": PublicFairness,
    "fairness_with_champion": FairnessWithChampion,
    "features": ModelFeatures,
    "folds": Folds,
    "gate": Gate,
    "human": Human,
    "list": ListFile,
    "moved_relationships": MovedRelationships,
    "provenance": Provenance,
    "run_manifest": RunManifest,
    "shap_summary": GlobalPicture,
    "snapshot": SnapshotRead,
    "stability": Stability,
}
"""Every document by the name of its schema."""


def schema(document: type[JsonFile]) -> str:
    """Return the JSON Schema (2020-12) of a document as it is written: every field that is always there is required."""
    made = document.model_json_schema(mode="serialization")
    text = json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **made}, indent=2, ensure_ascii=False)
    return f"{text}\n"


def main(arguments: list[str] | None = None) -> int:
    """Write the schemas, or with ``--check`` say which differ from their types (exit 1)."""
    parser = argparse.ArgumentParser(prog="make docs", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/schemas"), help="folder of the schemas")
    parser.add_argument("--check", action="store_true", help="compare with the types; write nothing")
    chosen = parser.parse_args(arguments)
    wanted = {chosen.out / f"{name}.json": schema(document) for name, document in DOCUMENTS.items()}
    if chosen.check:
        stale = [str(path) for path, text in wanted.items() if not path.is_file() or path.read_text() != text]
        stale += [str(path) for path in chosen.out.glob("*.json") if path not in wanted]
        for path in stale:
            print(f"{path} is not what its type says. Run: make docs", file=sys.stderr)
        return int(bool(stale))
    chosen.out.mkdir(parents=True, exist_ok=True)
    for path in set(chosen.out.glob("*.json")) - wanted.keys():
        path.unlink()
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
