"""Accuracies by question and arm, one below the other: what is drawn of `paperlib.analysis.factors`."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paperlib.analysis.arms import ARMS
from paperlib.analysis.statistics import mean
from paperlib.figures.style import COLORS, STYLE

_ROW = 0.36  # inches


def by_question(table: pd.DataFrame, note: str, references: pd.DataFrame | None = None) -> Figure:
    """Draw every run, and each arm's mean with its 95 % interval.

    Parameters
    ----------
    table : DataFrame
        Of `paperlib.analysis.factors`: question, arm, selection, accuracy (percent).
    note : str
        The data set and the sizes; the last line of the title.
    references : DataFrame, optional
        Runs to compare all arms with: selection and accuracy. Their means are vertical lines.

    Returns
    -------
    Figure
    """
    questions = list(table.groupby("question", sort=False))
    heights = [some.groupby(["arm", "selection"]).ngroups + 1.2 for _, some in questions]
    with plt.rc_context(STYLE | {"axes.grid.axis": "x"}):
        figure, axes = plt.subplots(
            len(questions),
            1,
            sharex=True,
            squeeze=False,
            height_ratios=heights,
            figsize=(7.5, 1.3 + _ROW * sum(heights)),
        )
        for axis, (question, some) in zip(axes[:, 0], questions):
            _rows(axis, some)
            axis.set_title(question, loc="left", fontsize=10)
            for selection, of in () if references is None else references.groupby("selection", sort=False):
                label = f"mean of {ARMS[selection].name}, n = {len(of)}"
                axis.axvline(of["accuracy"].mean(), color=COLORS[selection], linestyle="--", linewidth=1, label=label)
        axes[-1, 0].set_xlabel("test accuracy (%)")
        handles = {label: handle for axis in axes[:, 0] for handle, label in zip(*axis.get_legend_handles_labels())}
        figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=2, fontsize=9)
        figure.suptitle(f"Means, 95 % intervals; small marks are runs\n{note}", fontsize=10)
    return figure


def _rows(axis: Axes, some: pd.DataFrame) -> None:
    arms = list(some.groupby(["arm", "selection"], sort=False))
    for place, ((_, selection), of) in enumerate(arms):
        arm, one = ARMS[selection], mean(of["accuracy"])
        axis.plot(
            of["accuracy"], [place] * len(of), arm.marker, color=arm.color, markersize=4, alpha=0.5, linestyle="none"
        )
        if one.n > 1:
            axis.plot([one.low, one.high], [place] * 2, color=arm.color)
        axis.plot(
            one.value, place, arm.marker, color=arm.color, markersize=8, linestyle="none", label=f"{arm.name}, alone"
        )
    labels = [f"{called} (n = {len(of)})" for (called, _), of in arms]
    axis.set(yticks=range(len(arms)), yticklabels=labels, ylim=(len(arms) - 0.4, -0.6))
