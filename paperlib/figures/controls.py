"""Controls: what explains that eq. 4 and random differ."""

from collections.abc import Iterable, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paperlib.analysis import statistics
from paperlib.analysis.arms import split_name
from paperlib.analysis.statistics import Estimate
from paperlib.figures.style import COLORS, STYLE, error_lengths, range_text

_ARMS = {  # of the controls: colour, marker
    "random": (COLORS["random"], "o"),
    "balanced random": ("#56B4E9", "^"),
    "random, as many as the union": (COLORS["random"], "v"),
    "eq. 4, fill": (COLORS["top_activations"], "o"),
    "eq. 4, union": (COLORS["top_activations"], "v"),
    "eq. 4, ten times as many": (COLORS["large"], "D"),
}


def control_accuracies(table: pd.DataFrame, note: str, full: pd.Series | None = None) -> Figure:
    """Accuracy of every arm at every late split: a small mark a run, a large one the mean with its 95 % interval.

    Parameters
    ----------
    table
        Of `controls.arms`, the late splits.
    note
        Data set and profile, for the title.
    full
        Accuracies (percent) of the runs on the full set alone, for a line.
    """
    splits = sorted(table["split"].unique())
    with plt.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(7.5, 5.4))
        shown = [arm for arm in _ARMS if arm in set(table["arm"])]
        for place, arm in enumerate(shown):
            color, marker = _ARMS[arm]
            some = table[table["arm"] == arm]
            shift = 0.11 * (place - (len(shown) - 1) / 2)
            sizes = sorted(some["subset_size"].unique())
            counts = range_text(some.groupby("split")["accuracy"].count())
            label = f"{arm}, {sizes[-1]:,} samples (n = {counts})"
            axis.plot(some["split"].map(splits.index) + shift, some["accuracy"], marker, color=color, markersize=3)
            found = {split: statistics.mean(runs) for split, runs in some.groupby("split")["accuracy"]}
            where = [splits.index(split) + shift for split in found]
            _mean_marks(axis, where, found.values(), marker, color, label, markerfacecolor="none")
        if full is not None and len(full):
            alone = statistics.mean(full)
            label = f"full set alone: mean, 95 % interval (n = {alone.n})"
            axis.axhline(alone.value, color=COLORS["full"], linestyle="--", label=label, zorder=1)
            axis.axhspan(alone.low, alone.high, color=COLORS["full"], alpha=0.15, linewidth=0, zorder=0)
        axis.set_xticks(range(len(splits)), [split_name(split) for split in splits])
        axis.set(xlabel="share of steps on the subset / on the full set (%)", ylabel="test accuracy (%)")
        title = "Controls: large marks are means with 95 % intervals, small ones runs"
        axis.set_title(f"{title}\n{note}", fontsize=10)
        figure.legend(loc="outside lower center", ncols=2, fontsize=8)
    return figure


def _mean_marks(
    axis: Axes, at: Sequence[float], found: Iterable[Estimate], marker: str, color: str, label: str, **options: Any
) -> None:
    """Means with their intervals where there is one. found: of `statistics.mean`."""
    value, low, high = np.array([[one.value, one.low, one.high] for one in found]).reshape(-1, 3).T
    error = error_lengths(value, low, high)
    axis.errorbar(at, value, error, fmt=marker, color=color, markersize=8, capsize=3, label=label, **options)
