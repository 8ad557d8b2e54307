"""The card says what the evidence says, shows what is missing, and holds to its schema."""

from __future__ import annotations

import copy
import re
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest

from model_cards.atrs import NOT_PROVIDED, TIER_2, record
from model_cards.card import build, headline_words, outline, schema, validate
from model_cards.facts import FACTS
from model_cards.page import page
from model_cards.words import withheld
from threat.errors import BadInput

ON = date(2026, 6, 1)


def figure(name: str, value: float | None, low: float, high: float, events: int = 120, **by: Any) -> dict[str, Any]:
    return {
        "name": name,
        "title": name.replace("_", " ").capitalize(),
        "value": value,
        "n": 9_000,
        "events": events,
        "interval": None if value is None else [low, high],
        "method": "cluster bootstrap",
        "slice": by,
        **({"reason": "no outcomes"} if value is None else {}),
    }


def group(title: str, n: int, events: int, captured: float, ratio: float | None, verdict: str) -> dict[str, Any]:
    recall = figure("recall", captured / events if events else None, 0.1, 0.6, events)
    return {
        "code": title, "title": title, "n": n, "events": events, "captured": captured, "ratio": ratio,
        "verdict": verdict, "recall": recall,
    }  # fmt: skip


EVIDENCE: dict[str, Any] = {
    "config.json": {"settings": {"title": "Severe harm, monthly"}},
    "snapshot.json": {"id": "abc123", "batches": ["b1", "b2"], "started_at": "2026-05-01T00:00:00+00:00"},
    "cohort.json": {
        "cycles": [
            {"as_of": "2025-01-01T00:00:00+00:00", "steps": []},
            {
                "as_of": "2025-02-01T00:00:00+00:00",
                "steps": [{"step": "in_window", "kept": 1_000, "dropped": 250, "reason": "no record in 24 months"}],
            },
        ]
    },
    "folds.json": {"test_opening": {"earlier_runs_that_opened_it": ["r0"]}},
    "choices.json": {"model_sha256": "a" * 64, "trees": {"chosen": {"num_leaves": 15, "rounds": 120}}},
    "model/features.json": {
        "catalogue_version": "c9", "names": ["a", "b", "c"], "constraints": [1, 0, 0], "sensitive": ["b"],
    },
    "model/calibrator.json": {"method": "isotonic"},
    "checks.json": {
        "future_removed": {"rows": 48, "holds": True, "values_that_differ": 0},
        "dates": {
            "holds": True,
            "folds": [
                {
                    "fold": "test", "last_fit_as_of": "2024-01-01", "last_fit_label_known": "2024-08-01",
                    "fit_date": "2024-08-02", "first_as_of_measured": "2024-08-02",
                }
            ],
        },
        "contributions_sum": {"rows": 48, "holds": True},
        "added_harm": {"scores": 200, "fell": 3, "kinds_that_fell": ["arrest"]},
    },
    "evaluation.json": {
        "rung": "Y2", "horizon_days": 180, "capacity": 50,
        "cohort": {
            "kind": "monthly", "n": 9_000, "relationships": 2_000, "subjects": 1_800, "lists": 6,
            "start": "2025-01-01", "last_as_of": "2025-06-01",
        },
        "rankings": [
            {
                "name": "score", "title": "LightGBM",
                "figures": [
                    figure("recall_at_capacity", 0.4, 0.3, 0.5, capacity=50),
                    figure("recall_at_capacity", 0.7, 0.6, 0.8, capacity=200),
                    figure("auc", 0.71, 0.66, 0.76),
                ],
            },
            {
                "name": "rule_grade", "title": "Latest officer grade <b>",
                "figures": [
                    figure("recall_at_capacity", 0.2, 0.1, 0.3, capacity=50),
                    figure("recall_difference", 0.2, 0.1, 0.3, capacity=50),
                ],
            },
        ],
        "calibration": {
            "slope": figure("slope", 0.9, 0.8, 1.0), "intercept": figure("intercept", 0.1, -0.1, 0.3),
            "observed_over_expected": figure("observed_over_expected", None, 0, 0),
            "bins": [
                {"low": 0.0, "high": 0.01, "expected": 0.008, "observed": figure("observed_rate", 0.01, 0.0, 0.02, 12)},
                {"low": 0.01, "high": 0.2, "expected": 0.05, "observed": figure("observed_rate", 0.1, 0.0, 0.3, 9)},
            ],
        },
        "freshness": [
            {
                "band": "under 1 day",
                "figures": [
                    figure("recall", 0.5, 0.4, 0.6, 40, ranking="score"),
                    figure("recall", 0.1, 0.0, 0.2, 40, ranking="rule_grade"),
                    figure("auc", 0.9, 0.8, 1.0, 9, ranking="score"),
                ],
            }
        ],
        "warnings": ["Rules tie at the cut."],
    },
    "fairness.json": {
        "verdict": "not_enough_evidence", "notes": ["Recorded outcomes only."],
        "policy": {"version": "fairness-1", "publish_at_least": 10},
        "coverage": [{"characteristic": "age", "party": "subject", "state": "tested", "reason": "audited"}],
        "others": [],
        "characteristics": [
            {
                "party": "person_at_risk", "characteristic": "sex", "gate": True, "verdict": "not_enough_evidence",
                "reason": "not enough evidence for: Male, Unknown",
                "groups": [
                    group("Female", 8_000, 100, 40, 1.0, "pass"),
                    group("Male", 900, 60, 15, 0.6, "not_enough_evidence"),
                    group("Unknown", 100, 9, 1, 0.3, "not_enough_evidence"),
                ],
            },
            {
                "party": "subject", "characteristic": "sex", "gate": False, "verdict": "fail", "reason": "x",
                "groups": [group("Zed", 900, 60, 15, 0.1, "fail")],
            },
        ],
    },
    "gate.json": {
        "verdict": "pass", "environment": "demonstration", "to": "live", "show_probability": False,
        "checks": [
            {
                "id": "G7", "title": "Fairness", "required": True, "verdict": "pass", "reason": "accepted by name",
                "accepted": [
                    {
                        "by": "DEMONSTRATION SRO", "role": "SRO", "about": "person_at_risk/sex", "reason": "few",
                        "controls": "none", "expires": "2026-08-30",
                    }
                ],
            }
        ],
        "approvals": [{"by": "DEMONSTRATION SRO", "role": "SRO", "on": "2026-06-01", "environment": "demonstration"}],
    },
}  # fmt: skip


