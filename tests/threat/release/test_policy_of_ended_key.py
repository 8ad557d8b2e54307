"""A model in service, and the end of the governance key that put its policy in force."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from fixtures import evidence
from fixtures.approved import ASKS, POLICY, approve
from fixtures.promoted import ended_now
from fixtures.trusted import MADE_AT, Trusted

from threat.release import bundle, policies
from threat.release.approved import NotApproved
from threat.release.policies import SignedPolicy
from threat.trust import belief, chain, key_list, witness
from threat.trust.folder import Trust


@pytest.fixture
def released(trusted: Trusted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The bundle of a force's release under a policy that Gail Second put in force."""
    trusted.use(monkeypatch)
    run = evidence.audited_run(tmp_path / "runs")
    approve(run)
    return bundle.build(run, tmp_path / "bundles", trusted.signer("promotion"))


@pytest.fixture
def revoke_gail(trusted: Trusted) -> Callable[[], Trust]:
    """Revoke the key of Gail Second, as the command does: it stays believed as far as the last witness."""

    def revoke() -> Trust:
        gail, root = trusted.signer("governance").key.key_id, trusted.signer("root")
        key_list.revoke(trusted.folder, gail, root, ended_now(trusted, at=MADE_AT + 60))
        return Trust.open()

    return revoke


def test_a_policy_that_a_witness_covers_goes_on(
    released: Path, trusted: Trusted, revoke_gail: Callable[[], Trust]
) -> None:
    heads = {belief.POLICIES: chain.head(trusted.folder / policies.FILE)}
    witness.add(trusted.folder, trusted.trust.belief(belief.WITNESS), heads, trusted.signer("root"), at=MADE_AT + 30)
    after = revoke_gail()
    assert policies.in_force(after)["gate"].by == "Gail Second"
    assert bundle.open(released, after).manifest.format == "threat-bundle/4"


def test_one_that_no_witness_covers_gives_way_to_the_rule_and_closes_nothing(
    released: Path, trusted: Trusted, revoke_gail: Callable[[], Trust]
) -> None:
    """Whoever serves catches NotApproved alone: any other failure shows no list at all."""
    after = revoke_gail()
    assert policies.in_force(after) == {}
    with pytest.raises(NotApproved, match="a policy that no believed record puts in force") as refused:
        bundle.open(released, after)
    assert "threat put-in-force gate" in refused.value.way_out
    # As it says: another person of governance puts it in force, and the same bundle is served again.
    policy = SignedPolicy("gate", POLICY.version, POLICY.sha256, POLICY.owner, date(2026, 6, 1), "", ASKS)
    policies.put_in_force(policy, after, trusted.signer("root"))
    assert policies.in_force(Trust.open())["gate"].by == "Gwen Root"
    assert bundle.open(released, Trust.open()).manifest.run_id == "run-1"
