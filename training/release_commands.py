"""Commands of this package."""

from __future__ import annotations

import typer

app = typer.Typer()
