"""Attacks on what the public gets: whatever is changed is red, and no withheld count can be had from all of it."""

from __future__ import annotations

import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pypdf
import pytest
from fixtures.archives import signed_anew
from fixtures.attacker import Attacker
from fixtures.trusted import Trusted
from scipy.optimize import linprog

from model_cards.card import build as build_card
from model_cards.pdf import pdf
from model_cards.publishable import publishable
from threat.errors import BadInput, UsageError
from threat.release.documents.card import Card
from threat.release.documents.fairness import Fairness
from threat.release.documents.fairness_public import PublicFairness
from threat.release.evidence import RunDocuments
from threat.release.runs import Run
from threat.trust.folder import Trust
from training.archive.build import Places, write_archive
from training.archive.checks import verify


def written(run: Run, out: Path) -> Path:
    trust = Trust.open()
    return write_archive(run, out, "public", trust, trust.signer("promotion"), Places(None, out))


@pytest.fixture
def run(public_run: Run) -> Run:
    return public_run


@pytest.fixture
def archive(public_archive: Path) -> Path:
    return public_archive


def colours(folder: Path) -> dict[str, str]:
    return {line.check: line.colour for line in verify(folder)}


def red(folder: Path) -> set[str]:
    return {check for check, colour in colours(folder).items() if colour == "red"}


def document(archive: Path, name: str) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads((archive / "run" / name).read_text())
    return whole


def test_a_sound_public_archive_is_green_and_holds_no_row(archive: Path, run: Run, no_trust: None) -> None:
    lines = {line.check: line for line in verify(archive)}
    green = ("files", "signature", "verdict", "card", "audit", "record", "totals")
    assert {name: line.colour for name, line in lines.items()} == dict.fromkeys(green, "green") | {
        "keys": "not checked"
    }
    assert lines["totals"].says == (
        "RUN, manifest, rows, outcomes, places, recall are said alike; the groups of 5 tables add up"
    )
    assert (archive / "run" / "card.json").read_bytes() == run.path("card.json").read_bytes()
    assert not list(archive.rglob("*.parquet"))
    assert {path.name for path in archive.rglob("fairness*")} == {"fairness_public.json", "fairness_public.html"}


def test_a_card_is_made_of_what_may_be_published_and_reducing_twice_changes_nothing(run: Run) -> None:
    documents = RunDocuments.of(run)
    once = publishable(documents)
    assert publishable(once) == once
    assert once.fairness is None
    cards = [build_card(made, run_id="r", manifest_sha256="b" * 64) for made in (documents, once)]
    assert cards[0].encode() == cards[1].encode()


@pytest.mark.parametrize(
    ("name", "change", "checks"),
    [
        ("evaluation.json", lambda d: d["cohort"].update(n=d["cohort"]["n"] + 5), {"card", "record", "totals"}),
        ("evaluation.json", lambda d: d.update(capacity=60), {"card", "record", "totals"}),
        ("fairness_public.json", lambda d: d["overall"].update(rows=1_700), {"audit", "totals"}),
        ("gate.json", lambda d: d.update(dissents=[], approvals=[]), {"card"}),
        ("card.json", lambda d: d["summary"].update(status="draft"), {"card"}),
    ],
)
def test_what_is_changed_is_red_even_with_a_stolen_promotion_key(
    archive: Path, demonstration_trusted: Trusted, tmp_path: Path, name: str, change: Any, checks: set[str]
) -> None:
    copy = Path(shutil.copytree(archive, tmp_path / "copy"))
    changed = document(copy, name)
    change(changed)
    (copy / "run" / name).write_text(json.dumps(changed, indent=2, sort_keys=True) + "\n")
    assert red(signed_anew(copy, demonstration_trusted.signer("promotion"))) >= checks


@pytest.mark.parametrize(
    ("name", "checks"),
    [("run/card.html", {"card"}), ("run/fairness_public.html", {"audit"}), ("atrs.json", {"record"})],
)
def test_a_page_that_says_otherwise_is_red_even_with_a_stolen_promotion_key(
    archive: Path, demonstration_trusted: Trusted, tmp_path: Path, name: str, checks: set[str]
) -> None:
    copy = Path(shutil.copytree(archive, tmp_path / "copy"))
    (copy / name).write_text((copy / name).read_text().replace("Pass", "Past").replace("person", "people"))
    assert red(signed_anew(copy, demonstration_trusted.signer("promotion"))) == checks


def test_the_whole_audit_in_a_public_archive_is_red(
    archive: Path, run: Run, demonstration_trusted: Trusted, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(archive, tmp_path / "copy"))
    shutil.copy(run.path(Fairness.FILE), copy / "run" / Fairness.FILE)
    assert red(signed_anew(copy, demonstration_trusted.signer("promotion"))) >= {"card", "totals"}


def test_a_run_whose_totals_are_small_or_whose_card_is_old_has_no_public_archive(run: Run, tmp_path: Path) -> None:
    copy = Run.open(shutil.copytree(run.directory, tmp_path / "run-1"))
    report = copy.read(PublicFairness)
    copy.write(report.model_copy(update={"notes": ("another",)}))
    with pytest.raises(UsageError, match="made of other documents than it holds now"):
        written(copy, tmp_path / "a")
    copy.write(report.model_copy(update={"overall": report.overall.model_copy(update={"recall": None})}))
    with pytest.raises(
        BadInput, match="it would give small counts away: fewer than 10 outcomes were on the list, off it, or in all"
    ):
        written(copy, tmp_path / "a")
    assert not (tmp_path / "a").exists()


