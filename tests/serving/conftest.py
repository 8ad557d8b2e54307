"""The golden force with identities, its lists by rule and by a small model, and desks over them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from fixtures import evidence, governed
from fixtures import golden_force as golden
from fixtures.desk_browser import NOW, STARTED_AT
from fixtures.drawn_bases import base_model
from fixtures.graded import every_place_of
from fixtures.state_desks import GoldenFolders

from serving.casework.sealing import Sealer
from serving.desk import reveal
from serving.desk.service import Desk
from serving.lists.making import ListOptions, make_list
from threat.asof import DAY
from threat.cli import main
from threat.history.batches import Batch
from threat.history.store import Store
from threat.release.documents.approvals import Approvals
from threat.release.documents.gate import Acceptance, Gate
from threat.release.documents.model import DAYS_UNTIL_RELEASE, IN_CUSTODY, BaseModel
from threat.release.envelopes import statement, verified_statements
from threat.release.statements import Approval
from threat.trust.demonstration import signers_by_role
from threat.trust.folder import Trust

MODEL_READS = (
    "domestic_incidents_365d",
    "harm_sum_365d",
    "days_since_domestic_incident",
    "subject_harm_sum_365d",
    "latest_grade",
)


@pytest.fixture(scope="session")
def golden_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("golden") / "history"
    store = golden.build(folder)
    store.append(
        Batch(profile="golden_identities", loaded_at=golden.LOADED_AT, legal_basis="made up"),
        {
            "identities": pa.table(
                {
                    "person_id": [golden.person_id("S01"), golden.person_id("P01")],
                    "names": ["Sam Example", "Pat <b>Example</b>"],
                    "birth_date": ["1980-01-01", "1982-02-02"],
                    "recorded_at": [golden.LOADED_AT - DAY] * 2,
                }
            )
        },
    )
    return folder


@pytest.fixture(scope="session")
def rule_var(golden_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two lists by rule, a week apart; the later is published. Capacity 3."""
    var = tmp_path_factory.mktemp("rule")
    for as_of in (golden.AS_OF - 7 * DAY, golden.AS_OF):
        make_list(golden_store, var, as_of, ListOptions(capacity=3, publish=True), started_at=STARTED_AT)
    return var


def approval_of(gate: Gate) -> dict[str, Any]:
    """The approval that the gate of ``evidence.gate`` names, signed by the demonstration's SRO."""
    said = Approval(to="live", expires=date(2026, 8, 1), on=date(2026, 6, 1), release_digest=gate.release_digest)
    return statement(said, signers_by_role(Trust.open())["SRO"])


def make_bundle(
    store: Path,
    var: Path,
    *,
    run_id: str = "run-1",
    accepted: Sequence[Acceptance] = (),
    gate: dict[str, Any] | None = None,
    report: dict[str, Any] | None = None,
    bins: Sequence[dict[str, Any]] = (),
    base: BaseModel | None = None,
    approved: bool = False,
) -> str:
    """Build, sign and promote a small real model of the golden matrix for the demonstration; return its hash.

    ``accepted``: acceptances of its gate. ``gate``: fields of its gate to change. ``report``: fields of its fairness
    report; None for a RUN that nobody audited. ``bins``: what its test observed, by band of probability. ``base``: what
    the trees are added to; its model reads the features of custody too. ``approved``: with the approval that its gate
    names, as it was signed.
    """
    import lightgbm

    from features import build, load_catalogue
    from threat.eligibility import eligible
    from threat.policy import load_policy
    from threat.release import bundle, promotions

    snapshot = Store.open(store).snapshot()
    cohort = eligible(snapshot, golden.AS_OF, load_policy())
    matrix = build(snapshot.sightings(), cohort.rows, parallel=False)
    reads = MODEL_READS if base is None else (*MODEL_READS, IN_CUSTODY, DAYS_UNTIL_RELEASE)
    columns = [matrix.names.index(name) for name in reads]
    draw = np.random.default_rng(7)
    values = np.repeat(matrix.values[:, columns], 40, axis=0)
    values = values + draw.normal(scale=0.1, size=values.shape)
    label = (values[:, 0] + draw.normal(size=len(values)) > 3).astype(int)
    options = {
        "objective": "binary",
        "num_leaves": 7,
        "verbosity": -1,
        "num_threads": 1,
        "seed": 1,
        "min_data_in_leaf": 5,
    }
    data = lightgbm.Dataset(values, label, feature_name=list(reads))
    text = str(lightgbm.train(options, data, 12).model_to_string())
    run = evidence.make_run(
        var / "runs",
        run_id,
        replacing=[evidence.evaluation(horizon_days=365, calibration__bins=bins)],
        text=text,
        features=reads,
        base=base,
        catalogue_version=load_catalogue().version,
    )
    if report is not None:
        run.write(evidence.fairness(run.manifest_sha256, **report))
    verdict = evidence.gate(run, accepted, **(gate or {}))
    if approved:
        signed = approval_of(verdict)
        run.write(Approvals.of([signed]))
        [said] = verified_statements([signed], Trust.open())
        named = verdict.approvals[0].model_copy(update={"statement": said.sha256, "key_id": said.key_id})
        verdict = verdict.model_copy(update={"approvals": (named,)})
    run.write(verdict)
    evidence.card(run)
    signer = Trust.open().signer("promotion")
    built = bundle.build(run, var / "bundles", signer)
    promotions.promote(var / "promotions.jsonl", built, "live", signer, at=STARTED_AT, reason="test")
    return bundle.hash_of(built)


