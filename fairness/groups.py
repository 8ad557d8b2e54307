"""The groups an audit compares: characteristics of both parties, the kind of relationship, how much is recorded.

Only this package reads the protected table. A self-defined value is preferred to an observed one; for ethnicity the two
are never mixed: each is audited by itself, and the gate uses the self-defined one unless nobody has it.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairness.policy import Policy
from fairness.population import Characteristic
from threat.asof import NEVER, instant
from threat.history import protected
from threat.history.schema import RELATIONSHIP_KIND_TITLES
from threat.history.snapshot import Snapshot

Ids = NDArray[np.int64]
PARTIES = ("person_at_risk", "subject")
_NO_ID = -1


@dataclass(frozen=True, slots=True)
class Parties:
    """Who the rows are about: int64 ids, -1 = unknown; ``as_of`` int64 UTC seconds. ``relationship`` may be -1."""

    subject: Ids
    person_at_risk: Ids
    relationship: Ids
    as_of: Ids

    def __add__(self, other: Parties) -> Parties:
        return Parties(
            np.concatenate([self.subject, other.subject]),
            np.concatenate([self.person_at_risk, other.person_at_risk]),
            np.concatenate([self.relationship, other.relationship]),
            np.concatenate([self.as_of, other.as_of]),
        )


@cache
def ethnicity_table() -> dict[tuple[str, str], dict[str, str]]:
    """``ethnicity.csv`` by (scheme, code): group of the 5+1, whether a white minority, title."""
    text = files("fairness").joinpath("ethnicity.csv").read_text(encoding="utf-8")
    return {(row["scheme"], row["code"]): row for row in csv.DictReader(text.splitlines())}


ETHNICITY_GROUPS = {"W": "White", "M": "Mixed", "A": "Asian", "B": "Black", "O": "Other", "NS": "Not stated"}


def characteristics(snapshot: Snapshot, rows: Parties, outside: Parties, policy: Policy) -> list[Characteristic]:
    """Every way the history lets rows and outside events be divided, by both parties' characteristics.

    What is not recorded for anyone is left out and named in ``coverage``, unless the gate rests on it: then it is
    there, with nothing to go on. Not recorded for some is a group.
    """
    both, n = rows + outside, len(rows.subject)
    everyone = np.unique(np.concatenate([both.subject, both.person_at_risk]))
    known = _known(snapshot, everyone[everyone >= 0])
    found: list[Characteristic] = []
    gated = {(str(item.party), item.characteristic) for item in policy.gate}

    def add(name: str, party: str, codes: pd.Series, titles: dict[str, str] | None = None, note: str = "") -> None:
        if codes.notna().any() or (party, name) in gated:
            gated.discard((party, name))
            values = codes.to_numpy(dtype=object)
            found.append(Characteristic(name, party, values[:n], values[n:], titles, note))

    latest = {party: _resolve(snapshot, getattr(both, party)) for party in PARTIES}
    for party in PARTIES:
        _add_protected(add, party, latest[party], known)
        add("age_band", party, _age_bands(snapshot, latest[party], both.as_of, policy), note="from the year of birth")
        add("records_before", party, _records(snapshot, latest[party], both.as_of, policy), note=_RECORDS_NOTE)
    kinds = _kinds(snapshot, both.relationship)
    add("kind", "relationship", kinds, RELATIONSHIP_KIND_TITLES)
    add("same_sex", "relationship", _same_sex(latest, known, kinds), note="from the recorded sex of both parties")
    for party, name in sorted(gated):
        add(name, party, pd.Series([None] * len(both.subject), dtype=object))
    return found


def coverage(found: list[Characteristic]) -> list[dict[str, str]]:
    """The nine protected characteristics for both parties: tested, proxy_only, not_recorded; never blank."""
    have = {(item.party, item.name) for item in found if pd.notna(np.asarray(item.codes, dtype=object)).any()}
    out = []
    for party in PARTIES:
        for name, tests, proxy in _NINE:
            if tested := [one for one in tests if (party, one) in have]:
                state, reason = "tested", f"audited as {tested[0]}"
            elif proxy and ("relationship", proxy) in have:
                state, reason = "proxy_only", f"only through {proxy} of the relationship"
            else:
                state, reason = "not_recorded", "the history holds no such record"
            out.append({"characteristic": name, "party": party, "state": state, "reason": reason})
    return out


_NINE: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("age", ("age_band",), ""),
    ("disability", ("disability",), ""),
    ("gender_reassignment", ("gender_reassignment",), ""),
    ("marriage_civil_partnership", ("marriage_civil_partnership",), "kind"),
    ("pregnancy_maternity", ("pregnancy_maternity",), ""),
    ("race", ("ethnicity_group",), ""),
    ("religion_belief", ("religion",), ""),
    ("sex", ("sex",), ""),
    ("sexual_orientation", ("orientation",), "same_sex"),
)
_RECORDS_NOTE = "records about this person that were visible at the as-of; people with few are harder to rank"


def _resolve(snapshot: Snapshot, ids: Ids) -> Ids:
    """Each person under the id they are known by at the end of the snapshot, so that merged records are found."""
    unique, index = np.unique(ids, return_inverse=True)
    return snapshot.links.resolve(unique, NEVER)[index]


def _known(snapshot: Snapshot, people: Ids) -> dict[tuple[str, str], pd.DataFrame]:
    """By (characteristic, source): one row per person, indexed by the id they are known by at the end."""
    frame = protected.read(snapshot)
    if frame.empty:
        return {}
    frame["person_id"] = _resolve(snapshot, frame["person_id"].to_numpy(dtype=np.int64))
    frame = frame[np.isin(frame["person_id"].to_numpy(), _resolve(snapshot, people))]
    frame = frame.drop_duplicates(["person_id", "characteristic", "source"], keep="last")
    return {
        (str(name), str(source)): part.set_index("person_id")
        for (name, source), part in frame.groupby(["characteristic", "source"], observed=True)
    }


def _add_protected(add: Callable[..., None], party: str, ids: Ids, known: dict[tuple[str, str], pd.DataFrame]) -> None:
    for name in sorted({name for name, _ in known}):
        own, seen = (_codes(known.get((name, source)), ids) for source in ("self", "observed"))
        if name != "ethnicity":
            note = "observed"
            if own.notna().any():
                note = "self-defined where recorded, otherwise observed"
            add(name, party, own.where(own.notna(), seen), note=note)
            continue
        used, source = (own, "self") if own.notna().any() else (seen, "observed")
        part = known.get((name, source))
        schemes = pd.Series(ids).map(part["scheme"]) if part is not None else used
        keys = list(zip(schemes, used, strict=True))
        note = "self-defined" if source == "self" else "observed by an officer: nobody's own answer is recorded"
        add("ethnicity", party, used, _titles(keys), note=note)
        add("ethnicity_group", party, _rolled(keys, used), ETHNICITY_GROUPS, note=f"5+1 groups, {note}")
        add("white_minority", party, _white(keys), note=note)
        if source == "self":
            note = "as an officer saw it; never stands in for a person's own answer"
            add("ethnicity_observed", party, seen, ETHNICITY_GROUPS, note)


def _codes(part: pd.DataFrame | None, ids: Ids) -> pd.Series:
    if part is None:
        return pd.Series([None] * len(ids), dtype=object)
    return pd.Series(ids).map(part["code"]).astype(object)


def _titles(keys: list[tuple[str, str]]) -> dict[str, str]:
    table = ethnicity_table()
    return {code: table[scheme, code]["title"] for scheme, code in set(keys) if (scheme, code) in table}


def _rolled(keys: list[tuple[str, str]], codes: pd.Series) -> pd.Series:
    """5+1 group of each code; a code the table does not know keeps a group of its own, named so."""
    table = ethnicity_table()
    each = {key: table[key]["group"] if key in table else _as_group(*key) for key in set(keys)}
    return pd.Series([each[key] for key in keys], dtype=object).where(codes.notna(), None)


def _as_group(scheme: str, code: str) -> str:
    """A code recorded as a 5+1 group is that group, by letter or by word; a source's own scheme keeps its groups."""
    words = {title: letter for letter, title in ETHNICITY_GROUPS.items()}
    if scheme == "5+1" and (code in ETHNICITY_GROUPS or code in words):
        return words.get(code, code)
    if scheme not in {"5+1", *(known for known, _ in ethnicity_table())}:
        return code
    return f"{code} (not in the roll-up table)"


