"""Configurations: presets are valid, a wrong file has all its problems told at once."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from threat.errors import UsageError
from training.commands import app as train_app
from training.config import load, presets
from training.truth.commands import app as truth_app


@pytest.mark.parametrize(
    ("app", "command"), [(train_app, ["evaluate", "r"]), (truth_app, ["expected-captures", "r", "--force", "f"])]
)
def test_a_list_has_at_least_one_place(app: typer.Typer, command: list[str]) -> None:
    assert CliRunner().invoke(app, [*command, "--capacity", "-5"]).exit_code == 2
    assert isinstance(CliRunner().invoke(app, [*command, "--capacity", "5"]).exception, UsageError)  # no such RUN


@pytest.mark.parametrize("name", presets())
def test_every_preset_is_valid(name: str) -> None:
    assert load(name).name == name


def test_a_file_may_extend_a_preset_and_a_call_may_change_it(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text("extends: demo\nname: ours\ncalendar: {test_cycles: 4}\n")
    got = load(path, seed=11, capacity=None)
    demo = load("demo")
    assert (got.name, got.calendar.test_cycles, got.seed) == ("ours", 4, 11)
    assert (got.calendar.embargo_days, got.trees) == (demo.calendar.embargo_days, demo.trees)


def test_all_problems_at_once(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(
        "extends: demo\nname: Wrong Name\nrung: Y9\nhorizon_days: -1\nhorizon: 30\n"
        "calendar: {embargo_days: -3, test_cycle: 6}\nseed: '7'\n"
        "features_without: [harm_lst, harm_last, zzz]\nfeatures_with: [harm_last, yyy]\n"
    )
    with pytest.raises(UsageError) as caught:
        load(path)
    text = str(caught.value)
    assert text.startswith("10 problems:")
    places = ("name", "rung", "horizon_days", "horizon", "calendar.embargo_days", "calendar.test_cycle", "seed")
    for place in (*places, "features_without.0", "features_without.2", "features_with.1"):
        assert f"{path}: {place}\n" in f"{text}\n"
    assert "did you mean harm_last?" in text


def test_a_setting_that_is_not_there_is_named_with_the_nearest_and_a_missing_setting_is_said(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text("extends: demo\nmax_rounds: 0\ncalendar: {test_cycle: 6}\nzzz: 1\ntitle: null\n")
    with pytest.raises(UsageError) as caught:
        load(path)
    text = str(caught.value)
    for place, way_out in (
        ("max_rounds", "did you mean trees.max_rounds?"),
        ("calendar.test_cycle", "did you mean calendar.test_cycles?"),
        ("zzz", "docs/schemas/config.json has every name"),
    ):
        assert f"where: {path}: {place}\n  do: {way_out}" in text
    assert text.count("There is no setting of this name here.") == 3
    path.write_text("name: alone\n")
    with pytest.raises(UsageError, match="This setting is missing") as caught:
        load(path)
    assert f"where: {path}: title" in str(caught.value)


def test_a_weight_of_the_prior_is_a_share_and_one_candidate() -> None:
    assert load("demo").base.prior_weights == [0.0]
    assert load("demo", base={"prior_weights": [0, 0.3, 1]}).base.prior_weights == [0.0, 0.3, 1.0]
    with pytest.raises(UsageError, match="named twice"):
        load("demo", base={"prior_weights": [0.3, 0.3]})
    for outside in (-0.1, 1.5):
        with pytest.raises(UsageError, match=r"base\.prior_weights\.1") as caught:
            load("demo", base={"prior_weights": [0.0, outside]})
        assert caught.value.exit_code == 2


def test_a_kind_of_row_is_one_candidate_to_fit_on() -> None:
    assert load("demo", cohort={"fit_rows": ["monthly", "both"]}).cohort.fit_rows == ["monthly", "both"]
    with pytest.raises(UsageError, match="both is named twice"):
        load("demo", cohort={"fit_rows": ["both", "monthly", "both"]})


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("a: [", "not YAML"),
        ("- 1", "mapping of names to values"),
        ("extends: nowhere", "neither a preset nor a file"),
        ("extends: [demo]", "no name of a preset or file"),
    ],
)
def test_files_that_are_no_configuration(tmp_path: Path, text: str, rule: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=rule):
        load(path)


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes("title: Schläge".encode("cp1252"))
    with pytest.raises(UsageError, match="not UTF-8"):
        load(path)


def test_a_file_that_extends_itself_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "loop.yaml"
    path.write_text(f"extends: {path}\n")
    with pytest.raises(UsageError, match="in a circle"):
        load(path)
