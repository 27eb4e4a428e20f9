"""Figures that the paper does not have: controls, the riddle, costs, methods, learning curves. All in one style."""

from collections.abc import Iterable, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter, NullLocator
from scipy import stats

from paperlib.analysis import statistics, tables
from paperlib.analysis.arms import ARMS
from paperlib.analysis.learning import means as learning_means
from paperlib.analysis.stale_checkpoint import ALONE, CLEAN, FIRST, KILLED
from paperlib.analysis.statistics import Estimate
from paperlib.figures.style import COLORS, STYLE, limits
from paperlib.selection.registry import REGISTRY, label

_ARMS = {  # of the controls: colour, marker
    "random": (COLORS["random"], "o"),
    "balanced random": ("#56B4E9", "^"),
    "random, as many as the union": (COLORS["random"], "v"),
    "eq. 4, fill": (COLORS["top_activations"], "o"),
    "eq. 4, the same of each class": (COLORS["top_activations"], "^"),
    "eq. 4, union": (COLORS["top_activations"], "v"),
    "eq. 4, ten times as many": (COLORS["large"], "D"),
}


def controls(table: pd.DataFrame, note: str, full: pd.Series | None = None) -> Figure:
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
            counts = _range(some.groupby("split")["accuracy"].count())
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
        axis.set_xticks(range(len(splits)), [f"{100 * split:g} / {100 - 100 * split:g}" for split in splits])
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
    error = np.nan_to_num(np.array([value - low, high - value]))
    axis.errorbar(at, value, error, fmt=marker, color=color, markersize=8, capsize=3, label=label, **options)


_RIDDLE_ARMS = {ALONE: (COLORS["full"], "o", -1), FIRST: (COLORS["top_activations"], "D", 1)}  # colour, marker, side
_RIDDLE_WEIGHTS = {  # of `WEIGHTS`, in the order of the candidates, as tick labels
    "raw": "raw\nweights",
    "warmup_own": "average,\nits own\nstatistics",
    "warmup": "average,\nraw\nstatistics\n(b)",
    "constant_own": "constant\ndecay, own\nstatistics\n(a)",
    "constant": "constant\ndecay, raw\nstatistics\n(a, b)",
}


def riddle(found: pd.DataFrame, sessions: pd.DataFrame, cut: int, note: str, paper: dict) -> Figure:
    """The candidates of the riddle, a panel for a and b, and one each for c, d and e; a mark is a run.

    Parameters
    ----------
    found
        Of `riddle.table`.
    sessions
        Of `stale_checkpoint.table`; may be empty.
    cut
        The steps of the paper's share of the time.
    note
        Data set and profile, for the title.
    paper
        Of `riddle.stated`, or empty where the data are not the paper's.
    """
    plain = found[found["learning_rate"] == found["learning_rate"].min()]
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(2, 2, figsize=(9.5, 8), sharey=True)
        (weights, few), (rates, stale) = axes
        _riddle_weights(weights, plain[plain["steps"] == cut])
        weights.set_title(f"a, b · Which weights are tested, after {cut:,} steps", fontsize=10)
        _riddle_steps(few, plain[plain["arm"].eq(ALONE) & plain["weights"].eq("warmup")])
        _riddle_rates(rates, found[found["steps"].eq(cut) & found["weights"].eq("warmup")])
        rates.set_title(f"d · A higher learning rate, after {cut:,} steps", fontsize=10)
        _riddle_sessions(stale, sessions)
        for axis in axes.flat:
            axis.set(ylim=(0, 100))
            for arm, (color, *_) in _RIDDLE_ARMS.items():
                if arm in paper:
                    axis.axhline(paper[arm], color=color, linestyle=":", linewidth=1.5, zorder=1)
        for arm, x, side in ((FIRST, 0.02, "bottom"), (ALONE, 0.62, "top")):  # where no marks are
            if arm in paper:
                few.text(x, paper[arm], f"the paper: {paper[arm]:g} %", va=side, fontsize=8,
                         transform=few.get_yaxis_transform())  # fmt: skip
        for axis in axes[:, 0]:
            axis.set_ylabel("test accuracy (%)")
        marks = [
            Line2D([], [], color=color, marker=marker, linestyle="", label=arm)
            for arm, (color, marker, _) in _RIDDLE_ARMS.items()
        ]
        lost = Line2D([], [], color="k", marker="o", markerfacecolor="white", linestyle="",
                      label="hollow: the weights are NaN, scored as naming one class")  # fmt: skip
        figure.legend(handles=[*marks, lost], loc="outside lower center", ncols=3, fontsize=9)
        figure.suptitle(f"Which mechanism gives 10.4 % and 63.5 %? {note}", fontsize=11)
    return figure