def _white(keys: list[tuple[str, str]]) -> pd.Series:
    """White British and White minorities apart: patterns of the latter hide inside one White group."""
    table = ethnicity_table()
    names = {"no": "White British", "yes": "White minority"}
    return pd.Series([names.get(table[key]["white_minority"]) if key in table else None for key in keys], dtype=object)


def _age_bands(snapshot: Snapshot, ids: Ids, as_of: Ids, policy: Policy) -> pd.Series:
    persons = snapshot.table("persons", ["person_id", "birth_year"]).to_pandas().dropna()
    persons["person_id"] = _resolve(snapshot, persons["person_id"].to_numpy(dtype=np.int64))
    born = persons.drop_duplicates("person_id", keep="last").set_index("person_id")["birth_year"]
    times, index = np.unique(as_of, return_inverse=True)
    year = np.array([instant(int(at)).year for at in times], dtype=np.float64)[index]
    age = year - pd.Series(ids).map(born).to_numpy(dtype=np.float64)
    return _banded(age, policy.age_bands)


def _banded(values: NDArray[np.float64], lower: tuple[int, ...]) -> pd.Series:
    """Bands by lower ends: ``under 18``, ``18-24``, ..., ``65 or over``; None for NaN."""
    names = [f"under {lower[0]}"]
    names += [str(a) if b == a + 1 else f"{a}-{b - 1}" for a, b in pairwise(lower)]
    names.append(f"{lower[-1]} or over")
    out = pd.Series(np.array(names, dtype=object)[np.searchsorted(lower, np.nan_to_num(values), side="right")])
    return out.where(~np.isnan(values), None)


