"""The errors a user can meet. Each says what is wrong, with which value, where, and the way out."""

from __future__ import annotations


class ThreatError(Exception):
    """An error shown to a user, with four parts and the process exit code of ``docs/architecture.md``.

    ``problem``: a sentence that says what is wrong with what was given; the rule may follow in a second sentence.
    ``value``: the offending value. ``where``: its file, line, column or option. ``way_out``: what to do next.
    ``str(error)`` writes every part that was given on a line:

    >>> print(BadInput("The birth year is in the future.", value=3024, where="persons.csv, row 7"))
    The birth year is in the future.
      found: 3024
      where: persons.csv, row 7
    """

    exit_code = 1

    def __init__(self, problem: str, *, value: object = None, where: str = "", way_out: str = "") -> None:
        self.problem = problem
        self.value = value
        self.where = where
        self.way_out = way_out
        super().__init__(problem)

    def __str__(self) -> str:
        lines = [self.problem]
        if self.value is not None:
            lines.append(f"  found: {self.value}")
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.way_out:
            lines.append(f"  do: {self.way_out}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, object]:
        """Return the class and the four parts, for ``--json`` and the API."""
        return {
            "error": type(self).__name__,
            "problem": self.problem,
            "value": None if self.value is None else str(self.value),
            "where": self.where,
            "way_out": self.way_out,
        }


class UsageError(ThreatError):
    """The command, the call or the configuration is wrong (exit 2)."""

    exit_code = 2


class BadInput(ThreatError):
    """The data handed in is wrong (exit 3)."""

    exit_code = 3


class GateRefused(ThreatError):
    """The release gate did not pass (exit 4)."""

    exit_code = 4


class IntegrityFailure(ThreatError):
    """A hash, a signature or a chain does not verify (exit 5)."""

    exit_code = 5


def raise_all(problems: list[ThreatError]) -> None:
    """Raise one error that lists every problem; return when there is none.

    A single problem is raised as it is. Several become an error of the first problem's class, so that a person mends a
    configuration in one go; the classes may differ, and the first decides the exit code.
    """
    if not problems:
        return
    if len(problems) == 1:
        raise problems[0]
    together = f"{len(problems)} problems:\n" + "\n".join(f"{i}. {problem}" for i, problem in enumerate(problems, 1))
    raise type(problems[0])(together)
