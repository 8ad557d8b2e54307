"""Casework, to decide: views of the person at risk, safe contact, decisions, and what two people do together."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, String

from serving.storage.metadata import install_triggers

revision = "0004"
down_revision = "0003"

SECONDS = Integer().with_variant(BigInteger(), "postgresql")


def act(*, unique: bool = False) -> Column[str]:
    key = ForeignKey("acts.act_id", deferrable=True, initially="DEFERRED")
    return Column("act_id", String, key, nullable=False, unique=unique, comment="The act that wrote this row.")


def case() -> Column[str]:
    return Column("case_id", String, ForeignKey("cases.id"), nullable=False, comment="The case.")


def decision() -> Column[str]:
    key = ForeignKey("decisions.id")
    return Column("decision_id", String, key, primary_key=True, comment="The decision.")


def upgrade() -> None:
    people()
    decisions()
    proposals()


def people() -> None:
    op.create_table(
        "voices",
        Column("id", String, primary_key=True, comment="VO- and 16 hexadecimal digits, random."),
        act(unique=True),
        case(),
        Column("state", String, nullable=False, comment="What they said or why not; a code of voice in words.yaml."),
        Column("what_text_id", String, comment="Text of what they want; null where they were not asked."),
        Column("why_text_id", String, comment="Text of why they were not asked; null where they were."),
        Column("by_when", SECONDS, comment="By when they are asked, UTC seconds; null where they were."),
        Column("agency", String, comment="Who asked; an owner of options.yaml; null where nobody did."),
        Column("asked_by_text_id", String, comment="Text of the name of whoever asked."),
        Column("asked_at", SECONDS, comment="When they were asked, UTC seconds; null where they were not."),
    )
    install_triggers(op.get_bind(), "voices")
    op.create_index("ix_voices_case_id", "voices", ["case_id"])
    op.create_table(
        "safe_contacts",
        Column("id", String, primary_key=True, comment="SC- and 16 hexadecimal digits, random."),
        act(unique=True),
        case(),
        Column("person", SECONDS, nullable=False, comment="Id of the person at risk, as known when it was written."),
        Column("state", String, nullable=False, comment="A code of safe_contact in words.yaml."),
    )
    install_triggers(op.get_bind(), "safe_contacts")
    op.create_index("ix_safe_contacts_person", "safe_contacts", ["person"])
    op.create_table(
        "safe_contact_texts",
        Column(
            "safe_contact_id", String, ForeignKey("safe_contacts.id"), primary_key=True, comment="The safe contact."
        ),
        Column("field", String, primary_key=True, comment="how, when, code_word or why."),
        Column("body", String, comment="What was typed; null once it is erased."),
        Column("erased_at", SECONDS, comment="When it was erased, UTC seconds; null while it is kept."),
        Column("erased_by", String, comment="U- reference of whoever erased it."),
    )


def decisions() -> None:
    op.create_table(
        "decisions",
        Column("id", String, primary_key=True, comment="DE- and 16 hexadecimal digits, random."),
        act(unique=True),
        case(),
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
        Column("review_at", SECONDS, nullable=False, comment="When it is looked at again, UTC seconds."),
        Column("review_rule", String, nullable=False, comment="The clock of the policy that limits review_at."),
        Column("supersedes", String, ForeignKey("decisions.id"), comment="The decision before; null for the first."),
        Column("supersedes_text_id", String, comment="Text of why there is another."),
        Column("why_text_id", String, comment="Text of why to accept, or what is asked of whoever confirms."),
    )
    install_triggers(op.get_bind(), "decisions")
    op.create_index("ix_decisions_case_id", "decisions", ["case_id"])
    op.create_table(
        "decision_strategies",
        decision(),
        Column("strategy", String, primary_key=True, comment="A code of strategy in words.yaml."),
        act(),
    )
    install_triggers(op.get_bind(), "decision_strategies")
    op.create_table(
        "decision_powers",
        decision(),
        Column("power", String, primary_key=True, comment="A power considered; a code of power in words.yaml."),
        act(),
        Column("text_id", String, comment="Text of a reference or why, where the code asks for one."),
    )
    install_triggers(op.get_bind(), "decision_powers")
    op.create_table(
        "decision_options",
        decision(),
        Column("option", String, primary_key=True, comment="An option considered, of options.yaml."),
        act(),
        Column("taken", Boolean, nullable=False, comment="Whether it is for the plan; otherwise it is not taken."),
        Column("text_id", String, comment="Text of why it is not taken, or the reference of the authority for it."),
    )
    install_triggers(op.get_bind(), "decision_options")
    op.create_table(
        "decisions_in_effect",
        decision(),
        act(unique=True),
        case(),
        Column("due_at", SECONDS, nullable=False, comment="When the next step is due, UTC seconds."),
        Column("due_rule", String, nullable=False, comment="The clock of the policy that made due_at."),
        Column("due_calendar", String, nullable=False, comment="The calendar that this clock went by."),
    )
    install_triggers(op.get_bind(), "decisions_in_effect")
    op.create_index("ix_decisions_in_effect_case_id", "decisions_in_effect", ["case_id"])
    op.create_table(
        "decisions_taken_back",
        decision(),
        act(unique=True),
        case(),
        Column("text_id", String, nullable=False, comment="Text of why it is taken back."),
        Column("due_at", SECONDS, nullable=False, comment="When a new decision is due, UTC seconds."),
        Column("due_rule", String, nullable=False, comment="The clock of the policy that made due_at."),
        Column("due_calendar", String, nullable=False, comment="The calendar that this clock went by."),
    )
    install_triggers(op.get_bind(), "decisions_taken_back")
    op.create_index("ix_decisions_taken_back_case_id", "decisions_taken_back", ["case_id"])


def proposals() -> None:
    op.create_table(
        "proposals",
        Column("id", String, primary_key=True, comment="PR- and 16 hexadecimal digits, random."),
        act(unique=True),
        case(),
        Column("kind", String, nullable=False, comment="A code of proposal_kind in words.yaml."),
        Column("proposed_act", String, nullable=False, comment="The act that happens once it is confirmed."),
        Column("proposed", String, nullable=False, comment="Reference of what is proposed: a decision."),
        Column("case_version", Integer, nullable=False, comment="Version of the case after it; at another, overtaken."),
        Column("text_id", String, nullable=False, comment="Text of why."),
        Column("expires_at", SECONDS, nullable=False, comment="When it can't be confirmed any more, UTC seconds."),
        Column("expires_rule", String, nullable=False, comment="The clock of the policy that made expires_at."),
    )
    install_triggers(op.get_bind(), "proposals")
    op.create_index("ix_proposals_case_id", "proposals", ["case_id"])
    op.create_table(
        "proposal_answers",
        Column("proposal_id", String, ForeignKey("proposals.id"), primary_key=True, comment="The proposal."),
        act(unique=True),
        Column("result", String, nullable=False, comment="A code of proposal_result in words.yaml."),
        Column("text_id", String, comment="Text of the message or of why; null for one that is confirmed."),
    )
    install_triggers(op.get_bind(), "proposal_answers")
