"""The tables of casework: one head that changes, and facts that are only ever added; each column says what it holds."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from serving.storage import METADATA, UTC_SECONDS, append_only


def act_column(*, unique: bool = False) -> Column[str]:
    """Return the column by which a fact row names its act: a row without its act is refused when it is committed."""
    act = ForeignKey("acts.act_id", deferrable=True, initially="DEFERRED")  # the act is written last
    return Column("act_id", String, act, nullable=False, unique=unique, comment="The act that wrote this row.")


ACTS = append_only(
    Table(
        "acts",
        METADATA,
        Column("act_id", String, primary_key=True, comment="UUID that the form or the caller gave the act."),
        Column("act", String, nullable=False, comment="What was done, as transitions.yaml names it."),
        Column("content_sha256", String, nullable=False, comment="Hash of every code that was sent, without texts."),
        Column("at", UTC_SECONDS, nullable=False, comment="When the act arrived, UTC seconds of the desk's clock."),
        Column("by", String, nullable=False, comment="U- reference of the person; engine where the desk acted."),
        Column("who", String, nullable=False, comment="The person as the audit log shows them."),
        Column("role", String, nullable=False, comment="The roles that the person had then, in words."),
        Column("policy", String, nullable=False, comment="Version of the policy that the act was judged by."),
        Column("case_id", String, comment="C- reference of the case; null where there is none yet."),
        Column("state_from", String, comment="State of the case before; null where there was no case."),
        Column("state_to", String, comment="State of the case after."),
        Column("version", Integer, comment="Version of the case after; null where its head did not move."),
        Column("result", String, nullable=False, comment="Reference of what the act made: the answer to a repeat."),
        Column("audit", UTC_SECONDS, nullable=False, unique=True, comment="Number of its entry in the audit log."),
        Index(None, "case_id", "version"),
    )
)

TEXTS = Table(
    "texts",
    METADATA,
    Column("id", String, primary_key=True, comment="T- and 16 hexadecimal digits, random."),
    Column("act_id", String, nullable=False, comment="The act that it was typed for."),
    Column("field", String, nullable=False, comment="The field of the form that it was typed into."),
    Column("body", String, comment="What was typed; null once it is erased."),
    Column("erased_at", UTC_SECONDS, comment="When it was erased, UTC seconds; null while it is kept."),
    Column("erased_by", String, comment="U- reference of whoever erased it."),
    Index(None, "act_id", "field", unique=True),
)

CASES = Table(
    "cases",
    METADATA,
    Column("id", String, primary_key=True, comment="C- and 16 hexadecimal digits, random."),
    Column("relationship", UTC_SECONDS, nullable=False, comment="Id of the relationship that the case is about."),
    Column("state", String, nullable=False, comment="Where the case stands; a code of case_state in words.yaml."),
    Column("owner", String, comment="U- reference of who has the case; null: it is the unit's."),
    Column("grade_now", String, comment="The grade in force; null before the first."),
    Column("next_due", UTC_SECONDS, comment="When something is due next, UTC seconds; null: nothing is."),
    Column("next_due_rule", String, comment="The clock of the policy that made next_due."),
    Column("joined_into", String, comment="C- reference of the case that goes on in its place."),
    Column("opened_at", UTC_SECONDS, nullable=False, comment="When the case was opened, UTC seconds."),
    Column("version", Integer, nullable=False, comment="Rises by one with each act that moves this row."),
    CheckConstraint("(next_due IS NULL) = (next_due_rule IS NULL)", name="due_has_its_rule"),
)

OVER: Final = ("closed", "joined")
"""States in which nobody works on a case."""

Index(
    "ix_cases_open_relationship",
    CASES.c.relationship,
    unique=True,
    sqlite_where=CASES.c.state.not_in(OVER),
    postgresql_where=CASES.c.state.not_in(OVER),
)
Index(None, CASES.c.state, CASES.c.next_due)

REFERRALS = append_only(
    Table(
        "referrals",
        METADATA,
        Column("id", String, primary_key=True, comment="F- and 16 hexadecimal digits, random."),
        act_column(unique=True),
        Column("case_id", String, ForeignKey("cases.id"), comment="The case; null for a question of identity."),
        Column("relationship", UTC_SECONDS, comment="Id of the relationship; null where it is not certain which."),
        Column("kind", String, nullable=False, comment="Why to look; a code of referral_kind in words.yaml."),
        Column(
            "source", String, nullable=False, comment="What it came from: a list, an event, a row put in quarantine."
        ),
        Column("list_id", String, comment="The published list that it was opened with; null for another way in."),
        Column("sealed", Boolean, comment="Whether the order stays closed after the grade; null without a list."),
        Column("arrived_at", UTC_SECONDS, nullable=False, comment="When the desk came to know of it, UTC seconds."),
        Column("due_at", UTC_SECONDS, nullable=False, comment="When a person is to have looked, UTC seconds."),
        Column("due_rule", String, nullable=False, comment="The clock of the policy that made due_at."),
        Column("due_calendar", String, nullable=False, comment="The calendar that this clock went by."),
        Column("probability", Float, comment="Chance of being drawn, 0 to 1, of a random sample; else null."),
        Column("text_id", String, comment="Text of why, where a person gave one."),
        Index(None, "case_id"),
    )
)

REFERRAL_EVENTS = append_only(
    Table(
        "referral_events",
        METADATA,
        Column("event", UTC_SECONDS, primary_key=True, autoincrement=False, comment="Id of the event."),
        Column(
            "relationship",
            UTC_SECONDS,
            primary_key=True,
            autoincrement=False,
            comment="Id of the relationship that it concerns; 0 where no recorded relationship covers its parties.",
        ),
        Column("referral_id", String, ForeignKey("referrals.id"), nullable=False, comment="The referral it opened."),
        act_column(),
        Column("kind", String, nullable=False, comment="Kind of the event, or quarantined for a row that did not fit."),
        Column("about", String, nullable=False, comment="Whom it is about: pair, subject or person_at_risk."),
        Column("occurred_at", UTC_SECONDS, nullable=False, comment="When it happened, UTC seconds."),
        Column("recorded_at", UTC_SECONDS, nullable=False, comment="When it was recorded, UTC seconds."),
        Column("ends", UTC_SECONDS, comment="End of a stay that opens it, UTC seconds; else null."),
        Index(None, "referral_id"),
    )
)
"""Keyed by event and relationship: what makes a second referral of one record impossible."""

ANSWERS = append_only(
    Table(
        "answers",
        METADATA,
        Column(
            "referral_id",
            String,
            ForeignKey("referrals.id"),
            primary_key=True,
            comment="The referral that is answered.",
        ),
        act_column(),
        Column("fact", String, nullable=False, comment="What answered it: sight, grade, decision or link."),
        Column("fact_id", String, nullable=False, comment="Reference of that fact."),
    )
)

SIGHTS = append_only(
    Table(
        "sights",
        METADATA,
        Column("id", String, primary_key=True, comment="S- and 16 hexadecimal digits, random."),
        act_column(unique=True),
        Column(
            "referral_id",
            String,
            ForeignKey("referrals.id"),
            nullable=False,
            unique=True,
            comment="The referral whose records, or question, were looked at.",
        ),
        Column(
            "result", String, nullable=False, comment="What was found; a code of sight_result, or of question_answer."
        ),
        Column("text_id", String, comment="Text of why, where the result asks for it."),
        Column("due_at", UTC_SECONDS, comment="By when to grade, UTC seconds, where the result is to grade now."),
        Column("due_rule", String, comment="The clock of the policy that made due_at."),
        Column("due_calendar", String, comment="The calendar that this clock went by."),
    )
)

GRADES = append_only(
    Table(
        "grades",
        METADATA,
        Column("id", String, primary_key=True, comment="G- and 16 hexadecimal digits, random."),
        act_column(unique=True),
        Column("case_id", String, ForeignKey("cases.id"), nullable=False, comment="The case."),
        Column("grade", String, nullable=False, comment="The grade; a code of grade in words.yaml."),
        Column("sealed", Boolean, nullable=False, comment="Whether a referral that it answers is sealed."),
        Column("text_id", String, comment="Text of what is not on record, or of anything else."),
        Column(
            "due_at",
            UTC_SECONDS,
            nullable=False,
            comment="When a person decides or looks again at the latest, UTC seconds.",
        ),
        Column("due_rule", String, comment="The clock of the policy that made due_at."),
        Column("due_calendar", String, comment="The calendar that this clock went by."),
        Column("seconds", Integer, comment="Seconds from the page of the case to the grade; null: not measured."),
        Column("corrects", String, ForeignKey("grades.id"), comment="The grade of the same person that it corrects."),
        Column("why", String, comment="Why it was corrected; a code of grade_reason in words.yaml."),
        Index(None, "case_id"),
    )
)

GRADE_FACTS = append_only(
    Table(
        "grade_facts",
        METADATA,
        Column("grade_id", String, ForeignKey("grades.id"), primary_key=True, comment="The grade."),
        Column("fact", String, primary_key=True, comment="Kind on record that it goes by, or not_on_record."),
        Column("place", Integer, nullable=False, comment="Place among the facts as they were chosen, from 1."),
        act_column(),
    )
)

GRADE_MISSING = append_only(
    Table(
        "grade_missing",
        METADATA,
        Column("grade_id", String, ForeignKey("grades.id"), primary_key=True, comment="The grade."),
        Column("missing", String, primary_key=True, comment="What was needed; a code of missing in words.yaml."),
        act_column(),
    )
)

REVEALS = append_only(
    Table(
        "reveals",
        METADATA,
        Column("id", String, primary_key=True, comment="V- and 16 hexadecimal digits, random."),
        act_column(unique=True),
        Column("case_id", String, ForeignKey("cases.id"), nullable=False, comment="The case."),
        Column("grade_id", String, ForeignKey("grades.id"), nullable=False, comment="The grade in force then."),
        Column("list_id", String, nullable=False, comment="The list whose order was shown."),
        Column("shown_to", String, nullable=False, comment="U- reference of the person it was shown to."),
        UniqueConstraint("grade_id", "list_id", "shown_to"),
    )
)

SECOND_LOOKS = append_only(
    Table(
        "second_looks",
        METADATA,
        Column("id", String, primary_key=True, comment="K- and 16 hexadecimal digits, random."),
        act_column(unique=True),
        Column("case_id", String, ForeignKey("cases.id"), nullable=False, comment="The case."),
        Column(
            "grade_id",
            String,
            ForeignKey("grades.id"),
            nullable=False,
            unique=True,
            comment="The grade that was looked at again.",
        ),
        Column("outcome", String, nullable=False, comment="Kept or changed; a code of second_look in words.yaml."),
        Column("grade_after", String, nullable=False, comment="The grade in force from then on."),
        Column("why", String, nullable=False, comment="Why it was kept or changed; a code of grade_reason."),
        Column("text_id", String, comment="Text of more, where a person gave it."),
        Column("list_id", String, nullable=False, comment="The list whose order was shown."),
        Column("ranking_id", String, nullable=False, comment="The model or rule that made this order."),
        Column("rank_shown", Integer, comment="The place that was shown, from 1; null: not ranked."),
        Column("due_at", UTC_SECONDS, nullable=False, comment="When a person decides or looks again, UTC seconds."),
        Column("due_rule", String, nullable=False, comment="The clock of the policy that made due_at."),
        Column("due_calendar", String, nullable=False, comment="The calendar that this clock went by."),
    )
)

OPENED_LISTS = append_only(
    Table(
        "opened_lists",
        METADATA,
        Column("list_id", String, primary_key=True, comment="The published list whose referrals were opened."),
        act_column(unique=True),
        Column("as_of", UTC_SECONDS, nullable=False, comment="As-of of the list, UTC seconds."),
        Column("must_see", Integer, nullable=False, comment="Must-see referrals that it opened."),
        Column("for_review", Integer, nullable=False, comment="Referrals of its rows for review that it opened."),
        Column("questions", Integer, nullable=False, comment="Questions of identity that it opened."),
    )
)

INCIDENTS = append_only(
    Table(
        "incidents",
        METADATA,
        Column("id", String, primary_key=True, comment="I- and 16 hexadecimal digits, random."),
        act_column(),
        Column("check_name", String, nullable=False, comment="The check that failed, by its name."),
        Column("subject", String, nullable=False, comment="The case or referral that is not as its facts say."),
        Column("stored", String, nullable=False, comment="What is stored, in codes."),
        Column("computed", String, nullable=False, comment="What the facts say, in codes."),
    )
)

DRAFTS = Table(
    "drafts",
    METADATA,
    Column("id", String, primary_key=True, comment="D- and 16 hexadecimal digits, random."),
    Column("person", String, nullable=False, comment="U- reference of who writes it, who alone is ever shown it."),
    Column("path", String, nullable=False, comment="Address of the form on the desk."),
    Column("case_id", String, comment="C- reference of the case that the form is of; null for another form."),
    Column("fields", String, nullable=False, comment="What was filled in, as JSON; at most 64 kB."),
    Column("seen_version", Integer, comment="Version of the case that the form was made from."),
    Column("saved_at", UTC_SECONDS, nullable=False, comment="When it was saved, UTC seconds."),
    Column("expires_at", UTC_SECONDS, nullable=False, comment="When it is deleted, UTC seconds."),
    Index(None, "person", "path", unique=True),
    Index(None, "expires_at"),
)
"""Personal data that nobody acted on: kept for days, shown to its writer alone, named in no log, and deleted."""
