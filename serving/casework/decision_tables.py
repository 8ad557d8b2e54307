"""The tables of decisions: views of the person at risk, safe contact, decisions, and what two people do together."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table

from serving.casework.tables import act_column
from serving.storage import METADATA, UTC_SECONDS, append_only


def _case() -> Column[str]:
    return Column("case_id", String, ForeignKey("cases.id"), nullable=False, comment="The case.")


def _decision() -> Column[str]:
    key = ForeignKey("decisions.id")
    return Column("decision_id", String, key, primary_key=True, comment="The decision.")


VOICES = append_only(
    Table(
        "voices",
        METADATA,
        Column("id", String, primary_key=True, comment="VO- and 16 hexadecimal digits, random."),
        act_column(unique=True),
        _case(),
        Column("state", String, nullable=False, comment="What they said or why not; a code of voice in words.yaml."),
        Column("what_text_id", String, comment="Text of what they want; null where they were not asked."),
        Column("why_text_id", String, comment="Text of why they were not asked; null where they were."),
        Column("by_when", UTC_SECONDS, comment="By when they are asked, UTC seconds; null where they were."),
        Column("agency", String, comment="Who asked; an owner of options.yaml; null where nobody did."),
        Column("asked_by_text_id", String, comment="Text of the name of whoever asked."),
        Column("asked_at", UTC_SECONDS, comment="When they were asked, UTC seconds; null where they were not."),
        Index(None, "case_id"),
    )
)

SAFE_CONTACTS = append_only(
    Table(
        "safe_contacts",
        METADATA,
        Column("id", String, primary_key=True, comment="SC- and 16 hexadecimal digits, random."),
        act_column(unique=True),
        _case(),
        Column(
            "person", UTC_SECONDS, nullable=False, comment="Id of the person at risk, as known when it was written."
        ),
        Column("state", String, nullable=False, comment="A code of safe_contact in words.yaml."),
        Index(None, "person"),
    )
)

SAFE_CONTACT_TEXTS = Table(
    "safe_contact_texts",
    METADATA,
    Column(
        "safe_contact_id",
        String,
        ForeignKey("safe_contacts.id"),
        primary_key=True,
        comment="The safe contact.",
    ),
    Column("field", String, primary_key=True, comment="how, when, code_word or why."),
    Column("body", String, comment="What was typed; null once it is erased."),
    Column("erased_at", UTC_SECONDS, comment="When it was erased, UTC seconds; null while it is kept."),
    Column("erased_by", String, comment="U- reference of whoever erased it."),
)
"""Apart from ``texts``, which history, conflicts and packs show: no reader of those comes near these."""

DECISIONS = append_only(
    Table(
        "decisions",
        METADATA,
        Column("id", String, primary_key=True, comment="DE- and 16 hexadecimal digits, random."),
        act_column(unique=True),
        _case(),
        Column("decision", String, nullable=False, comment="The act that it is for: decide_plan, decide_watch, ..."),
        Column("level", String, nullable=False, comment="A code of threat_level in words.yaml."),
        Column("threat_text_id", String, nullable=False, comment="Text of the threat."),
        Column("vulnerability_text_id", String, nullable=False, comment="Text of what makes them vulnerable."),
        Column(
            "protective_text_id", String, comment="Text of what protects them; null: nothing is recorded that does."
        ),
        Column("not_known_text_id", String, nullable=False, comment="Text of what is not known."),
        Column("confidence", String, nullable=False, comment="A code of confidence in words.yaml."),
        Column("confidence_text_id", String, nullable=False, comment="Text of why this confidence."),
        Column("life_threat", Boolean, nullable=False, comment="Whether a threat to life was considered."),
        Column("life_threat_text_id", String, nullable=False, comment="Text of its reference, or of why not."),
        Column("voice_id", String, ForeignKey("voices.id"), nullable=False, comment="Views of the person at risk."),
        Column("review_at", UTC_SECONDS, nullable=False, comment="When it is looked at again, UTC seconds."),
        Column("review_rule", String, nullable=False, comment="The clock of the policy that limits review_at."),
        Column("supersedes", String, ForeignKey("decisions.id"), comment="The decision before; null for the first."),
        Column("supersedes_text_id", String, comment="Text of why there is another."),
        Column("why_text_id", String, comment="Text of why to accept, or what is asked of whoever confirms."),
        Index(None, "case_id"),
    )
)

DECISION_STRATEGIES = append_only(
    Table(
        "decision_strategies",
        METADATA,
        _decision(),
        Column("strategy", String, primary_key=True, comment="A code of strategy in words.yaml."),
        act_column(),
    )
)

DECISION_POWERS = append_only(
    Table(
        "decision_powers",
        METADATA,
        _decision(),
        Column("power", String, primary_key=True, comment="A power considered; a code of power in words.yaml."),
        act_column(),
        Column("text_id", String, comment="Text of a reference or why, where the code asks for one."),
    )
)

DECISION_OPTIONS = append_only(
    Table(
        "decision_options",
        METADATA,
        _decision(),
        Column("option", String, primary_key=True, comment="An option considered, of options.yaml."),
        act_column(),
        Column("taken", Boolean, nullable=False, comment="Whether it is for the plan; otherwise it is not taken."),
        Column("text_id", String, comment="Text of why it is not taken, or the reference of the authority for it."),
    )
)

DECISIONS_IN_EFFECT = append_only(
    Table(
        "decisions_in_effect",
        METADATA,
        _decision(),
        act_column(unique=True),
        _case(),
        Column("due_at", UTC_SECONDS, nullable=False, comment="When the next step is due, UTC seconds."),
        Column("due_rule", String, nullable=False, comment="The clock of the policy that made due_at."),
        Column("due_calendar", String, nullable=False, comment="The calendar that this clock went by."),
        Index(None, "case_id"),
    )
)
"""A decision takes effect with the act that wrote it, or with the act by which another person confirmed it."""

DECISIONS_TAKEN_BACK = append_only(
    Table(
        "decisions_taken_back",
        METADATA,
        _decision(),
        act_column(unique=True),
        _case(),
        Column("text_id", String, nullable=False, comment="Text of why it is taken back."),
        Column("due_at", UTC_SECONDS, nullable=False, comment="When a new decision is due, UTC seconds."),
        Column("due_rule", String, nullable=False, comment="The clock of the policy that made due_at."),
        Column("due_calendar", String, nullable=False, comment="The calendar that this clock went by."),
        Index(None, "case_id"),
    )
)

PROPOSALS = append_only(
    Table(
        "proposals",
        METADATA,
        Column("id", String, primary_key=True, comment="PR- and 16 hexadecimal digits, random."),
        act_column(unique=True),
        _case(),
        Column("kind", String, nullable=False, comment="A code of proposal_kind in words.yaml."),
        Column("proposed_act", String, nullable=False, comment="The act that happens once it is confirmed."),
        Column("proposed", String, nullable=False, comment="Reference of what is proposed: a decision."),
        Column("case_version", Integer, nullable=False, comment="Version of the case after it; at another, overtaken."),
        Column("text_id", String, nullable=False, comment="Text of why."),
        Column("expires_at", UTC_SECONDS, nullable=False, comment="When it can't be confirmed any more, UTC seconds."),
        Column("expires_rule", String, nullable=False, comment="The clock of the policy that made expires_at."),
        Index(None, "case_id"),
    )
)

PROPOSAL_ANSWERS = append_only(
    Table(
        "proposal_answers",
        METADATA,
        Column(
            "proposal_id",
            String,
            ForeignKey("proposals.id"),
            primary_key=True,
            comment="The proposal.",
        ),
        act_column(unique=True),
        Column("result", String, nullable=False, comment="A code of proposal_result in words.yaml."),
        Column("text_id", String, comment="Text of the message or of why; null for one that is confirmed."),
    )
)
