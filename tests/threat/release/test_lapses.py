"""What takes a release out of force by itself: a withdrawal, a revoked key, a withdrawn policy, a day that is over."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from fixtures.released_words import DAY, ReleasedWords, approval, dpia, made_by, withdrawal

from threat.asof import parse_as_of
from threat.errors import UsageError
from threat.release import kept, policies
from threat.release.approved import NotApproved

SAM, DEE = "The approval of Sam Owner (SRO)", "The document DPIA of Dee Pio (DPO)"
DEPENDS = "which the release of the model depends on,"
BY_SAM = "withdrawn by Sam Owner on 2026-06-09: new facts"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> ReleasedWords:
    return ReleasedWords.make(tmp_path_factory.mktemp("released-words"))


@pytest.fixture
def words(made: ReleasedWords, tmp_path: Path) -> ReleasedWords:
    """Two approvals and who made the model, until 1 August 2026, and a document that is due on 15 July."""
    return made.anew(tmp_path / kept.FILE)


def test_while_everything_holds_it_is_served_until_the_first_day_that_ends(words: ReleasedWords) -> None:
    release = words.foundations()
    assert (str(release.until), release.ends) == ("2026-07-15", "the review of the document DPIA")
    assert words.lapsed(release) == ""
    assert words.lapsed(release, at=parse_as_of("2026-07-15")) == ""
    assert words.lapsed(release, at=parse_as_of("2026-07-16")) == (
        "What the release of the model depends on ended on 15 July 2026: the review of the document DPIA"
    )


@pytest.mark.parametrize(
    ("name", "place", "what"),
    [
        ("approval", 0, "The statement of who made the model"),
        ("approval-owner", 2, SAM),
        ("approval-dpo", 3, DEE),
    ],
)
def test_a_withdrawn_statement_takes_it_out(words: ReleasedWords, name: str, place: int, what: str) -> None:
    release, by = words.foundations(), words.trusted.signer(name).key.name
    words.withdraw("approval-equality", place)  # another person in another role
    assert words.lapsed(release) == ""
    words.withdraw(name, place)
    assert words.lapsed(release) == f"{what}, {DEPENDS} was withdrawn by {by} on 2026-06-09: new facts"


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("approval-owner", "the approval of Sam Owner (SRO)"),
        ("approval-dpo", "the document DPIA of Dee Pio (DPO)"),
        ("approval-author", "the statement of who made the model"),
    ],
)
def test_a_key_that_was_revoked_since_takes_it_out_of_a_desk_that_is_running(
    words: ReleasedWords, name: str, what: str
) -> None:
    release = words.foundations(first=("approval-author", made_by()))
    assert words.lapsed(release) == ""
    assert words.lapsed(release, trust=words.with_revoked(name)) == (
        f"The key was revoked that signed {what}, which the release of the model depends on"
    )
    # Where governance had witnessed the promotion before the theft, what was signed for it holds.
    believed = replace(release, believed=frozenset({words.trusted.signer(name).key.key_id}))
    assert words.lapsed(believed, trust=words.with_revoked(name)) == ""


def test_a_correction_before_the_verdict_takes_no_sound_release_out(words: ReleasedWords) -> None:
    """Sam signs a wrong condition, withdraws it, and signs again; the withdrawal is in the bundle and in the chain."""
    wrong = words.signed("approval-owner", approval(conditions=("by e-mail",)))
    taken_back = words.signed("approval-owner", withdrawal(words.hash_of(wrong)))
    release = words.foundations(before=[wrong, taken_back])
    words.keep("approval-owner", taken_back)
    assert (words.lapsed(release), str(release.until)) == ("", "2026-07-15")
    words.withdraw("approval-owner", 4)  # now the one that counted
    assert words.lapsed(release) == f"{SAM}, {DEPENDS} was {BY_SAM}"


def test_what_was_signed_again_with_a_new_key_holds_when_the_old_key_was_revoked(words: ReleasedWords) -> None:
    old = words.signed("approval-owner-lost", approval())
    words.trust = words.with_revoked("approval-owner-lost")
    release = words.foundations(before=[old])
    assert words.lapsed(release) == ""
    assert words.lapsed(release, trust=words.with_revoked("approval-owner")) == (
        "The key was revoked that signed the approval of Sam Owner (SRO), which the release of the model depends on"
    )


def test_of_two_approvals_by_one_person_one_that_holds_is_enough(words: ReleasedWords) -> None:
    short = words.signed("approval-owner", approval(expires="2026-06-30"))
    release = words.foundations(before=[short])
    assert str(release.until) == "2026-07-15"
    words.withdraw("approval-owner", 3)  # the longer of the two
    assert words.lapsed(release, at=parse_as_of("2026-06-30")) == ""
    assert words.lapsed(release, at=parse_as_of("2026-07-01")) == f"{SAM}, {DEPENDS} was {BY_SAM}"
    words.withdraw("approval-owner", 0)
    assert words.lapsed(release) == f"{SAM}, {DEPENDS} was {BY_SAM}"


def test_what_counted_for_nothing_takes_nothing_out(words: ReleasedWords) -> None:
    """Last quarter's approval for shadow, a review that was renewed, an approval that was over before the verdict."""
    shadow = words.signed("approval-owner", approval(to="shadow", release_digest="0" * 64))
    earlier = words.signed("approval-dpo", dpia(review_due="2026-06-15"))
    over = words.signed("approval-equality", approval(expires="2026-05-31"))
    release = words.foundations(before=[shadow, earlier, over])
    assert str(release.until) == "2026-07-15"
    for name, place in (("approval-owner", 0), ("approval-dpo", 1), ("approval-equality", 2)):
        words.withdraw(name, place)
    assert words.lapsed(release, at=parse_as_of("2026-06-20")) == ""
    words.withdraw("approval-dpo", 6)
    assert words.lapsed(release).startswith(f"{DEE}, {DEPENDS} was withdrawn by Dee Pio")


