"""Accuracy, and the gap between the selections, along the training."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from paperlib.analysis.arms import ARMS
from paperlib.analysis.learning import means as learning_means
from paperlib.figures.style import COLORS, STYLE, error_lengths, limits, range_text

_BESIDE = 1.15  # of the paper's samples: where its stars stand, so that they hide no point of ours
_LATE = 0.85  # of the paper's epochs: from there on the scaling curve has a panel of its own
_MARKS = ("o", "^", "s", "D", "v")  # of the profiles, smallest first


def learning_curves(table: pd.DataFrame, note: str, paper: pd.DataFrame | None = None) -> Figure:
    """Accuracy against samples seen: a line an arm and profile, the mean over seeds; bars: lowest to highest seed.

    Parameters
    ----------
    table
        Of `learning.table`.
    note
        Data set, for the title.
    paper
        Of `learning.stated`, for points of its own.
    """
    profiles = list(table.groupby("profile")["samples"].max().sort_values().index)
    marks = dict(zip(profiles, _MARKS))
    colors = {selection: COLORS[selection] for selection in ARMS}
    with plt.rc_context({**STYLE, "axes.grid.axis": "both"}):
        figure, axis = plt.subplots(figsize=(7.5, 5.6))
        for (profile, selection), some in learning_means(table).groupby(["profile", "selection"], sort=False):
            error = error_lengths(*some[["accuracy", "lowest", "highest"]].to_numpy().T)
            label = f"{ARMS[selection].alone}, profile {profile} (n = {range_text(some['n'])})"
            axis.errorbar(some["samples"], some["accuracy"], error, fmt=f"{marks[profile]}-", color=colors[selection],
                          capsize=2, markersize=5, linewidth=1.4, label=label)  # fmt: skip
        if paper is not None:
            for row in paper.itertuples():
                label = f"the paper: {ARMS[row.selection].alone}, {row.accuracy:g} %"
                axis.plot(_BESIDE * row.samples, row.accuracy, "*", color=colors[row.selection], markeredgecolor="k",
                          markersize=15, linestyle="", label=label)  # fmt: skip
        low, high = table["accuracy"].min(), max([*table["accuracy"], *([] if paper is None else paper["accuracy"])])
        margin = 0.1 * max(high - low, 1)
        axis.set(xscale="log", ylim=(low - margin, high + margin))
        axis.set(xlabel="training samples seen: steps × batch (log scale)", ylabel="test accuracy (%)")
        axis.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axis.xaxis.set_minor_formatter(NullFormatter())
        title = "Learning curves on one set alone: means over seeds; bars: lowest to highest seed"
        axis.set_title(f"{title}\n{note}", fontsize=10)
        figure.legend(loc="outside lower center", ncols=2, fontsize=9)
    return figure


def scaling_curve(
    gaps: pd.DataFrame,
    curve: pd.DataFrame,
    note: str,
    predicted: pd.Series | None = None,
    paper: tuple[float, float] | None = None,
) -> Figure:
    """Eq. 4 minus random on the subset alone, against epochs on the subset: every scale, and the curve through one.

    Parameters
    ----------
    gaps
        Of `scaling.gaps`, with a column profile.
    curve
        Of `scaling.curve`; may be empty.
    note
        Data set, for the title.
    predicted
        A row of the written predictions (predicted, low, high, made_from), drawn at the paper's epochs.
    paper
        Epochs and points of the paper.
    """
    late = gaps[gaps["epochs"] > _LATE * paper[0]] if paper else gaps.iloc[:0]
    with plt.rc_context({**STYLE, "axes.grid.axis": "both"}):
        figure, axes = plt.subplots(
            1, 2 if len(late) else 1, figsize=(8.5, 5.2), width_ratios=[3, 1.1] if len(late) else None,
            sharey=True, squeeze=False
        )  # fmt: skip
        whole, end = axes[0, 0], axes[0, -1]
        for axis in axes[0]:
            _draw_gaps(axis, gaps, curve, 0.03 if axis is whole else 0.0)
        if paper:
            end.plot(_BESIDE * paper[0] if end is whole else 1.03 * paper[0], paper[1], "*",
                     color=COLORS["top_activations"], markeredgecolor="k", markersize=15, linestyle="",
                     label=f"the paper: {paper[1]:+g} points")  # fmt: skip
        if predicted is not None and paper:
            error = error_lengths(*predicted[["predicted", "low", "high"]])
            end.errorbar(paper[0] * (1.0 if end is whole else 1.015), predicted["predicted"], error, fmt="_", color="k",
                         capsize=6, linewidth=2,
                         label=f"predicted from profile {predicted['made_from']} for two runs")  # fmt: skip
        shown = [0.0, *gaps["difference"], *(paper[1:] if paper else ())]
        bounds = [*gaps["low"].dropna(), *gaps["high"].dropna()]
        bounds += [] if predicted is None else [*predicted[["low", "high"]].dropna()]
        whole.set(xscale="log", ylim=limits(shown, bounds))
        whole.set(xlabel="epochs on the subset (log scale)", ylabel="eq. 4 minus random (points of accuracy)")
        whole.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        whole.xaxis.set_minor_formatter(NullFormatter())
        if paper and len(late):
            steps = late.drop_duplicates("step")
            end.set_xlim(min(late["epochs"]) - 0.03 * paper[0], 1.06 * paper[0])
            end.set_xticks(steps["epochs"], [f"{step:,}" for step in steps["step"]], fontsize=8, rotation=45)
            end.set_xlabel("the end: steps on the subset")
        figure.suptitle(
            f"Does the gap turn around with longer training? On the subset alone, 95 % intervals\n{note}", fontsize=10
        )
        handles, labels = whole.get_legend_handles_labels()
        more = [pair for pair in zip(*end.get_legend_handles_labels()) if pair[1] not in labels]
        figure.legend([*handles, *(handle for handle, _ in more)], [*labels, *(label for _, label in more)],
                      loc="outside lower center", ncols=2, fontsize=9)  # fmt: skip
    return figure


def _draw_gaps(axis: Axes, gaps: pd.DataFrame, curve: pd.DataFrame, apart: float) -> None:
    """The gaps of all profiles by epochs, and the scaling curve. Profiles of one batch are tested at the same epochs:
    they are drawn a share of these apart."""
    profiles = list(gaps.groupby("profile")["epochs"].max().sort_values().index)
    color = COLORS["top_activations"]
    axis.axhline(0, color=COLORS["random"], linewidth=1.5, label="random")
    for place, (marker, name) in enumerate(zip(_MARKS, profiles)):
        some = gaps[gaps["profile"] == name]
        error = error_lengths(*some[["difference", "low", "high"]].to_numpy().T)
        label = f"profile {name} (n = {range_text(some['n'])}; {range_text(some['n_other'])} of random)"
        beside = 1 + apart * (place - (len(profiles) - 1) / 2)
        axis.errorbar(some["epochs"] * beside, some["difference"], error, fmt=marker, color=color, capsize=3,
                      markersize=6, markerfacecolor="white" if place else color, label=label)  # fmt: skip
    if len(curve):
        known = ", 95 % interval" if curve["low"].notna().any() else ""  # not of a single run of each
        label = f"scaling curve a + b log10(epochs){known}"
        axis.plot(curve["epochs"], curve["difference"], "-", color="k", linewidth=1.2, label=label)
        axis.fill_between(curve["epochs"], curve["low"], curve["high"], color="k", alpha=0.12, linewidth=0)