def totals_of(archive: Path) -> dict[str, float]:
    """The exact counts of everybody as the archive tells them: those of the card, not those of the audit."""
    evaluation = document(archive, "evaluation.json")
    recall = next(figure for figure in evaluation["rankings"][0]["figures"] if figure["name"] == "recall_at_capacity")
    audit = document(archive, "fairness_public.json")["overall"]
    return {
        "rows": evaluation["cohort"]["n"], "events": recall["events"], "caught": recall["events"] * recall["value"],
        "listed": audit["listed"],
    }  # fmt: skip


def test_no_count_of_a_group_can_be_had_from_card_audit_and_record_together(archive: Path, run: Run) -> None:
    """By linear programming over all tables, with the totals of the card; and no sentence adds a number of a group."""
    audit = document(archive, "fairness_public.json")
    assert Attacker(audit, totals_of(archive)).narrowed() == {}
    said = {
        f"{group[kind]:,.0f}"
        for table in audit["characteristics"]
        for group in table["groups"]
        for kind in ("rows", "events", "caught", "listed", "false_alarms")
        if group[kind] is not None
    }
    titles = {group["title"] for table in audit["characteristics"] for group in table["groups"]}
    card = document(archive, "card.json")
    fields = [field for section in card["sections"] for field in section["fields"] if section["id"] == "fairness"]
    rows = [row for field in fields if field["id"] == "by_group" for row in field["value"]["rows"]]
    lines = [line for row in rows for line in row[2:]]
    others = json.dumps([field for field in fields if field["id"] != "by_group"]) + json.dumps(card["summary"])
    lines += [part for title in titles for part in re.findall(rf"\b{re.escape(title)} \([^)]*\)[^\"]*", others)]
    numbers = [number for line in lines for number in re.findall(r"(?<![\d.+])\d[\d,]*(?![\d%+])", line)]
    assert len(numbers) >= 15
    shares = {number for line in lines for number in re.findall(r"\d+(?=%)", line)}
    assert set(numbers) - shares <= said
    # The page, the PDF, the audit's page and the record are made of these: no count is in them that is not in the JSON.
    drawn = pdf(Card.parse((archive / "run" / "card.json").read_bytes(), "card.json"))
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(drawn)).pages)
    shown = [text, *((archive / name).read_text() for name in ("run/card.html", "atrs.json"))]
    counts = [re.findall(r"about\s+([\d,]+)\s+of\s+([\d,]+)", part) for part in shown]
    assert all(counts)
    assert {number for found in counts for pair in found for number in pair} <= said


def reach(known: list[int | None], total: int) -> list[tuple[float, float]]:
    """Between what each count that is not said may lie: all that is known is the total, and that each is 1 or more."""
    unsaid = [place for place, count in enumerate(known) if count is None]
    rest = total - sum(count for count in known if count is not None)
    out = []
    for place in range(len(unsaid)):
        ends = [
            linprog(sign * np.eye(len(unsaid))[place], A_eq=np.ones((1, len(unsaid))), b_eq=[rest], bounds=(1, None))
            for sign in (1, -1)
        ]
        out.append((ends[0].fun, -ends[1].fun))
    return out


def test_no_small_count_of_any_other_table_of_the_card_can_be_had(archive: Path, run: Run) -> None:
    """Outcomes by rule, and by days since the last incident: each that is not said may be anything from 1 to 10."""
    whole = RunDocuments.of(run).evaluation
    assert whole is not None
    assert whole.estimand is not None
    exact = [line.events for line in whole.estimand.composition if line.events]
    card = document(archive, "card.json")
    field = next(f for section in card["sections"] for f in section["fields"] if f["id"] == "composition")
    known = [int(row[1].replace(",", "")) if row[1][0].isdigit() else None for row in field["value"]["rows"]]
    assert [count for count in known if count is not None] == [58]
    ranges = reach(known, sum(exact))
    assert ranges == [(1.0, 31.0), (1.0, 31.0)]
    assert all(high - low >= 9 for low, high in ranges)
    # What the archive holds in their place is no count: both stand as 9.
    held = [line["events"] for line in document(archive, "evaluation.json")["estimand"]["composition"]]
    assert held == [9, 58, 9]


def test_nothing_that_the_archive_withholds_is_in_any_of_its_files(archive: Path, run: Run) -> None:
    """Left out at the source: halves, lists one by one, what the gate's checks were decided on, and what came late."""
    evaluation, cohort = document(archive, "evaluation.json"), document(archive, "cohort.json")
    assert (evaluation["halves"], evaluation["replay"], cohort["fit"], cohort["drift"]) == ([], [], {}, None)
    assert cohort["test_left_out"] == {"death_not_yet_recorded": 9, "outcome_not_yet_recorded": 12}
    assert cohort["competing_deaths"] == {"rows": 9, "people": 9}
    assert all(check["facts"] == {} and check["figures"] == [] for check in document(archive, "gate.json")["checks"])
    exact = {cell.ratio for item in run.read(Fairness).characteristics for cell in _cells(item)}
    text = "".join(path.read_text() for path in archive.rglob("*.json"))
    assert len(exact) > 5
    assert [ratio for ratio in exact if str(ratio) in text] == []


def _cells(item: Any) -> list[Any]:
    return [cell for group in item.groups for cell in group.compared if len(str(cell.ratio)) > 6]
