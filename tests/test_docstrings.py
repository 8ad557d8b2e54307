"""Every runnable example in a docstring of the product, and of its own checkers, does what it shows."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from types import ModuleType

import pytest

PACKAGES = ("threat", "features", "training", "serving", "fairness", "model_cards")
CHECKERS = ("english_rules",)


def modules() -> list[str]:
    """Names of every module of the product, and of the checkers beside the tests."""
    names = list(CHECKERS)
    for package in PACKAGES:
        top = importlib.import_module(package)
        names += [package, *(module.name for module in pkgutil.walk_packages(top.__path__, f"{package}."))]
    return names


def examples_of(module: ModuleType) -> list[doctest.DocTest]:
    return [test for test in doctest.DocTestFinder(exclude_empty=True).find(module) if test.examples]


@pytest.mark.parametrize("name", modules())
def test_examples_run(name: str) -> None:
    for example in examples_of(importlib.import_module(name)):
        runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
        told: list[str] = []
        runner.run(example, out=told.append)
        assert runner.summarize(verbose=False).failed == 0, "".join(told)


def test_there_are_examples() -> None:
    """A finder that finds nothing would let every broken example pass."""
    assert sum(len(examples_of(importlib.import_module(name))) for name in modules()) >= 5
