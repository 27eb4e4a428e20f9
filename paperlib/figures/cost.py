"""What an accuracy costs, and when thinning pays."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy import stats

from paperlib.analysis.arms import ARMS
from paperlib.analysis.statistics import LEVEL, pooled_sd
from paperlib.figures.style import COLORS, STYLE, error_lengths, range_text

_MARKS = {"full": ("-", 5), "top_activations": ("-", 9), "random": ("--", 5)}  # line, size


def accuracy_against_time(table: pd.DataFrame, note: str) -> Figure:
    """Accuracy against seconds, left for the training alone, right with everything charged. table: of `cost.curves`.

    The intervals are of means, from the spread within all points together: each of them has a few runs only.
    """
    sd, freedom = pooled_sd(table, ["selection", "steps"])
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(1, 2, figsize=(8, 4.8), sharey=True)
        titles = ("the training alone", "with autoencoder, embedding and selection")
        for axis, column, title in zip(axes, ("training_s", "charged_s"), titles):
            # Random is drawn last: on the left its seconds are those of eq. 4.
            for selection, (line, size) in _MARKS.items():
                some, color = table[table["selection"] == selection], COLORS[selection]
                if some.empty:
                    continue
                points = some.groupby("steps")
                mean, n = points[[column, "accuracy"]].mean(), points.size()
                reach = np.nan_to_num(stats.t.ppf((1 + LEVEL) / 2, freedom) * sd / np.sqrt(n)) if freedom else 0 * n
                label = f"{some['arm'].iloc[0]} (n = {range_text(n)} a point)"
                looks = dict(
                    fmt=ARMS[selection].marker, linestyle=line, markersize=size, markerfacecolor="none", capsize=3
                )
                axis.errorbar(mean[column], mean["accuracy"], reach, color=color, label=label, **looks)
            axis.set(xlabel="seconds (steps at the median pace)", xlim=(0, None))
            axis.set_title(title, fontsize=9)
        axes[0].set(ylabel="test accuracy of the last step (%)")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=9)
        title = f"Accuracy against time: means of runs of {table['steps'].nunique()} lengths"
        if freedom:
            title += f", 95 % intervals (SD {sd:.2f} points, pooled)"
        figure.suptitle(f"{title}\n{note}", fontsize=10)
    return figure


def break_even_ratios(table: pd.DataFrame, pipelines: pd.DataFrame, note: str) -> Figure:
    """When does thinning pay? Break-even ratios of step times by accuracy, and the ratios that pipelines have.

    Parameters
    ----------
    table
        Of `thinning.break_even`. Where an arm has several paths to an accuracy, the best one is shown.
    pipelines
        Of `thinning.pipelines`.
    note
        Data set and profile, for the title.
    """
    known = table.dropna(subset=["ratio"])
    best = known.loc[known.groupby(["arm", "accuracy"])["ratio"].idxmax()] if len(known) else known
    looks = {arm.first: arm for arm in ARMS.values()}
    with plt.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(7.5, 5.6))
        for arm, some in best.groupby("arm", sort=False):
            color, marker = looks[arm].color, looks[arm].marker
            error = error_lengths(some["ratio"], some["lowest"], some["highest"]).clip(0)
            once = some["once"].max()
            charge = f", charged {once:,.0f} full-set steps once" if once else ", nothing charged"
            axis.errorbar(some["accuracy"], some["ratio"], error, fmt=f"{marker}-", color=color, capsize=4,
                          markersize=6, label=f"{arm}{charge} ({range_text(some['seeds'])} seeds)")  # fmt: skip
        for row, (color, edge) in zip(pipelines.itertuples(), (("#999999", "/"), ("#CC79A7", "\\"), ("#56B4E9", "."))):
            axis.axhspan(row.lowest, row.highest, facecolor=color, alpha=0.25, edgecolor=color, hatch=edge, zorder=0,
                         label=f"{row.pipeline}: ratio {row.lowest:.2f} to {row.highest:.2f}")  # fmt: skip
        axis.axhline(0, color="k", linewidth=1)
        below, above = axis.get_ylim()
        axis.set_ylim(min(below, -0.15), max(above, 1.3))
        axis.text(0.01, 0.01, "below 0: pays at no pace", transform=axis.transAxes, fontsize=9)
        axis.set(xlabel="accuracy that is asked for (%)")
        axis.set_ylabel("seconds of a step on the subset ÷ on the full set")
        title = "Subset first is sooner where a pipeline's ratio of step times (bands) lies below its line"
        title += "\nline: break-even ratio of the mean curves; bars: lowest to highest seed"
        if best.empty:
            title += "\nno accuracy is reached by both the full set alone and subset first"
        axis.set_title(f"{title}\n{note}", fontsize=10)
        figure.legend(loc="outside lower center", ncols=1, fontsize=9)
    return figure