def made(**change: Any) -> dict[str, Any]:
    documents = {**copy.deepcopy(EVIDENCE), **change}
    documents = {name: one for name, one in documents.items() if one is not ...}
    return build(documents, run_id="run-1", manifest_sha256="b" * 64, on=ON)


def field(card: dict[str, Any], path: str) -> dict[str, Any]:
    section, name = path.split(".")
    return next(f for s in card["sections"] if s["id"] == section for f in s["fields"] if f["id"] == name)


def test_every_field_of_the_outline_has_a_source_and_every_fact_a_field() -> None:
    assert all(set(f) == {"id", "title", "source"} for s in outline()["sections"] for f in s["fields"])
    fields = [(f"{s['id']}.{f['id']}", f["source"]) for s in outline()["sections"] for f in s["fields"]]
    assert len(fields) == len(set(fields)) == 76
    assert {path for path, source in fields if source == "auto"} == {*FACTS, "limits.numbered"}
    assert {source for _, source in fields} == {"auto", "human"}


def test_summary() -> None:
    summary = made()["summary"]
    assert summary["status"] == "passed the gate"
    assert summary["environment"] == "demonstration"
    assert summary["recall"]["value"] == 0.4
    assert (summary["horizon_days"], summary["capacity"]) == (180, 50)
    assert summary["expires"] == "2026-08-30"
    assert summary["worst_served"] == (
        "Fairness verdict: not enough evidence. Lowest among groups large enough to publish: Male (sex of the person "
        "at risk), whose recall is 0.60 of the best-served group's (not enough evidence)."
    )
    assert len(summary["limits"]) == 3
    assert summary["limits"][0].startswith("Not being on the list says nothing about safety")
    assert summary["limits"][1].startswith("At this length of list 60% of the 120 recorded outcomes")
    assert headline_words(made()) == (
        "With 50 places on each list, 40.0% (30.0% to 50.0%) of the 120 recorded outcomes within 180 days were on it."
    )


