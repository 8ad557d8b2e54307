"""The catalogue of options: whole, in words that may be shown, and what records suggest."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest
from fixtures.page_text import begun_wrongly
from pages import options as page_of_options

from serving.casework.options import options, read_options, suggested
from threat.errors import UsageError

TEXT = files("serving.casework").joinpath("options.yaml").read_text(encoding="utf-8")
EVER_SHIPPED = Path(__file__).with_name("options_ever_shipped.txt")
PAGE = Path(__file__).parents[3] / "docs" / "options.md"


def test_no_option_that_was_ever_shipped_is_missing_and_every_new_one_is_written_down() -> None:
    lines = [line for line in EVER_SHIPPED.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert sorted(lines) == sorted(option.option for option in options().options)


def test_whatever_the_subject_notices_says_how_it_can_raise_danger() -> None:
    facing = {option.option for option in options().options if option.facing_subject}
    assert {"arrest_charge", "disruption_visit", "firearms", "stalking_order"} <= facing
    assert all(option.danger is not None for option in options().options if option.facing_subject)


def test_a_threat_to_life_warning_needs_a_superintendent_which_was_not_seen_in_a_source() -> None:
    option = options().option("threat_to_life_warning")
    assert (option.authority, option.power) == ("superintendent", "threat_to_life_warning")
    assert option.not_verified == "That a superintendent decides."


def test_what_can_be_evaluated_names_its_source() -> None:
    evaluated = {option.option for option in options().options if option.evidence.strength == "evaluated"}
    assert evaluated == {"adviser", "drive"}
    assert begun_wrongly([option.evidence.says for option in options().options]) == []


def test_records_suggest_options_each_with_why() -> None:
    said = {each.option.option: each.because for each in suggested({"firearm_access", "cross_border_move", "theft"})}
    assert said == {"firearms": ("firearm_access",), "other_force": ("cross_border_move",)}
    assert suggested(set()) == ()


def test_a_retired_option_is_still_named_and_no_longer_suggested(monkeypatch: pytest.MonkeyPatch) -> None:
    retired = read_options(TEXT.replace("  - option: firearms\n", "  - option: firearms\n    retired: 2027-01-04\n"))
    monkeypatch.setattr("serving.casework.options.options", lambda: retired)
    assert suggested({"firearm_access"}) == ()
    assert retired.option("firearms").title == "Firearms review, seizure or revocation"
    with pytest.raises(UsageError, match=r"Not an option of the catalogue\.\n  found: magic"):
        retired.option("magic")


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("option: remand\n", "option: arrest_charge\n", "The option arrest_charge is there twice."),
        ("owners: [firearms]", "owners: [gunsmith]", "The owner gunsmith is not among the owners."),
        ("  cyber: Cyber unit", "  cyber: Cyber unit\n  tax: Tax office", "No option has the owner tax."),
        ("strategies: [remove]", "strategies: [destroy]", "not a code in use of working strategy"),
        ("power: arrest\n", "power: sword\n", "not a code in use of powers considered"),
        ("facts: [firearm_access,", "facts: [gun,", "not a kind of the vocabulary"),
        ("does: Review certificates", "does: Review the score of certificates", "firearms: the text says what may not"),
        ("strength: practice, says", "strength: guesswork, says", "evidence.strength"),
        ("strength: none_seen, says", "strength: guidance, says", "its evidence is guidance and no source is named."),
    ],
)
def test_a_wrong_row_is_found(before: str, after: str, problem: str) -> None:
    assert before in TEXT
    with pytest.raises(UsageError, match=re.escape(problem)):
        read_options(TEXT.replace(before, after, 1))


def test_an_option_the_subject_notices_without_a_danger_is_refused() -> None:
    text = re.sub(r"    danger: \{how: \"If it is refused .*\n", "", TEXT)
    with pytest.raises(UsageError, match="remand: the subject notices it and nothing is said"):
        read_options(text)


def test_the_page_in_the_repository_is_fresh_and_a_stale_one_is_told(tmp_path: Path) -> None:
    assert PAGE.read_text(encoding="utf-8") == page_of_options.page(), "run make docs"
    page = tmp_path / "options.md"
    assert page_of_options.main(["--page", str(page)]) == 0
    page.write_text(page.read_text(encoding="utf-8").replace("Refuge", "Hotel", 1), encoding="utf-8")
    assert page_of_options.main(["--check", "--page", str(page)]) == 1
