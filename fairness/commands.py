"""``threat audit`` and its plans and comparisons: who is served by a ranking, group by group."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from threat.errors import UsageError
from threat.options import STORE, FairnessPolicyOption, JsonOption, RunArgument, StoreOption
from threat.terminal import emit, progress

# Commands import the rest of the product when they run, so that `threat --help` loads none of it.
app = typer.Typer()


@app.command("audit")
def audit_command(
    what: Annotated[Path, typer.Argument(help="A RUN directory, or a CSV of any ranking.", metavar="RUN|FILE.csv")],
    score: Annotated[str | None, typer.Option(help="Column with the score; higher is listed first.")] = None,
    label: Annotated[str | None, typer.Option(help="Column with the outcome: 1, 0, or empty where unknown.")] = None,
    group: Annotated[
        list[str] | None,
        typer.Option(help="Column with a group, or 'a*b': both columns and each combination; several times."),
    ] = None,
    capacity: Annotated[float | None, typer.Option(help="Places on the list (per list, with --cycle).")] = None,
    threshold: Annotated[float | None, typer.Option(help="Selected when the score is at least this.")] = None,
    cluster: Annotated[str | None, typer.Option(help="Column naming the person whose rows belong together.")] = None,
    cycle: Annotated[str | None, typer.Option(help="Column naming the list a row competes for.")] = None,
    probability: Annotated[str | None, typer.Option(help="Column with a probability, to check calibration.")] = None,
    ranking: Annotated[str | None, typer.Option(help="Of a RUN: audit this ranking instead of the model.")] = None,
    store: StoreOption = STORE,
    policy: FairnessPolicyOption = None,
    html: Annotated[Path | None, typer.Option(help="Also write the report as a web page.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Print every group; otherwise one screen.")] = False,
    public: Annotated[bool, typer.Option("--public", help="Withhold small cells, for publication.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Audit a ranking: both sides of the list, each group next to everybody else, and whether it is enough to go by.

    Of a RUN, the report is added to it as fairness.json and fairness.html, and what of it may be published as
    fairness_public.json and fairness_public.html. Exit 0 whatever the verdict: the gate
    decides.
    """
    from fairness.handed_in import Columns, audit_table
    from fairness.page import page
    from fairness.policy import load_policy
    from fairness.published.page import public_page
    from fairness.published.screen import public_screen
    from fairness.screen import every_group, one_screen
    from fairness.suppression import public as published

    rules = load_policy(policy)
    columns = Columns(
        score=score,
        label=label,
        groups=tuple(group or ()),
        cluster=cluster,
        cycle=cycle,
        probability=probability,
    )
    with progress("Auditing"):
        if what.is_dir():
            cut = {"capacity": capacity, "threshold": threshold}
            given = columns.given() + [name for name, value in cut.items() if value is not None]
            report = _audit_run(what, store, rules, ranking, given)
        elif ranking is not None:
            raise UsageError(
                "--ranking belongs to a RUN, not to a table.",
                value=ranking,
                way_out="name the column: --score COLUMN",
            )
        else:
            report = audit_table(what, columns, capacity=capacity, threshold=threshold, policy=rules)
    if public:
        shown = published(report)
        html_text, lines = public_page(shown), public_screen(shown, full=full)
    else:
        shown, html_text, lines = report, page(report), (every_group if full else one_screen)(report)
    if html is not None:
        html.write_text(html_text, encoding="utf-8")
    emit(shown.as_json(), as_json=as_json, lines=lambda _: lines)


def _audit_run(path: Path, store: Path, policy: Any, ranking: str | None, given: list[str]) -> Any:
    """Audit a RUN; the audit of its model is added to it."""
    from fairness.page import page
    from fairness.published.page import public_page
    from fairness.runs import audit_run, snapshot_of
    from fairness.suppression import public
    from threat.release.attestations import attest_annexes, job_trust
    from threat.release.documents.evaluation import MODEL
    from threat.release.runs import Run

    if given:
        raise UsageError(
            "Columns and lengths of lists cannot be set for a RUN.",
            value=", ".join(f"--{name}" for name in given),
            way_out="leave them out: a RUN has its own",
        )
    run, trust = Run.open(path), job_trust()
    report = audit_run(run, snapshot_of(run, store), policy, ranking=ranking or MODEL)
    if report.ranking == MODEL:
        run.write(report)
        run.add("fairness.html", page(report))
        published = public(report)
        run.write(published)
        run.add("fairness_public.html", public_page(published))
        attest_annexes(run, (report.FILE, "fairness.html", published.FILE, "fairness_public.html"), trust)
    return report


