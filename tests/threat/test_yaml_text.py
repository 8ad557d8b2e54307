"""A user's YAML that is none is an error with its place, never a traceback."""

from __future__ import annotations

from datetime import date
from importlib.resources import files

import pytest
import yaml

from threat.errors import UsageError
from threat.yaml_text import parse_shipped, parse_yaml, read_shipped


@pytest.mark.parametrize(
    "text",
    ["[40", "a: b: c", "[" * 5_000, '"\\UFFFFFFFF"', "2024-13-45", b"\xff\xfe\xff", "!!python/name:os.system", "\x00"],
    ids=["open", "colon", "nested", "no character", "no date", "no text", "a call", "a control character"],
)
def test_what_is_no_yaml_is_said_with_its_place(text: str | bytes) -> None:
    with pytest.raises(UsageError, match=r"^The policy is not YAML\.") as caught:
        parse_yaml(text, "The policy is not YAML.", "policy.yaml")
    assert caught.value.where == "policy.yaml"
    assert caught.value.exit_code == 2


def test_the_quick_reader_reads_what_the_other_reads() -> None:
    text = files("threat.simulation").joinpath("parameters.yaml").read_text(encoding="utf-8")
    assert read_shipped("threat.simulation", "parameters.yaml") == yaml.safe_load(text)
    assert parse_shipped("day: 2024-02-29\nyes: [on, 0x10, 1e3, ~]") == {
        "day": date(2024, 2, 29),
        True: [True, 16, "1e3", None],
    }
