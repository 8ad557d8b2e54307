"""The rule on approvals: enough people, in the roles the policy names, none of whom made the model."""

from __future__ import annotations

from threat.release.documents.gate import Fact
from threat.release.statements import Approval, Dissent, authors_of, by_an_author, in_date, matched, people_among
from training.gate.view import NOT_ENOUGH, PASS, Finding, View


def approval(view: View) -> Finding:
    """Check that enough natural persons, in the roles the policy names, approved what they did not make."""
    wanted, most = view.policy.approvals, view.policy.numbers.acceptance_days
    # A service that signed the RUN made the model too: its key approves nothing, whoever holds it.
    authors = authors_of(view.statements, () if view.evidence.signed is None else view.evidence.signed.key_ids)
    current = [
        statement
        for statement in view.statements
        if isinstance(statement.body, Approval)
        and statement.body.to == view.to
        and in_date(statement.body, view.on, most)
    ]
    by_authors = {statement for statement in current if by_an_author(statement, authors)}
    authored = sorted({statement.by for statement in by_authors})
    valid = [statement for statement in current if statement not in by_authors and statement.role != "service"]
    persons, roles = people_among(valid), {statement.role for statement in valid}
    approvers = tuple(sorted({statement.by for statement in valid}))
    facts: dict[str, Fact] = {"persons": approvers, "authors": tuple(sorted(authors.names))}
    missing = [role for role in wanted.roles if role not in roles]
    problems = [
        (not authors.names, "nobody has said who made the model"),
        (bool(authored), f"an author's approval of their own work does not count: {', '.join(authored)}"),
        (
            persons < wanted.persons,
            f"{persons} of {wanted.persons} approvals by natural persons who did not make it, "
            "with keys that a third registered",
        ),
        (bool(missing), f"no approval as {', '.join(missing)}"),
        (
            persons >= wanted.persons and not missing and not matched(valid, wanted.roles),
            "one person cannot hold two of the roles",
        ),
    ]
    # A dissent decides nothing by itself, and is said next to every approval.
    dissent = [
        f"dissent by {statement.by} ({statement.role}): {statement.body.reason}"
        for statement in view.statements
        if isinstance(statement.body, Dissent)
    ]
    facts["dissents"] = len(dissent)
    if lacking := [words for holds, words in problems if holds]:
        return Finding(NOT_ENOUGH, "; ".join([*lacking, *dissent]), facts)
    return Finding(PASS, "; ".join([f"approved by {', '.join(approvers)}", *dissent]), facts)
