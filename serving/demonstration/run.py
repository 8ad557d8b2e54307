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
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from serving.dates import day
from serving.demonstration.tour import tour_steps
from serving.desk.server import listen
from serving.desk.tour import Tour, TourStep
from threat import lists
from threat.asof import DAY, parse_as_of, show
from threat.errors import GateRefused, ThreatError, UsageError
from threat.files import write_whole
from threat.terminal import emit

# A tenth of the rows at most is what the gate allows: the longer the list, the more outcomes to judge by.
RELATIONSHIPS, YEARS, CAPACITY = 3_000, 5, 140
RUN = "demonstration"
STEPS = 6
MARK = "demo.json"


class StepFailed(ThreatError):
    """A command of the demonstration failed; carries its exit code and what it said."""

    def __init__(self, command: str, code: int, said: dict[str, Any]) -> None:
        super().__init__(
            str(said.get("problem") or f"The step {command} failed."),
            value=said.get("value"),
            where=str(said.get("where") or f"threat {command}"),
            way_out=str(said.get("way_out") or "run the demonstration again; --fresh starts over"),
        )
        self.exit_code = code


@dataclass
class Demonstration:
    """The folder, the running children and where the steps stand."""

    var: Path
    seed: int
    quiet: bool
    server: subprocess.Popen[str] | None = None
    child: subprocess.Popen[str] | None = None
    address: str = ""
    step: int = 0
    started: float = 0.0

    @property
    def store(self) -> Path:
        return self.var / "force" / "history"

    @property
    def run_directory(self) -> Path:
        return self.var / "runs" / RUN

    def say(self, text: str) -> None:
        """A line on standard error, so that standard output stays one document under ``--json``."""
        if not self.quiet:
            print(text, file=sys.stderr, flush=True)

    def begin(self, title: str) -> None:
        """Announce the next step, in the terminal and on the pages."""
        self.step += 1
        self.say(f"[{self.step}/{STEPS}] {title}  ({time.monotonic() - self.started:.0f} s)")

    def threat(self, *arguments: str, accept: tuple[int, ...] = ()) -> tuple[int, dict[str, Any]]:
        """Run a command with ``--json``; its progress bars show. Raises StepFailed unless its code is 0 or accepted."""
        self.child = subprocess.Popen(
            [sys.executable, "-m", "threat.cli", *arguments, "--json"],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        out, _ = self.child.communicate()
        code, self.child = self.child.returncode, None
        try:
            document = json.loads(out)
        except ValueError:
            document = {}
        if code != 0 and code not in accept:
            raise StepFailed(arguments[0], code if code > 0 else 1, document)
        return code, document

    def serve(self, port: int) -> None:
        """Start the desk and wait until it says where it is."""
        self.server = subprocess.Popen(
            [
                *(sys.executable, "-m", "threat.cli", "serve", "--json"),
                *("--port", str(port), "--store", str(self.store), "--var", str(self.var)),
                *("--tour", str(self.var / "tour.json")),
            ],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.server.stdout is not None
        line = self.server.stdout.readline()
        said = json.loads(line) if line else {}
        if "address" not in said:
            raise StepFailed("serve", self.server.wait() or 1, said)
        self.address = str(said["address"])

    def tell(self, status: str, steps: list[TourStep] | None = None) -> None:
        """Put where the demonstration stands on the pages."""
        write_whole(self.var / "tour.json", Tour(status=status, steps=steps or []).model_dump_json(indent=2))

    def stop(self) -> None:
        """End what still runs, the desk last."""
        for process in (self.child, self.server):
            if process is not None and process.poll() is None:
                process.terminate()
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def run(var: Path, *, port: int, serve: bool, seed: int, fresh: bool, as_json: bool) -> None:
    """The whole demonstration. Ends by itself without ``serve``; otherwise at Ctrl-C.

    Raises UsageError when the port is taken or the folder holds something else, and whatever a step raised.
    """
    if serve:
        listen("127.0.0.1", port).close()
    demo = Demonstration(var, seed, quiet=as_json, started=time.monotonic())
    prepare(demo, fresh=fresh)
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        document = _steps(demo, port, serve=serve)
        emit(document, as_json=as_json, lines=_show)
        sys.stdout.flush()
        if demo.server is not None:
            demo.say(f"\nThe desk is at {demo.address} (this machine only). Ctrl-C ends it.")
            code = demo.server.wait()
            if code != 0:
                raise StepFailed("serve", code if code > 0 else 1, {})
    except KeyboardInterrupt:
        demo.say("\nStopping. What was made stays; the next run goes on from there.")
    finally:
        demo.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def prepare(demo: Demonstration, *, fresh: bool) -> None:
    """An empty folder, or one of an earlier demonstration that can be used. Raises UsageError for any other folder."""
    mark = demo.var / MARK
    made_with = {
        "relationships": RELATIONSHIPS,
        "years": YEARS,
        "capacity": CAPACITY,
        "seed": demo.seed,
        "training": (files("serving.demonstration") / "training.yaml").read_text(encoding="utf-8"),
        "catalogue": _catalogue_version(),
    }
    if demo.var.exists() and any(demo.var.iterdir()) and not mark.is_file():
        raise UsageError(
            "The demonstration has a folder of its own.", where=str(demo.var), way_out="name an empty one with --var"
        )
    if mark.is_file() and (fresh or _note(mark) != made_with):
        if not fresh:
            demo.say("The earlier demonstration was made with other settings or features: starting over.")
        shutil.rmtree(demo.var)
    demo.var.mkdir(parents=True, exist_ok=True)
    write_whole(mark, json.dumps(made_with))


def _steps(demo: Demonstration, port: int, *, serve: bool) -> dict[str, Any]:
    store, var = ("--store", str(demo.store)), ("--var", str(demo.var))
    demo.begin(f"A synthetic force: about {RELATIONSHIPS:,} relationships over {YEARS} years, nobody in it lives")
    as_of = _force(demo)
    today, week_ago = show(as_of), show(as_of - 7 * DAY)
    score = ("score", "--capacity", str(CAPACITY), *store, *var)
    released = _released(demo)
    if not released:
        demo.begin(f"A first list for {day(as_of)}, by a rule: no model has been released")
        _, before = demo.threat(*score, "--as-of", week_ago)
        _, rule = demo.threat(*score, "--as-of", today, "--previous", before["list"], "--publish")
        demo.tell("A rule orders this list while a model is being trained. Reload this page in a minute or two.")
    if serve:
        demo.serve(port)
        demo.say(f"      The desk is open: {demo.address}  (pick the role of reviewer)")
    if released:
        demo.say("      A model was released by an earlier run: nothing is trained again (--fresh starts over).")
        gate = _gate_of_release(demo)
        rule = {}
    else:
        if not (demo.run_directory / "manifest.json").is_file():
            shutil.rmtree(demo.run_directory, ignore_errors=True)
            demo.begin("Training: folds, baselines, calibration (the desk stays open)")
            training = str(files("serving.demonstration") / "training.yaml")
            demo.threat(
                *("train", "--config", training, "--capacity", str(CAPACITY), "--threads", "2"),
                *("--out", str(demo.var / "runs"), "--run-id", RUN, *store),
            )
        demo.begin("Fairness audit: who would a list of this length serve?")
        demo.tell("The model is trained and is being audited. A rule still orders this list.")
        demo.threat("audit", str(demo.run_directory), *store)
        demo.begin("The gate, with DEMONSTRATION signatories, who count nowhere else")
        code, said = demo.threat(
            *("release", str(demo.run_directory), "--environment", "demonstration", *var),
            accept=(GateRefused.exit_code,),
        )
        gate, released = said["gate"], code == 0
    if released:
        demo.begin("The list again, by the model")
        _, before = demo.threat(*score, "--as-of", week_ago)
        _, final = demo.threat(*score, "--as-of", today, "--previous", before["list"], "--publish")
    else:
        final = rule
    listed = lists.open_list(demo.var / "lists", final["list"])
    steps = tour_steps(listed, gate)
    demo.tell(_standing(gate, released=released), steps)
    return {
        "address": demo.address,
        "force": str(demo.store),
        "run": str(demo.run_directory),
        "list": final["list"],
        "ranking": final["ranking"],
        "released": released,
        "gate": gate["verdict"],
        "reasons": [] if released else _why(gate),
        "tour": [step.model_dump() for step in steps],
        "seconds": round(time.monotonic() - demo.started, 1),
    }


def _force(demo: Demonstration) -> int:
    """Make the force, or use the one that is there; the end of its records in UTC seconds."""
    note = demo.var / "force.json"
    if not isinstance(_note(note).get("to"), str):
        shutil.rmtree(demo.var / "force", ignore_errors=True)
        _, made = demo.threat(
            *("simulate", "--relationships", str(RELATIONSHIPS), "--years", str(YEARS), "--seed", str(demo.seed)),
            *("--out", str(demo.var / "force")),
        )
        write_whole(note, json.dumps({"to": made["to"]}))
    return parse_as_of(_note(note)["to"])


def _note(path: Path) -> dict[str, Any]:
    """What an earlier run wrote down; nothing where there is no such file or a torn one, which is then made anew."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _released(demo: Demonstration) -> bool:
    """Whether a model ranks; one whose release has expired is released again."""
    from serving.lists.rankings import current

    chain = demo.var / "promotions.jsonl"
    return chain.is_file() and current(chain, int(time.time())).kind == "model"


def _gate_of_release(demo: Demonstration) -> dict[str, Any]:
    from threat.release.runs import Run

    return dict(Run.open(demo.run_directory).read_json("gate.json"))


def _catalogue_version() -> str:
    from features.load import load_catalogue

    return load_catalogue().version


def _why(gate: dict[str, Any]) -> list[str]:
    return [
        f"{check['title']}: {check['reason']}"
        for check in gate["checks"]
        if check["required"] and check["verdict"] != "pass"
    ]


def _standing(gate: dict[str, Any], *, released: bool) -> str:
    if released:
        return "The model orders this list. DEMONSTRATION signatories approved it; they count nowhere else."
    return f"The gate refused the model, so a rule orders this list. Why: {'; '.join(_why(gate))}."


def _show(document: dict[str, Any]) -> str:
    lines = [f"\nDone in {document['seconds']:.0f} s."]
    if document["released"]:
        lines.append("The gate let the model through. DEMONSTRATION signatories signed; they count nowhere else.")
        lines.append("Forces this small are mostly refused; this one was chosen to show a model in service.")
        lines.append("To see a refusal: threat demo --fresh --seed 7")
    else:
        lines += ["The gate refused the model; the rule ranking is served, labelled:"]
        lines += [f"  - {reason}" for reason in document["reasons"]]
    lines.append("\nA short tour:")
    for number, step in enumerate(document["tour"], 1):
        place = f"{document['address'].rstrip('/')}{step['link']}" if document["address"] else step["link"]
        lines += [f" {number}. {step['title']}", f"    {step['text']}", f"    {place}"]
    return "\n".join(lines)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt
