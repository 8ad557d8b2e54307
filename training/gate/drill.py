"""A drill: the gate is shown spoiled copies of a RUN, and must refuse every one of them."""

from __future__ import annotations

import base64
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threat.errors import GateRefused, IntegrityFailure
from threat.measuring.figure import Verdict
from threat.release.documents.evaluation import Evaluation
from threat.release.documents.fairness import Fairness
from threat.release.documents.fairness_verdict import FairnessVerdict
from threat.release.documents.recomputation import Recomputation
from threat.release.envelopes import Envelopes
from threat.release.runs import ANNEXES, MANIFEST, Run
from threat.trust.folder import Trust
from training.gate.asking import Asked
from training.gate.release import Checked, judge

Recompute = Callable[[Run], Recomputation]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One spoiled copy, and what came of it. ``by``: the checks or the failure that refused it; empty: it passed."""

    what: str
    refused: bool
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drill:
    """What a drill is made with. ``recompute``: computes a copy again, as a release computes the RUN."""

    run: Run
    asked: Asked
    trust: Trust
    envelopes: Envelopes
    recompute: Recompute

    def attempts(self) -> list[Attempt]:
        """Show the gate every spoiled copy and return what came of each. The RUN itself is not written to.

        Raises UsageError where the RUN has no evaluation or audit to forge.
        """
        cases: tuple[tuple[str, Callable[[Path], tuple[Run, Envelopes]]], ...] = (
            ("a byte of a sealed file changed", self._changed),
            ("a figure forged, and the manifest made to fit", self._forged),
            ("an audit written by hand, in which every group passes", self._by_hand),
            ("an altered statement", self._altered),
            ("no person's approval", self._unsigned),
        )
        computed: dict[tuple[tuple[str, str], ...], Recomputation] = {}

        def recompute(run: Run) -> Recomputation:
            # Copies of which only the statements are spoiled hold the same files, and are computed again once.
            files = tuple(sorted(run.hashes().items()))
            if files not in computed:
                computed[files] = self.recompute(run)
            return computed[files]

        return [self._attempt(what, spoil, recompute) for what, spoil in cases]

    def _attempt(self, what: str, spoil: Callable[[Path], tuple[Run, Envelopes]], recompute: Recompute) -> Attempt:
        with _copy(self.run) as directory:
            try:
                run, envelopes = spoil(directory)
                gate = judge(run, self.asked, self.trust, envelopes, Checked(recompute(run))).gate
            except (GateRefused, IntegrityFailure) as failure:
                return Attempt(what, True, (failure.problem,))
        refusing = tuple(check.name for check in gate.checks if check.required and check.verdict != Verdict.PASS)
        return Attempt(what, gate.verdict != Verdict.PASS, refusing)

    def _changed(self, directory: Path) -> tuple[Run, Envelopes]:
        path = directory / Evaluation.FILE
        path.write_bytes(path.read_bytes() + b" ")
        return Run.open(directory), self.envelopes

    def _forged(self, directory: Path) -> tuple[Run, Envelopes]:
        """Let the model's recall be one tenth higher, and seal the RUN anew as a forger would."""
        whole = self.run.read(Evaluation)
        model, *others = whole.rankings
        figures = tuple(
            figure.model_copy(update={"value": min(1.0, figure.value + 0.1)})
            if figure.value is not None and figure.name == "recall_at_capacity"
            else figure
            for figure in model.figures
        )
        forged = whole.model_copy(update={"rankings": (model.model_copy(update={"figures": figures}), *others)})
        annexes = {entry.name: (directory / entry.name).read_bytes() for entry in self.run.annexes()}
        for name in (*annexes, ANNEXES, MANIFEST):
            (directory / name).unlink(missing_ok=True)
        run = Run(directory, self.run.id)
        run.write(forged)
        run.seal()
        for name, data in annexes.items():
            run.add(name, data)
        return Run.open(directory), self.envelopes

    def _by_hand(self, directory: Path) -> tuple[Run, Envelopes]:
        run = Run.open(directory)
        report = run.read(Fairness)
        passing = tuple(
            item.model_copy(update={"verdict": FairnessVerdict.PASS, "note": f"{item.note} "})
            for item in report.characteristics
        )
        run.write(report.model_copy(update={"verdict": FairnessVerdict.PASS, "characteristics": passing}))
        return run, self.envelopes

    def _altered(self, directory: Path) -> tuple[Run, Envelopes]:
        altered = [dict(envelope) for envelope in self.envelopes]
        for envelope in altered[:1]:
            body: dict[str, Any] = json.loads(base64.b64decode(envelope["payload"]))
            envelope["payload"] = base64.b64encode(json.dumps(body | {"on": "2000-01-01"}).encode()).decode()
        return Run.open(directory), altered

    def _unsigned(self, directory: Path) -> tuple[Run, Envelopes]:
        return Run.open(directory), []


@contextmanager
def _copy(run: Run) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="threat-drill-") as folder:
        yield Path(shutil.copytree(run.directory, Path(folder) / run.id))