@pytest.fixture(scope="session")
def release() -> Callable[..., str]:
    """``make_bundle``, for a test that needs another gate."""
    return make_bundle


@pytest.fixture(scope="session")
def model_var(golden_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list by rule a week before, then the small model in service and its list, published. Capacity 3."""
    var = tmp_path_factory.mktemp("model")
    make_list(golden_store, var, golden.AS_OF - 14 * DAY, ListOptions(capacity=3, publish=True), started_at=STARTED_AT)
    make_bundle(golden_store, var)
    for as_of in (golden.AS_OF - 7 * DAY, golden.AS_OF):
        make_list(golden_store, var, as_of, ListOptions(capacity=3, publish=True), started_at=STARTED_AT)
    return var


@pytest.fixture(scope="session")
def base_var(golden_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small model on a base with an offset for time at liberty, in service, and its list. Capacity 3."""
    var = tmp_path_factory.mktemp("base")
    make_bundle(golden_store, var, base=base_model((MODEL_READS[0], MODEL_READS[2])))
    make_list(golden_store, var, golden.AS_OF, ListOptions(capacity=3, publish=True), started_at=STARTED_AT)
    return var


@pytest.fixture(scope="session")
def governed_var(golden_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small model with a fairness report, acceptances and frequencies, and its list: see ``fixtures.governed``."""
    var = tmp_path_factory.mktemp("governed")
    shown = {"show_probability": True}
    make_bundle(golden_store, var, accepted=governed.ACCEPTED, gate=shown, report=governed.REPORT, bins=governed.BINS)
    make_list(golden_store, var, golden.AS_OF, ListOptions(capacity=3, publish=True), started_at=STARTED_AT)
    return var


@pytest.fixture(scope="session")
def golden_folders(golden_store: Path, rule_var: Path, model_var: Path, governed_var: Path) -> GoldenFolders:
    """The folders that most desks of ``fixtures.desk_states`` are over."""
    return GoldenFolders(golden_store, rule_var, model_var, governed_var)


OpenDesk = Callable[..., Desk]


@pytest.fixture
def open_desk(golden_store: Path, tmp_path: Path) -> Iterator[OpenDesk]:
    """Desks over a var folder, each with an audit log of its own."""
    opened: list[Desk] = []

    def make(var: Path, **options: object) -> Desk:
        arguments = {"clock": lambda: NOW, "database_path": tmp_path / f"desk{len(opened)}.sqlite", **options}
        opened.append(Desk(arguments.pop("store", golden_store), var, **arguments))
        return opened[-1]

    yield make
    for desk in opened:
        desk.close()


@pytest.fixture
def desk(open_desk: OpenDesk, rule_var: Path) -> Desk:
    """A desk over the lists by rule."""
    return open_desk(rule_var)


@pytest.fixture
def every_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """The desk shows places as if people had graded every relationship; how they come to be shown is tested apart."""
    monkeypatch.setattr(reveal, "Places", every_place_of)


@pytest.fixture(autouse=True, scope="session")
def nothing_sealed() -> Iterator[None]:
    """No case of any list is sealed, which a key decides that is drawn at random; a test seals what it needs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Sealer, "sealed", lambda *_: False)
        yield


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
