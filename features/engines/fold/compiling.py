"""Machine code by Numba, kept under ``var`` so that a second start is quick."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numba import config, njit
from numpy.typing import NDArray

from features.engines.fold.inputs import Asked, Columns, Program
from features.operations import Op, Out
from features.statistics.late_share import LATE_DAYS
from threat import asof, asof_compiled
from threat.asof import DAY
from threat.history.schema import DOMESTIC, REPORTED_BY
from threat.history.sightings import NO_PERSON, ROLE_ABOUT, ROLE_AT_RISK, ROLE_SUBJECT

_T = TypeVar("_T", bound=np.generic)

_FROZEN = repr(
    [
        *(*Op, *Out, LATE_DAYS, DAY, DOMESTIC, REPORTED_BY, NO_PERSON, ROLE_ABOUT, ROLE_AT_RISK, ROLE_SUBJECT),
        *(fields._fields for fields in (Asked, Columns, Program)),
        *(Path(str(module.__file__)).read_text(encoding="utf-8") for module in (asof, asof_compiled)),
    ]
)
"""What compiled code holds of elsewhere: values, the places of the fields of named tuples, and the rule of time."""


def compiled(function: Any) -> Any:
    """Compile a function by ``njit``, without the interpreter lock and without fastmath; the code is cached.

    The cache is in ``var/numba`` of the working directory, or where NUMBA_CACHE_DIR says, under a hash of the source
    file and of the constants that the code holds: Numba alone looks at the file's time and size, which two installed
    versions may share. Where the folder may not be written, each process compiles the code again.
    """
    source = Path(function.__code__.co_filename).read_bytes()
    version = hashlib.sha256(source + _FROZEN.encode()).hexdigest()[:16]
    before = config.CACHE_DIR  # type: ignore[attr-defined]
    config.CACHE_DIR = str(Path(before or "var/numba").absolute() / version)  # type: ignore[attr-defined]
    try:
        return njit(nogil=True, cache=True, error_model="numpy")(function)
    except (OSError, RuntimeError):
        return njit(nogil=True, error_model="numpy")(function)
    finally:
        config.CACHE_DIR = before  # type: ignore[attr-defined]


def read_only(array: NDArray[_T]) -> NDArray[_T]:
    """Return a contiguous plain view that may not be written.

    So that a single version of machine code serves arrays and memory maps, writable or not.
    """
    view = np.ascontiguousarray(array).view(np.ndarray)
    view.flags.writeable = False
    return view
