"""``threat expected-captures``: what a RUN's lists would have met by the truth of a synthetic force."""

from __future__ import annotations

import typer

app = typer.Typer()