def _riddle_marks(
    axis: Axes, arm: str, at: pd.Series, accuracies: pd.Series, seeds: pd.Series, hollow: pd.Series | None = None
) -> None:
    """A mark a run, seeds beside each other, so that none hides another one."""
    color, marker, side = _RIDDLE_ARMS[arm]
    seeds = np.asarray(seeds)
    at = np.asarray(at, float) + side * (0.1 + 0.07 * seeds)
    hollow = np.zeros(len(at), bool) if hollow is None else np.asarray(hollow)
    for chosen, face in ((~hollow, color), (hollow, "white")):
        axis.plot(at[chosen], np.asarray(accuracies)[chosen], marker, color=color, markerfacecolor=face, markersize=5.5)


def _riddle_counts(rows: pd.DataFrame, by: str) -> str:
    return "; ".join(f"n = {_range(some.groupby(by).size())} {arm}" for arm, some in rows.groupby("arm"))


def _riddle_weights(axis: Axes, rows: pd.DataFrame) -> None:
    for arm, some in rows.groupby("arm"):
        _riddle_marks(axis, arm, some["weights"].map(list(_RIDDLE_WEIGHTS).index), some["accuracy"], some["seed"])
    axis.set_xticks(range(len(_RIDDLE_WEIGHTS)), _RIDDLE_WEIGHTS.values(), fontsize=8)
    axis.set_xlabel(_riddle_counts(rows, "weights"), fontsize=8)


def _riddle_steps(axis: Axes, rows: pd.DataFrame) -> None:
    color, marker, _ = _RIDDLE_ARMS[ALONE]
    mean = rows.groupby("steps")["accuracy"].mean()
    axis.plot(mean.index, mean, "-", color=color, linewidth=1)
    axis.plot(rows["steps"], rows["accuracy"], marker, color=color, markersize=5)
    axis.set_xscale("log")
    axis.set_xticks(mean.index, [f"{steps:,}" for steps in mean.index])
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_xlabel(f"steps (log scale); n = {_range(rows.groupby('steps').size())} a point", fontsize=8)
    axis.set_title("c · Few steps, full set alone", fontsize=10)


def _riddle_rates(axis: Axes, rows: pd.DataFrame) -> None:
    places = sorted(rows["learning_rate"].unique())
    for arm, some in rows.groupby("arm"):
        at = some["learning_rate"].map(places.index)
        _riddle_marks(axis, arm, at, some["accuracy"], some["seed"], some["diverged_at"].notna())
    axis.set_xticks(range(len(places)), [f"{rate:g}" for rate in places])
    raised = rows[rows["learning_rate"] > places[0]]
    n = _range(raised.groupby(["arm", "learning_rate"]).size())
    axis.set_xlabel(f"learning rate (the paper's: 0.1); n = {n} a rate and arm above it", fontsize=8)


