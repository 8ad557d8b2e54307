"""The kernel of the fold engine: one pass over a person's sorted history per row, newest event first.

Compiled once, without the interpreter lock: a batch runs blocks of rows on a few threads, a server thread runs one row,
both through the same machine code. (Numba's own parallel loops abort when two threads of a server enter them, and are
unsafe after a fork.) No fastmath: float64 sums are added in one thread in a fixed order.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.engines.fold.compiling import compiled
from features.engines.fold.inputs import Asked, Columns, Program
from features.operations import Op, Out
from features.statistics.late_share import LATE_DAYS
from threat.asof import DAY
from threat.asof_compiled import happened, visible
from threat.history.schema import DOMESTIC, REPORTED_BY
from threat.history.sightings import NO_PERSON, ROLE_ABOUT

_COUNT, _INCIDENTS, _COUNTERPARTS = int(Op.COUNT), int(Op.INCIDENTS), int(Op.COUNTERPARTS)
_SUM, _HARM, _WEIGHTED = int(Op.SUM), int(Op.HARM), int(Op.WEIGHTED)
_MAX_VALUE, _MAX_HARM, _NEWEST, _OLDEST = int(Op.MAX_VALUE), int(Op.MAX_HARM), int(Op.NEWEST), int(Op.OLDEST)
_LAST_VALUE, _LAST_HARM, _LAST_CODE = int(Op.LAST_VALUE), int(Op.LAST_HARM), int(Op.LAST_CODE)
_GAPS, _IN_FORCE, _ENDED, _LATE = int(Op.GAPS), int(Op.IN_FORCE), int(Op.ENDED), int(Op.LATE)
_BREACH, _ORDERED, _CLOSES, _RUN = int(Op.BREACH), int(Op.ORDERED), int(Op.CLOSES), int(Op.RUN)

_O_COUNT, _O_SUM, _O_MAX_VALUE, _O_MAX_HARM = int(Out.COUNT), int(Out.SUM), int(Out.MAX_VALUE), int(Out.MAX_HARM)
_O_AGE, _O_OLDEST, _O_STORED, _O_LAST = int(Out.AGE), int(Out.OLDEST), int(Out.STORED), int(Out.LAST)
_O_RATIO, _O_RATIO_OF_SUMS, _O_SHARE = int(Out.RATIO), int(Out.RATIO_OF_SUMS), int(Out.SHARE)
_O_SLOPE, _O_SLOPE_OF_SUMS = int(Out.SLOPE), int(Out.SLOPE_OF_SUMS)
_O_MEAN_GAP, _O_LAST_GAP = int(Out.MEAN_GAP), int(Out.LAST_GAP)
_O_RATE, _O_DAYS, _O_BREACH = int(Out.RATE), int(Out.DAYS), int(Out.BREACH)
_O_FLAG, _O_BOTH = int(Out.FLAG), int(Out.BOTH)

_LATE_SECONDS = LATE_DAYS * DAY
_N_DOMESTIC, _N_REPORTERS = len(DOMESTIC), len(REPORTED_BY)

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
"""2 ** 64 over the golden ratio: multiplying by it spreads ids that follow one another (Knuth, volume 3, 6.4)."""

_HASH_SHIFT = np.uint64(40)
"""Keeps the best mixed 24 bits of the product, enough places for a history of 8 million events."""


class _Distinct(NamedTuple):
    """A hash table of the distinct keys of one row, cleared by its mark: a key of an earlier row has another mark."""

    keys: NDArray[np.int64]
    marks: NDArray[np.int64]
    places: NDArray[np.int64]


@compiled
def _place(distinct: _Distinct, mark: int, mask: int, key: int, used: int) -> int:
    """Return the index of ``key`` among the distinct keys met in this row; ``used`` when it is new."""
    h = np.int64((np.uint64(key) * _GOLDEN) >> _HASH_SHIFT) & mask
    while distinct.marks[h] == mark:
        if distinct.keys[h] == key:
            return distinct.places[h]
        h = (h + 1) & mask
    distinct.marks[h] = mark
    distinct.keys[h] = key
    distinct.places[h] = used
    return used


@compiled
def _class_of(role: int, acting: int, towards: int, other: int) -> int:
    """Return the class of an event (``program.CLASSES``). ``towards``: its counterpart; ``other``: the other party."""
    if role == ROLE_ABOUT:
        return 5
    if role == acting:
        if towards < 0:
            return 6 if other == NO_PERSON else 2
        return 0 if towards == other else 1
    return 3 if towards == other else 4


@compiled
def _write(row: int, unknown: bool, ci: Any, cf: Any, program: Program, out: Any) -> None:  # noqa: C901, PLR0912, PLR0915  calls cost 5 x
    """Write the values of a finished row from its cells; NaN = missing. ``unknown``: nobody known is at risk.

    Long, but one branch for each ``Out``: a function for each cost 50 ns a value, five times the work itself.
    """
    for r in range(len(program.sums)):
        for i in range(program.sums[r, 0] + 1, program.sums[r, 0] + program.sums[r, 1]):
            ci[i] += ci[i - 1]
    for r in range(len(program.float_sums)):
        for i in range(program.float_sums[r, 0] + 1, program.float_sums[r, 0] + program.float_sums[r, 1]):
            cf[i] += cf[i - 1]
    for q in range(len(program.plain)):
        out[row, program.plain[q, 0]] = ci[program.plain[q, 1]]
    for q in range(len(program.outputs)):
        op, a, b, c, window = (
            program.outputs[q, 0],
            program.outputs[q, 2],
            program.outputs[q, 3],
            program.outputs[q, 4],
            program.outputs[q, 5],
        )
        x = np.nan
        gate = program.outputs[q, 7]
        if (program.outputs[q, 6] == 1 and unknown) or (gate >= 0 and cf[gate] != 1.0):
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
        elif op == _O_FLAG:
            x = 1.0 if ci[a] > 0 else 0.0
        elif op == _O_BOTH:
            x = 1.0 if ci[a] > 0 and ci[c] > 0 else 0.0
        elif op == _O_SHARE:
            if ci[c] > 0:
                x = ci[a] / ci[c]
        elif op == _O_RATIO:
            x = (ci[a] + 1.0) / (ci[c] * program.factors[q, 0] / program.factors[q, 1] + 1.0)
        elif op == _O_RATIO_OF_SUMS:
            x = (cf[a] + 1.0) / (cf[c] * program.factors[q, 0] / program.factors[q, 1] + 1.0)
        elif op == _O_RATE:
            liberty = window - ci[c]
            if liberty > 0:
                x = ci[a] * 365.0 / (liberty / DAY)
        elif op == _O_OLDEST:
            oldest = 0
            for i in range(a, a + b):
                oldest = max(oldest, ci[i])
            if oldest > 0:
                x = oldest / DAY
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
                reached = cf[program.pool[a + back]] if op == _O_SLOPE_OF_SUMS else float(ci[program.pool[a + back]])
                total += (b - 1 - 2 * back) * (reached - before)
                before = reached
            x = 6.0 * total / (b * (b * b - 1))
        elif op == _O_DAYS:
            x = ci[a] / DAY
        elif op == _O_BREACH:
            if ci[a + 2] > 0:
                x = ci[a + 2] / DAY
        elif ci[a] >= 2:  # the gaps: incidents met, ages of the first, the second and the last
            mean = (ci[a + 3] - ci[a + 1]) / DAY / (ci[a] - 1)
            gap = (ci[a + 2] - ci[a + 1]) / DAY
            if op == _O_LAST_GAP:
                x = gap
            elif op == _O_MEAN_GAP:
                x = mean
            elif mean > 0:
                x = gap / mean
        out[row, program.outputs[q, 1]] = x


@compiled
def fold(asked: Asked, sightings: Columns, program: Program, out: NDArray[np.float32]) -> None:  # noqa: C901, PLR0912, PLR0915  cut up, it takes 5 to 7 x
    """Fill the half's columns of ``out`` (float32, rows x definitions) for the row numbers in ``asked.rows``.

    Long on purpose. Cut into a look-back, a look-ahead and an adding function that pass the tuples, the same fold took
    0.78 to 0.82 s of processor time where the whole loop takes 0.11 (47,664 rows x 248 definitions, one thread); with
    those functions inlined by Numba it took 0.54 to 0.58. What is cut off without cost is what meets an event or a row
    once and keeps nothing: the class of an event, the place of a key, the writing of a finished row.
    """
    instructions, filters, capacity = program.instructions, program.filters, asked.capacity
    n_kinds, n_edges = len(program.streams), len(program.edges)
    words, counterpart_words = (program.n_incident_bits + 63) // 64, (program.n_counterpart_bits + 63) // 64
    ci, cf = np.empty(len(program.start), np.int64), np.empty(program.n_floats, np.float64)
    size = 2
    while size < 2 * capacity:
        size *= 2
    with_incidents = words > 0 or program.n_harm > 0
    table = size if with_incidents else 1
    of_incident = _Distinct(np.empty(table, np.int64), np.zeros(table, np.int64), np.empty(table, np.int64))
    met = np.empty((capacity if with_incidents else 1, max(1, words)), np.uint64)
    gravest = np.empty((capacity if with_incidents else 1, max(1, program.n_harm)), np.float64)
    table = size if counterpart_words > 0 else 1
    of_counterpart = _Distinct(np.empty(table, np.int64), np.zeros(table, np.int64), np.empty(table, np.int64))
    met2 = np.empty((capacity if counterpart_words > 0 else 1, max(1, counterpart_words)), np.uint64)

    for number in range(len(asked.rows)):
        row = asked.rows[number]
        person, other, now = asked.party[row], asked.other[row], asked.as_of[row]
        if person == NO_PERSON:
            for q in range(len(program.plain)):
                out[row, program.plain[q, 0]] = np.nan
            for q in range(len(program.outputs)):
                out[row, program.outputs[q, 1]] = np.nan
            continue
        ci[:] = program.start
        cf[:] = 0.0
        low, end = (sightings.offsets[person], sightings.offsets[person + 1]) if person >= 0 else (0, 0)
        left, high = low, end
        while left < high:
            middle = (left + high) // 2
            if happened(sightings.occurred_at[middle], now):
                left = middle + 1
            else:
                high = middle
        # Half of the table stays empty, so that a look-up ends soon.
        mask = 1
        while mask < 2 * (high - low):
            mask *= 2
        mask -= 1
        mark = number + 1
        incidents, counterparts, reach = 0, 0, 0
        latest_incident, latest_place = np.int64(0), -1

        for j in range(high - 1, low - 1, -1):
            if not program.streams[sightings.kind[j]] & 1 or not visible(
                sightings.visible_from[j], sightings.visible_until[j], now
            ):
                continue
            age = now - sightings.occurred_at[j]
            while reach < n_edges and age > program.edges[reach]:
                reach += 1
            if reach == n_edges:  # older than every window, and so is all that follows
                break
            towards = sightings.counterpart[j] if program.reads_counterpart else NO_PERSON
            kind_class = _class_of(sightings.role[j], program.acting, towards, other)
            key = (
                (kind_class * 2 + sightings.proactive[j]) * _N_DOMESTIC + sightings.domestic[j]
            ) * n_kinds + sightings.kind[j]
            first, beyond = program.back[key], program.back[key + 1]
            if first == beyond:
                continue
            which = (sightings.code[j] + 1) * _N_REPORTERS + sightings.reported_by[j] if program.reads_code else 0
            place, place2 = -1, -1  # looked up once an event, by the first instruction that asks
            for q in range(first, beyond):
                chosen = instructions[q, 1]
                if chosen > 0 and not filters[chosen, which]:
                    continue
                op, cell, aux = instructions[q, 0], instructions[q, 2], instructions[q, 4]
                if op == _LAST_CODE:  # before the buckets: its fourth number is its mark, not a window map
                    mark_cell = instructions[q, 3]
                    if ci[mark_cell] == 0:
                        x = program.tables[aux, sightings.code[j] + 1]
                        if not x < 0.0:  # below 0: passed over for an older event; NaN is an answer
                            ci[mark_cell] = age
                            cf[cell] = x
                    continue
                bucket = program.maps[instructions[q, 3], reach]
                if bucket < 0:
                    continue
                if op == _COUNT:
                    ci[cell + bucket] += 1
                elif op in (_INCIDENTS, _HARM, _GAPS, _LAST_HARM):
                    if place < 0:
                        incident = sightings.incident_id[j]
                        if latest_place >= 0 and incident == latest_incident:
                            place = latest_place
                        else:
                            place = _place(of_incident, mark, mask, incident, incidents)
                            if place == incidents:
                                incidents += 1
                                met[place, :] = 0
                                gravest[place, :] = 0.0
                            latest_incident, latest_place = incident, place
                    if op == _HARM:
                        more = program.harm[sightings.kind[j]] - gravest[place, aux]
                        if more > 0.0:
                            cf[cell + bucket] += more
                            gravest[place, aux] += more
                    elif op == _LAST_HARM:
                        bit_number = ci[aux + 1]
                        bit = np.uint64(1) << np.uint64(bit_number & 63)
                        if ci[aux] == 0 or ci[aux] == age:  # the latest instant: its incidents are those that count
                            ci[aux] = age
                            met[place, bit_number >> 6] |= bit
                        if met[place, bit_number >> 6] & bit:
                            cf[cell] = max(cf[cell], program.harm[sightings.kind[j]])
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
                    ci[cell + bucket] = max(ci[cell + bucket], now - sightings.began_at[j])
                elif op == _WEIGHTED:
                    cf[cell + bucket] += 0.5 ** (age / program.rates[aux])
                elif op == _COUNTERPARTS:
                    if towards >= 0:
                        if place2 < 0:
                            place2 = _place(of_counterpart, mark, mask, towards, counterparts)
                            if place2 == counterparts:
                                counterparts += 1
                                met2[place2, :] = 0
                        bit = np.uint64(1) << np.uint64(aux & 63)
                        if not met2[place2, aux >> 6] & bit:
                            met2[place2, aux >> 6] |= bit
                            ci[cell + bucket] += 1
                elif op == _SUM:
                    if not np.isnan(sightings.value[j]):
                        cf[cell + bucket] += sightings.value[j]
                elif op == _MAX_VALUE:
                    x = float(sightings.value[j])
                    if not np.isnan(x):
                        if ci[aux + bucket] == 0 or x > cf[cell + bucket]:
                            cf[cell + bucket] = x
                        ci[aux + bucket] = 1
                elif op == _MAX_HARM:
                    cf[cell + bucket] = max(cf[cell + bucket], program.harm[sightings.kind[j]])
                elif op == _LAST_VALUE:
                    if ci[aux] == 0 and not np.isnan(sightings.value[j]):
                        ci[aux] = age
                        cf[cell] = sightings.value[j]
                elif op == _LATE:
                    if sightings.recorded_at[j] - sightings.occurred_at[j] > _LATE_SECONDS:
                        ci[cell + bucket] += 1
                elif op == _IN_FORCE:
                    if sightings.until[j] > now and (ci[cell + 1] == 0 or age <= ci[cell + 1]):
                        ci[cell] = age
                elif op == _CLOSES:
                    if ci[cell + 1] == 0:
                        ci[cell + 1] = age
                elif op == _RUN:
                    x = program.tables[aux, sightings.code[j] + 1]
                    if x == 1.0 and ci[cell + 1] == 0:
                        ci[cell] = age
                    elif x == 0.0:
                        ci[cell + 1] = 1
                elif op == _ENDED:
                    since = now - sightings.until[j] + 1
                    if since > 0 and (ci[cell] == 0 or since < ci[cell]):
                        ci[cell] = since
                elif op == _BREACH:
                    if age > ci[cell]:
                        ci[cell + 1] = ci[cell]
                        ci[cell] = age
                else:  # ORDERED: the first breach after it is the last one met that is not of its own second
                    breach = ci[cell] if ci[cell] < age else ci[cell + 1]
                    if breach > 0 and (ci[cell + 2] == 0 or age - breach < ci[cell + 2]):
                        ci[cell + 2] = age - breach

        # Oldest first: a stay adds only what no earlier stay covered, and the first event to come is the earliest.
        if program.any_ahead or program.any_stays:
            for j in range(low, end):
                stream = program.streams[sightings.kind[j]]
                if not stream & (6 if program.any_stays else 2) or not visible(
                    sightings.visible_from[j], sightings.visible_until[j], now
                ):
                    continue
                towards = sightings.counterpart[j] if program.reads_counterpart else NO_PERSON
                kind_class = _class_of(sightings.role[j], program.acting, towards, other)
                key = (
                    (kind_class * 2 + sightings.proactive[j]) * _N_DOMESTIC + sightings.domestic[j]
                ) * n_kinds + sightings.kind[j]
                which = (sightings.code[j] + 1) * _N_REPORTERS + sightings.reported_by[j] if program.reads_code else 0
                if j >= high:
                    for q in range(program.ahead[key], program.ahead[key + 1]):
                        cell = instructions[q, 2]
                        if (instructions[q, 1] == 0 or filters[instructions[q, 1], which]) and ci[cell] == 0:
                            ci[cell] = sightings.occurred_at[j] - now + 1
                else:
                    for q in range(program.stays[key], program.stays[key + 1]):
                        cell = instructions[q, 2]
                        if instructions[q, 1] == 0 or filters[instructions[q, 1], which]:
                            began, ended = (
                                min(now - sightings.occurred_at[j], ci[cell + 1]),
                                max(now - sightings.until[j], 0),
                            )
                            if ended < began:
                                ci[cell] += began - ended
                                ci[cell + 1] = ended

        _write(row, other == NO_PERSON, ci, cf, program, out)
