"""The same seed gives the same rows whatever the processor can do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

FIXTURES = Path(__file__).parents[2] / "fixtures"


def run(folder: Path, **environment: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, str(FIXTURES / "hash_force.py"), "300"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
    )
    return json.loads(done.stdout)


@pytest.mark.slow  # compiles the whole simulation anew
def test_rows_do_not_depend_on_the_processor(tmp_path: Path) -> None:
    """NumPy's optional features off, the compiler told of a plain processor, and the C library without FMA."""
    dispatched = np._core._multiarray_umath.__cpu_dispatch__
    present = [name for name in dispatched if np._core._multiarray_umath.__cpu_features__.get(name)]
    normal = run(tmp_path)
    plain = run(
        tmp_path,
        NPY_DISABLE_CPU_FEATURES=" ".join(present),
        NUMBA_CPU_NAME="generic",
        NUMBA_CPU_FEATURES="",
        NUMBA_CACHE_DIR=str(tmp_path / "cache"),
        GLIBC_TUNABLES="glibc.cpu.hwcaps=-AVX2,-FMA,-AVX512F",
    )
    assert normal["hashes"] == plain["hashes"]
    assert not set(present) & set(plain["enabled"])  # type: ignore[call-overload]
    assert set(normal["hashes"]) == {  # type: ignore[call-overload]
        "persons",
        "identities",
        "protected",
        "person_links",
        "relationships",
        "events",
    }