def _riddle_sessions(axis: Axes, sessions: pd.DataFrame) -> None:
    kinds = [(ALONE, CLEAN), (ALONE, KILLED), (FIRST, CLEAN), (FIRST, KILLED)]
    names = []
    for place, (arm, ended) in enumerate(kinds):
        some = sessions[sessions["arm"].eq(arm) & sessions["ended"].eq(ended)]
        color, marker, _ = _RIDDLE_ARMS[arm]
        axis.plot(place + 0.1 * some["seed"], some["accuracy"], marker, color=color, markersize=5.5)
        left = ", ".join(f"{step:,}" for step in sorted(some["checkpoint"].unique()))
        names.append(f"{arm.split(' (')[0]}\nended {ended}:\nstep {left or '–'}\nis on disk")
    axis.set_xticks(range(len(kinds)), names, fontsize=8)
    axis.set_xlim(-0.5, len(kinds) - 0.5)
    made = sessions.loc[sessions["arm"].isin([ALONE, FIRST]), "steps"]
    steps = ", ".join(f"{steps:,}" for steps in sorted(made.unique()))
    n = sessions["seed"].nunique()
    axis.set_xlabel(f"n = {n} a session" if n else "not measured", fontsize=8)
    axis.set_title(f"e · The checkpoint of a session, after {steps or '–'} steps", fontsize=10)


_COST_MARKS = {"full": ("-", 5), "top_activations": ("-", 9), "random": ("--", 5)}  # line, size


def cost(table: pd.DataFrame, note: str) -> Figure:
    """Accuracy against seconds, left for the training alone, right with everything charged. table: of `cost.curves`.

    The intervals are of means, from the spread within all points together: each of them has a few runs only.
    """
    sd, freedom = tables.pooled_sd(table, ["selection", "steps"])
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(1, 2, figsize=(8, 4.8), sharey=True)
        titles = ("the training alone", "with autoencoder, embedding and selection")
        for axis, column, title in zip(axes, ("training_s", "charged_s"), titles):
            # Random is drawn last: on the left its seconds are those of eq. 4.
            for selection, (line, size) in _COST_MARKS.items():
                some, color = table[table["selection"] == selection], COLORS[selection]
                if some.empty:
                    continue
                points = some.groupby("steps")
                mean, n = points[[column, "accuracy"]].mean(), points.size()
                reach = np.nan_to_num(stats.t.ppf(0.975, freedom) * sd / np.sqrt(n)) if freedom else 0 * n
                label = f"{some['arm'].iloc[0]} (n = {_range(n)} a point)"
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


_LEARNING_MARKS = ("o", "^", "s", "D", "v")  # of the profiles, smallest first


