"""``threat demo``: a synthetic force, end to end, by the same commands a force would run.

Each step is a ``threat`` command in a process of its own. The desk opens on the rule ranking as soon as there is a
list; training goes on meanwhile; then the audit, the gate with DEMONSTRATION signatories, and, when the gate lets it,
the model ranking. A second run uses what is there: the force, and the model if one was released. ``--fresh`` starts
over.
"""

from __future__ import annotations

import json
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from features import load_catalogue
from serving.demonstration.processes import MARK, RUN, Demonstration, StepFailed
from serving.demonstration.tour import for_reviewers, tour_steps
from serving.desk.server import listen
from serving.lists.rankings import current
from threat import lists, untrusted
from threat.asof import DAY, parse_as_of, show
from threat.dates import as_of_day
from threat.errors import GateRefused, UsageError
from threat.files import write_whole
from threat.measuring.figure import Verdict
from threat.release.documents.gate import Gate
from threat.release.runs import Run
from threat.terminal import emit
from threat.trust import demonstration, key_list
from threat.trust.folder import Trust

RELATIONSHIPS, YEARS, CAPACITY = 3_000, 5, 140
"""A force that is made and trained in minutes. The gate allows a list of a tenth of the rows at most, and the longer
the list, the more outcomes there are to judge a model by."""


def run(var: Path, *, port: int, serve: bool, seed: int, fresh: bool, as_json: bool) -> None:
    """Run the whole demonstration. Ends by itself without ``serve``; otherwise at Ctrl-C.

    Raises UsageError when the port is in use or the folder holds something else, and whatever a step raised.
    """
    if serve:
        listen("127.0.0.1", port).close()  # before minutes of work: a port in use is the commonest mistake
    demo = Demonstration(var, seed, quiet=as_json, started=time.monotonic())
    prepare(demo, fresh=fresh)
    with _interruptible():
        try:
            document = _steps(demo, port, serve=serve)
            emit(document, as_json=as_json, lines=_show)
            sys.stdout.flush()
            _wait_for_the_desk(demo)
        except KeyboardInterrupt:
            demo.say("\nStopping. What was made stays; the next run goes on from there.")
        finally:
            demo.stop()


@contextmanager
def _interruptible() -> Iterator[None]:
    """Make SIGTERM end the block as Ctrl-C does, so that the desk and a running step are stopped too."""
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _wait_for_the_desk(demo: Demonstration) -> None:
    if demo.server is not None:
        demo.say(f"\nThe desk is at {demo.address} (this machine only). Ctrl-C ends it.")
        code = demo.server.wait()
        if code != 0:
            raise StepFailed("serve", code if code > 0 else 1, {})


def prepare(demo: Demonstration, *, fresh: bool) -> None:
    """Make the folder ready: empty, or of an earlier demonstration that can be used.

    Raises UsageError for a folder that holds anything else.
    """
    mark = demo.var / MARK
    if demo.var.exists() and any(demo.var.iterdir()) and not mark.is_file():
        raise UsageError(
            "The folder holds something other than a demonstration.",
            where=str(demo.var),
            way_out="name an empty folder with --var",
        )
    made_with = {
        "relationships": RELATIONSHIPS,
        "years": YEARS,
        "capacity": CAPACITY,
        "seed": demo.seed,
        "training": (files("serving.demonstration") / "training.yaml").read_text(encoding="utf-8"),
        "catalogue": load_catalogue().version,
        # The gate's document of an earlier run is read again: of another version, the demonstration starts over.
        "gate": Gate.of_version(),
        # What keys of another trust signed verifies nowhere: with another root, the demonstration starts over.
        "trust": key_list.read_pin(demonstration.make(demo.trust, at=int(time.time())).folder)["root"],
    }
    if mark.is_file() and (fresh or _read_note(mark) != made_with):
        if not fresh:
            demo.say("The earlier demonstration was made with other settings or features: starting over.")
        shutil.rmtree(demo.var)
    demo.var.mkdir(parents=True, exist_ok=True)
    write_whole(mark, json.dumps(made_with))


def _steps(demo: Demonstration, port: int, *, serve: bool) -> dict[str, Any]:
    demo.begin(f"A synthetic force: about {RELATIONSHIPS:,} relationships over {YEARS} years, nobody in it lives")
    as_of = _make_force(demo)
    released = _has_released_model(demo)
    if not released:
        demo.begin(f"A first list for {as_of_day(as_of)}, by a rule: no model has been released")
        shown = _publish_list(demo, as_of)
        demo.show("A rule orders this list while a model is being trained. Reload this page in a minute or two.")
    if serve:
        demo.serve(port)
        demo.say(f"      The desk is open: {demo.address}  (be Rita Reviewer)")
    if released:
        demo.say("      A model was released by an earlier run: nothing is trained again (--fresh starts over).")
    else:
        _train(demo)
        _audit(demo)
        released = _ask_the_gate(demo)
    gate = Run.open(demo.run_directory).read(Gate)
    if released:
        demo.begin("The list again, by the model")
        shown = _publish_list(demo, as_of)
    return _finish(demo, shown, gate, released=released)


