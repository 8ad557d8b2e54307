"""Numbers to accessible inline SVG: each chart is an HTML figure with a sentence, a drawing and a table.

No script and no style sheet is needed; the drawing uses presentation attributes only, so it passes a strict content
security policy. Series differ by shape and dash as well as by colour. Every function returns an HTML string.

Bars and points have no drawing of a fixed width that is scaled: what is along the axis is in percent of the width, and
text keeps its size, so a chart is as legible at 320 px as on a wide screen.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from html import escape

# The palette of GOV.UK.
_INK, _GREY, _RULE = "#0b0c0c", "#505a5f", "#b1b4b6"
_COLOURS = ("#1d70b8", "#d4351c", "#00703c", "#4c2c92", "#b58840", "#5694ca")
_DASHES = ("", "6 3", "2 3", "8 3 2 3", "1 2", "12 4")
_START, _STOP = 2.0, 82.0
"""Percent of the width at which an axis begins and ends; the number of a row is right of the end."""
_CHARACTERS, _LINE, _DRAWN = 40, 17, 28
"""Characters of a label on one line at 320 px; pixels of a line of a label, and of the drawing below the label."""
_WIDTH = 720
"""Units of the drawing of ``lines``, which alone is scaled to the width there is."""


@dataclass(frozen=True, slots=True)
class Point:
    """A labelled estimate with its interval and, if any, the figure that it is compared with."""

    label: str
    value: float
    low: float
    high: float
    target: float | None = None
    note: str = ""


def bars(
    title: str,
    sentence: str,
    rows: Sequence[tuple[str, float]],
    *,
    unit: str = "",
    reference: Mapping[str, float] | None = None,
    reference_name: str = "published",
) -> str:
    """Return a figure of horizontal bars, one per (label, value).

    ``reference``: by label, a published figure to mark on the bar with an upright line.
    """
    references = {label: value for label, value in (reference or {}).items() if math.isfinite(value)}
    low, high = _span([value for _, value in rows] + list(references.values()) + [0.0])
    x = _Scale(low, high, _START, _STOP)
    parts, y = [], 0
    for label, value in rows:
        parts += _label(y, label)
        y += _LINE * len(_label_lines(label))
        if math.isfinite(value):
            left, right = sorted((x(0.0), x(value)))
            parts.append(
                f'<rect x="{left:.2f}%" y="{y + 4}" width="{max(right - left, 0.2):.2f}%" height="16" '
                f'fill="{_COLOURS[0]}"/>'
            )
            parts.append(_text(right, y + 17, _number(value), shift=4))
        if label in references:
            at = x(references[label])
            parts.append(
                f'<line x1="{at:.2f}%" x2="{at:.2f}%" y1="{y + 1}" y2="{y + 23}" '
                f'stroke="{_COLOURS[1]}" stroke-width="3"/>'
            )
        y += _DRAWN
    parts += _axis(x, y + 4, unit)
    header = ["", unit or "value"] + ([reference_name] if references else [])
    table = [
        [label, _number(value)] + ([_number(references[label]) if label in references else ""] if references else [])
        for label, value in rows
    ]
    key = f" The upright line on a bar is the {reference_name} figure." if references else ""
    return _figure(title, sentence + key, _Drawing(y + _AXIS, parts), header, table)


def lines(
    title: str,
    sentence: str,
    series: Mapping[str, Sequence[tuple[float, float]]],
    *,
    x_name: str = "",
    y_name: str = "",
) -> str:
    """Return a figure of lines through (x, y) points, one per series, each with a colour, a dash and a named key."""
    points = [p for line in series.values() for p in line if math.isfinite(p[0]) and math.isfinite(p[1])]
    x = _Scale(*_span([p[0] for p in points] or [0.0, 1.0]), 60, _WIDTH - 20)
    y = _Scale(*_span([p[1] for p in points] + [0.0]), 250, 22)
    parts = [f'<line x1="60" x2="{_WIDTH - 20}" y1="258" y2="258" stroke="{_INK}"/>']
    for tick in x.ticks():
        parts.append(f'<line x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="258" y2="262" stroke="{_INK}"/>')
        parts.append(_text(x(tick), 275, _number(tick), anchor="middle", colour=_GREY, unit=""))
    if x_name:
        parts.append(_text((60 + _WIDTH - 20) / 2, 291, x_name, anchor="middle", colour=_GREY, unit=""))
    for tick in y.ticks():
        parts.append(f'<line x1="60" x2="{_WIDTH - 20}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" stroke="{_RULE}"/>')
        parts.append(_text(54, y(tick) + 4, _number(tick), anchor="end", unit=""))
    for i, (name, line) in enumerate(series.items()):
        colour, dash = _COLOURS[i % len(_COLOURS)], _DASHES[i % len(_DASHES)]
        style = f'stroke="{colour}" stroke-width="2" fill="none"' + (f' stroke-dasharray="{dash}"' if dash else "")
        path = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in line if math.isfinite(a) and math.isfinite(b))
        parts.append(f'<polyline points="{path}" {style}/>')
        below = 320 + 18 * i
        parts.append(f'<line x1="60" x2="100" y1="{below - 4}" y2="{below - 4}" {style}/>')
        parts.append(_text(108, below, name, unit=""))
    parts.append(_text(60, 11, y_name, colour=_GREY, unit=""))
    table = [[name, _number(a), _number(b)] for name, line in series.items() for a, b in line]
    header = ["series", x_name or "x", y_name or "y"]
    drawing = _Drawing(314 + 18 * len(series), parts, scaled=True)
    return _figure(title, sentence, drawing, header, table)


def points_with_intervals(
    title: str, sentence: str, rows: Sequence[Point], *, unit: str = "", target_name: str = "target"
) -> str:
    """Return a figure with a dot and interval per row; a diamond marks what the row is compared with."""
    values = [
        v for row in rows for v in (row.value, row.low, row.high, row.target) if v is not None and math.isfinite(v)
    ]
    x = _Scale(*_span(values or [0.0, 1.0]), _START, _STOP)
    parts, y = [], 0
    for row in rows:
        parts += _label(y, row.label)
        y += _LINE * len(_label_lines(row.label))
        if math.isfinite(row.low) and math.isfinite(row.high):
            parts.append(
                f'<line x1="{x(row.low):.2f}%" x2="{x(row.high):.2f}%" y1="{y + 12}" y2="{y + 12}" '
                f'stroke="{_INK}" stroke-width="2"/>'
            )
        if math.isfinite(row.value):
            parts.append(f'<circle cx="{x(row.value):.2f}%" cy="{y + 12}" r="5" fill="{_COLOURS[0]}"/>')
            parts.append(_text(100, y + 17, _number(row.value), anchor="end"))
        if row.target is not None and math.isfinite(row.target):
            # A path takes no percent: the svg around the path is what is moved along the axis.
            parts.append(
                f'<svg x="{x(row.target):.2f}%" y="{y + 5}" overflow="visible">'
                f'<path d="M0 0l6 7l-6 7l-6 -7z" fill="none" stroke="{_COLOURS[1]}" stroke-width="2"/></svg>'
            )
        y += _DRAWN
    parts += _axis(x, y + 4, unit)
    targets = any(row.target is not None for row in rows)
    notes = any(row.note for row in rows)
    header = ["", unit or "value", "low", "high"] + ([target_name] if targets else []) + (["note"] if notes else [])
    table = [
        [row.label, _number(row.value), _number(row.low), _number(row.high)]
        + (["" if row.target is None else _number(row.target)] if targets else [])
        + ([row.note] if notes else [])
        for row in rows
    ]
    key = f" The diamond is the {target_name}." if targets else ""
    return _figure(title, sentence + key, _Drawing(y + _AXIS, parts), header, table)


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float
    start: float
    stop: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.stop - self.start)

    def ticks(self) -> list[float]:
        rough = (self.high - self.low) / 5
        unit = 10.0 ** math.floor(math.log10(rough))
        step = next(m * unit for m in (1, 2, 5, 10) if m * unit >= rough)
        first = math.ceil(self.low / step - 1e-9)
        return [k * step for k in range(first, math.floor(self.high / step + 1e-9) + 1)]


def _span(values: Sequence[float]) -> tuple[float, float]:
    finite = [v for v in values if math.isfinite(v)] or [0.0]
    low, high = min(finite), max(finite)
    return (low, high) if high > low else (low, low + (abs(low) or 1.0))


@dataclass(frozen=True, slots=True)
class _Drawing:
    """What is inside an SVG of a height in pixels; ``scaled``: drawn in units that are scaled to the width."""

    height: int
    parts: list[str]
    scaled: bool = False


_AXIS = 44
"""Pixels of an axis below the rows: a gap, ticks, their numbers and the name."""


def _axis(x: _Scale, y: int, name: str) -> list[str]:
    parts = [f'<line x1="{x.start}%" x2="{x.stop}%" y1="{y}" y2="{y}" stroke="{_INK}"/>']
    for tick in x.ticks():
        at = x(tick)
        parts.append(f'<line x1="{at:.2f}%" x2="{at:.2f}%" y1="{y}" y2="{y + 4}" stroke="{_INK}"/>')
        # In the middle of its tick, the first number would stick out at the left.
        anchor = "start" if at < _START + 1 else "middle"
        parts.append(_text(at, y + 18, _number(tick), anchor=anchor, colour=_GREY))
    if name:
        parts.append(_text((x.start + x.stop) / 2, y + 35, name, anchor="middle", colour=_GREY))
    return parts


def _label_lines(label: str) -> list[str]:
    return textwrap.wrap(label, _CHARACTERS) or [""]


def _label(y: int, label: str) -> list[str]:
    """Return a row's name above its drawing, on as many lines as it needs at 320 px."""
    return [_text(0, y + 14 + _LINE * i, line) for i, line in enumerate(_label_lines(label))]


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "not known"
    if value == int(value) and abs(value) < 1e12:
        return f"{int(value):,}"
    return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def _text(
    x: float, y: float, text: str, *, anchor: str = "start", colour: str = _INK, shift: int = 0, unit: str = "%"
) -> str:
    """Return a text at ``x`` percent of the width, or units where ``unit`` is empty; ``shift``: pixels right of it."""
    moved = f' dx="{shift}"' if shift else ""
    return (
        f'<text x="{x:.2f}{unit}" y="{y:.1f}"{moved} font-family="arial, sans-serif" font-size="14" fill="{colour}" '
        f'text-anchor="{anchor}">{escape(text)}</text>'
    )


def _figure(title: str, sentence: str, drawing: _Drawing, header: list[str], table: list[list[str]]) -> str:
    name = "chart-" + blake2b(f"{title}{sentence}{table}".encode(), digest_size=6).hexdigest()
    head = "".join(f'<th scope="col">{escape(cell) or "&#160;"}</th>' for cell in header)
    body = "".join(
        "<tr>" + f'<th scope="row">{escape(row[0])}</th>' + "".join(f"<td>{escape(c)}</td>" for c in row[1:]) + "</tr>"
        for row in table
    )
    height = f"{drawing.height:.0f}"
    size = f'viewBox="0 0 {_WIDTH} {height}"' if drawing.scaled else f'height="{height}"'
    return (
        f'<figure class="chart"><figcaption><strong>{escape(title)}</strong> {escape(sentence)}</figcaption>'
        f'<svg role="img" aria-labelledby="{name}-t {name}-d" {size} width="100%" '
        f'xmlns="http://www.w3.org/2000/svg"><title id="{name}-t">{escape(title)}</title>'
        f'<desc id="{name}-d">{escape(sentence)}</desc>{"".join(drawing.parts)}</svg>'
        f"<details><summary>The same numbers as a table</summary><table><caption>{escape(title)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></details></figure>"
    )