def learning_curves(table: pd.DataFrame, note: str, paper: pd.DataFrame | None = None) -> Figure:
    """Accuracy against samples seen, a line an arm and profile: means over seeds, and bars from the lowest to the highest.

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
    marks = dict(zip(profiles, _LEARNING_MARKS))
    colors = {selection: COLORS[selection] for selection in ARMS}
    with plt.rc_context({**STYLE, "axes.grid.axis": "both"}):
        figure, axis = plt.subplots(figsize=(7.5, 5.6))
        for (profile, selection), some in learning_means(table).groupby(["profile", "selection"], sort=False):
            error = np.array([some["accuracy"] - some["lowest"], some["highest"] - some["accuracy"]])
            label = f"{ARMS[selection].alone}, profile {profile} (n = {_range(some['n'])})"
            axis.errorbar(some["samples"], some["accuracy"], error, fmt=f"{marks[profile]}-", color=colors[selection],
                          capsize=2, markersize=5, linewidth=1.4, label=label)  # fmt: skip
        if paper is not None:
            for row in paper.itertuples():
                label = f"the paper: {ARMS[row.selection].alone}, {row.accuracy:g} %"
                axis.plot(row.samples, row.accuracy, "*", color=colors[row.selection], markeredgecolor="k",
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
        Of `predictions.gaps`, with a column profile.
    curve
        Of `predictions.curve`; may be empty.
    note
        Data set, for the title.
    predicted
        A row of the written predictions (predicted, low, high, made_from), drawn at the paper's epochs.
    paper
        Epochs and points of the paper.
    """
    profiles = list(gaps.groupby("profile")["epochs"].max().sort_values().index)
    color = COLORS["top_activations"]
    with plt.rc_context({**STYLE, "axes.grid.axis": "both"}):
        figure, axis = plt.subplots(figsize=(7.5, 5.2))
        axis.axhline(0, color=COLORS["random"], linewidth=1.5, label="random")
        for place, (marker, name) in enumerate(zip(_LEARNING_MARKS, profiles)):
            some = gaps[gaps["profile"] == name]
            error = np.nan_to_num(np.array([some["difference"] - some["low"], some["high"] - some["difference"]]))
            label = f"profile {name} (n = {_range(some['n'])}; {_range(some['n_other'])} of random)"
            beside = 1 + 0.03 * (place - (len(profiles) - 1) / 2)  # profiles of one batch are tested at the same epochs
            axis.errorbar(some["epochs"] * beside, some["difference"], error, fmt=marker, color=color, capsize=3,
                          markersize=6, markerfacecolor="white" if place else color, label=label)  # fmt: skip
        if len(curve):
            known = ", 95 % interval" if curve["low"].notna().any() else ""  # not of a single run of each
            label = f"scaling curve a + b log10(epochs){known}"
            axis.plot(curve["epochs"], curve["difference"], "-", color="k", linewidth=1.2, label=label)
            axis.fill_between(curve["epochs"], curve["low"], curve["high"], color="k", alpha=0.12, linewidth=0)
        if paper:
            axis.plot(*paper, "*", color=color, markeredgecolor="k", markersize=15, linestyle="",
                      label=f"the paper: {paper[1]:+g} points")  # fmt: skip
        if predicted is not None and paper:
            ends = [[predicted["predicted"] - predicted["low"]], [predicted["high"] - predicted["predicted"]]]
            axis.errorbar(paper[0], predicted["predicted"], np.nan_to_num(ends), fmt="_", color="k",
                          capsize=6, linewidth=2,
                          label=f"predicted from profile {predicted['made_from']} for two runs")  # fmt: skip
        shown = [0.0, *gaps["difference"], *(paper[1:] if paper else ())]
        bounds = [*gaps["low"].dropna(), *gaps["high"].dropna()]
        bounds += [] if predicted is None else [*predicted[["low", "high"]].dropna()]
        axis.set(xscale="log", ylim=limits(shown, bounds))
        axis.set(xlabel="epochs on the subset (log scale)", ylabel="eq. 4 minus random (points of accuracy)")
        axis.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axis.xaxis.set_minor_formatter(NullFormatter())
        axis.set_title(f"Does the gap turn around with longer training? On the subset alone\n{note}", fontsize=10)
        figure.legend(loc="outside lower center", ncols=2, fontsize=9)
    return figure


def break_even(table: pd.DataFrame, pipelines: pd.DataFrame, note: str) -> Figure:
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
            error = np.nan_to_num([some["ratio"] - some["lowest"], some["highest"] - some["ratio"]]).clip(0)
            once = some["once"].max()
            charge = f", charged {once:,.0f} full-set steps once" if once else ", nothing charged"
            axis.errorbar(some["accuracy"], some["ratio"], error, fmt=f"{marker}-", color=color, capsize=4,
                          markersize=6, label=f"{arm}{charge} ({_range(some['seeds'])} seeds)")  # fmt: skip
        for row, (color, edge) in zip(pipelines.itertuples(), (("#999999", "/"), ("#CC79A7", "\\"), ("#56B4E9", "."))):
            axis.axhspan(row.lowest, row.highest, facecolor=color, alpha=0.25, edgecolor=color, hatch=edge, zorder=0,
                         label=f"{row.pipeline}: ratio {row.lowest:.2f} to {row.highest:.2f}")  # fmt: skip
        axis.axhline(0, color="k", linewidth=1)
        below, above = axis.get_ylim()
        axis.set_ylim(min(below, -0.15), max(above, 1.3))
        axis.text(0.01, 0.01, "below 0: pays at no pace", transform=axis.transAxes, fontsize=9)
        axis.set(xlabel="accuracy that is asked for (%)")
        axis.set_ylabel("seconds of a step on the subset ÷ on the full set")
        title = "When does thinning pay? Where a pipeline's ratio lies below an arm's line"
        title += "\nline: break-even ratio of the mean curves; bars: lowest to highest seed"
        if best.empty:
            title += "\nno accuracy is reached by both the full set alone and subset first"
        axis.set_title(f"{title}\n{note}", fontsize=10)
        figure.legend(loc="outside lower center", ncols=1, fontsize=9)
    return figure


