"""The audit log is read some entries at a time, by what was chosen, and never what people typed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from serving.audit.log import Entry, account, record
from serving.audit.reading import LoggedEntry, Wanted, read_entries
from serving.storage import address_of, connect
from serving.storage.address import Address
from threat.asof import DAY, parse_as_of

START = parse_as_of("2026-11-01")
ROLES = ("reviewer", "admin", "governance")
OUTCOMES = ("done", "refused", "done", "not found")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A log of 24 entries, six hours apart: the first at midnight, so that four are of one day."""
    with ExitStack() as stack:
        url = ""
        if request.param == "postgresql":
            server = request.getfixturevalue("postgresql_server")
            url = server.url(stack.enter_context(server.database()))
        yield from filled(address_of(tmp_path_factory.mktemp("log"), url))


def filled(address: Address) -> Iterator[Engine]:
    engine = connect(address)
    for i in range(24):
        role = ROLES[i % 3]
        detail: dict[str, object] = {"reason": f"typed {i}"}
        entry = Entry(f"development {role}", role, "consultation", "view", f"R-{i % 5:016x}", OUTCOMES[i % 4], detail)
        record(engine, entry, START + i * DAY // 4)
    yield engine
    engine.dispose()


def numbers(engine: Engine, *, page: int = 1, size: int = 100, **wanted: object) -> list[int]:
    return [entry.sequence for entry in read_entries(engine, Wanted(**wanted), page=page, size=size).entries]  # type: ignore[arg-type]


def test_the_latest_come_first_in_pages(engine: Engine) -> None:
    assert numbers(engine, size=10) == [24, 23, 22, 21, 20, 19, 18, 17, 16, 15]
    assert numbers(engine, page=3, size=10) == [4, 3, 2, 1]
    beyond = read_entries(engine, Wanted(), page=9, size=10)
    assert (beyond.page, beyond.matching, beyond.last, [entry.sequence for entry in beyond.entries]) == (
        3,
        24,
        24,
        [4, 3, 2, 1],
    )


def test_an_entry_says_who_did_what_to_what_and_not_why(engine: Engine) -> None:
    [first] = read_entries(engine, Wanted(last=1), page=1, size=10).entries
    assert first == LoggedEntry(
        1, "2026-11-01T00:00:00+00:00", "development reviewer", "reviewer", "consultation", "view",
        "R-0000000000000000", "done", "", account(),
    )  # fmt: skip
    assert "detail" not in {field.name for field in fields(LoggedEntry)}


@pytest.mark.parametrize(
    ("wanted", "matching"),
    [
        ({"role": "admin"}, [23, 20, 17, 14, 11, 8, 5, 2]),
        ({"outcome": "not found", "role": "admin"}, [20, 8]),
        ({"subject": "R-0000000000000004"}, [20, 15, 10, 5]),
        ({"since": date(2026, 11, 6)}, [24, 23, 22, 21]),
        ({"until": date(2026, 11, 1)}, [4, 3, 2, 1]),
        ({"since": date(2026, 11, 2), "until": date(2026, 11, 2)}, [8, 7, 6, 5]),
        ({"operation": "erasure"}, []),
        ({"last": 2}, [2, 1]),
        ({"last": 99}, list(range(24, 0, -1))),
    ],
)
def test_filters(engine: Engine, wanted: dict[str, object], matching: list[int]) -> None:
    assert numbers(engine, **wanted) == matching


@given(
    size=st.integers(1, 30),
    role=st.sampled_from(("", *ROLES)),
    outcome=st.sampled_from(("", *OUTCOMES)),
    last=st.none() | st.integers(1, 30),
)
def test_the_pages_together_are_each_matching_entry_once(
    engine: Engine, size: int, role: str, outcome: str, last: int | None
) -> None:
    wanted = Wanted(role=role, outcome=outcome, last=last)
    matching = read_entries(engine, wanted, page=1, size=size).matching
    pages = [read_entries(engine, wanted, page=page, size=size) for page in range(1, -(-matching // size) + 1)]
    read = [entry for page in pages for entry in page.entries]
    expected = [
        number
        for number in range(24, 0, -1)
        if (last is None or number <= last)
        and role in ("", ROLES[(number - 1) % 3])
        and outcome in ("", OUTCOMES[(number - 1) % 4])
    ]
    assert [entry.sequence for entry in read] == expected
    assert matching == len(expected)


def test_an_empty_log_has_no_entries(tmp_path: Path) -> None:
    engine = connect(tmp_path / "desk.sqlite")
    read = read_entries(engine, Wanted(), page=3, size=10)
    assert (read.entries, read.matching, read.last, read.page) == ((), 0, 0, 1)
    engine.dispose()
