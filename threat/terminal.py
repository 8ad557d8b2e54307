"""What a command prints: one JSON document on request, progress bars only on a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


def emit(document: dict[str, Any], *, as_json: bool, lines: Callable[[dict[str, Any]], str] | None = None) -> None:
    """Print the result of a command on standard output: the document as JSON, or what ``lines`` makes of it."""
    if as_json:
        print(json.dumps(document, indent=2, allow_nan=False))
    elif lines is not None:
        print(lines(document))


@contextmanager
def progress(label: str, total: float | None = None) -> Iterator[Callable[[float], None]]:
    """A progress bar on standard error; quiet when that is not a terminal. Yields ``advance(amount)``."""
    if not sys.stderr.isatty():
        yield _ignore
        return
    # Every command imports this module: Rich (0.1 s) loads only where a bar is shown.
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)

        def advance(amount: float) -> None:
            bar.advance(task, amount)

        yield advance


def _ignore(amount: float) -> None:
    """Progress nobody watches."""


def warn(sentence: str) -> None:
    """Print one line on standard error: what a command noticed and mended by itself."""
    print(sentence, file=sys.stderr)
