"""``threat audit``: who is served by a ranking, group by group."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from threat.errors import UsageError, raise_all
from threat.options import STORE, FairnessPolicyOption, JsonOption, StoreOption
from threat.terminal import emit, progress

if TYPE_CHECKING:
    from fairness.policy import Policy

app = typer.Typer()


@app.command("audit")
def audit_command(
    what: Annotated[Path, typer.Argument(help="A RUN directory, or a CSV of any ranking.", metavar="RUN|FILE.csv")],
    score: Annotated[str | None, typer.Option(help="Column with the score; higher is listed first.")] = None,
    label: Annotated[str | None, typer.Option(help="Column with the outcome: 1, 0, or empty where unknown.")] = None,
    group: Annotated[list[str] | None, typer.Option(help="Column with a group; may be given several times.")] = None,
    capacity: Annotated[float | None, typer.Option(help="Places on the list (per list, with --cycle).")] = None,
    threshold: Annotated[float | None, typer.Option(help="Selected when the score is at least this.")] = None,
    cluster: Annotated[str | None, typer.Option(help="Column naming the person whose rows belong together.")] = None,
    cycle: Annotated[str | None, typer.Option(help="Column naming the list a row competes for.")] = None,
    probability: Annotated[str | None, typer.Option(help="Column with a probability, to check calibration.")] = None,
    ranking: Annotated[str | None, typer.Option(help="Of a RUN: audit this ranking instead of the model.")] = None,
    store: StoreOption = STORE,
    policy: FairnessPolicyOption = None,
    html: Annotated[Path | None, typer.Option(help="Also write the report as a web page.")] = None,
    public: Annotated[bool, typer.Option("--public", help="Withhold small cells, for publication.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Audit a ranking: recall by group against the best-served group, and whether that is enough to go by.

    Of a RUN, the report is added to it as fairness.json and fairness.html. Exit 0 whatever the verdict: the gate
    decides.
    """
    from fairness.policy import load_policy

    rules = load_policy(policy)
    columns = {"score": score, "label": label, "cluster": cluster, "cycle": cycle, "probability": probability}
    with progress("Auditing"):
        if what.is_dir():
            given = [name for name, value in columns.items() if value is not None]
            given += (
                ["group"] * bool(group)
                + ["capacity"] * (capacity is not None)
                + ["threshold"] * (threshold is not None)
            )
            report = _run(what, store, rules, ranking, given)
        else:
            report = _file(what, columns, list(group or []), capacity, threshold, rules, ranking)
    from fairness.page import page
    from fairness.suppression import public as published

    shown = published(report) if public else report
    if html is not None:
        html.write_text(page(shown), encoding="utf-8")
    emit(shown, as_json=as_json, lines=_lines)


@app.command("audit-power")
def power_command(
    events: Annotated[int, typer.Option(min=0, help="Outcome events of the group.")],
    reference_events: Annotated[int, typer.Option(min=1, help="Outcome events of the best-served group.")],
    recall: Annotated[float, typer.Option(min=0.001, max=1.0, help="True recall of the best-served group.")] = 0.5,
    ratio: Annotated[float, typer.Option(min=0.0, help="True recall of the group, over that.")] = 0.6,
    other_groups: Annotated[int, typer.Option(min=0, help="More groups of the same size, served fairly.")] = 0,
    policy: FairnessPolicyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Before an audit: how often would it pass, fail or lack evidence, with so many outcomes?"""
    from fairness.policy import load_policy
    from fairness.power import verdict_rates

    if ratio * recall > 1:
        raise UsageError("A recall is at most 1.", value=ratio * recall, way_out="a lower --ratio or --recall")
    rates = verdict_rates(
        events, reference_events, recall=recall, ratio=ratio, policy=load_policy(policy), other_groups=other_groups
    )
    emit(rates, as_json=as_json, lines=_rates)


def _rates(rates: dict[str, Any]) -> str:
    from threat.measuring.figure import Verdict

    return "\n".join(
        f"{'The group' if name == 'group' else 'The whole characteristic'}: "
        + ", ".join(f"{Verdict(verdict).words.lower()} {share:.0%}" for verdict, share in found.items())
        for name, found in rates.items()
    )


def _run(path: Path, store: Path, policy: Policy, ranking: str | None, given: list[str]) -> dict[str, Any]:
    from fairness.page import page
    from fairness.runs import MODEL, as_document, audit_run, snapshot_of
    from threat.release.runs import Run

    if given:
        raise UsageError(
            "A RUN knows its own columns and capacity.",
            value=", ".join(f"--{name}" for name in given),
            way_out="leave them out",
        )
    run = Run.open(path)
    report = audit_run(run, snapshot_of(run, store), policy, ranking=ranking or MODEL)
    if report["ranking"] == MODEL:
        run.write(as_document(report))
        run.add("fairness.html", page(report))
    return report


def _file(
    path: Path,
    columns: dict[str, str | None],
    groups: list[str],
    capacity: float | None,
    threshold: float | None,
    policy: Policy,
    ranking: str | None,
) -> dict[str, Any]:
    from fairness.audit import audit
    from fairness.population import Characteristic
    from fairness.tables import read_columns

    problems: list[Any] = []
    if ranking is not None:
        problems.append(UsageError("--ranking is for a RUN.", value=ranking, way_out="name the column: --score COLUMN"))
    problems += [
        UsageError(f"A file needs --{name}.", way_out=f"--{name} COLUMN")
        for name in ("score", "label")
        if columns[name] is None
    ]
    if not groups:
        problems.append(UsageError("A file needs at least one --group.", way_out="--group COLUMN"))
    if (capacity is None) == (threshold is None):
        problems.append(UsageError("Give a capacity or a threshold, not both.", way_out="--capacity K | --threshold T"))
    raise_all(problems)
    numeric = [columns[name] for name in ("score", "label", "probability") if columns[name] is not None]
    words = [*groups, *(columns[name] for name in ("cluster", "cycle") if columns[name] is not None)]
    table = read_columns(path, numbers=[str(name) for name in numeric], words=[str(name) for name in words])
    return audit(
        table[str(columns["score"])],
        table[str(columns["label"])],
        [Characteristic(name, "column", table[name]) for name in dict.fromkeys(groups)],
        capacity=capacity,
        threshold=threshold,
        cluster=None if columns["cluster"] is None else table[columns["cluster"]],
        cycle=None if columns["cycle"] is None else table[columns["cycle"]].fillna("").to_numpy(dtype=str),
        probability=None if columns["probability"] is None else table[columns["probability"]],
        policy=policy,
        ranking=str(columns["score"]),
        dataset=path.name,
    )


def _lines(report: dict[str, Any]) -> str:
    from fairness.page import text

    return text(report)
