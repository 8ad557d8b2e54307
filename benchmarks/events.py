"""How long a record that is sent to the desk takes until a person can see that it waits, on a large history.

    python -P benchmarks/events.py --store HISTORY --repeats 20

``HISTORY``: as ``threat simulate --relationships 65000 --out FOLDER`` makes it (FOLDER/history). Records are added to
it, so name one that nothing else needs. Prints the seconds from request to answer: fastest, median, slowest. The
answer is given when the referral is committed, so a page that is asked for next shows it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from serving.casework import views
from serving.desk.app import create
from serving.desk.events import services
from serving.desk.service import Desk
from serving.storage import reading
from threat.asof import DAY, show
from threat.history.store import Store

PROFILE = """
name: benchmark
title: Rows by their own references
shape: standard
source_system: benchmark
legal_basis: a benchmark of made-up records
time: {zone: UTC, formats: ["%Y-%m-%dT%H:%M:%S"]}
files:
  persons: {optional: true, columns: {person: {required: true}, recorded_at: {type: time, required: true}}}
  events:
    key: [event]
    optional: true
    columns:
      event: text
      subject: {required: true}
      person_at_risk: text
      kind: {type: word, required: true}
      occurred_at: {type: time, required: true}
      recorded_at: {type: time, required: true}
      domestic: {type: word, default: unknown, words: {"yes": "yes", "no": "no", unknown: unknown}}
"""


def measure(store: Path, repeats: int) -> dict[str, Any]:
    """Send a threat to kill ``repeats`` times, each between two new people, and time each."""
    snapshot = Store.open(store).snapshot()
    now = int(max(snapshot.table("events", ["recorded_at"]).column(0).to_numpy())) + DAY
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder) / "benchmark.yaml"
        profile.write_text(PROFILE, encoding="utf-8")
        desk = Desk(store, Path(folder) / "var", clock=lambda: now)
        _, secret = services.let_in(desk.engine, "benchmark", str(profile), by="benchmark", at=now)
        seconds = asyncio.run(_send(desk, secret, now, repeats))
        with reading(desk.engine) as connection:
            waiting = len(views.must_see_waiting(connection))
        desk.close()
    return {
        "events": snapshot.row_count("events"),
        "relationships": len(snapshot.relationships.relationship_id),
        "repeats": repeats,
        "waiting": waiting,
        "seconds": {"fastest": min(seconds), "median": statistics.median(seconds), "slowest": max(seconds)},
    }


async def _send(desk: Desk, secret: str, now: int, repeats: int) -> list[float]:
    transport, seconds = httpx.ASGITransport(create(desk)), []
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        for i in range(repeats):
            at = show(now - 60)[:19]
            people = [{"person": f"{now}-{i}-{who}", "recorded_at": at} for who in ("a", "b")]
            event = {"event": f"{now}-{i}", "kind": "threat_to_kill", "occurred_at": at, "recorded_at": at}
            event |= {"subject": people[0]["person"], "person_at_risk": people[1]["person"], "domestic": "yes"}
            began = time.perf_counter()
            answer = await client.post(
                "/api/v1/events",
                json={"files": {"persons": people, "events": [event]}},
                headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": f"benchmark-{now}-{i}"},
            )
            seconds.append(time.perf_counter() - began)
            assert answer.status_code == 200, answer.text
            assert answer.json()["opened"] == 1, answer.text
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--repeats", type=int, default=20)
    given = parser.parse_args()
    print(json.dumps(measure(given.store, given.repeats), indent=1))


if __name__ == "__main__":
    main()