# Colour and marker of each method, as it is in the study.
_METHODS = {label(name, arm.study_options): (arm.color, arm.marker) for name, arm in REGISTRY.items()}


def methods_by_size(table: pd.DataFrame, samples: int, note: str) -> Figure:
    """Accuracy against the size of the subset, a panel a method, random in each: means with 95 % intervals.

    Parameters
    ----------
    table
        Of `methods.summaries`.
    samples
        N, of the whole training set.
    note
        Data set and profile, for the title.
    """
    splits = sorted(table.loc[table["k"] > 0, "split"].unique(), reverse=True)
    sizes = sorted(table.loc[table["k"] > 0, "k"].unique())
    names = [name for name in _METHODS if name != "random" and name in set(table["method"])]
    columns = min(4, max(len(names), 1))
    rows = max(1, -(-len(names) // columns))
    full = table[table["k"] == 0]
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(
            rows, columns, figsize=(8, 2.5 * rows + 1.6), sharex=True, sharey=True, squeeze=False
        )
        for axis in axes.flat[len(names) :]:
            axis.set_visible(False)
        for axis, method in zip(axes.flat, names):
            for name, color in (("random", "#000000"), (method, _METHODS[method][0])):
                for split, line in zip(splits, ("-", ":")):
                    some = table[(table["method"] == name) & (table["split"] == split)].sort_values("k")
                    beside = 0.97 if name == "random" else 1.03
                    mean, low, high = some[["accuracy", "low", "high"]].to_numpy().T
                    error = np.nan_to_num(np.array([mean - low, high - mean]))
                    marker = _METHODS[name][1]
                    axis.errorbar(some["k"] * beside, mean, error, fmt=marker, linestyle=line, color=color, capsize=2,
                                  markersize=5, linewidth=1.4)  # fmt: skip
            for row in full.itertuples():
                axis.axhline(row.accuracy, color=COLORS["full"], linestyle="--", linewidth=1)
            axis.set_title(method, fontsize=10, color=_METHODS[method][0])
            axis.set_xscale("log")
            axis.set_xlim(min(sizes) / 1.5, max(sizes) * 1.5)
            axis.set_xticks(sizes, [f"{k:,}\n{100 * k / samples:.1f} %" for k in sizes], fontsize=7)
            axis.xaxis.set_minor_locator(NullLocator())
        for axis in axes[:, 0]:
            axis.set_ylabel("test accuracy (%)", fontsize=9)
        for axis in axes[-1]:
            axis.set_xlabel("samples in the subset\n(log scale)", fontsize=9)
        handles = [
            Line2D([], [], color="#000000", marker="o", label="random"),
            *(
                Line2D([], [], color="k", linestyle=line, label=f"{100 * split:g} / {100 - 100 * split:g}")
                for split, line in zip(splits, ("-", ":"))
            ),
            *(
                Line2D([], [], color=COLORS["full"], linestyle="--", label=f"full set alone (n = {row.n})")
                for row in full.itertuples()
            ),
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=4, fontsize=9)
        n = _range(table.loc[table["k"] > 0, "n"])
        title = f"Accuracy by method and size: means, 95 % intervals (n = {n} a point)"
        figure.suptitle(f"{title}\nlines: share of steps on the subset / on the full set (%)\n{note}", fontsize=10)
    return figure


def methods_against_random(table: pd.DataFrame, note: str) -> Figure:
    """Differences from random with 95 % intervals, a row a method, a panel a split. Differences that lie in the grey
    bars are too small for so many runs to show (80 % power).

    table: of `methods.differences` at one size.
    """
    splits = sorted(table["split"].unique(), reverse=True)
    alone = table[table["split"] == splits[0]].sort_values("difference")
    names = list(dict.fromkeys([*alone["method"], *table["method"]]))
    with plt.rc_context({**STYLE, "axes.grid.axis": "x"}):
        figure, axes = plt.subplots(
            1, len(splits), figsize=(8.5, 0.34 * len(names) + 2), sharex=True, sharey=True, squeeze=False
        )
        for axis, split in zip(axes[0], splits):
            some = table[table["split"] == split]
            at = some["method"].map(names.index)
            axis.barh(at, 2 * some["minimum detectable"], 0.8, -some["minimum detectable"], color="#dddddd", zorder=0,
                      label="true differences too small for so many runs (80 % power)")  # fmt: skip
            eq4 = some["method"].str.startswith("eq. 4")
            groups = (("top_activations", "D", eq4, "eq. 4 and its variants"), ("random", "o", ~eq4, "other methods"))
            for color, marker, rows, label in groups:
                mean, low, high = some.loc[rows, ["difference", "low", "high"]].to_numpy().T
                error = np.nan_to_num(np.array([mean - low, high - mean]))
                axis.errorbar(mean, at[rows], xerr=error, fmt=marker, color=COLORS[color], capsize=3, markersize=5,
                              label=label)  # fmt: skip
            axis.axvline(0, color="k", linewidth=1)
            axis.set_yticks(range(len(names)), names, fontsize=9)
            axis.set(xlabel="points of accuracy above random")
            n, other = _range(some["n"]), _range(some["n_other"])
            axis.set_title(f"{100 * split:g} / {100 - 100 * split:g} (n = {n}; {other} of random)", fontsize=10)
        figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=9)
        title = f"Methods minus random, sorted by {100 * splits[0]:g} / {100 - 100 * splits[0]:g}: mean, 95 % interval"
        figure.suptitle(f"{title}\n{note}", fontsize=10)
    return figure


_VARIANT_MARKS = ("v", "^", "s", "P", "X", "<", ">")


def methods_by_coverage(means: pd.DataFrame, subsets: pd.DataFrame, note: str) -> Figure:
    """Accuracy on the subset alone against the mean distance of all samples from it, with 95 % intervals.

    means: of `methods.summaries` at one size and split; subsets: of `methods.subsets` at that size.
    """
    distance = subsets.set_index("method")["mean distance"]
    marks = iter(_VARIANT_MARKS)
    with plt.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(7.5, 5.6))
        for row in means.sort_values("accuracy", ascending=False).itertuples():
            color, marker = _METHODS.get(row.method) or (COLORS["top_activations"], next(marks))
            error = np.nan_to_num([[row.accuracy - row.low], [row.high - row.accuracy]])
            face = "white" if row.variant else color
            axis.errorbar(distance[row.method], row.accuracy, error, fmt=marker, color=color, markerfacecolor=face,
                          capsize=2, markersize=8, elinewidth=1, label=f"{row.method} (n = {row.n})")  # fmt: skip
        axis.set(xlabel="mean distance of all samples from the nearest chosen one", ylabel="test accuracy (%)")
        title = "Accuracy on the subset alone by what it covers\nmeans, 95 % intervals; hollow: variants of eq. 4"
        axis.set_title(f"{title}\n{note}", fontsize=10)
        figure.legend(loc="outside lower center", ncols=2, fontsize=9)
    return figure


def _range(counts: pd.Series) -> str:
    return f"{counts.min()}" if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"
