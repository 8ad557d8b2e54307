"""A profile that is damaged in any way is refused with a sentence, or read; never a traceback."""

from __future__ import annotations

import tempfile
from pathlib import Path

import yaml
from fixtures.standard_export import profile_text
from hypothesis import example, given, settings
from hypothesis import strategies as st

from threat.errors import UsageError
from threat.history.intake.profile import Profile, load_profile

LINES = profile_text("standard_csv").splitlines()
KEYS = sorted(
    {line.split(":")[0].strip() for line in LINES if ":" in line and not line.startswith("#")}
    | {"code_map", "empty_words", "severe", "expected", "history_start", "reference", "add", "remove", "<<"}
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.dates(),
    st.text(max_size=12),
    st.sampled_from(
        ["standard", "multnomah", "utf-8", "Europe/London", "time", "word", "number", "a\x00b", "\ud800", "("]
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | SCALARS, inner, max_size=5),
    max_leaves=12,
)
PIECES = ["&a [*a]", "*a", "<<: *a", "<<: [1]", "!!python/object:os.system x", "? [a, b]", "'", '"\\UFFFFFFFF"', "- -"]
PIECES += [
    "yes",
    "1e999",
    "{a: 1, a: 2}",
    "---",
    "%YAML 9.9",
    "\t",
    "[" * 60,
    "|",
    "> x",
    "~",
    "!x",
    "a: b: c",
    "\ufeff",
]


def read(text: str) -> None:
    """Load a text as a profile: a profile, or UsageError."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "own.yaml"
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        try:
            outcome: object = load_profile(str(path))
        except UsageError as error:
            outcome = error.problem
        assert isinstance(outcome, Profile) or str(outcome)


@settings(max_examples=50, deadline=None)
@given(VALUES)
def test_any_structure(value: object) -> None:
    read(yaml.safe_dump(value))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_value_of_the_shipped_profile_replaced_by_anything(data: st.DataObject) -> None:
    document = yaml.safe_load(profile_text("standard_csv"))
    for _ in range(data.draw(st.integers(1, 3))):
        part = document
        while True:
            key = data.draw(st.sampled_from(sorted(part, key=str)) if part else st.sampled_from(KEYS))
            if isinstance(part.get(key), dict) and data.draw(st.booleans()):
                part = part[key]
                continue
            part[key] = data.draw(VALUES)
            break
    read(yaml.safe_dump(document))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(LINES)), st.sampled_from(PIECES) | st.text(max_size=8)), max_size=4))
@example([(0, '"\\UFFFFFFFF": 1')])
def test_lines_of_the_shipped_profile_changed_by_hand(edits: list[tuple[int, str]]) -> None:
    lines = list(LINES)
    for at, text in edits:
        if at < len(lines):
            name, colon, _ = lines[at].partition(":")
            lines[at] = f"{name}{colon} {text}" if colon else text
        else:
            lines.append(text)
    read("\n".join(lines))


def test_aliases_of_aliases_are_read_at_once() -> None:
    levels = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]
    read("\n".join(levels))
