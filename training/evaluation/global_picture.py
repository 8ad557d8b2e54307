"""The global picture of a model: which features and themes move its scores."""

from __future__ import annotations

import os
import warnings

import numpy as np
from numpy.typing import NDArray

from features import Matrix
from threat.files import whole_file
from threat.release.documents.global_picture import FeatureSize, GlobalPicture, ThemeSize
from threat.release.ranking_model import Contributions, RankingModel
from threat.release.runs import Run
from training.cohorts.labelled import LabelledCohort
from training.evaluation.dependence import INTERACTION_ROWS, dependences, interactions

_ROWS = 1_000
"""Rows drawn: mean sizes settle far below that, and exact contributions cost time for every row."""
_SHOWN = 20
"""Features in the picture: as many as can be read on a page."""


def global_picture(run: Run, labelled: LabelledCohort, matrix: Matrix, model: RankingModel) -> None:
    """Write ``shap_summary.json``, ``shap_summary.png`` (drawn by the ``shap`` package) and ``shap_dependence.png``.

    Every feature and theme; the dependence of the largest features, and the pairs that act together. On at most 1,000
    rows of the test cohort, drawn with the seed.
    """
    rng = np.random.default_rng(labelled.settings.seed)
    values = matrix.values[np.sort(rng.choice(len(matrix), min(_ROWS, len(matrix)), replace=False))]
    parts = model.contributions(values, threads=labelled.settings.threads)
    names = list(labelled.catalogue.names)
    few = values[:INTERACTION_ROWS]
    pairs = interactions(model, few)
    picture = summary(parts, values, labelled).model_copy(
        update={
            "dependence": dependences(values, parts.by_feature, names),
            "interaction_rows": 0 if pairs is None else len(few),
            "interactions": pairs,
        }
    )
    run.write(picture)
    _draw(run, parts, values, names)
    _draw_dependence(run, picture)


def summary(parts: Contributions, values: NDArray[np.float32], labelled: LabelledCohort) -> GlobalPicture:
    """Mean absolute contribution (log odds) by feature and by theme (of the theme's sum), largest first."""
    of_features, rows = parts.by_feature, len(parts.by_feature)
    size = np.abs(of_features).mean(axis=0)
    themes: dict[str, NDArray[np.float64]] = {}
    for column, definition in enumerate(labelled.catalogue):
        themes[definition.theme] = themes.get(definition.theme, np.zeros(rows)) + of_features[:, column]
    by_theme = {theme: float(np.abs(total).mean()) for theme, total in themes.items()}
    names = labelled.catalogue.names
    return GlobalPicture(
        rows=rows,
        unit="log odds, mean absolute contribution; of the base, coefficient times distance from the fit mean; of the "
        "trees, exact tree SHAP",
        expected_score=float(parts.expected[0]) if rows else None,
        time_at_liberty=float(np.abs(parts.liberty).mean()) if rows else None,
        features=tuple(
            FeatureSize(
                name=names[column],
                mean_absolute=float(size[column]),
                rises_with_value=_rises(values[:, column], of_features[:, column]),
            )
            for column in np.argsort(-size, kind="stable")
            if size[column] > 0
        ),
        themes=tuple(
            ThemeSize(theme=theme, mean_absolute=value)
            for theme, value in sorted(by_theme.items(), key=lambda pair: -pair[1])
        ),
    )


def _rises(values: NDArray[np.float32], parts: NDArray[np.float64]) -> float | None:
    """Correlation of a feature's value with its contribution; None where either never varies."""
    present = np.isfinite(values)
    x, y = values[present].astype(np.float64), parts[present]
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    return float(np.corrcoef(x, y)[0, 1])


def _draw(run: Run, parts: Contributions, values: NDArray[np.float32], names: list[str]) -> None:
    os.environ.setdefault("MPLBACKEND", "Agg")
    with warnings.catch_warnings():
        # Third-party drawing code warns about itself; nothing here depends on it.
        warnings.simplefilter("ignore")
        # Imported here, inside the filter: the libraries warn as they load, and only this picture needs them.
        import matplotlib as mpl

        mpl.use("Agg")
        import matplotlib.pyplot as plt
        import shap

        np.random.seed(0)  # noqa: NPY002 (shap spreads the points with the global generator; the picture is the same twice)
        picture = shap.Explanation(parts.by_feature, base_values=parts.expected, data=values, feature_names=names)
        shap.plots.beeswarm(picture, max_display=_SHOWN, show=False, plot_size=(11, 7))
        with whole_file(run.path("shap_summary.png")) as unfinished:
            plt.gcf().savefig(unfinished, format="png", dpi=110, bbox_inches="tight", metadata={"Software": None})
        plt.close("all")


def _draw_dependence(run: Run, picture: GlobalPicture) -> None:
    """Draw means alone, a panel for each feature; the rows where a feature is missing as a dashed line."""
    # Imported here, as above: slow to load, and only pictures need it.
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(2, 3, figsize=(11, 7), squeeze=False)
    for panel in panels.flat:
        panel.set_visible(False)
    for panel, feature in zip(panels.flat, picture.dependence, strict=False):
        panel.set_visible(True)
        points = [(group.mean_value, group.mean_contribution) for group in feature.bins if group.mean_value is not None]
        panel.plot([x for x, _ in points], [y for _, y in points], marker="o")
        for group in feature.bins:
            if group.mean_value is None:
                panel.axhline(group.mean_contribution, linestyle="--", color="grey")
        panel.set_title(feature.name, fontsize=8)
    figure.supylabel("mean contribution, log odds (dashed: value missing)")
    figure.tight_layout()
    with whole_file(run.path("shap_dependence.png")) as unfinished:
        figure.savefig(unfinished, format="png", dpi=110, metadata={"Software": None})
    plt.close("all")