def test_a_withdrawal_stays_when_its_key_was_revoked(words: ReleasedWords) -> None:
    release = words.foundations()
    words.withdraw("approval-owner-lost", 2)  # by whoever holds the same role
    assert words.lapsed(release, trust=words.with_revoked("approval-owner-lost")) == f"{SAM}, {DEPENDS} was {BY_SAM}"


def test_the_thief_of_one_key_for_approval_takes_a_model_out_and_puts_none_in(words: ReleasedWords) -> None:
    """One key takes back every statement of its role, whoever signed it; it is not among the two who approve."""
    release = words.foundations()
    words.withdraw("approval-owner-lost", 2)
    assert words.lapsed(release) == f"{SAM}, {DEPENDS} was {BY_SAM}"
    with pytest.raises(NotApproved, match="1 of 2"):
        words.require_approved(owner=approval(to="pilot"), before=[words.signed("approval", approval())])


def test_what_the_thief_of_the_promotion_key_writes_prolongs_nothing(words: ReleasedWords) -> None:
    """The verdict on an earlier day, naming nobody, under numbers of its own; no withdrawal in the bundle."""
    numbers = words.gate.policy.numbers.model_copy(update={"acceptance_days": 9_999})
    forged = {"approvals": (), "documents": (), "policy": words.gate.policy.model_copy(update={"numbers": numbers})}
    release = words.foundations(**forged)
    words.require_approved(**forged)  # it opens: two people approved this very release
    ends = "the approvals of as many people as the policy asks for"
    assert (str(release.until), release.ends) == ("2026-08-01", ends)
    assert words.lapsed(release) == ""
    assert words.lapsed(release, at=parse_as_of("2026-08-02")).endswith(f"ended on 1 August 2026: {ends}")
    short = "Too few people approved this release: 1 of 2, as validator and SRO"
    assert words.lapsed(release, trust=words.with_revoked("approval-owner")) == short
    words.withdraw("approval-owner", 2)
    assert words.lapsed(release) == short
    with pytest.raises(NotApproved, match="1 of 2, as validator and SRO"):  # for a year, whatever numbers it brings
        words.require_approved(owner=approval(expires="2027-05-20"), **forged)


def test_longer_days_in_the_verdict_than_were_signed_prolong_nothing(words: ReleasedWords) -> None:
    listed = words.listed()
    late = {"expires": "2027-01-01", "review_due": "2027-01-01"}
    changed = {
        name: tuple(type(given).model_validate(given.model_dump() | {k: v for k, v in late.items() if k in fields})
                    for given in getattr(listed, name) if (fields := type(given).model_fields))
        for name in ("approvals", "documents")
    }  # fmt: skip
    release = words.foundations(**changed)
    assert (str(release.until), release.ends) == ("2026-07-15", "the document DPIA of Dee Pio (DPO)")


def test_a_withdrawn_policy_takes_it_out_until_governance_puts_it_in_force_again(
    words: ReleasedWords, tmp_path: Path
) -> None:
    release, signer = words.foundations(), words.trusted.signer("governance")
    folder = shutil.copytree(words.trusted.folder, tmp_path / "trust")
    trust = replace(words.trusted, folder=folder).trust
    before = policies.in_force(trust)["gate"]
    with pytest.raises(UsageError, match="No policy of this kind is in force"):
        policies.withdraw("fairness", "x", DAY, trust, signer)
    policies.withdraw("gate", "the bar was too low", DAY, trust, signer)
    assert policies.in_force(trust) == {}
    assert words.lapsed(release, trust=trust) == (
        "The gate policy that the model was released under was withdrawn: the bar was too low (Gail Second, 2026-06-09)"
    )
    policies.put_in_force(before, trust, signer)
    assert words.lapsed(release, trust=trust) == ""
    # A governance key that is revoked since closes nothing that was released under its policy.
    gail = signer.key
    assert (
        words.lapsed(release, trust=replace(trust, keys={**trust.keys, gail.key_id: replace(gail, state="revoked")}))
        == ""
    )
    # Another version takes no model out: it decides the next release.
    policies.put_in_force(replace(before, version="v2", sha256="9" * 64), trust, signer)
    assert words.lapsed(release, trust=trust) == ""
