"""``threat verify-training``: another holder of a key for evidence trains a RUN again, and signs what came out."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from threat.errors import IntegrityFailure, UsageError
from threat.options import STORE, JsonOption, KeyOption, RunArgument, StoreOption, ThreadsOption
from threat.terminal import emit, progress

# Commands import the rest of the product when they run, so that `threat --help` loads none of it.
app = typer.Typer()


@app.command("verify-training")
def verify_training_command(
    run: RunArgument,
    store: StoreOption = STORE,
    policy: Annotated[
        Path | None, typer.Option(help="The force's own policy.yaml, where the RUN was trained with one.")
    ] = None,
    key: KeyOption = None,
    threads: ThreadsOption = 1,
    as_json: JsonOption = False,
) -> None:
    """Train a RUN again with the same lock file and platform, and sign that every sealed file came out.

    With a key for evidence of another holder than the training's: a force's gate asks for that before a model is
    served. Takes as long as the training did. Exit 5 where other files come out; nothing is signed then.
    """
    from threat.release.attestations import attest_retraining, second_signer
    from threat.release.runs import Run
    from threat.trust.folder import Trust
    from training.provenance import provenance
    from training.verification.retraining import retrain

    opened, trust = Run.open(run), Trust.open()
    second = second_signer(opened, trust, key)  # before what takes as long as the training
    began = time.monotonic()
    with progress("Training the RUN again"):
        training = retrain(opened, store, policy=policy, threads=threads)
    if training.state == "not_here":
        raise UsageError(
            "The training cannot be repeated here.",
            value=training.why_not,
            where=str(opened.directory),
            way_out="repeat it on a machine with the lock file, the code and the platform that provenance.json names",
        )
    if training.differences:
        first = training.differences[0]
        raise IntegrityFailure(
            f"The training, repeated, came to other files: {len(training.differences)}.",
            value=f"{first.document}: sealed {first.sealed[:12]}, recomputed {first.recomputed[:12]}",
            where=str(opened.directory),
            way_out="do not release it; find out who made the RUN, and train again",
        )
    attest_retraining(opened, provenance(policy), second)
    document = {
        "run_id": opened.id,
        "retrained": training.state,
        "signed_by": second.signer.key.name,
        "seconds": round(time.monotonic() - began),
    }
    emit(
        document,
        as_json=as_json,
        lines=lambda d: (
            f"{d['run_id']} was trained again in {d['seconds']} s: every sealed file came out byte for byte. "
            f"Signed by {d['signed_by']}."
        ),
    )
