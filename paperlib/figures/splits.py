"""Fig. 5: accuracy by split and selection."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from paperlib.analysis.arms import ARMS
from paperlib.analysis.statistics import LEVEL
from paperlib.figures.style import COLORS, STYLE

_BESIDE = {"full": 0.0, "random": -0.8, "top_activations": 0.8}  # percent of the split, so that no mark hides another


def split_accuracies(table: pd.DataFrame, note: str, paper: Mapping[tuple[float, str], float] | None = None) -> Figure:
    """Fig. 5: accuracy by split and selection: means with 95 % intervals, small marks for runs.

    A point's interval is Student's, from its own runs, if it has three or more: the spreads of points are too different
    to be pooled, where some runs end in a loss spike.

    Parameters
    ----------
    table
        Of `tables.runs`.
    note
        Data set and profile, for the title.
    paper
        (split, selection) -> percent. They get a panel and an axis of their own.
    """
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(
            1, 2 if paper else 1, figsize=(7.5, 5), width_ratios=[4, 1.3] if paper else None, squeeze=False
        )
        ours = axes[0, 0]
        low, high = table["accuracy"].min(), table["accuracy"].max()
        margin = 0.15 * max(high - low, 1)
        counts, outside = {}, False
        for selection, beside in _BESIDE.items():
            some, color, marker = table[table["selection"] == selection], COLORS[selection], ARMS[selection].marker
            found = some.groupby("split")["accuracy"].agg(["mean", "count", "sem"])
            counts[selection] = {100 * split: n for split, n in found["count"].items()}
            if selection == "full" and len(found):
                label = f"full set alone: mean of {found['count'].iloc[0]}"
                ours.axhline(found["mean"].iloc[0], color=color, linewidth=1.2, linestyle="--", label=label, zorder=1)
            ours.plot(100 * some["split"] + beside, some["accuracy"], marker, color=color, markersize=4, alpha=0.6)
            reach = (stats.t.ppf((1 + LEVEL) / 2, found["count"] - 1) * found["sem"]).where(found["count"] >= 3, 0)
            outside |= bool(((found["mean"] - reach < low - margin) | (found["mean"] + reach > high + margin)).any())
            line = "-" if selection != "full" else ""
            ours.errorbar(100 * found.index + beside, found["mean"], reach, fmt=marker, linestyle=line, color=color,
                          capsize=4, markersize=7, label=ARMS[selection].name)  # fmt: skip
        ours.set_ylim(low - margin, high + margin)
        _count_rows(ours, counts)
        shares = sorted(100 * table["split"].unique())
        ours.set_xticks(shares, [f"{share:g}" for share in shares], fontsize=8)
        ours.set(xlim=(-5, 105), ylabel="test accuracy (%)")
        ours.set_xlabel("share of steps on the subset (%), the rest on the full set", labelpad=34)
        if paper:
            theirs = axes[0, 1]
            for (split, selection), percent in paper.items():
                arm = ARMS[selection]
                theirs.plot(100 * split, percent, arm.marker, color=arm.color, markeredgecolor="k", markersize=8)
                theirs.annotate(f"{percent:g}", (100 * split, percent), (8, -4), textcoords="offset points")
            middle, span = (min(paper.values()) + max(paper.values())) / 2, high - low + 2 * margin
            span = max(span, 1.25 * (max(paper.values()) - min(paper.values())))
            shared = low - margin < min(paper.values()) and max(paper.values()) < high + margin
            theirs.set_ylim(ours.get_ylim() if shared else (middle - span / 2, middle + span / 2))
            theirs.set(xlim=(-35, 190), xticks=[0, 100])
            theirs.set_title(
                f"the paper,\n{'the same' if shared else 'its own'} axis\n(100: means of 2 runs)", fontsize=9
            )
        title = "Accuracy by split and selection: means; small marks are runs"
        most = table.groupby(["selection", "split"]).size().max()
        title += (
            f"\n95 % intervals of points with three runs or more{', cut off by the axis' if outside else ''}"
            if most >= 3
            else "\nno intervals: two runs a point or fewer"
        )
        figure.suptitle(f"{title}\n{note}", fontsize=10)
        figure.legend(*ours.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=9)
    return figure


def _count_rows(axis: Axes, counts: Mapping[str, Mapping[float, int]]) -> None:
    """Below the ticks, a row an arm: the number of runs of each point. counts: selection -> x -> n."""
    for row, (selection, by_place) in enumerate(counts.items()):
        y = -0.095 - 0.045 * row
        called = ARMS[selection].short if row else f"n: {ARMS[selection].short}"
        axis.text(-0.005, y, called, color=COLORS[selection], ha="right", va="top", fontsize=8,
                  transform=axis.transAxes)  # fmt: skip
        for x, n in by_place.items():
            axis.text(x, y, str(n), color=COLORS[selection], ha="center", va="top", fontsize=8,
                      transform=axis.get_xaxis_transform())  # fmt: skip