def test_values_come_from_the_evidence() -> None:
    card = made()
    assert field(card, "identity.model_sha256")["value"] == "a" * 64
    assert field(card, "model.constraints")["value"] == "1 of 3 features can only move the score one way"
    attrition = field(card, "data.attrition")["value"]
    assert attrition["columns"][0] == "Filter, list of 2025-02-01"
    assert attrition["rows"] == [["in window", "1,000", "250", "no record in 24 months"]]
    assert field(card, "design.test_opened")["value"].startswith("Once in this RUN; by 1 earlier RUNs")
    rows = field(card, "performance.rankings")["value"]["rows"]
    assert rows[0] == [
        "LightGBM",
        "0.40 (0.30 to 0.50)",
        "not measured",
        "not measured",
        "not measured",
        "0.71 (0.66 to 0.76)",
    ]
    assert field(card, "performance.differences")["value"]["rows"][0][1] == "+0.20 (+0.10 to +0.30)"
    assert "Observed over expected: none: no outcomes" in field(card, "performance.calibration")["value"]
    assert (
        "Under the gate's policy, probabilities are not shown, only ranks."
        in field(card, "performance.calibration")["value"]
    )
    assert field(card, "performance.freshness")["value"]["rows"] == [
        ["under 1 day", "Recall", "9,000", "0.50 (0.40 to 0.60)"],
        ["under 1 day", "Auc", "9,000", "withheld (under 10 outcomes)"],
    ]
    assert field(card, "security.added_harm")["value"].startswith(
        "One recorded harm more lowered 3 of 200 scores (1.5%)"
    )
    assert field(card, "monitoring.acceptances")["value"]["rows"][0][-1] == "2026-08-30"


def test_small_groups_are_withheld() -> None:
    card = made()
    rows = {row[1]: row for row in field(card, "fairness.by_group")["value"]["rows"]}
    assert rows["Female"][2:6] == ["8,000", "100", "0.40 (0.10 to 0.60)", "1.00"]
    assert rows["Unknown"][2:6] == ["withheld (under 10)"] * 4
    assert rows["Male"][2:6] == ["withheld (it would give a smaller group away)"] * 4
    assert "Zed" not in rows
    chart = next(one for one in card["charts"] if one["section"] == "fairness")
    assert [point["label"] for point in chart["points"]] == ["Female"]
    bands = next(one for one in card["charts"] if one["title"].startswith("Do the probabilities"))
    assert [point["label"] for point in bands["points"]] == ["0.00% to 1.00%"]


BIG, MIDDLE, FEW, TINY = (900, 90, 30), (800, 80, 30), (700, 20, 15), (9, 9, 0)


@pytest.mark.parametrize(
    ("groups", "shown"),
    [
        ([BIG, MIDDLE], [True, True]),
        ([BIG, MIDDLE, FEW], [True, False, False]),  # 5 missed; the next smallest goes with it
        ([BIG, TINY, MIDDLE], [True, False, False]),
        ([BIG, TINY], [False, False]),
        ([BIG, MIDDLE, FEW, TINY], [True, True, False, False]),  # two already: neither can be had alone
        ([TINY], [False]),
        ([], []),
    ],
)
def test_no_group_is_withheld_alone(groups: list[tuple[int, int, int]], shown: list[bool]) -> None:
    drawn = [{"n": n, "events": events, "captured": captured} for n, events, captured in groups]
    assert [why == "" for why in withheld(drawn, 10)] == shown


def test_what_nobody_provided_is_counted_and_shown() -> None:
    human = [f"{s['id']}.{f['id']}" for s in outline()["sections"] for f in s["fields"] if f["source"] == "human"]
    card = made()
    absent = [f for s in card["sections"] for f in s["fields"] if not f["provided"]]
    assert {f"{s['id']}.{f['id']}" for s in card["sections"] for f in s["fields"] if not f["provided"]} == {
        *human,
        "fairness.others",
        "basis.documents",
    }
    assert card["not_yet_provided"] == len(absent)
    assert page(card).count("Not yet provided") == len(human)
    assert page(card).count("Not in the evidence") == 2
    filled = made(**{"human.json": {"identity.contact": {"value": "the unit", "by": "A. Person", "on": "2026-05-02"}}})
    contact = field(filled, "identity.contact")
    assert (contact["value"], contact["evidence"], contact["last_checked"]) == (
        "the unit",
        "A. Person, 2026-05-02",
        "2026-05-02",
    )
    assert filled["not_yet_provided"] == card["not_yet_provided"] - 1


@pytest.mark.parametrize("name", EVIDENCE)
def test_a_card_without_any_one_document_is_still_a_card(name: str) -> None:
    card = made(**{name: ...})
    assert card["not_yet_provided"] >= made()["not_yet_provided"]
    assert "<h1>" in page(card)


def test_a_card_of_no_evidence_claims_nothing() -> None:
    card = build({}, run_id="run-1", manifest_sha256="b" * 64, on=ON)
    assert card["summary"]["status"] == "draft"
    assert card["summary"]["recall"] is None
    assert card["summary"]["worst_served"] == "Not audited."
    assert headline_words(card) == "Recall at capacity has not been measured."
    assert len(card["summary"]["limits"]) == 3
    assert card["charts"] == []


