"""The ``threat`` command: finds each package's commands through the entry-point group ``threat.commands``."""

from __future__ import annotations

import json
import sys
from importlib.metadata import entry_points

import typer

from threat.errors import ThreatError, UsageError

_EXTRA_OF = {
    "lightgbm": "training",
    "sklearn": "training",
    "mlflow": "training",
    "shap": "training",
    "optuna": "training",
    "matplotlib": "training",
    "fastapi": "serving",
    "uvicorn": "serving",
    "sqlalchemy": "serving",
    "jinja2": "cards",
    "jsonschema": "cards",
    "scipy": "fairness",
    "fairlearn": "fairness",
    "securesystemslib": "release",
}

_WAY_OUT: dict[type[OSError], str] = {
    FileNotFoundError: "make its folder first, or name another path",
    PermissionError: "name a path you may use",
    IsADirectoryError: "name a file, not a folder",
    NotADirectoryError: "name a folder, not a file",
    FileExistsError: "name another path",
}


def build() -> typer.Typer:
    """The whole command line. Importing a package's ``commands`` module must stay cheap: no NumPy, no pandas."""
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
    """Run the command; a user's mistake ends with its own exit code and four plain lines, never a traceback."""
    try:
        build()()
    except ThreatError as error:
        _complain(error)
        raise SystemExit(error.exit_code) from None
    except ModuleNotFoundError as error:
        extra = _EXTRA_OF.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        hint = UsageError(
            "This command needs an optional part that is not installed.",
            value=error.name,
            way_out=f"install it: pip install 'threat-assessment[{extra}]'",
        )
        _complain(hint)
        raise SystemExit(hint.exit_code) from None
    except OSError as error:
        if error.filename is None:  # not about a path a person named: a defect, to be seen whole
            raise
        hint = UsageError(
            f"A file or folder of this command cannot be used: {(error.strerror or type(error).__name__).lower()}.",
            value=error.filename,
            way_out=_WAY_OUT.get(type(error), "check the path"),
        )
        _complain(hint)
        raise SystemExit(hint.exit_code) from None


def _complain(error: ThreatError) -> None:
    if "--json" in sys.argv:
        print(json.dumps(error.as_dict()))
    else:
        print(error, file=sys.stderr)


if __name__ == "__main__":
    main()
