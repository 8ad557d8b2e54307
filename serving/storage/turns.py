"""The writers of one process, in the order they came, each without a connection until it is its turn.

The database alone would let them in one by one too. But SQLite has no queue: those who wait ask again now and then, and
an unlucky one waits a hundred times as long as the others. And on a server those who wait would hold the connections
that readers need.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """A queue for the threads of one process; what keeps two writers apart is the database."""

    def __init__(self, patience: float) -> None:
        """``patience``: seconds after which a thread goes on out of turn, to hear from the database what is wrong."""
        self._patience = patience
        self._lock = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Event] = deque()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for this thread's turn, which lasts as long as the block."""
        mine = self._begin()
        try:
            yield
        finally:
            if mine:
                self._end()

    def _begin(self) -> bool:
        with self._lock:
            if not self._taken:
                self._taken = True
                return True
            called = threading.Event()
            self._waiting.append(called)
        if called.wait(self._patience):
            return True
        with self._lock:
            if called.is_set():  # at the last moment
                return True
            self._waiting.remove(called)
        return False

    def _end(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()  # it stays taken: handed on to who has waited longest
            else:
                self._taken = False
