"""Jail bookings and charges: invented rows in the layout of the real files, then the real files in aggregate."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from threat.asof import DAY, parse_as_of
from threat.history import Snapshot, Store, quarantine
from threat.history import protected as protected_table
from threat.history.intake.codes import Meaning
from threat.history.intake.load import load
from threat.history.intake.profile import load_profile
from threat.history.intake.report import FileCounts, LoadReport
from threat.history.schema import DOMESTIC
from threat.ids import make_id
from threat.outcomes import occurrences
from threat.rungs import rules_of
from threat.vocabulary import kinds

NOW = parse_as_of("2025-01-01")
BOOKINGS = "booking_id,person_id,booking_at,birth_year_band,gender,race,first_seen_at,last_seen_at"
CHARGES = "booking_id,charge,level,count,first_seen_at"


def export(folder: Path, bookings: list[str], charges: list[str]) -> Path:
    folder.mkdir()
    for name, head, rows in (("bookings", BOOKINGS, bookings), ("charges", CHARGES, charges)):
        (folder / f"{name}.csv.gz").write_bytes(gzip.compress("\n".join([head, *rows]).encode()))
    return folder


def at(local: str) -> int:
    """Local time of the records: eight hours behind UTC all year."""
    return parse_as_of(f"{local}-08:00")


@pytest.fixture
def small(tmp_path: Path) -> tuple[LoadReport, Snapshot]:
    folder = export(
        tmp_path / "export",
        [
            "b1,p1,2023-01-01T10:00:00,1980,Male,White,2023-01-01T12:00:00,2023-01-03T09:00:00",
            "b2,p1,2023-02-01T10:00:00,1980,Male,Black,2023-02-01T12:00:00,",
            "b3,p2,2023-01-05T10:00:00,1990,Female,Asian,2023-01-05T12:00:00,2023-01-05T12:00:00",
            "b4,p3,2023-01-09T10:00:00,1990,Female,Martian,2023-01-09T12:00:00,",
        ],
        [
            "b1,ASSAULT IV - DV,A Misdemeanor,1,2023-01-01T12:00:00",
            "b1,ASSAULT IV - DV,A Misdemeanor,1,2023-01-01T12:00:00",
            "b1,STRANGULATION FEL DV,C Felony,1,2023-01-02T15:00:00",
            "b1,Name,,1,2023-01-01T12:00:00",
            "b2,UNLAW USE WEAPON,C Felony,1,2023-02-01T12:00:00",
            "b2,DUII,A Misdemeanor,1,2023-02-01T12:00:00",
            "b2,MURDER BY SPACESHIP,A Felony,1,2023-02-01T12:00:00",
            "b3,TRESPASS II,C Misdemeanor,1,2023-01-05T11:00:00",
            "b9,ATT MURDER II DV,A Felony,1,2023-02-01T12:00:00",
            "b3,THEFT II,A Misdemeanor,1,2023-01-05T09:00:00",
        ],
    )
    report = load("multnomah", folder, tmp_path / "store", NOW)
    return report, Store.open(tmp_path / "store").snapshot()


def test_rows_in_are_kept_or_quarantined(small: tuple[LoadReport, Snapshot]) -> None:
    report, snapshot = small
    assert report.files == {
        "bookings": FileCounts(rows_in=4, kept=3, quarantined=1),
        "charges": FileCounts(rows_in=10, kept=6, quarantined=4, identical_rows=1, largest_identical_group=2),
    }
    rejected = quarantine.read(snapshot)
    assert sorted(zip(rejected["file"], rejected["row"], rejected["reason"], rejected["severe"], strict=True)) == [
        ("bookings", 4, "unknown_code", False),
        ("charges", 4, "not_a_record", False),
        ("charges", 7, "unknown_code", True),
        ("charges", 9, "unknown_reference", True),
        ("charges", 10, "impossible_date", False),
    ]
    assert (report.rows_quarantined_unexpectedly, report.severe_quarantined) == (4, 2)


def test_what_the_rows_become(small: tuple[LoadReport, Snapshot]) -> None:
    _, snapshot = small
    p1, p2 = (make_id("person", name, "multnomah_jail") for name in ("p1", "p2"))
    names = ("source_id", "kind", "code", "occurred_at", "until", "recorded_at", "domestic")
    rows = sorted((tuple(row[name] for name in names) for row in snapshot.table("events").to_pylist()), key=str)
    b1, b2, b3 = at("2023-01-01T10:00"), at("2023-02-01T10:00"), at("2023-01-05T10:00")
    assert rows == sorted(
        [
            ("b1", "assault_with_injury", "ASSAULT IV - DV", b1, None, at("2023-01-01T12:00"), "yes"),
            ("b1", "assault_with_injury", "ASSAULT IV - DV", b1, None, at("2023-01-01T12:00"), "yes"),
            ("b1", "non_fatal_strangulation", "STRANGULATION FEL DV", b1, None, at("2023-01-02T15:00"), "yes"),
            ("b1", "custody", "police", b1, None, at("2023-01-01T12:00"), "unknown"),
            # Gone at the first roster after the last one that showed the booking: b3's, two days later.
            ("b1", "custody", "police", b1, at("2023-01-03T09:00"), at("2023-01-05T11:00"), "unknown"),
            ("b1", "release", None, at("2023-01-03T09:00"), None, at("2023-01-05T11:00"), "unknown"),
            ("b2", "weapon_used", None, b2, None, at("2023-02-01T12:00"), "no"),
            ("b2", "drink_driving", "DUII", b2, None, at("2023-02-01T12:00"), "no"),
            ("b2", "custody", "police", b2, None, at("2023-02-01T12:00"), "unknown"),
            ("b3", "public_order", "TRESPASS II", b3, None, at("2023-01-05T11:00"), "no"),
            ("b3", "custody", "police", b3, None, at("2023-01-05T12:00"), "unknown"),
            ("b3", "custody", "police", b3, at("2023-01-05T12:00"), at("2023-02-01T12:00"), "unknown"),
            ("b3", "release", None, at("2023-01-05T12:00"), None, at("2023-02-01T12:00"), "unknown"),
        ],
        key=str,
    )
    assert len(snapshot.table("events", ["incident_id"]).column("incident_id").unique()) == 3
    # One relationship, from when the first domestic charge was seen, with an unknown person at risk.
    relationships = snapshot.table("relationships").to_pylist()
    assert [(r["subject_id"], r["person_at_risk_id"], r["recorded_at"]) for r in relationships] == [
        (p1, None, at("2023-01-01T12:00"))
    ]
    characteristics = protected_table.read(snapshot)[["person_id", "characteristic", "code", "source"]]
    assert sorted(characteristics.itertuples(index=False, name=None)) == sorted(
        [
            (p1, "ethnicity", "black", "observed"),
            (p1, "sex", "male", "observed"),
            (p2, "ethnicity", "asian", "observed"),
            (p2, "sex", "female", "observed"),
        ]
    )
    assert set(snapshot.table("persons").column("birth_year").to_pylist()) == {1980, 1990}


@pytest.mark.parametrize(
    ("as_of", "open_stays", "ended"),
    [("2023-01-01T12:00", 0, 0), ("2023-01-01T12:01", 1, 0), ("2023-01-05T11:00", 1, 0), ("2023-01-05T11:01", 0, 1)],
)
def test_release_is_known_only_when_seen(
    small: tuple[LoadReport, Snapshot], as_of: str, open_stays: int, ended: int
) -> None:
    _, snapshot = small
    seen, when = snapshot.sightings(), at(as_of)
    where = seen.rows_of(make_id("person", "p1", "multnomah_jail"))
    visible = (seen.visible_from[where] < when) & (seen.visible_until[where] >= when)
    stays = visible & (seen.kind[where] == kinds()["custody"].number)
    is_open = seen.until[where] > NOW
    assert ((stays & is_open).sum(), (stays & ~is_open).sum()) == (open_stays, ended)


@pytest.mark.parametrize(
    ("text", "expected", "domestic"),
    [
        ("ASSAULT IV - DV", ["assault_with_injury"], "yes"),
        ("ATT ASSAULT IV - DV", ["assault_without_injury"], "yes"),
        ("ASSAULT I", ["gbh_with_intent"], "no"),
        ("ASSAULT II - DV", ["wounding"], "yes"),
        ("ASSAULT 3 - DUII", ["drink_driving", "injury"], "no"),
        ("ATT MURDER II DV", ["attempted_murder"], "yes"),
        ("MURDER II", ["murder"], "no"),
        ("STRANGULATION FEL DV", ["non_fatal_strangulation"], "yes"),
        ("ATT STRANG FEL DV", ["strangulation_reported"], "yes"),
        ("REST VIOL - DV CONTM", ["breach_restraining_order"], "yes"),
        ("UNLAW USE WEAPN DV", ["weapon_used"], "yes"),
        ("COERCION - DV", ["coercive_control"], "yes"),
        ("OTHER CHARGE", ["other_crime"], "no"),
        ("COUNTY HOLD", ["hold"], "unknown"),
        ("Name", "not_a_record", None),
        ("A NEW CHARGE", "unknown_code", None),
    ],
)
def test_the_code_map(text: str, expected: list[str] | str, domestic: str | None) -> None:
    code_map = load_profile("multnomah").code_map
    assert code_map is not None
    meaning = code_map.of(text)
    if isinstance(meaning, Meaning):
        assert ([kind for kind, _ in meaning.kinds], meaning.domestic) == (expected, domestic)
    else:
        assert meaning == expected


@pytest.fixture(scope="module")
def real(real_records: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[LoadReport, Snapshot]:
    store = tmp_path_factory.mktemp("real") / "store"
    report = load("multnomah", real_records / "multnomah", store, NOW)
    return report, Store.open(store).snapshot()


@pytest.mark.real
def test_real_counts(real: tuple[LoadReport, Snapshot]) -> None:
    report, snapshot = real
    assert report.files == {
        "bookings": FileCounts(rows_in=53_024, kept=53_024, quarantined=0),
        "charges": FileCounts(
            rows_in=137_524, kept=134_892, quarantined=2_632, identical_rows=31, largest_identical_group=4
        ),
    }
    assert report.notices == ("1 birth years nobody can have are read as not recorded.",)
    assert [(item.reason, item.rows) for item in report.reasons] == [("not_a_record", 2_632)]
    by_kind = Counter(snapshot.table("events", ["kind"]).column("kind").to_pylist())
    assert by_kind["custody"] == 53_024 + by_kind["release"]
    assert by_kind["release"] == 53_024 - 991
    assert sum(by_kind.values()) - by_kind["custody"] - by_kind["release"] - by_kind["injury"] == 134_892
    assert snapshot.row_count("persons") == 24_699


@pytest.mark.real
def test_real_charges_all_have_a_meaning(real_records: Path) -> None:
    texts = pd.read_csv(real_records / "multnomah" / "charges.csv.gz", usecols=["charge"])["charge"].unique()
    code_map = load_profile("multnomah").code_map
    assert code_map is not None
    meanings = {text: code_map.of(text) for text in texts}
    assert len(meanings) == 346
    assert Counter(m for m in meanings.values() if isinstance(m, str)) == {"not_a_record": 2}
    wrong = [
        text for text, m in meanings.items() if isinstance(m, Meaning) and "DV" in text.split() and m.domestic != "yes"
    ]
    assert len(wrong) == 0


@pytest.mark.real
def test_real_knowledge_never_comes_early(real: tuple[LoadReport, Snapshot], real_records: Path) -> None:
    _, snapshot = real
    seen = snapshot.sightings()
    assert (seen.visible_from >= seen.occurred_at).all()
    ended = seen.until < NOW
    assert (seen.recorded_at[ended] > seen.until[ended]).all()
    late = snapshot.query(
        "SELECT count(DISTINCT incident_id) AS n FROM events e WHERE domestic = 'yes' AND recorded_at > "
        "(SELECT min(recorded_at) FROM events f WHERE f.incident_id = e.incident_id) AND NOT EXISTS "
        "(SELECT 1 FROM events g WHERE g.incident_id = e.incident_id AND g.domestic = 'yes' "
        "AND g.recorded_at < e.recorded_at)"
    ).to_pylist()[0]["n"]
    domestic = snapshot.query("SELECT count(DISTINCT incident_id) AS n FROM events WHERE domestic = 'yes'").to_pylist()
    # About one domestic booking in fifteen becomes one only later (the records' own note).
    assert 1 / 20 < late / domestic[0]["n"] < 1 / 10
    start = seen.history_start[list(seen.source_names).index("multnomah_jail")]
    assert start == at("2021-11-01T23:00")
    assert seen.recorded_at.min() == start
    assert DOMESTIC[int(np.bincount(seen.domestic).argmax())] == "unknown"
    assert (seen.occurred_at < start - 365 * DAY).any()


@pytest.mark.real
@pytest.mark.parametrize("rung", ["Y0", "Y1", "Y2", "Y4"])
def test_real_outcomes_from_the_files_alone(real: tuple[LoadReport, Snapshot], real_records: Path, rung: str) -> None:
    """Counted again from the files with pandas: one set of kinds per booking, no store, no SQL."""
    charges = pd.read_csv(real_records / "multnomah" / "charges.csv.gz", usecols=["booking_id", "charge"])
    code_map = load_profile("multnomah").code_map
    assert code_map is not None
    kinds_of: dict[str, set[str]] = {}
    domestic = set()
    for booking, text in zip(charges["booking_id"], charges["charge"], strict=True):
        meaning = code_map.of(text)
        if isinstance(meaning, Meaning):
            kinds_of.setdefault(booking, set()).update(kind for kind, _ in meaning.kinds)
            if meaning.domestic == "yes":
                domestic.add(booking)
    expected = sum(any(set(rule.all_of) <= kinds_of[booking] for rule in rules_of(rung)) for booking in domestic)
    assert len(occurrences(real[1], rung)) == expected
    assert expected >= 10
