"""What the shipped catalogue holds: coverage of the published factors, directions, sensitivity, what is never read."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from string import Formatter
from typing import get_args

import yaml

from features.definitions import Definition, Scope
from features.factors import factors, references
from features.kinds_read import expand
from features.load import load_catalogue
from features.rules import RULES
from features.sentences import THEMES, TOKENS
from features.statistics import STATISTICS
from features.validation import read_kinds
from threat.vocabulary import kinds

CATALOGUE = load_catalogue()

# Issue: directions that are never set, with the reason a reader of the rule should find here.
NO_DIRECTION_STATISTICS = {
    "window_ratio": "ratio",
    "gap_ratio": "ratio",
    "rate_at_liberty": "ratio",
    "slope": "slope",
    "share": "share",
    "late_share": "share",
    "grade": "assessment grade",
    "state_yes": "assessment",
    "state_unanswered": "assessment",
    "days_in_custody": "custody",
    "in_custody": "custody",
    "days_since_end": "custody",
    "days_until": "custody and orders",
    "order_in_force": "orders",
    "days_in_force": "recency across custody",
    "state_is": "who the two are",
    "days_in_state": "who the two are",
    "history_days": "history length",
    "rows_visible": "richness",
    "days_since_first": "recency across custody",
    "mean_gap": "recency across custody",
    "last_gap": "recency across custody",
    "last": "a later, lesser event lowers it",
}
NO_DIRECTION_KIND_THEMES = {
    "custody": "arrests and custody",
    "order": "orders",
    "criminal_justice": "disposals",
    "assessment": "grades and answers",
    "mental_health": "mental health",
    "self_harm": "mental health",
    "pregnancy": "pregnancy",
    "partner_agency": "service use",
    "unit": "proactive contact",
    "substance": "policing makes the markers",
    "adult_family": "age",
}
POLICY_KINDS = {"retraction", "victim_withdrawal"}


def test_at_least_130_definitions_over_every_scope_and_theme() -> None:
    assert len(CATALOGUE) >= 130
    assert {d.scope for d in CATALOGUE} == set(get_args(Scope))
    assert {d.theme for d in CATALOGUE} == set(THEMES)


def test_every_statistic_but_the_sum_of_values_is_used() -> None:
    assert {d.statistic for d in CATALOGUE} == set(STATISTICS)


def test_every_factor_is_served_or_says_why_not() -> None:
    served = {d.factor for d in CATALOGUE if d.factor is not None}
    table = {f.number: f for f in factors()}
    assert sorted(table) == list(range(1, 43))
    assert set(table) - served == {40}
    assert table[40].beyond
    assert served <= set(table)


def test_sources_are_references_of_the_factor_table() -> None:
    unknown = {d.name: d.source for d in CATALOGUE if not set(d.source.split("; ")) <= set(references())}
    assert unknown == {}


def test_every_reference_is_used() -> None:
    used = {key for d in CATALOGUE for key in d.source.split("; ")} | {key for f in factors() for key in f.references}
    rules = " ".join(rule.source for rule in RULES.values())
    assert {key for key in references() if key not in used and key not in rules} == set()


def why_no_direction(d: Definition) -> str:
    """The rule a direction of this definition would break; empty when it breaks none."""
    read = read_kinds(d)
    themes = sorted({kinds()[name].theme for name in read} & set(NO_DIRECTION_KIND_THEMES))
    reasons = {
        NO_DIRECTION_STATISTICS.get(d.statistic, ""): d.statistic in NO_DIRECTION_STATISTICS,
        "general offending has mixed evidence": d.domestic == "no",
        "sensitive": d.sensitive,
        "proactive contact": d.include_proactive,
        "third-party contact": "third_party" in d.reported_by,
        "counter-allegation": d.scope in {"reversed", "subject_at_risk", "at_risk_subject"},
        "what others did": d.scope in {"at_risk_others", "about_at_risk"},
        "withdrawal without a policy": read <= POLICY_KINDS and not (d.policy and d.direction == 1),
        NO_DIRECTION_KIND_THEMES[themes[0]] if themes else "none": bool(themes) and not read <= POLICY_KINDS,
    }
    return "; ".join(reason for reason, broken in reasons.items() if broken)


def test_no_direction_where_none_may_be() -> None:
    assert {d.name: why for d in CATALOGUE if d.direction and (why := why_no_direction(d))} == {}
    assert [d.name for d in CATALOGUE if d.policy and not d.direction] == []


def test_the_rule_on_directions_bites() -> None:
    bites = {
        "domestic_incident_ratio_30d_180d": "ratio",
        "violence_share_ever": "share",
        "harm_slope_728d": "slope",
        "harm_last": "a later, lesser event lowers it",
        "days_since_first_domestic_incident": "recency across custody",
        "days_since_custody_began": "arrests and custody",
        "days_since_withdrawal": "withdrawal without a policy",
        "arrests_365d": "arrests and custody",
        "orders_made_ever": "orders",
        "no_further_action_365d": "disposals",
        "latest_grade": "assessment grade; grades and answers",
        "answer_strangled": "assessment; grades and answers",
        "days_since_subject_mental_health_detention": "sensitive; mental health",
        "subject_mental_health_marker": "sensitive; mental health",
        "pregnancy_or_birth_548d": "sensitive; what others did; pregnancy",
        "third_party_reports_365d": "third-party contact",
        "marac_referrals_365d": "service use",
        "reversed_incidents_365d": "counter-allegation",
        "subject_non_domestic_crimes_365d": "general offending has mixed evidence",
    }
    found = {name: why_no_direction(replace(CATALOGUE[name], direction=1)) for name in bites}
    assert found == bites
    assert why_no_direction(CATALOGUE["retractions_ever"]) == ""
    assert why_no_direction(replace(CATALOGUE["retractions_ever"], policy=False)) == "withdrawal without a policy"


def test_counts_of_harm_do_have_a_direction() -> None:
    for name in (
        "domestic_incidents_90d",
        "strangulation_incidents_ever",
        "threats_to_kill_365d",
        "order_breaches_90d",
    ):
        assert CATALOGUE[name].direction == 1
    lowering = {d.statistic for d in CATALOGUE if d.direction == -1}
    assert lowering == {"days_since_last", "breach_after"}


def test_what_no_model_reads_has_no_direction_and_is_no_part_of_what_models_read() -> None:
    unread = [d for d in CATALOGUE if not d.read_by_model]
    assert {d.direction for d in unread} == {0}
    assert "harm_last" in [d.name for d in unread]
    read = CATALOGUE.read_by_models()
    assert read.names == tuple(name for name in CATALOGUE.names if name not in {d.name for d in unread})


def test_a_missing_figure_is_read_as_the_end_of_least_risk() -> None:
    some = CATALOGUE.only(["days_since_violence", "days_until_release", "family_violence_ever"])
    assert some.least_risk == (36_525.0, None, 0.0)


def test_states_in_force_that_evidence_names_may_raise() -> None:
    states = {d.name for d in CATALOGUE if d.statistic in ("state_in_force", "both") and d.direction}
    raising = {"firearm_access", "stepchild_in_home", "separation_with_control_365d", "ex_partner_with_control_365d"}
    assert states == raising
    assert {CATALOGUE[name].direction for name in states} == {1}


def test_answers_expire() -> None:
    answers = {d.name: d.window_days for d in CATALOGUE if d.statistic in ("state_yes", "state_unanswered")}
    assert {days for name, days in answers.items() if not name.endswith("_pregnant")} == {365}
    assert (answers["answer_pregnant"], answers["unanswered_pregnant"]) == (548, 548)


def test_a_state_is_never_counted_by_how_often_it_was_written_down() -> None:
    states = {name for name, kind in kinds().items() if kind.lasts == "state"}
    counting = ("count", "incidents", "recency_weighted")
    assert [d.name for d in CATALOGUE if set(d.kinds) & states and d.statistic in counting] == []


def test_the_kind_of_a_relationship_is_read_where_it_is_named_and_nowhere_else() -> None:
    reading = {d.name for d in CATALOGUE if "relationship_recorded" in read_kinds(d) | expand(d.among)}
    named = {d.name for d in CATALOGUE if "relationship_recorded" in d.kinds}
    assert reading == named == {
        "kind_partner", "kind_ex_partner", "kind_adult_family", "days_since_ex_partner", "ex_partner_with_control_365d"
    }  # fmt: skip
    assert not any(d.sensitive for d in CATALOGUE if d.name in named)


def test_retractions_calls_and_harms_without_evidence_never_lower_by_policy() -> None:
    policies = {d.name for d in CATALOGUE if d.policy}
    calls_and_harms = {"abandoned_calls_365d", "concern_calls_365d", "animal_cruelty_ever"}
    assert policies == {"retractions_ever", "withdrawals_365d"} | calls_and_harms


def test_proactive_contacts_never_count() -> None:
    assert [d.name for d in CATALOGUE if d.include_proactive] == []
    never = {name for name, kind in kinds().items() if kind.theme == "unit"} | {"withdrawn"}
    assert [d.name for d in CATALOGUE if read_kinds(d) & never and d.theme != "records"] == []


def test_a_death_is_no_feature_of_the_dead() -> None:
    """Markers that follow a death predict it perfectly, so no definition names them about the person who died."""
    assert [d.name for d in CATALOGUE if "suspected_suicide" in read_kinds(d) and d.theme != "records"] == []
    towards_others = {"subject_anyone", "subject_others"}
    killings = {"murder", "manslaughter"}
    assert [d.name for d in CATALOGUE if killings & set(d.kinds) and d.scope not in towards_others] == []


def test_domestic_incident_means_one_thing() -> None:
    meant = {d.kinds for d in CATALOGUE if "domestic_incident" in d.name and "@crime" in d.kinds and len(d.kinds) > 1}
    assert len(meant) == 1
    incident = expand(next(iter(meant)))
    assert {"assault_with_injury", "domestic_incident", "threat_to_children"} <= incident
    assert {"child_present", "concern_for_safety", "unit_contact", "risk_grade"} & incident == set()


def test_every_assessment_item_has_two_indicators() -> None:
    items = [name for name in kinds() if name.startswith("item_")]
    pairs = Counter(d.kinds[0] for d in CATALOGUE if d.statistic in {"state_yes", "state_unanswered"})
    assert pairs == dict.fromkeys(items, 2)


def test_sensitive_definitions_are_known_and_justified() -> None:
    sensitive = {d.name for d in CATALOGUE if d.sensitive}
    protected = {name for name, k in kinds().items() if k.theme in {"mental_health", "self_harm", "pregnancy"}}
    protected |= {"honour_based_abuse", "forced_marriage", "item_pregnant", "item_subject_suicidal"}
    protected |= {"item_person_suicidal", "caring_role"}
    # A group such as @crime, @assessment or @any, or every question of the form together, takes a marker in among
    # everything else and singles nobody out.
    items = {name for name in kinds() if name.startswith("item_")}
    reads_sensitive = {
        d.name
        for d in CATALOGUE
        if read_kinds(d) & protected
        and not {"@crime", "@assessment", "@any"} & set(d.kinds)
        and not items <= read_kinds(d)
    }
    assert sensitive == reads_sensitive
    assert all(len(d.justification) > 60 for d in CATALOGUE if d.sensitive)


def test_templates_use_known_placeholders() -> None:
    for d in CATALOGUE:
        used = {field for _, field, _, _ in Formatter().parse(d.sentence) if field is not None}
        assert used <= set(TOKENS), d.name
        assert (len(d.sentence.split(" | ")) == 3) == (d.statistic == "slope"), d.name


def test_factor_table_is_plain_yaml_with_text() -> None:
    for factor in factors():
        assert factor.title
        assert factor.finding
        assert factor.trap
        assert set(factor.references) <= set(references())
        assert "from memory" not in yaml.safe_dump(factor.finding)
