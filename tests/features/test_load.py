"""Reading a catalogue: files, names, versions, and what is refused."""

from __future__ import annotations

import pytest

from features.load import load_catalogue, read_catalogue
from threat.errors import UsageError

FILE = """
theme: incidents
definitions:
  - {name: a, scope: relationship, statistic: count, kinds: wounding, domestic: yes, sentence: s, source: s, unit: u,
     missing: m}
"""


def test_a_file_of_definitions():
    catalogue = read_catalogue([("a.yaml", FILE)])
    assert (catalogue.names, catalogue["a"].kinds, catalogue["a"].domestic) == (("a",), ("wounding",), "yes")
    assert catalogue.version == read_catalogue([("b.yaml", FILE)]).version
    assert catalogue.version != read_catalogue([("a.yaml", FILE.replace("wounding", "murder"))]).version


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[a: b: c", "not YAML"),
        ("just words", "neither a list nor a mapping"),
        ("- word", "definition is not a mapping"),
        (FILE.replace("kinds", "kind"), "did you mean kinds"),
        (FILE.replace("statistic: count, ", ""), "lacks a field"),
        (FILE.replace("relationship", "relation").replace("wounding", "wound"), "2 problems"),
    ],
)
def test_a_file_nobody_understands(text, says):
    with pytest.raises(UsageError, match=says):
        read_catalogue([("a.yaml", text)])


def test_problems_of_several_files_come_at_once():
    with pytest.raises(UsageError) as error:
        read_catalogue([("a.yaml", "- word"), ("b.yaml", "just words")])
    assert "a.yaml" in str(error.value)
    assert "b.yaml" in str(error.value)


def test_a_folder_without_definitions(tmp_path):
    with pytest.raises(UsageError, match=r"holds no \.yaml file"):
        load_catalogue(tmp_path)


def test_a_name_outside_the_catalogue():
    with pytest.raises(UsageError, match="did you mean domestic_incidents_30d"):
        load_catalogue()["domestic_incident_30d"]
