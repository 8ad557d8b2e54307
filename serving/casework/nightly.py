"""Casework of a folder, for commands: its database, the clocks of the policy, and the nightly check of its heads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from serving.audit.checkpoints import Checkpoints
from serving.casework.act import Casework
from serving.casework.checks import check
from serving.casework.clocks import Clocks
from serving.casework.policy import load_casework_policy
from serving.storage import address_of, connect
from threat.errors import IntegrityFailure, UsageError
from threat.trust.folder import Trust

_SHOWN = 10
"""Incidents that the error names: enough to begin with; all are kept."""


@contextmanager
def casework_of(var: Path, policy_path: Path | None, database: str) -> Iterator[Casework]:
    """Open the casework of a folder. ``database``: as ``serving.storage.address_of`` takes it."""
    engine = connect(address_of(var, database))
    try:
        yield Casework(engine, Clocks(load_casework_policy(policy_path)), Checkpoints(engine, Trust.open()).after)
    finally:
        engine.dispose()


def check_of(var: Path, at: int, policy_path: Path | None, database: str) -> dict[str, Any]:
    """Check the casework of a folder and return what it came to, as a JSON document. ``at``: UTC seconds.

    Raises UsageError for a folder that has no database, IntegrityFailure where anything is not as its facts say.
    """
    address = address_of(var, database)
    if not address.may_exist:
        raise UsageError("There is no database of the desk.", where=str(address), way_out="name its folder with --var")
    with casework_of(var, policy_path, database) as casework:
        checked = check(casework, at)
    if checked.incidents:
        shown = [
            f"{each.check_name} of {each.subject} is {each.stored}, and its facts say {each.computed}"
            for each in checked.incidents[:_SHOWN]
        ]
        raise IntegrityFailure(
            f"{len(checked.incidents):,} of {checked.cases:,} cases and {checked.referrals:,} referrals are not as "
            "their facts say; the desk shows each as an alarm.",
            value="; ".join(shown),
            where=str(address),
            way_out="compare with the audit log and the latest backup: what is stored was changed without its act",
        )
    return {"cases": checked.cases, "referrals": checked.referrals, "drafts_deleted": checked.drafts_deleted}
