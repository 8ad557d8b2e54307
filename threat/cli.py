"""The ``threat`` command: finds each package's commands through the entry-point group ``threat.commands``."""

from __future__ import annotations

import json
import os
import sys
from importlib.metadata import entry_points

import typer

from threat.errors import ThreatError, UsageError
from threat.extras import extras_with, install_command
from threat.files import PRIVATE_MASK

_WAY_OUT: dict[type[OSError], str] = {
    FileNotFoundError: "make its folder first, or name another path",
    PermissionError: "name a path you may use",
    IsADirectoryError: "name a file, not a folder",
    NotADirectoryError: "name a folder, not a file",
    FileExistsError: "name another path",
}


def build() -> typer.Typer:
    """Return the whole command line.

    Importing a package's ``commands`` module must stay cheap (no NumPy, no pandas): ``threat --help`` imports them all.
    """
    app = typer.Typer(
        name="threat",
        help="Decision support for a threat assessment unit. It supports a decision and never makes one.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    app.callback()(lambda: None)  # keeps it a group of commands, however few are installed
    for point in sorted(entry_points(group="threat.commands"), key=lambda point: point.name):
        package = point.load()
        app.registered_commands += package.registered_commands
        app.registered_groups += package.registered_groups
    return app


def main() -> None:
    """Run the command. A user's mistake ends with its own exit code and plain lines, never a traceback.

    Whatever the command writes, by whichever library, is for this user's eyes alone: modes 600 and 700.
    """
    os.umask(PRIVATE_MASK)
    try:
        build()()
    except ThreatError as error:
        _end(error)
    except ModuleNotFoundError as error:
        extras = extras_with(error.name or "")
        if not extras:  # not an optional part: a defect, to be seen whole
            raise
        _end(
            UsageError(
                "This command needs an optional part that is not installed.",
                value=error.name,
                way_out="install it: " + " or ".join(install_command(extra) for extra in extras),
            )
        )
    except OSError as error:
        if error.filename is None:  # not about a path a person named: a defect, to be seen whole
            raise
        _end(
            UsageError(
                f"This path cannot be used: {(error.strerror or type(error).__name__).lower()}.",
                value=error.filename,
                way_out=_WAY_OUT.get(type(error), "check the path"),
            )
        )


def _end(error: ThreatError) -> None:
    """Print an error, as JSON when that was asked for, and leave with its exit code."""
    # The raw arguments: an error may come before any of them is parsed.
    if "--json" in sys.argv:
        print(json.dumps(error.as_dict() | {"exit_code": error.exit_code}))
    else:
        print(error, file=sys.stderr)
    raise SystemExit(error.exit_code) from None


if __name__ == "__main__":
    main()
