"""Reading a decision back: as it was written, for whoever confirms it and for pages."""

from __future__ import annotations

from sqlalchemy import Connection, select

from serving.casework.clocks import Clocks
from serving.casework.decided import decided
from serving.casework.decision import Considered, Decision, Power, Standing
from serving.casework.decision_tables import DECISION_OPTIONS, DECISION_POWERS, DECISION_STRATEGIES, DECISIONS
from serving.casework.options import options
from serving.casework.texts import texts_of
from serving.casework.voice import voice_now
from serving.casework.words import vocabulary
from threat.errors import UsageError


def read_decision(connection: Connection, decision_id: str, version: int = 0) -> Decision:
    """Return a decision as it was written; an erased text is empty. Raises UsageError where there is none.

    ``version``: of the case that it is to be judged on.
    """
    row = connection.execute(select(DECISIONS).where(DECISIONS.c.id == decision_id)).first()
    if row is None:
        raise UsageError("There is no decision of this reference.", value=decision_id, way_out="open the case")
    powers = connection.execute(select(DECISION_POWERS).where(DECISION_POWERS.c.decision_id == decision_id)).all()
    chosen = connection.execute(select(DECISION_OPTIONS).where(DECISION_OPTIONS.c.decision_id == decision_id)).all()
    strategies = select(DECISION_STRATEGIES.c.strategy).where(DECISION_STRATEGIES.c.decision_id == decision_id)
    ids = [value for name, value in row._mapping.items() if name.endswith("text_id") and value is not None]
    bodies = texts_of(connection, [*ids, *(each.text_id for each in (*powers, *chosen) if each.text_id is not None)])

    def body(text_id: str | None) -> str:
        return bodies.get(text_id or "", "")

    in_order = list(vocabulary("power").codes)
    catalogue = [option.option for option in options().options]
    return Decision(
        case_id=row.case_id,
        version=version,
        act=row.decision,
        level=row.level,
        threat=body(row.threat_text_id),
        vulnerability=body(row.vulnerability_text_id),
        protective=body(row.protective_text_id),
        none_protective=row.protective_text_id is None,
        not_known=body(row.not_known_text_id),
        confidence=row.confidence,
        confidence_why=body(row.confidence_text_id),
        voice_id=row.voice_id,
        powers=tuple(
            Power(each.power, body(each.text_id))
            for each in sorted(powers, key=lambda each: in_order.index(each.power))
        ),
        life_threat=bool(row.life_threat),
        life_threat_said=body(row.life_threat_text_id),
        considered=tuple(
            Considered(each.option, bool(each.taken), body(each.text_id))
            for each in sorted(chosen, key=lambda each: catalogue.index(each.option))
        ),
        strategies=tuple(
            sorted(connection.execute(strategies).scalars(), key=list(vocabulary("strategy").codes).index)
        ),
        review_at=row.review_at,
        supersedes=row.supersedes or "",
        supersedes_why=body(row.supersedes_text_id),
        why=body(row.why_text_id),
    )


def standing_of(connection: Connection, case_id: str, clocks: Clocks, at: int) -> Standing:
    """Return what a decision of a case is judged against at ``at`` (UTC seconds)."""
    return Standing(at, clocks, voice_now(connection, case_id), decided(connection, case_id))