@app.command("audit-decisions")
def decisions_command(
    decisions: Annotated[
        Path, typer.Argument(help="A CSV of recorded decisions: list_as_of, relationship, listed, taken.")
    ] = Path("var/decisions.csv"),
    store: StoreOption = STORE,
    rung: Annotated[str, typer.Option(help="What counts as later harm: a rung of outcomes.csv.")] = "Y4",
    horizon: Annotated[int, typer.Option(min=1, help="Days from the list in which it counts.")] = 180,
    policy: FairnessPolicyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Audit what people decided: the list, the decisions and both together, and who is served better or worse by them.

    Who decided is not in the table. The report holds small counts, for governance inside the force alone.
    """
    from fairness.decisions.of_history import Outcome, audit_of_history
    from fairness.decisions.screen import NONE_YET, decisions_screen
    from fairness.decisions.table import read_decisions
    from fairness.policy import load_policy
    from threat.history.store import Store

    recorded = read_decisions(decisions)
    if recorded is None:
        emit({"decisions": 0}, as_json=as_json, lines=lambda _: NONE_YET)
        return
    with progress("Auditing"):
        snapshot = Store.open(store).snapshot()
        report = audit_of_history(recorded, snapshot, Outcome(rung, horizon), load_policy(policy))
    emit(report.as_json(), as_json=as_json, lines=lambda _: decisions_screen(report))


@app.command("audit-champion")
def champion_command(
    run: RunArgument,
    store: StoreOption = STORE,
    policy: FairnessPolicyOption = None,
    full: Annotated[bool, typer.Option("--full", help="Print every characteristic; otherwise the gated.")] = False,
    as_json: JsonOption = False,
) -> None:
    """After threat compare: who is served better or worse by a RUN than by its champion, group by group.

    Adds fairness_with_champion.json to the RUN. It holds small counts, for governance inside the force alone.
    """
    from fairness.champion.runs import compare_run
    from fairness.champion.screen import champion_screen
    from fairness.policy import load_policy
    from fairness.runs import snapshot_of
    from threat.release.attestations import attest_annexes, job_trust
    from threat.release.runs import Run

    opened, trust = Run.open(run), job_trust()
    with progress("Comparing"):
        report = compare_run(opened, snapshot_of(opened, store), load_policy(policy))
    opened.write(report)
    attest_annexes(opened, (report.FILE,), trust)
    emit(report.as_json(), as_json=as_json, lines=lambda _: champion_screen(report, full=full))


@app.command("audit-power")
def power_command(
    events: Annotated[int, typer.Option(min=0, help="Outcome events of the group.")],
    reference_events: Annotated[int, typer.Option(min=1, help="Outcome events of the largest other group.")],
    recall: Annotated[float, typer.Option(min=0.001, max=1.0, help="True recall of everybody else.")] = 0.5,
    ratio: Annotated[float, typer.Option(min=0.0, help="True recall of the group, over that.")] = 0.6,
    other_groups: Annotated[int, typer.Option(min=0, help="More groups of the same size, served fairly.")] = 0,
    cells: Annotated[
        int | None, typer.Option(min=1, help="Cells that decide in the whole report; default: these groups alone.")
    ] = None,
    policy: FairnessPolicyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Before an audit: how often would it pass, fail, alert or lack evidence, with so many outcomes?"""
    from fairness.policy import load_policy
    from fairness.power import Groups, verdict_rates

    if ratio * recall > 1:
        raise UsageError(
            f"The group's recall would be {ratio * recall:g}, above 1.", way_out="a lower --ratio or --recall"
        )
    groups = Groups(events, reference_events, recall=recall, ratio=ratio, others=other_groups, cells=cells)
    emit(verdict_rates(groups, load_policy(policy)), as_json=as_json, lines=_rates)


def _rates(rates: dict[str, Any]) -> str:
    from threat.release.documents.fairness_verdict import FairnessVerdict

    return "\n".join(
        f"{'The group' if name == 'group' else 'The whole characteristic'}: "
        + ", ".join(f"{FairnessVerdict(verdict).words.lower()} {share:.0%}" for verdict, share in shares.items())
        for name, shares in rates.items()
    )
