"""What pages cost the server: Today, a case, its grade, a relationship; the least of some runs.

``python -P benchmarks/pages.py STORE DATE`` makes two lists by rule of a store in a folder of its own, opens a desk on
the later without a server, grades a page of cases, and asks for each page as a reviewer. Milliseconds of wall time and
of CPU, because other work on the machine counts into the first; the first request of a process, which opens the list,
is said apart.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from pathlib import Path

from starlette.testclient import TestClient

from serving.desk.app import create
from serving.desk.queue.choice import MOST_ROWS
from serving.desk.service import Desk
from serving.lists.making import ListOptions, make_list
from threat.asof import DAY, parse_as_of
from threat.trust.folder import Trust

REPEATS = 7


def main(store: Path, as_of: int) -> None:
    """Print a table of pages and what each costs."""
    with tempfile.TemporaryDirectory() as folder:
        var, now = Path(folder), as_of + 3600
        for at in (as_of - 7 * DAY, as_of):
            make_list(store, var, at, ListOptions(publish=True, stale_ok=True), started_at=now)
        desk = Desk(store, var, clock=lambda: now, trust=Trust.none())
        client = TestClient(create(desk), base_url="http://127.0.0.1", client=("127.0.0.1", 50000))
        _sign_in(client)
        began = time.perf_counter()
        client.get("/")
        print(f"first request, which opens the list: {time.perf_counter() - began:.2f} s")
        print(f"relationships ranked: {len(desk.view().listed):,}\n\n| page | wall ms | CPU ms |\n|---|---|---|")
        pages = _pages(client, desk)
        _grade(client, MOST_ROWS)
        for name, path in pages:
            wall, cpu = _least(client, path)
            print(f"| {name} | {wall * 1000:.0f} | {cpu * 1000:.0f} |")
        desk.close()


def _sign_in(client: TestClient) -> None:
    token = re.search(r'name="token" value="([0-9a-f]{64})"', client.get("/sign-in").text)
    assert token is not None
    client.post("/sign-in", data={"person": "rita", "token": token[1]}, follow_redirects=False)


def _grade(client: TestClient, cases: int) -> None:
    """Grade so many cases, so that Today has a full page of them with places and reasons."""
    for _ in range(cases):
        page = client.get("/triage/next").text
        form = page[page.index('<form method="post" action="/cases/') :]
        fields = dict(re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)">', form))
        fact = re.search(r'name="fact" type="radio" value="([a-z_]+)"', form)
        address = re.search(r'action="([^"]+)"', form)
        assert fact is not None
        assert address is not None
        client.post(address[1], data={**fields, "grade": "keep_in_view", "fact": fact[1]}, follow_redirects=False)


def _pages(client: TestClient, desk: Desk) -> list[tuple[str, str]]:
    with desk.engine.connect() as connection:
        query = "SELECT id FROM cases WHERE id NOT IN (SELECT case_id FROM referrals WHERE kind = 'must_see') LIMIT 1"
        case = connection.exec_driver_sql(query).scalar_one()
        number = connection.exec_driver_sql(f"SELECT relationship FROM cases WHERE id = '{case}'").scalar_one()
    must_see = re.search(r'href="(/must-see/[^"]+)"', client.get("/").text)
    record = [("must-see record", must_see[1].replace("&amp;", "&"))] if must_see else []
    return [
        ("Today", "/"),
        *record,
        ("start of a sitting", "/triage"),
        ("grade of a case", f"/cases/{case}/grade"),
        ("case", f"/cases/{case}"),
        ("history of a case", f"/cases/{case}/history"),
        ("relationship", f"/relationships/R-{number:016x}"),
        ("queue of the API", "/api/v1/queue"),
    ]


def _least(client: TestClient, path: str) -> tuple[float, float]:
    walls, cpus = [], []
    for _ in range(REPEATS):
        wall, cpu = time.perf_counter(), time.process_time()
        answer = client.get(path)
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
        assert answer.status_code == 200, (path, answer.status_code)
    return min(walls), min(cpus)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python -P benchmarks/pages.py STORE DATE")
    main(Path(sys.argv[1]), parse_as_of(sys.argv[2]))