def _make_force(demo: Demonstration) -> int:
    """Make the force, or use the force that is there; returns the end of its records in UTC seconds."""
    note = demo.var / "force.json"
    if not isinstance(_read_note(note).get("to"), str):
        shutil.rmtree(demo.var / "force", ignore_errors=True)
        _, made = demo.threat(
            *("simulate", "--relationships", str(RELATIONSHIPS), "--years", str(YEARS), "--seed", str(demo.seed)),
            *("--out", str(demo.var / "force")),
        )
        # Written when the force is whole: a force without its note was cut off, and is made again.
        write_whole(note, json.dumps({"to": made["to"]}))
    return parse_as_of(_read_note(note)["to"])


def _has_released_model(demo: Demonstration) -> bool:
    """Tell whether a model ranks; a model whose release has expired is released again."""
    chain = demo.var / "promotions.jsonl"
    return chain.is_file() and current(chain, int(time.time()), trust=Trust.open(demo.trust.folder)).kind == "model"


def _publish_list(demo: Demonstration, as_of: int) -> dict[str, Any]:
    """Publish a list by the ranking in service, and before it one of a week ago, so that there are changes to show."""
    score = ("score", "--capacity", str(CAPACITY), *demo.folders)
    _, week_ago = demo.threat(*score, "--as-of", show(as_of - 7 * DAY))
    _, today = demo.threat(*score, "--as-of", show(as_of), "--previous", week_ago["list"], "--publish")
    return today


def _train(demo: Demonstration) -> None:
    if not (demo.run_directory / "manifest.json").is_file():  # sealed last: without the manifest training was cut off
        shutil.rmtree(demo.run_directory, ignore_errors=True)
        demo.begin("Training: folds, baselines, calibration (the desk stays open)")
        training = str(files("serving.demonstration") / "training.yaml")
        demo.threat(
            *("train", "--config", training, "--capacity", str(CAPACITY)),
            *("--out", str(demo.var / "runs"), "--run-id", RUN, "--store", str(demo.store)),
        )


def _audit(demo: Demonstration) -> None:
    demo.begin("Fairness audit: who would a list of this length serve?")
    demo.show("The model is trained and is being audited. A rule still orders this list.")
    demo.threat("audit", str(demo.run_directory), "--store", str(demo.store))


def _ask_the_gate(demo: Demonstration) -> bool:
    """Ask the gate, and return whether the model was released; a refusal is an answer, not a failure."""
    demo.begin("The gate, with DEMONSTRATION signatories, who count nowhere else")
    code, _ = demo.threat(
        *("release", str(demo.run_directory), "--environment", "demonstration", "--var", str(demo.var)),
        # Figures and audit are computed again; training again would double the minutes of the demonstration.
        *("--store", str(demo.store), "--no-retrain"),
        accept=(GateRefused.exit_code,),
    )
    return code == 0


def _finish(demo: Demonstration, shown: dict[str, Any], gate: Gate, *, released: bool) -> dict[str, Any]:
    # A process of its own, as every step: what the desk believes is named in its environment.
    _, worked = demo.threat("demo-week", *demo.folders)
    listed = lists.open_list(demo.var / "lists", shown["list"], Trust.open(demo.trust.folder))
    steps = tour_steps(listed, gate, week=worked["week"])
    demo.show(_status(gate, released=released), steps)
    return {
        "address": demo.address,
        "trust": demo.trust.exports,
        "force": str(demo.store),
        "run": str(demo.run_directory),
        "list": shown["list"],
        "ranking": shown["ranking"],
        "released": released,
        "gate": gate.verdict.value,
        "reasons": [] if released else _why(gate),
        "tour": [step.model_dump() for step in steps],
        "seconds": round(time.monotonic() - demo.started, 1),
    }


def _read_note(path: Path) -> dict[str, Any]:
    """Read a JSON note of an earlier run; {} for a missing or unreadable note, and the caller makes it again."""
    try:
        return untrusted.decode_object(untrusted.read(path))
    except (FileNotFoundError, untrusted.MalformedError):
        return {}


def _why(gate: Gate) -> list[str]:
    return [
        f"{check.title}: {check.reason}" for check in gate.checks if check.required and check.verdict != Verdict.PASS
    ]


def _status(gate: Gate, *, released: bool) -> str:
    if released:
        return "The model orders this list. DEMONSTRATION signatories approved it; they count nowhere else."
    return f"The gate refused the model, so a rule orders this list. Why: {for_reviewers('; '.join(_why(gate)))}."


def _show(document: dict[str, Any]) -> str:
    lines = [f"\nDone in {document['seconds']:.0f} s."]
    if document["released"]:
        lines.append("The gate let the model through. DEMONSTRATION signatories signed; they count nowhere else.")
        lines.append("Most forces this small are refused.")
    else:
        lines += ["The gate refused the model; the rule ranking is served, labelled:"]
        lines += [f"  - {reason}" for reason in document["reasons"]]
    lines.append("\nA short tour:")
    for number, step in enumerate(document["tour"], 1):
        place = f"{document['address'].rstrip('/')}{step['link']}" if document["address"] else step["link"]
        lines += [f" {number}. {step['title']}", f"    {step['text']}", f"    {place}"]
    lines += ["\nOther commands on this demonstration need its trust, which nothing else believes:"]
    lines += [f"  {document['trust']}"]
    return "\n".join(lines)
