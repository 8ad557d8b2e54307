"""Protected characteristics and codes: closed lists, in any case, with the words of a profile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from fixtures.standard_export import NOW, person, profile_text, write

from fairness.groups.ethnicity import ethnicity_table
from threat.characteristics import titles
from threat.errors import UsageError
from threat.history import Store, quarantine
from threat.history import protected as protected_table
from threat.history.intake.load import load
from threat.history.intake.profile import load_profile
from threat.protected_codes import characteristics, codes, schemes

HEAD = "person,characteristic,code,scheme,source,recorded_at"


def loaded(
    folder: Path, rows: list[tuple[str, str, str]], profile: str = "standard_csv"
) -> tuple[list[Any], list[str]]:
    """Load rows (characteristic, code, scheme), a person each; return what is kept of them and why others are not."""
    lines = [f'p{i},{name},"{code}",{scheme},self,2024-01-01' for i, (name, code, scheme) in enumerate(rows)]
    load(profile, write(folder / "export", protected=[HEAD, *lines]), folder / "store", NOW)
    snapshot = Store.open(folder / "store").snapshot()
    kept = {row.person_id: (row.characteristic, row.code) for row in protected_table.read(snapshot).itertuples()}
    ids = [person(f"p{i}") for i in range(len(rows))]
    return [kept.get(each) for each in ids], quarantine.read(snapshot)["detail"].tolist()


def test_words_of_two_systems_are_one_code(tmp_path: Path) -> None:
    rows = [("sex", code, "force") for code in ("F", "f", "female", "Female ", "FEMALE", "woman")]
    rows += [("Sex", "M", "force"), ("DISABILITY", "Y", "force"), ("sexual orientation", "Gay", "force")]
    rows += [("ethnicity", "Black", "5+1"), ("ethnicity", "b2", "18+1"), ("religion or belief", "no religion", "force")]
    rows += [("ethnicity", "White British", "18+1"), ("ethnicity", "mixed: white and asian", "16+1")]
    kept, details = loaded(tmp_path, rows)
    assert kept[:6] == [("sex", "female")] * 6
    assert kept[6:9] == [("sex", "male"), ("disability", "yes"), ("orientation", "gay_or_lesbian")]
    assert kept[9:12] == [("ethnicity", "B"), ("ethnicity", "B2"), ("religion", "none")]
    assert kept[12:] == [("ethnicity", "W1"), ("ethnicity", "M3")]
    assert details == []


@pytest.mark.parametrize(
    ("row", "detail"),
    [
        (("gender", "F", "force"), "characteristic: gender"),  # a force may mean sex or gender: its profile says so
        (("sex", "X", "force"), "code of sex: X"),
        (("ethnicity", "Black", "18+1"), "code of ethnicity: Black"),
        (("ethnicity", "O1", "18+1"), "code of ethnicity: O1"),
        (("ethnicity", "B2", "force"), "scheme of ethnicity: force"),
        (("deprivation", "9", "IMD"), "scheme of deprivation: IMD"),
        (("shoe size", "9", "force"), "characteristic: shoe size"),
    ],
)
def test_what_is_in_no_list_is_an_unknown_code(tmp_path: Path, row: tuple[str, str, str], detail: str) -> None:
    assert loaded(tmp_path, [row, ("sex", "M", "force")]) == ([None, ("sex", "male")], [detail])


def test_a_profile_says_that_gender_is_sex(tmp_path: Path) -> None:
    document = yaml.safe_load(profile_text("standard_csv"))
    columns = document["files"]["protected"]["columns"]
    columns["characteristic"]["words"] = {"gender": "sex"}
    columns["code"]["words"] = {"sex": {"W": "female"}}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(document))
    kept, details = loaded(tmp_path, [("Gender", "W", "x"), ("gender", "F", "x")], str(tmp_path / "own.yaml"))
    assert (kept, details) == ([("sex", "female"), None], ["code of sex: F"])
    columns["code"]["words"] = {"sex": {"W": "woman"}, "gender": {}}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(document))
    with pytest.raises(UsageError, match="Not a code of sex") as raised:
        load_profile(str(tmp_path / "own.yaml"))
    assert "Not a characteristic" in str(raised.value)


def test_the_lists_are_those_the_audit_knows() -> None:
    listed = {
        (scheme, code) for scheme in schemes("ethnicity") for code in codes("ethnicity", scheme) if scheme != "5+1"
    }
    assert listed == set(ethnicity_table())
    assert set(characteristics()) <= set(titles())
    assert [name for name in characteristics() if not codes(name)] == []
