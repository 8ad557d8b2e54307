"""The kernel of the fold engine: one pass over a person's sorted history per row, newest event first.

Compiled once, without the interpreter lock: a batch runs blocks of rows on a few threads, a server thread runs one row,
both through the same machine code. (Numba's own parallel loops abort when two threads of a server enter them, and are
unsafe after a fork.) No fastmath: float64 sums are added in one thread in a fixed order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from features.definitions import LATE_DAYS
from features.engines.fold.compiling import compiled
from features.engines.fold.operations import Op, Out
from threat.asof import DAY
from threat.history.sightings import NO_PERSON, ROLE_ABOUT

_COUNT, _INCIDENTS, _COUNTERPARTS = int(Op.COUNT), int(Op.INCIDENTS), int(Op.COUNTERPARTS)
_SUM, _HARM, _WEIGHTED = int(Op.SUM), int(Op.HARM), int(Op.WEIGHTED)
_MAX_VALUE, _MAX_HARM, _NEWEST, _OLDEST = int(Op.MAX_VALUE), int(Op.MAX_HARM), int(Op.NEWEST), int(Op.OLDEST)
_LAST_VALUE, _LAST_HARM, _LAST_CODE = int(Op.LAST_VALUE), int(Op.LAST_HARM), int(Op.LAST_CODE)
_GAPS, _OPEN, _ENDED, _LATE = int(Op.GAPS), int(Op.OPEN), int(Op.ENDED), int(Op.LATE)
_BREACH, _ORDERED = int(Op.BREACH), int(Op.ORDERED)

_O_COUNT, _O_SUM, _O_MAX_VALUE, _O_MAX_HARM = int(Out.COUNT), int(Out.SUM), int(Out.MAX_VALUE), int(Out.MAX_HARM)
_O_AGE, _O_OLDEST, _O_STORED, _O_LAST = int(Out.AGE), int(Out.OLDEST), int(Out.STORED), int(Out.LAST)
_O_RATIO, _O_RATIO_OF_SUMS, _O_SHARE = int(Out.RATIO), int(Out.RATIO_OF_SUMS), int(Out.SHARE)
_O_SLOPE, _O_SLOPE_OF_SUMS = int(Out.SLOPE), int(Out.SLOPE_OF_SUMS)
_O_MEAN_GAP, _O_LAST_GAP = int(Out.MEAN_GAP), int(Out.LAST_GAP)
_O_RATE, _O_DAYS, _O_BREACH = int(Out.RATE), int(Out.DAYS), int(Out.BREACH)

_LATE_SECONDS = LATE_DAYS * DAY
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_HASH_SHIFT = np.uint64(40)


@compiled
def _place(keys: Any, marks: Any, places: Any, mark: int, mask: int, key: int, used: int) -> int:
    """Index of ``key`` among the distinct keys met in this row; ``used`` when it is new."""
    h = np.int64((np.uint64(key) * _GOLDEN) >> _HASH_SHIFT) & mask
    while marks[h] == mark:
        if keys[h] == key:
            return places[h]
        h = (h + 1) & mask
    marks[h] = mark
    keys[h] = key
    places[h] = used
    return used


@compiled
def _write(
    row: int, unknown: bool, ci: Any, cf: Any, sums: Any, float_sums: Any, plain: Any, outputs: Any, factors: Any,
    pool: Any, out: Any,
) -> None:  # fmt: skip
    """The values of a finished row from its cells; NaN = missing. ``unknown``: there is no known person at risk."""
    for r in range(len(sums)):
        for i in range(sums[r, 0] + 1, sums[r, 0] + sums[r, 1]):
            ci[i] += ci[i - 1]
    for r in range(len(float_sums)):
        for i in range(float_sums[r, 0] + 1, float_sums[r, 0] + float_sums[r, 1]):
            cf[i] += cf[i - 1]
    for q in range(len(plain)):
        out[row, plain[q, 0]] = ci[plain[q, 1]]
    for q in range(len(outputs)):
        op, a, b, c, window = outputs[q, 0], outputs[q, 2], outputs[q, 3], outputs[q, 4], outputs[q, 5]
        x = np.nan
        if outputs[q, 6] == 1 and unknown:
            pass
        elif op == _O_AGE:
            if 0 < ci[a] <= window:
                x = ci[a] / DAY
        elif op == _O_LAST:
            if 0 < ci[c] <= window:
                x = cf[a]
        elif op == _O_COUNT:
            x = float(ci[a])
        elif op == _O_SUM:
            x = cf[a]
        elif op == _O_SHARE:
            if ci[c] > 0:
                x = ci[a] / ci[c]
        elif op == _O_RATIO:
            x = (ci[a] + 1.0) / (ci[c] * factors[q, 0] / factors[q, 1] + 1.0)
        elif op == _O_RATIO_OF_SUMS:
            x = (cf[a] + 1.0) / (cf[c] * factors[q, 0] / factors[q, 1] + 1.0)
        elif op == _O_RATE:
            liberty = window - ci[c]
            if liberty > 0:
                x = ci[a] * 365.0 / (liberty / DAY)
        elif op == _O_OLDEST:
            for i in range(a, a + b):
                if ci[i] > 0:
                    x = ci[i] / DAY
        elif op == _O_STORED:
            if ci[a] > 0:
                x = (ci[a] - 1) / DAY
        elif op == _O_MAX_HARM:
            x = 0.0
            for i in range(a, a + b):
                x = max(x, cf[i])
        elif op == _O_MAX_VALUE:
            for i in range(b):
                if ci[c + i] > 0 and not cf[a + i] <= x:
                    x = cf[a + i]
        elif op in (_O_SLOPE, _O_SLOPE_OF_SUMS):
            before, total = 0.0, 0.0
            for back in range(b):
                reached = cf[pool[a + back]] if op == _O_SLOPE_OF_SUMS else float(ci[pool[a + back]])
                total += (b - 1 - 2 * back) * (reached - before)
                before = reached
            x = 6.0 * total / (b * (b * b - 1))
        elif op == _O_DAYS:
            x = ci[a] / DAY
        elif op == _O_BREACH:
            if ci[a + 3] > 0:
                x = ci[a + 3] / DAY
        elif ci[a] >= 2:  # the gaps: incidents met, ages of the first, the second and the last
            mean = (ci[a + 3] - ci[a + 1]) / DAY / (ci[a] - 1)
            gap = (ci[a + 2] - ci[a + 1]) / DAY
            if op == _O_LAST_GAP:
                x = gap
            elif op == _O_MEAN_GAP:
                x = mean
            elif mean > 0:
                x = gap / mean
        out[row, outputs[q, 1]] = x


@compiled
def fold(
    rows: Any, own: Any, other: Any, as_of: Any, capacity: int, out: Any,
    offsets: Any, occurred_at: Any, visible_from: Any, visible_until: Any, kind: Any, role: Any, proactive: Any,
    domestic: Any, counterpart: Any, code: Any, reported_by: Any, incident_id: Any, value: Any, until: Any,
    recorded_at: Any, acting: int, reads_counterpart: bool, reads_code: bool,
    instructions: Any, back: Any, ahead: Any, stays: Any, streams: Any, edges: Any, maps: Any, filters: Any,
    tables: Any, start: Any, sums: Any, float_sums: Any, plain: Any, outputs: Any, factors: Any, pool: Any,
    rates: Any, harm: Any,
    n_floats: int, n_incident_bits: int, n_counterpart_bits: int, n_harm: int, n_domestic: int, n_reporters: int,
    any_ahead: bool, any_stays: bool,
) -> None:  # fmt: skip
    """Fill the half's columns of ``out`` (float32, rows x definitions) for the row numbers in ``rows``.

    ``own``, ``other``: indices into the persons of the store, by row number: -1 unknown, -2 never seen. ``capacity``:
    the longest history among these rows. ``acting``: the role that is class 0 to 2 (``program.CLASSES``).
    Other parameters: the arrays of ``Sightings`` and of ``Program`` by name; one that nothing reads may be short.
    """
    n_kinds, n_edges = len(streams), len(edges)
    words, counterpart_words = (n_incident_bits + 63) // 64, (n_counterpart_bits + 63) // 64
    ci, cf = np.empty(len(start), np.int64), np.empty(n_floats, np.float64)
    size = 2
    while size < 2 * capacity:
        size *= 2
    with_incidents = words > 0 or n_harm > 0
    table = size if with_incidents else 1
    keys, marks, places = np.empty(table, np.int64), np.zeros(table, np.int64), np.empty(table, np.int64)
    met = np.empty((capacity if with_incidents else 1, max(1, words)), np.uint64)
    gravest = np.empty((capacity if with_incidents else 1, max(1, n_harm)), np.float64)
    table = size if counterpart_words > 0 else 1
    keys2, marks2, places2 = np.empty(table, np.int64), np.zeros(table, np.int64), np.empty(table, np.int64)
    met2 = np.empty((capacity if counterpart_words > 0 else 1, max(1, counterpart_words)), np.uint64)

    for number in range(len(rows)):
        row = rows[number]
        person, party, now = own[row], other[row], as_of[row]
        if person == NO_PERSON:
            for q in range(len(plain)):
                out[row, plain[q, 0]] = np.nan
            for q in range(len(outputs)):
                out[row, outputs[q, 1]] = np.nan
            continue
        ci[:] = start
        cf[:] = 0.0
        low, end = (offsets[person], offsets[person + 1]) if person >= 0 else (0, 0)
        left, high = low, end
        while left < high:
            middle = (left + high) // 2
            if occurred_at[middle] < now:
                left = middle + 1
            else:
                high = middle
        mask = 1
        while mask < 2 * (high - low):
            mask *= 2
        mask -= 1
        mark = number + 1
        incidents, counterparts, reach = 0, 0, 0
        latest_incident, latest_place = np.int64(0), -1

        for j in range(high - 1, low - 1, -1):
            if not streams[kind[j]] & 1 or visible_from[j] >= now or visible_until[j] < now:
                continue
            age = now - occurred_at[j]
            while reach < n_edges and age > edges[reach]:
                reach += 1
            if reach == n_edges:
                break
            towards = counterpart[j] if reads_counterpart else NO_PERSON
            if role[j] == ROLE_ABOUT:
                kind_class = 5
            elif role[j] == acting:
                kind_class = 0 if towards == party else 1 if towards >= 0 else 2
            else:
                kind_class = 3 if towards == party else 4
            key = ((kind_class * 2 + proactive[j]) * n_domestic + domestic[j]) * n_kinds + kind[j]
            first, beyond = back[key], back[key + 1]
            if first == beyond:
                continue
            which = (code[j] + 1) * n_reporters + reported_by[j] if reads_code else 0
            place, place2 = -1, -1
            for q in range(first, beyond):
                chosen = instructions[q, 1]
                if chosen > 0 and not filters[chosen, which]:
                    continue
                op, cell, aux = instructions[q, 0], instructions[q, 2], instructions[q, 4]
                if op == _LAST_CODE:
                    mark_cell = instructions[q, 3]
                    if ci[mark_cell] == 0:
                        x = tables[aux, code[j] + 1]
                        if not x < 0.0:
                            ci[mark_cell] = age
                            cf[cell] = x
                    continue
                bucket = maps[instructions[q, 3], reach]
                if bucket < 0:
                    continue
                if op == _COUNT:
                    ci[cell + bucket] += 1
                elif op in (_INCIDENTS, _HARM, _GAPS):
                    if place < 0:
                        this = incident_id[j]
                        if latest_place >= 0 and this == latest_incident:
                            place = latest_place
                        else:
                            place = _place(keys, marks, places, mark, mask, this, incidents)
                            if place == incidents:
                                incidents += 1
                                met[place, :] = 0
                                gravest[place, :] = 0.0
                            latest_incident, latest_place = this, place
                    if op == _HARM:
                        more = harm[kind[j]] - gravest[place, aux]
                        if more > 0.0:
                            cf[cell + bucket] += more
                            gravest[place, aux] += more
                    else:
                        bit = np.uint64(1) << np.uint64(aux & 63)
                        if not met[place, aux >> 6] & bit:
                            met[place, aux >> 6] |= bit
                            if op == _INCIDENTS:
                                ci[cell + bucket] += 1
                            else:
                                ci[cell] += 1
                                if ci[cell] <= 2:
                                    ci[cell + ci[cell]] = age
                                ci[cell + 3] = age
                elif op == _NEWEST:
                    if ci[cell] == 0:
                        ci[cell] = age
                elif op == _OLDEST:
                    ci[cell + bucket] = age
                elif op == _WEIGHTED:
                    cf[cell + bucket] += 0.5 ** (age / rates[aux])
                elif op == _COUNTERPARTS:
                    if towards >= 0:
                        if place2 < 0:
                            place2 = _place(keys2, marks2, places2, mark, mask, towards, counterparts)
                            if place2 == counterparts:
                                counterparts += 1
                                met2[place2, :] = 0
                        bit = np.uint64(1) << np.uint64(aux & 63)
                        if not met2[place2, aux >> 6] & bit:
                            met2[place2, aux >> 6] |= bit
                            ci[cell + bucket] += 1
                elif op == _SUM:
                    if not np.isnan(value[j]):
                        cf[cell + bucket] += value[j]
                elif op == _MAX_VALUE:
                    x = float(value[j])
                    if not np.isnan(x):
                        if ci[aux + bucket] == 0 or x > cf[cell + bucket]:
                            cf[cell + bucket] = x
                        ci[aux + bucket] = 1
                elif op == _MAX_HARM:
                    cf[cell + bucket] = max(cf[cell + bucket], harm[kind[j]])
                elif op in (_LAST_VALUE, _LAST_HARM):
                    if ci[aux] == 0:
                        x = harm[kind[j]] if op == _LAST_HARM else float(value[j])
                        if not np.isnan(x):
                            ci[aux] = age
                            cf[cell] = x
                elif op == _LATE:
                    if recorded_at[j] - occurred_at[j] > _LATE_SECONDS:
                        ci[cell + bucket] += 1
                elif op == _OPEN:
                    if until[j] > now:
                        ci[cell] = 1
                elif op == _ENDED:
                    since = now - until[j] + 1
                    if since > 0 and (ci[cell] == 0 or since < ci[cell]):
                        ci[cell] = since
                elif op == _BREACH:
                    if ci[cell + 2] == 0 and age > ci[cell]:
                        ci[cell + 1] = ci[cell]
                        ci[cell] = age
                elif ci[cell + 2] == 0:  # ORDERED
                    ci[cell + 2] = 1
                    breach = ci[cell] if ci[cell] < age else ci[cell + 1]
                    if breach > 0:
                        ci[cell + 3] = age - breach

        if any_ahead or any_stays:
            for j in range(low, end):
                stream = streams[kind[j]]
                if not stream & (6 if any_stays else 2) or visible_from[j] >= now or visible_until[j] < now:
                    continue
                towards = counterpart[j] if reads_counterpart else NO_PERSON
                if role[j] == ROLE_ABOUT:
                    kind_class = 5
                elif role[j] == acting:
                    kind_class = 0 if towards == party else 1 if towards >= 0 else 2
                else:
                    kind_class = 3 if towards == party else 4
                key = ((kind_class * 2 + proactive[j]) * n_domestic + domestic[j]) * n_kinds + kind[j]
                which = (code[j] + 1) * n_reporters + reported_by[j] if reads_code else 0
                if j >= high:
                    for q in range(ahead[key], ahead[key + 1]):
                        cell = instructions[q, 2]
                        if (instructions[q, 1] == 0 or filters[instructions[q, 1], which]) and ci[cell] == 0:
                            ci[cell] = occurred_at[j] - now + 1
                else:
                    for q in range(stays[key], stays[key + 1]):
                        cell = instructions[q, 2]
                        if instructions[q, 1] == 0 or filters[instructions[q, 1], which]:
                            began, ended = min(now - occurred_at[j], ci[cell + 1]), max(now - until[j], 0)
                            if ended < began:
                                ci[cell] += began - ended
                                ci[cell + 1] = ended

        _write(row, party == NO_PERSON, ci, cf, sums, float_sums, plain, outputs, factors, pool, out)