def _records(snapshot: Snapshot, ids: Ids, as_of: Ids, policy: Policy) -> pd.Series:
    """Records visible at the as-of in which the person is a party or the subject matter, in bands."""
    columns = ["subject_id", "person_at_risk_id", "person_id", "record_id", "recorded_at"]
    events = snapshot.table("events", columns).to_pandas()
    long = pd.concat(
        [
            events[[party, "record_id", "recorded_at"]].rename(columns={party: "who"}).dropna(subset=["who"])
            for party in columns[:3]
        ]
    )
    long["who"] = _resolve(snapshot, long["who"].to_numpy(dtype=np.int64))
    first = long[long["who"] >= 0].groupby(["who", "record_id"], sort=False)["recorded_at"].min().reset_index()
    people, code = np.unique(first["who"].to_numpy(), return_inverse=True)
    shift = np.int64(1) << 34  # later than any recorded_at (the year 2514), so one sorted key holds person and time
    key = np.sort(code.astype(np.int64) * shift + first["recorded_at"].to_numpy(dtype=np.int64))
    place = np.searchsorted(people, ids)
    there = (place < len(people)) & (people[np.minimum(place, len(people) - 1)] == ids) if len(people) else ids < _NO_ID
    start = np.where(there, place, 0).astype(np.int64) * shift
    seen = np.searchsorted(key, start + as_of) - np.searchsorted(key, start)
    count = np.where(ids >= 0, np.where(there, seen, 0), np.nan)
    return _banded(count, policy.richness_bands).where(~(count == 0), "none").where(ids >= 0, None)


def _kinds(snapshot: Snapshot, relationships: Ids) -> pd.Series:
    table = snapshot.table("relationships", ["relationship_id", "kind"]).to_pandas()
    kind = table.drop_duplicates("relationship_id", keep="last").set_index("relationship_id")["kind"].astype(object)
    out = pd.Series(relationships).map(kind).astype(object)
    return out.where(out != "unknown", None)


def _same_sex(latest: dict[str, Ids], known: dict[tuple[str, str], pd.DataFrame], kinds: pd.Series) -> pd.Series:
    """Of couples with both sexes recorded; family relationships are a group of their own."""
    sexes = []
    for party in PARTIES:
        own, seen = (_codes(known.get(("sex", source)), latest[party]) for source in ("self", "observed"))
        sexes.append(own.where(own.notna(), seen))
    couple = kinds.isin(["current_partner", "ex_partner"])
    if not (sexes[0].notna() & sexes[1].notna()).any():
        return pd.Series([None] * len(kinds), dtype=object)
    same = np.where(sexes[0] == sexes[1], "same-sex couple", "different-sex couple").astype(object)
    same[(sexes[0].isna() | sexes[1].isna()).to_numpy()] = None
    same[~couple.to_numpy()] = "family"
    same[kinds.isna().to_numpy()] = None
    return pd.Series(same)
