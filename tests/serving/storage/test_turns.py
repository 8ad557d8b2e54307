"""The writers of one process come to their turn in the order they came."""

from __future__ import annotations

import threading
import time

from serving.storage.turns import Turns


def started(turns: Turns, name: str, order: list[str]) -> threading.Thread:
    """A thread that waits for its turn by now."""

    def take() -> None:
        with turns.turn():
            order.append(name)

    waiting = len(turns._waiting)
    thread = threading.Thread(target=take)
    thread.start()
    while len(turns._waiting) == waiting:
        time.sleep(0.001)
    return thread


def test_who_has_waited_longest_is_next() -> None:
    turns, order = Turns(30), []
    with turns.turn():
        threads = [started(turns, str(number), order) for number in range(8)]
        assert order == []
    for thread in threads:
        thread.join()
    assert order == [str(number) for number in range(8)]


def test_who_waits_too_long_goes_on_and_leaves_the_queue_as_it_was() -> None:
    turns, order = Turns(0.05), []
    with turns.turn():
        hurried = started(turns, "hurried", order)
        hurried.join()
        assert order == ["hurried"]
        turns._patience = 30
        waiting = started(turns, "waiting", order)
        assert order == ["hurried"]
    waiting.join()
    assert order == ["hurried", "waiting"]
    with turns.turn():  # nobody has it
        order.append("last")
    assert order[-1] == "last"


def test_a_turn_ends_with_an_exception() -> None:
    turns = Turns(30)
    for _ in range(2):
        try:
            with turns.turn():
                raise RuntimeError
        except RuntimeError:
            continue
    assert not turns._taken
