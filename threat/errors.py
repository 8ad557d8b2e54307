"""The errors a user can meet. Each says the rule, the offending value, where it is and the way out."""

from __future__ import annotations


class ThreatError(Exception):
    """Base of every error shown to a user; carries the process exit code of ``docs/architecture.md``.

    Parameters are plain sentences or values; ``str(error)`` joins those that were given on one line each.
    """

    exit_code = 1

    def __init__(self, rule: str, *, value: object = None, where: str = "", way_out: str = "") -> None:
        self.rule = rule
        self.value = value
        self.where = where
        self.way_out = way_out
        super().__init__(rule)

    def __str__(self) -> str:
        lines = [self.rule]
        if self.value is not None:
            lines.append(f"  found: {self.value}")
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.way_out:
            lines.append(f"  do: {self.way_out}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, object]:
        """The same four parts, for ``--json`` and the API."""
        return {
            "error": type(self).__name__,
            "rule": self.rule,
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
    """Raise one error that lists every problem found; do nothing when there is none.

    A single problem is raised as it is. Several become one error of the first one's class, so that a person
    mends a configuration in one go.
    """
    if not problems:
        return
    if len(problems) == 1:
        raise problems[0]
    rule = f"{len(problems)} problems:\n" + "\n".join(f"{i}. {problem}" for i, problem in enumerate(problems, 1))
    raise type(problems[0])(rule)
