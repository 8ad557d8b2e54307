"""Compiled code is kept where it may be, and takes arrays that may not be written."""

from __future__ import annotations

import subprocess
import sys

from fixtures.feature_definitions import ASSAULTS, catalogue, define
from fixtures.feature_histories import AS_OF, hit, rows, sightings
from numpy.testing import assert_array_equal

from features import build


def test_the_compiled_code_is_kept(tmp_path):
    """In ``var/numba`` of the working folder; Numba's own setting is left alone."""
    code = (
        "import features.engines.fold.kernel, numba; "
        "print(features.engines.fold.kernel.fold._cache._impl.locator.get_cache_path(), numba.config.CACHE_DIR)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, env={}
    )
    assert done.stdout.startswith(str(tmp_path / "var" / "numba"))
    assert done.stdout.split()[1:] == []


def test_a_store_that_is_read_only():
    """Memory-mapped columns may not be written."""
    store = sightings([hit(1, 10)])
    for name in ("occurred_at", "kind", "offsets"):
        getattr(store, name).flags.writeable = False
    assert_array_equal(build(store, rows([(11, 12, AS_OF)]), catalogue([define("a", **ASSAULTS)])).values, [[1]])
