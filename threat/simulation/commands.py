"""``threat simulate``: a synthetic force, its next days, its report, its calibration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from threat.errors import UsageError
from threat.options import JsonOption
from threat.terminal import emit, progress

# Commands import the rest of the product when they run, so that `threat --help` loads none of it.
app = typer.Typer()


@app.command("simulate")
def simulate(
    *,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for history/ and truth/.")] = None,
    relationships: Annotated[int | None, typer.Option(help="Relationships the records hold, about (65000).")] = None,
    years: Annotated[float | None, typer.Option(help="Years of records (8).")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same rows on any machine (7).")] = None,
    force: Annotated[str, typer.Option(help="A size: leicestershire, metropolitan or national.")] = "",
    knob: Annotated[
        list[str] | None, typer.Option(help="A fault to plant, name=value; see docs/simulation.md.")
    ] = None,
    advance: Annotated[str, typer.Option(help="Append the next days to the force in --out: 1d, 30d, 2w.")] = "",
    report: Annotated[bool, typer.Option("--report", help="Write report.html for the force in --out.")] = False,
    calibrate: Annotated[bool, typer.Option("--calibrate", help="Compare with the published figures.")] = False,
    seeds: Annotated[int, typer.Option(min=1, help="Forces to average when calibrating.")] = 3,
    page: Annotated[Path | None, typer.Option(help="Page whose calibration table is replaced.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a synthetic force: a history to work on, and separately the truth about it."""

    from threat.simulation.force import Settings, block_count, carry_on, preset, read_settings, write
    from threat.simulation.knobs import read_knobs

    settings = preset(force) if force else Settings()
    if relationships is not None:
        settings = replace(settings, relationships=relationships)
    if years is not None:
        settings = replace(settings, years=years)
    if seed is not None:
        settings = replace(settings, seed=seed)
    settings = replace(settings, knobs=read_knobs(knob or []))
    if calibrate:
        _calibrate(settings, seeds, page, as_json)
        return
    if out is None:
        raise UsageError("No folder was given for the force.", way_out="add --out DIR")
    only_report = report and not advance and (out / "history").exists()
    if (advance or only_report) and settings != Settings():
        raise UsageError(
            "Settings were given for a force that already exists and keeps its own.",
            where=str(out),
            way_out="leave out size, seed and knobs, or make another force in a new folder",
        )
    if only_report:
        _report(out, as_json)
        return
    if advance:
        with progress("the next days", block_count(read_settings(out))) as step:
            document = carry_on(out, _days(advance), step)
    else:
        with progress("simulating", block_count(settings)) as step:
            document = write(settings, out, step)
    if report:
        document["report"] = str(_write_report(out))
    emit(document, as_json=as_json, lines=_sentence)


def _days(text: str) -> float:
    unit = {"d": 1.0, "w": 7.0}.get(text[-1:].lower())
    try:
        if unit is None:
            raise ValueError
        return float(text[:-1]) * unit
    except ValueError:
        raise UsageError(
            f"--advance needs a number and d or w, not {text!r}.", way_out="for example --advance 1d"
        ) from None


def _write_report(out: Path) -> Path:
    from threat.simulation.calibration.report import write_report

    return write_report(out)


def _report(out: Path, as_json: bool) -> None:
    emit(
        {"report": str(_write_report(out))},
        as_json=as_json,
        lines=lambda document: f"The report on this force is {document['report']}.",
    )


def _calibrate(settings: Any, seeds: int, page: Path | None, as_json: bool) -> None:
    from threat.simulation.calibration.targets import as_rows, calibrate, markdown, write_table

    with progress("measuring", seeds) as step:
        comparisons = calibrate(settings, range(settings.seed, settings.seed + seeds), step)
    table = markdown(comparisons, settings)
    if page is not None:
        write_table(page, table)
    emit({"figures": as_rows(comparisons)}, as_json=as_json, lines=lambda _: table)


def _sentence(document: dict[str, Any]) -> str:
    rows = document["rows"]
    return (
        f"{document['relationships']:,} relationships and {rows['events']:,} events, recorded from "
        f"{document['from'][:10]} to {document['to'][:10]}, are in {document['history']}.\n"
        f"The truth about this synthetic force is kept separately, in {document['truth']}. No person in it lives."
        + (f"\nIts report is {document['report']}." if "report" in document else "")
    )
