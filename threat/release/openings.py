"""The ledger of opened tests: one chained file in the history's folder, so that a new folder of RUNs resets nothing.

Choosing among RUNs by their figures on one test is tuning on that test. So every training, before it opens its test,
adds a line that says which test, which RUN and which model; whoever reads a RUN can count how often its test had been
opened before, wherever the other RUNs were kept. A RUN seals the head of the ledger as its own line left it: a ledger
that was cut or rewritten since no longer holds that line, and a head that governance witnessed neither.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from threat import untrusted
from threat.errors import BadInput, IntegrityFailure
from threat.history import manifest
from threat.release.documents.earlier import Question, question_of
from threat.release.documents.folds import Folds
from threat.release.runs import Run
from threat.trust import chain, records
from threat.trust.chain import Head
from threat.trust.folder import Trust

LEDGER: Final = "test_openings.jsonl"
"""Name of the file, next to the manifest of the history."""

PAYLOAD_TYPE: Final = "application/vnd.threat.opening+json"
VERB: Final = "evidence"


@dataclass(frozen=True, slots=True)
class Opening:
    """One line of the ledger.

    ``question``: which test. ``model_sha256``: of the model that the test was opened with. ``at``: when the training
    began, in words (UTC). ``signed_by``: holder of the key, empty where no trust folder existed. ``head``: of the
    ledger with this line as its last.
    """

    question: Question
    run_id: str
    model_sha256: str
    at: str
    signed_by: str
    head: Head


def same_test(question: Question, other: Question) -> bool:
    """Return True for two questions about one test: the same outcome, cohort and first day.

    A history with a few more records asks the same months again, so the snapshot does not tell two tests apart.

    >>> first = Question("s1", "2025-01-01T00:00:00+00:00", "Y2", 180, "monthly")
    >>> later_load = Question("s2", "2025-01-01T00:00:00+00:00", "Y2", 180, "monthly")
    >>> other_month = Question("s1", "2025-02-01T00:00:00+00:00", "Y2", 180, "monthly")
    >>> same_test(first, later_load), same_test(first, other_month)
    (True, False)
    """
    return _identity(question) == _identity(other)


def _identity(question: Question) -> tuple[str, str, int, str]:
    return question.test_start, question.rung, question.horizon_days, question.cohort


def openings(store: Path, trust: Trust) -> Iterator[Opening]:
    """Yield every line of the ledger of a history, oldest first, verified as it is read.

    A line that nobody signed, or whose key is no longer believed, counts as an opening too, of nobody: it can only make
    the count larger. Raises IntegrityFailure, naming the line, for a ledger that was changed or is shorter than
    governance witnessed, and for a signature that no key for evidence verifies.
    """
    path, belief, hashes = store / LEDGER, trust.belief(chain_name(store)), list[str]()
    for line in chain.entries(path):
        entry, by = line["entry"], ""
        hashes.append(line["hash"])
        if "payload" in entry and trust.exists:
            signed = records.check(line, PAYLOAD_TYPE, trust.keys, verb=VERB, path=path, ended=True)
            believed = belief.of(signed.sequence, signed.hash, signed.key) == "believed"
            record, by = signed.record, signed.key.name if believed else ""
        elif "payload" in entry:
            record = _unverified(entry)
        else:
            record = entry
        yield _opening(record, by, Head(line["sequence"] + 1, line["hash"]), f"{path}, line {line['sequence'] + 1}")
    belief.require_heads(path, hashes)


def chain_name(store: Path) -> str:
    """Return what the ledger of a history is called where governance names chains; it goes with the history."""
    return f"openings {manifest.history_id(store)}".rstrip()


def record_opening(store: Path, opening: Opening, trust: Trust) -> Opening:
    """Add an opening to the ledger, unless that very RUN has opened that test with that model; return it with its head.

    Signed where a trust folder exists and this process has the key for evidence. Raises IntegrityFailure for a damaged
    ledger, OSError where the ledger cannot be written.
    """
    for earlier in openings(store, trust):
        if _repeats(earlier, opening):
            # A training that was resumed, or repeated to be checked: the same model sees nothing new.
            return earlier
    record = {
        "snapshot": opening.question.snapshot,
        "test_start": opening.question.test_start,
        "rung": opening.question.rung,
        "horizon_days": opening.question.horizon_days,
        "cohort": opening.question.cohort,
        "run_id": opening.run_id,
        "model_sha256": opening.model_sha256,
        "at": opening.at,
    }
    path, signer = store / LEDGER, trust.may_sign(VERB)
    if signer is None:
        chain.append(path, record)
    else:
        records.append(path, record, PAYLOAD_TYPE, signer)
    return next(added for added in reversed(list(openings(store, trust))) if _repeats(added, opening))


def earlier_runs(store: Path, opening: Opening, trust: Trust) -> list[str]:
    """Return the ids of the RUNs that opened the same test before an opening, each once, in the order of the ledger."""
    names = []
    for earlier in openings(store, trust):
        if earlier.head.count >= opening.head.count:
            break
        if same_test(earlier.question, opening.question):
            names.append(earlier.run_id)
    return [name for name in dict.fromkeys(names) if name != opening.run_id]


def times_opened(run: Run, store: Path, trust: Trust) -> int:
    """Return how many models have been seen on a RUN's test up to now, its own among them.

    Raises IntegrityFailure where the ledger no longer holds a line that this RUN, or a RUN in the same folder, sealed:
    the ledger was cut, rewritten or replaced.
    """
    lines = list(openings(store, trust))
    present = {(line.head.count, line.head.hash) for line in lines}
    # The RUNs in the same folder too: lines that were added after this RUN's own are known to them alone.
    for folder in sorted(path.parent for path in run.directory.parent.glob(f"*/{Folds.FILE}")):
        sealed = _sealed_line(folder)
        if sealed is not None and sealed not in present:
            raise IntegrityFailure(
                "The ledger of opened tests no longer holds a line that a RUN sealed: it was cut or rewritten.",
                value=f"line {sealed[0]}, of the RUN {folder.name}",
                where=str(store / LEDGER),
                way_out="restore the ledger from a copy, and tell the person responsible for security",
            )
    asked = question_of(run.directory)
    return 0 if asked is None else sum(same_test(line.question, asked) for line in lines)


def _sealed_line(folder: Path) -> tuple[int, str] | None:
    """Return number and hash of the ledger's line that a RUN sealed; None for a RUN of before, or a damaged RUN.

    Another RUN's damage is another RUN's: the RUN that is asked about was verified when it was opened.
    """
    try:
        opening = Folds.read_file(folder / Folds.FILE).test_opening
    except (OSError, BadInput, IntegrityFailure):
        return None
    return None if opening.ledger_sha256 is None else (opening.ledger_lines, opening.ledger_sha256)


def _repeats(earlier: Opening, opening: Opening) -> bool:
    return same_test(earlier.question, opening.question) and (earlier.run_id, earlier.model_sha256) == (
        opening.run_id,
        opening.model_sha256,
    )


def _unverified(envelope: dict[str, Any]) -> dict[str, Any]:
    """Return what an envelope holds, without its place, where no trust folder exists to verify the signature with."""
    try:
        document = untrusted.decode_object(base64.b64decode(envelope["payload"]))
        return {name: value for name, value in document.items() if name not in records.PLACE}
    except (TypeError, ValueError):
        return {}


def _opening(record: dict[str, Any], by: str, head: Head, where: str) -> Opening:
    try:
        question = Question(
            snapshot=str(record["snapshot"]),
            test_start=str(record["test_start"]),
            rung=str(record["rung"]),
            horizon_days=int(record["horizon_days"]),
            cohort=str(record["cohort"]),
        )
        return Opening(question, str(record["run_id"]), str(record["model_sha256"]), str(record["at"]), by, head)
    except (KeyError, TypeError, ValueError) as error:
        raise IntegrityFailure(
            "The ledger of opened tests has a line of another form.", value=error, where=where
        ) from None
