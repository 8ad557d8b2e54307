"""Checks of what was made: the history, the published list, RUNs, keys and promotions."""

from __future__ import annotations

import shlex

from threat.asof import DAY, show
from threat.doctor.access import check_trust, check_witness
from threat.doctor.findings import Finding, Places, command, signed_in
from threat.errors import ThreatError
from threat.history.snapshot import Snapshot
from threat.history.store import Store
from threat.lists import ScoredList, open_list, published
from threat.policy import load_policy
from threat.release import promotions
from threat.release.partial_runs import PartialRun, partial_runs
from threat.release.runs import MANIFEST, Run
from threat.trust.folder import Trust

SIMULATED = "simulation"
"""Profile of the batches of a synthetic force. Its time ends with its records, so the clock says nothing about it."""


def check_store(places: Places) -> list[Finding]:
    """Report the history: its batches and rows, the day of its last load, the arrays made from it."""
    if not (places.store / "manifest.json").is_file():
        return [Finding("history", "missing", f"no history in {places.store}", places.load_command)]
    snapshot = Store.open(places.store).snapshot(check=False)
    if not snapshot.entries:
        return [Finding("history", "missing", f"the history in {places.store} is empty", places.load_command)]
    events = snapshot.row_count("events")
    findings = [
        Finding(
            "history",
            "ok",
            f"{events:,} events of {len(snapshot.entries)} batches in {places.store}, snapshot {snapshot.id}",
        )
    ]
    loaded_at = max(entry.batch.loaded_at for entry in snapshot.entries)
    cycle = load_policy().cycle_days
    if not _is_simulated(snapshot) and places.now - loaded_at > cycle * DAY:
        says = f"last loaded on {show(loaded_at)[:10]}, over a cycle of {cycle} days ago"
        findings.append(Finding("history", "stale", says, places.load_command))
    absent = [path for entry in snapshot.entries for parts in entry.parts.values() for path, _, _ in parts]
    absent = [path for path in absent if not (places.store / path).is_file()]
    if absent:
        says = f"{len(absent)} of its files are gone, first {absent[0]}: restore them from a copy, then verify them"
        verify = command("history", "--verify", "--store", places.store)
        findings.append(Finding("history", "broken", says, verify))
    return [*findings, *_arrays(places, snapshot)]


def _arrays(places: Places, snapshot: Snapshot) -> list[Finding]:
    derived = places.store / "derived"
    built = {path.parent.parent.name for path in derived.glob("*/sightings-*/meta.json")}
    if snapshot.id in built:
        return [Finding("arrays", "ok", f"made from snapshot {snapshot.id}")]
    if built:
        says = f"made from {len(built)} older snapshots only: the next list makes them again"
        return [Finding("arrays", "stale", says, places.publish_command)]
    return [Finding("arrays", "note", "not made yet: the first list makes them", places.score_command)]


def check_list(places: Places) -> list[Finding]:
    """Report the published list: whether it verifies, its age, and the snapshot it was made from."""
    current = published(places.lists).list
    mend = places.publish_command
    if not current:
        return [Finding("list", "missing", f"no list is published in {places.lists}", mend)]
    listed = open_list(places.lists, current)
    findings = [Finding("list", "ok", f"{current}: {len(listed):,} relationships, ordered by {_order(listed)}")]
    if not (places.store / "manifest.json").is_file():
        return findings
    snapshot = Store.open(places.store).snapshot(check=False)
    if listed.basis.snapshot != snapshot.id:
        says = f"{current} was made from snapshot {listed.basis.snapshot}; the history is at {snapshot.id}"
        findings.append(Finding("list", "stale", says, mend))
    behind = ", ".join(feed.source for feed in listed.basis.feeds if feed.stale)
    if behind:
        says = f"{current} was published from feeds that are behind: {behind}; load what is missing, then a list again"
        findings.append(Finding("list", "stale", says, places.load_command))
    policy = load_policy()
    if not _is_simulated(snapshot) and places.now - listed.basis.as_of > policy.cycle_days * DAY:
        says = f"{current} is older than a cycle of {policy.cycle_days} days"
        findings.append(Finding("list", "stale", says, mend))
    return findings


def _order(listed: ScoredList) -> str:
    return "a model" if listed.basis.ranking == "model" else "a rule"


def _is_simulated(snapshot: Snapshot) -> bool:
    return all(entry.batch.profile == SIMULATED for entry in snapshot.entries)


def check_runs(places: Places) -> list[Finding]:
    """Report how many RUNs there are, and every RUN that was never sealed or was changed."""
    directories = (
        sorted(path for path in places.runs.iterdir() if path.is_dir() and not path.name.startswith("."))
        if places.runs.is_dir()
        else []
    )
    if not directories:
        return [Finding("RUNs", "note", f"none in {places.runs}", places.train_command)]
    partial = {run.directory: run for run in partial_runs(places.runs)}
    findings = []
    for directory in directories:
        if directory in partial:
            findings.append(_partial(partial[directory], places))
            continue
        if not (directory / MANIFEST).is_file():
            says = f"{directory.name} is no RUN: it holds neither a manifest nor what was asked"
            findings.append(Finding("RUNs", "broken", says, shlex.join(["rm", "-r", str(directory)])))
            continue
        try:
            Run.open(directory)
        except ThreatError as error:
            says = f"{directory.name}: {_first_line(error)} Restore it from a copy, or train again."
            findings.append(Finding("RUNs", "broken", says, places.train_command))
    return findings or [Finding("RUNs", "ok", f"{len(directories)} in {places.runs}, all as they were sealed")]


def _partial(run: PartialRun, places: Places) -> Finding:
    if run.in_progress:
        return Finding("RUNs", "note", run.says)
    finish = command("train", "--resume", run.directory, "--store", places.store)
    return Finding("RUNs", "broken", f"{run.says} Finish it, or train with --discard-partial", finish)


def check_release(places: Places) -> list[Finding]:
    """Report the trust folder with its keys, and what the promotions say is served."""
    trust = Trust.open()
    if not trust.exists and places.promotions.exists():
        return [check_trust(places, trust)]
    ledger = promotions.read(places.promotions, trust)
    standing = ledger.standing
    findings = [check_trust(places, trust), *check_witness(places, trust, ledger)]
    if standing.served:
        findings.append(Finding("release", "ok", f"{standing.run_id} is {standing.state}"))
        if standing.bundle is None or not standing.bundle.is_dir():
            says = f"the bundle of {standing.run_id} is gone: {standing.bundle}; restore it, or suspend the model"
            suspend = command("suspend", "--reason", "WHY", "--var", places.var, *signed_in(standing.environment))
            findings.append(Finding("release", "broken", says, suspend))
    elif standing.state == "suspended":
        state = ledger.state_of(standing.run_id)
        says = f"{standing.run_id} is {state} ({standing.reason}): the rule ranking is served"
        back = "resume" if state == "suspended" else "roll-back" if ledger.earlier() else ""
        mend = command(back, "--reason", "WHY", "--var", places.var, *signed_in(standing.environment)) if back else ""
        findings.append(Finding("release", "note", says, mend))
    else:
        says = "no model is released: the rule ranking is served"
        findings.append(Finding("release", "note", says, places.release_command("RUN", "force")))
    return findings


def _first_line(error: ThreatError) -> str:
    return str(error).partition("\n")[0]
