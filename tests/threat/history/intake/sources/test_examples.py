"""Every source's example: its export, loaded, reports and appends what ``example/out`` holds, to the last digit."""

from __future__ import annotations

import pytest
from fixtures.source_examples import SOURCES, example_out, examples

from threat.history.intake.profile import load_profile
from threat.history.intake.sources import source_names


def test_every_source_has_a_page_and_an_example() -> None:
    assert examples() == source_names() == ["multnomah", "standard_csv"]
    for name in source_names():
        page = (SOURCES / name / "README.md").read_text(encoding="utf-8")
        for file in load_profile(name).files:
            columns = ", ".join(f"**{c.source}**" if c.required else c.source for c in file.columns)
            assert f"| `{file.path}` | {columns} |" in page


@pytest.mark.parametrize("source", source_names())
def test_the_example_of_a_source(source: str) -> None:
    expected = {path.name: path.read_text(encoding="utf-8") for path in (SOURCES / source / "example/out").iterdir()}
    assert example_out(source) == expected