@pytest.mark.parametrize(
    ("human", "message"),
    [
        ({"identity.name": {"value": "x", "by": "y", "on": "2026-01-01"}}, "not a field that a person fills"),
        ({"nowhere.x": {"value": "x", "by": "y", "on": "2026-01-01"}}, "not a field that a person fills"),
        ({"identity.contact": "the unit"}, "says who filled it and when"),
        ({"identity.contact": {"value": "the unit"}}, "says who filled it and when"),
    ],
)
def test_human_fields_are_checked(human: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        made(**{"human.json": human})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("schema_version", "2.0"),
        ("run_manifest_sha256", "zz"),
        ("summary.status", "live"),
        ("summary.limits", []),
        ("sections", []),
        ("not_yet_provided", -1),
        ("extra", 1),
        ("summary.extra", 1),
        ("sections.0.fields.0.source", "guess"),
        ("sections.0.fields.0.value", None),
    ],
)
def test_what_is_not_a_card_is_refused(path: str, value: Any) -> None:
    card: Any = made()
    at = card
    *way, last = path.split(".")
    for step in way:
        at = at[int(step)] if step.isdigit() else at[step]
    at[last] = value
    with pytest.raises(BadInput, match=r"schema|problems"):
        validate(card)


def test_a_document_of_another_shape_is_bad_input() -> None:
    for name, broken in (("evaluation.json", {"rung": "Y2"}), ("fairness.json", {}), ("checks.json", {"dates": 1})):
        with pytest.raises(BadInput, match="does not have the shape"):
            made(**{name: broken})


def test_the_schema_is_a_schema() -> None:
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(schema())


class Outline(HTMLParser):
    """Tags that are opened and closed, headings, ids and what points at them."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[int] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.outside: list[str] = []
        self.scopes = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in {"meta", "br", "rect", "line", "circle", "path", "polyline"}:
            self.open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if given.get("id"):
            self.ids.append(str(given["id"]))
        for name in ("href", "aria-labelledby"):
            self.targets += [one.removeprefix("#") for one in str(given.get(name) or "").split()]
        self.outside += [str(given[name]) for name in ("src", "srcset", "action") if given.get(name)]
        self.scopes += tag == "th" and "scope" not in given
        assert tag != "script"

    def handle_endtag(self, tag: str) -> None:
        if tag in {"rect", "line", "circle", "path", "polyline"}:
            return
        assert self.open.pop() == tag


def test_the_page_stands_alone_and_can_be_read_aloud() -> None:
    html = page(made())
    parsed = Outline()
    parsed.feed(html)
    assert parsed.open == []
    assert parsed.outside == []
    assert parsed.headings[0] == 1
    assert all(after - before <= 1 for before, after in zip(parsed.headings, parsed.headings[1:], strict=False))
    assert len(parsed.ids) == len(set(parsed.ids))
    assert set(parsed.targets) <= set(parsed.ids)
    assert parsed.scopes == 0
    assert '<html lang="en-GB">' in html
    assert "http" not in re.sub(r'xmlns="[^"]*"', "", html)
    assert "DEMONSTRATION. Signed by nobody; valid nowhere else." in html
    assert "<title>Model card: Severe harm, monthly</title>" in html


def test_text_from_the_evidence_is_escaped() -> None:
    html = page(made())
    assert "Latest officer grade &lt;b&gt;" in html
    assert "grade <b>" not in html


@pytest.mark.parametrize("phrase", ["low risk", "low-risk", "is safe", "safe to", "perpetrator "])
def test_nobody_is_called_safe(phrase: str) -> None:
    assert phrase not in page(made()).lower()


def test_a_page_outside_the_demonstration_has_no_mark() -> None:
    gate = {**EVIDENCE["gate.json"], "environment": "force", "verdict": "not_enough_evidence"}
    html = page(made(**{"gate.json": gate}))
    assert "Signed by nobody; valid nowhere else. Not for" not in html
    assert "Refused by the gate" in html


def test_the_transparency_record_is_a_view_of_the_card() -> None:
    paths = {path for part in TIER_2.values() for path in part.values()}
    card = made()
    assert paths <= {f"{s['id']}.{f['id']}" for s in card["sections"] for f in s["fields"]}
    draft = record(card)
    assert draft["draft"] is True
    assert draft["tier_2"]["4.2 Model specification"]["Name"] == "Severe harm, monthly"
    assert draft["tier_1"]["contact"] == NOT_PROVIDED
    assert "Tier 1: contact" in draft["not_yet_provided"]
    assert "3 Deployment context: Appeals and review" in draft["not_yet_provided"]
