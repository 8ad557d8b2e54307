"""Options that several commands share, each with a name, a type and words of its own.

Imports typer and nothing of the product: every ``commands`` module imports this one, and ``threat --help`` imports
every ``commands`` module.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

STORE = Path("var/history")
VAR = Path("var")
RUNS = Path("var/runs")
"""Defaults below the folder that a command is run in."""

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
StoreOption = Annotated[Path, typer.Option("--store", help="Folder of the history.")]
VarOption = Annotated[
    Path, typer.Option("--var", help="Folder of lists, bundles, promotions and the audit log of the desk.")
]
DatabaseOption = Annotated[
    str,
    typer.Option(
        "--database",
        envvar="THREAT_DATABASE",
        metavar="URL",
        help="The desk's database, postgresql://USER@HOST/DATABASE; else desk.sqlite in the folder of --var. Its "
        "password belongs in ~/.pgpass.",
    ),
]
PolicyOption = Annotated[
    Path | None, typer.Option("--policy", help="The force's own policy.yaml; otherwise the product's.")
]
FairnessPolicyOption = Annotated[
    Path | None, typer.Option("--policy", help="A fairness policy; otherwise the product's own.")
]
RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="Directory of a RUN.")]
AsOfOption = Annotated[str, typer.Option("--as-of", help="2024-06-01 (00:00 UTC) or 2024-06-01T08:00+01:00.")]
ConfigOption = Annotated[str, typer.Option("--config", help="A preset by name, or a YAML file.")]
ThreadsOption = Annotated[int, typer.Option("--threads", help="Threads; the numbers do not depend on it.")]
FitThreadsOption = Annotated[
    int | None, typer.Option("--threads", help="Threads of the fit; the model does not depend on it.")
]
PortOption = Annotated[int, typer.Option("--port", min=0, max=65535, help="0 picks a free port.")]
KeyOption = Annotated[
    Path | None,
    typer.Option("--key", help="Private key file of whoever signs; else the file called as the verb in $THREAT_KEYS."),
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why: kept for ever, read by reviewers and governance.")]
