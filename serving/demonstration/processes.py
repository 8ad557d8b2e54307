"""The commands of a demonstration as processes of its own, and where its steps are by now."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serving.desk.tour import Tour, TourStep
from threat.errors import ThreatError
from threat.files import write_whole
from threat.trust import demonstration
from threat.trust.demonstration import DemonstrationTrust

RUN = "demonstration"
"""Id of the RUN that the demonstration trains."""

STEPS = 6
"""Steps of a first run, as announced: force, list by rule, training, audit, gate, list by the model."""

_SECONDS_TO_END = 10
"""A desk that was asked to end closes its connections and its log well within this time."""


MARK = "demo.json"
"""Says what a folder was made with; a folder without this file is not the demonstration's to write in."""


class StepFailed(ThreatError):
    """A command of the demonstration failed; carries its exit code and the problem that it reported."""

    def __init__(self, command: str, code: int, document: dict[str, Any]) -> None:
        super().__init__(
            str(document.get("problem") or f"The step {command} failed."),
            value=document.get("value"),
            where=str(document.get("where") or f"threat {command}"),
            way_out=str(document.get("way_out") or "run the demonstration again; --fresh starts over"),
        )
        self.exit_code = code


@dataclass
class Demonstration:
    """The folder of a demonstration, its running processes and its current step."""

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
        """The history of the synthetic force."""
        return self.var / "force" / "history"

    @property
    def run_directory(self) -> Path:
        """The RUN that the demonstration trains."""
        return self.var / "runs" / RUN

    @property
    def folders(self) -> tuple[str, ...]:
        """``--store`` and ``--var`` for a command."""
        return ("--store", str(self.store), "--var", str(self.var))

    @property
    def trust(self) -> DemonstrationTrust:
        """The trust of this demonstration, next to its folder; no process but those of the demonstration is told."""
        return demonstration.place_of(self.var)

    def say(self, text: str) -> None:
        """Print a line on standard error, so that standard output stays one document under ``--json``."""
        if not self.quiet:
            print(text, file=sys.stderr, flush=True)

    def begin(self, title: str) -> None:
        """Announce the next step in the terminal."""
        self.step += 1
        self.say(f"[{self.step}/{STEPS}] {title}  ({time.monotonic() - self.started:.0f} s)")

    def threat(self, *arguments: str, accept: tuple[int, ...] = ()) -> tuple[int, dict[str, Any]]:
        """Run a command with ``--json`` and return its exit code and document; its progress bars show.

        Raises StepFailed unless the code is 0 or accepted.
        """
        self.child = self._start(*arguments, "--json")
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
        """Start the desk and wait until it says its address."""
        tour = ("--tour", str(self.var / "tour.json"))
        self.server = self._start("serve", "--development", "--json", "--port", str(port), *self.folders, *tour)
        assert self.server.stdout is not None
        line = self.server.stdout.readline()
        document = json.loads(line) if line else {}
        if "address" not in document:
            raise StepFailed("serve", self.server.wait() or 1, document)
        self.address = str(document["address"])

    def show(self, status: str, steps: list[TourStep] | None = None) -> None:
        """Show on the pages how far the demonstration is, with its tour once there is one."""
        write_whole(self.var / "tour.json", Tour(status=status, steps=steps or []).model_dump_json(indent=2))

    def stop(self) -> None:
        """End every process that still runs, the desk last."""
        for process in (self.child, self.server):
            if process is not None and process.poll() is None:
                process.terminate()
                try:
                    process.wait(_SECONDS_TO_END)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def _start(self, *arguments: str) -> subprocess.Popen[str]:
        # A session of its own: Ctrl-C in the terminal reaches this process alone, which then ends its children in
        # order.
        # The trust is named in the environment of each process: whatever trust the machine has, it is not asked.
        return subprocess.Popen(
            [sys.executable, "-m", "threat.cli", *arguments],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # Nor are database and sign-in: what is made up never gets into a force's own log, nor asks for its people.
            env=os.environ | self.trust.variables | {"THREAT_DATABASE": "", "THREAT_SIGN_IN": ""},
        )
