"""The predicates of ``threat.asof`` as machine code, for loops that Numba compiles: the same functions, not a copy.

A compiled loop calls these one time at a time (int64 scalars); the compiler sets them into the loop, so a call costs
nothing. ``tests/threat/test_asof_compiled.py`` compares them with the plain ones on drawn times and on every boundary.
"""

from __future__ import annotations

from typing import Any

from numba import njit

from threat import asof


def _compiled(predicate: Any) -> Any:
    # nogil as in the loops that call them: a server's threads would otherwise wait for each other.
    return njit(nogil=True, error_model="numpy")(predicate)


on_record = _compiled(asof.on_record)
withdrawn = _compiled(asof.withdrawn)
visible = _compiled(asof.visible)
happened = _compiled(asof.happened)
within = _compiled(asof.within)
in_look_back = _compiled(asof.in_look_back)
in_label_window = _compiled(asof.in_label_window)
