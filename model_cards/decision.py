"""What the evidence says of the worth of a review: the decision curve as a table and a chart of the card."""

from __future__ import annotations

from model_cards.words import PUBLISH, number, table
from threat.release.documents.card import Chart, ChartPoint, Value
from threat.release.documents.decision_curve import NOTHING_ABOUT_SAFETY, DecisionCurve, NetBenefits, one_in
from threat.release.documents.evaluation import MODEL
from threat.release.documents.table_lines import table_lines
from threat.release.evidence import RunDocuments


def decision_curve_field(documents: RunDocuments) -> Value | None:
    """Return the net benefit of every way to decide who is reviewed, by threshold; withheld under 10 outcomes."""
    evaluation = documents.evaluation
    decision = None if evaluation is None else evaluation.decision
    if evaluation is None or decision is None:
        return None
    if decision.positives < PUBLISH:
        return f"withheld (under {PUBLISH} rows with an outcome)"
    rows = [[curve.title, *_net_benefits(curve), ""] for curve in decision.curves if curve.cut != "list"]
    lists = table_lines((curve for curve in decision.curves if curve.cut == "list"), evaluation.first_alike)
    rows += [[line.title, *_net_benefits(line.row), _worth(decision, line.row.name)] for line in lists]
    rows.append(["Nobody", *("0.00" for _ in decision.thresholds), ""])
    thresholds = [one_in(threshold) for threshold in decision.thresholds]
    return table(["Who is reviewed", *thresholds, "Worth more than everybody and nobody"], rows)


def _net_benefits(curve: NetBenefits) -> list[str]:
    return ["none" if figure.value is None else f"{figure.value:.2f}" for figure in curve.figures]


def _worth(decision: DecisionCurve, name: str) -> str:
    worth = decision.worth(name)
    return "not measured" if worth is None else worth.words


def decision_chart(documents: RunDocuments) -> Chart | None:
    """Return the model's net benefit by threshold, each against the better of reviewing everybody and nobody."""
    decision = None if documents.evaluation is None else documents.evaluation.decision
    if decision is None or decision.positives < PUBLISH:
        return None
    model = decision.curve(MODEL, "probability") or decision.curve(MODEL, "list")
    everybody = decision.curve("all", "everybody")
    if model is None or everybody is None:
        return None
    points = _points(decision, model, everybody)
    if not points:
        return None
    return Chart(
        section="performance",
        title="Net benefit by threshold",
        sentence=f"{model.title}: rows with an outcome reviewed per {number(1_000)} rows, less the reviews without one "
        "at the worth of the threshold (1 in 100: finding one outcome is worth 100 reviews), with 95% intervals. "
        f"The target is the better of reviewing everybody and reviewing nobody. {NOTHING_ABOUT_SAFETY}",
        points=points,
    )


def _points(decision: DecisionCurve, model: NetBenefits, everybody: NetBenefits) -> tuple[ChartPoint, ...]:
    out = []
    for threshold, figure, other in zip(decision.thresholds, model.figures, everybody.figures, strict=True):
        if figure.value is None or figure.interval is None or other.value is None:
            continue
        low, high = figure.interval
        better = max(other.value, 0.0)
        out.append(ChartPoint(label=one_in(threshold), value=figure.value, low=low, high=high, target=better))
    return tuple(out)
