"""Figures that the paper does not have: controls, the riddle, the cost. In the style of `paperlib.figures`."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import NullLocator

from paperlib.figures import COLORS, STYLE
from paperlib.riddle import WEIGHTS

_ARMS = {  # of the controls: colour, marker
    "full set": ("#E69F00", "s"),
    "random": ("#0072B2", "o"),
    "balanced random": ("#56B4E9", "^"),
    "random, as many as the union": ("#0072B2", "v"),
    "eq. 4, fill": ("#D55E00", "o"),
    "eq. 4, union": ("#D55E00", "v"),
    "eq. 4, ten times as many": ("#009E73", "D"),
}


def controls(table, note):
    """Accuracy of every arm at every late split: a mark a run, a line from lowest to highest. table: of `arms`."""
    splits = sorted(table["split"].unique())
    with plt.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(9, 4.6))
        shown = [arm for arm in _ARMS if arm in set(table["arm"])]
        for place, arm in enumerate(shown):
            color, marker = _ARMS[arm]
            some = table[table["arm"] == arm]
            shift = 0.11 * (place - (len(shown) - 1) / 2)
            at = some["split"].map(splits.index) + shift
            sizes = sorted(some["subset_size"].unique())
            counts = _range(some.groupby("split")["accuracy"].count())
            label = f"{arm}{f', {sizes[-1]:,} samples' if sizes[-1] else ''} (n = {counts})"
            axis.plot(at, some["accuracy"], marker, color=color, markersize=5, alpha=0.75)
            ranges = some.groupby("split")["accuracy"].agg(["mean", "min", "max"])
            where = [splits.index(split) + shift for split in ranges.index]
            mean, low, high = ranges.to_numpy().T
            axis.errorbar(where, mean, np.array([mean - low, high - mean]), fmt=marker, color=color, markersize=8,
                          markerfacecolor="none", capsize=3, label=label)  # fmt: skip
        axis.set_xticks(range(len(splits)), [f"{100 * split:g} / {100 - 100 * split:g}" for split in splits])
        axis.set(xlabel="share of steps on the subset / on the full set (%)", ylabel="test accuracy (%)")
        axis.set_title(f"Controls: a small mark a run, a large one the mean, lowest to highest\n{note}", fontsize=10)
        figure.legend(loc="outside lower center", ncols=2, fontsize=8)
    return figure


def riddle(found, cut, note, paper):
    """Three mechanisms of the riddle, an axis each. found: of `riddle.table`; cut: steps at the paper's share of the time;
    paper: selection -> percent."""
    colors = {"full set alone": COLORS["full"], "subset first (50 / 50)": COLORS["top_activations"]}
    with plt.rc_context(STYLE):
        figure, (weights, few, rates) = plt.subplots(1, 3, figsize=(12, 4.6), sharey=True, width_ratios=(5, 4, 4))
        plain = found["learning_rate"].min()
        stopped = found[found["steps"] == cut]
        for shift, (arm, color) in zip((-0.12, 0.12), colors.items()):
            some = stopped[(stopped["arm"] == arm) & (stopped["learning_rate"] == plain)]
            at = some["weights"].map(list(WEIGHTS).index) + shift
            n = some["seed"].nunique()
            weights.plot(at, some["accuracy"], "o", color=color, label=f"{arm} ({n} run{'s' if n > 1 else ''} a point)")
            other = stopped[(stopped["arm"] == arm) & (stopped["weights"] == "warmup")]
            place = {rate: at for at, rate in enumerate(sorted(other["learning_rate"].unique()))}
            lost = other["diverged_at"].notna()
            rates.plot(other["learning_rate"].map(place) + shift, other["accuracy"], "o", color=color)
            rates.plot(other[lost]["learning_rate"].map(place) + shift, other[lost]["accuracy"], "x", color="k", markersize=9)
        names = [name.replace(", ", ",\n").replace(" with ", "\nwith ").replace("t d", "t\nd") for name in WEIGHTS.values()]
        weights.set_xticks(range(len(WEIGHTS)), names, fontsize=8)
        weights.set(title=f"(a, b) which weights are tested,\nafter {cut:,} steps", ylabel="test accuracy (%)", ylim=(0, 100))
        alone = found[(found["arm"] == "full set alone") & (found["learning_rate"] == plain)]
        for name, marker in (("raw", "^"), ("warmup", "o")):
            some = alone[alone["weights"] == name]
            mean = some.groupby("steps")["accuracy"].mean()
            few.plot(mean.index, mean, "-", color=COLORS["full"], linewidth=1)
            few.plot(some["steps"], some["accuracy"], marker, color=COLORS["full"], markersize=5, label=WEIGHTS[name])
        few.set_xscale("log")
        few.legend(fontsize=8, loc="upper left")
        few.set(title="(c) few steps,\nfull set alone", xlabel="steps (log scale)")
        rates.plot([], [], "x", color="k", markersize=9, label="diverged")
        rates.set_xticks(range(len(place)), [f"{rate:g}" for rate in place])
        rates.legend(fontsize=8, loc="upper left")
        rates.set(title=f"(d) a higher learning rate,\nafter {cut:,} steps", xlabel="learning rate (the paper's: 0.1)")
        for axis in (weights, few, rates):
            for selection, arm in (("full", "full set alone"), ("top_activations", "subset first (50 / 50)")):
                if selection in paper:
                    axis.axhline(paper[selection], color=colors[arm], linestyle=":", linewidth=2)
            axis.title.set_fontsize(10)
        if paper:
            weights.plot([], [], ":", color="grey", linewidth=2, label="the paper's means (dotted)")
        figure.legend(*weights.get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=9)
        figure.suptitle(f"Which mechanism gives 10.4 % and 63.5 %? {note}", fontsize=10)
    return figure


def cost(table, note):
    """Accuracy against seconds, left for the training alone, right with everything charged. table: of `cost.curves`."""
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(1, 2, figsize=(10, 4.2), sharey=True)
        titles = ("the training alone", "with autoencoder, embedding and selection")
        for axis, column, title in zip(axes, ("training_s", "charged_s"), titles):
            for selection, some in table.groupby("selection", sort=False):
                color = COLORS[selection]
                mean = some.groupby("steps")[[column, "accuracy"]].mean()
                label = f"{some['arm'].iloc[0]} (n = {some.groupby('steps').size().min()} a point)"
                axis.plot(mean[column], mean["accuracy"], "-", color=color, linewidth=1.5, label=label)
                axis.plot(some[column], some["accuracy"], "o", color=color, markersize=4)
            axis.set(xlabel="seconds (steps at the median pace)", xlim=(0, None))
            axis.set_title(title, fontsize=10)
        axes[0].set(ylabel="test accuracy of the last step (%)")
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=9)
        figure.suptitle(f"Accuracy against time; a mark a run of its own length, lines join means\n{note}", fontsize=10)
    return figure


_METHODS = {  # colour, marker; of Okabe and Ito's palette and grey
    "random": ("#000000", "o"),
    "balanced random": ("#999999", "^"),
    "eq. 4": ("#D55E00", "o"),
    "max-sum dispersion (eq. 3)": ("#CC79A7", "D"),
    "k-center": ("#56B4E9", "s"),
    "k-means": ("#0072B2", "v"),
    "herding": ("#009E73", "P"),
    "facility location, by class": ("#8C510A", "X"),
    "feature-based": ("#B8A600", "*"),
}


def methods_by_size(table, samples, note):
    """Accuracy against the size of the subset, an axis a split: means with 95 % intervals. table: of
    `comparison.summaries`; samples: N."""
    splits = sorted(table.loc[table["k"] > 0, "split"].unique(), reverse=True)
    full = table[table["k"] == 0]
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(1, len(splits), figsize=(10, 5.4), sharey=True)
        for axis, split in zip(axes, splits):
            for place, (method, (color, marker)) in enumerate(_METHODS.items()):
                some = table[(table["method"] == method) & (table["split"] == split)].sort_values("k")
                if some.empty:
                    continue
                at = some["k"].to_numpy() * 1.025 ** (place - len(_METHODS) // 2)  # beside each other
                mean, low, high = some[["accuracy", "low", "high"]].to_numpy().T
                width, label = 2.4 if method == "random" else 1.2, f"{method} (n = {_range(some['n'])})"
                axis.errorbar(at, mean, np.array([mean - low, high - mean]), fmt=f"{marker}-", color=color, capsize=2, markersize=6,
                              linewidth=width, label=label)  # fmt: skip
            for row in full.itertuples():
                axis.axhline(row.accuracy, color=COLORS["full"], linestyle="--", label=f"full set (n = {row.n})")
            sizes = sorted(table.loc[table["k"] > 0, "k"].unique())
            axis.set_xscale("log")
            axis.set_xticks(sizes, [f"{k:,}\n{100 * k / samples:.2f} %" for k in sizes])
            axis.xaxis.set_minor_locator(NullLocator())
            axis.set(xlabel="samples in the subset (log scale)")
            axis.set_title(f"{100 * split:g} / {100 - 100 * split:g}", fontsize=10)
        axes[0].set(ylabel="test accuracy (%)")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8)
        title = "Accuracy by method and size; share of steps on the subset / on the full set (%); means, 95 % intervals"
        figure.suptitle(f"{title}\n{note}", fontsize=10)
    return figure


def methods_against_random(table, note):
    """Differences from random with 95 % intervals, a row a method, an axis a split. table: of `comparison.differences`
    at one size."""
    splits = sorted(table["split"].unique(), reverse=True)
    names = list(table.sort_values(["variant", "difference"], ascending=[False, True])["method"].drop_duplicates())
    with plt.rc_context({**STYLE, "axes.grid.axis": "x"}):
        figure, axes = plt.subplots(1, len(splits), figsize=(10, 0.32 * len(names) + 1.6), sharex=True, sharey=True)
        for axis, split in zip(axes, splits):
            some = table[table["split"] == split]
            eq4 = some["method"].str.startswith("eq. 4")
            for color, rows in ((COLORS["top_activations"], some[eq4]), (COLORS["random"], some[~eq4])):
                mean, low, high = rows[["difference", "low", "high"]].to_numpy().T
                at = rows["method"].map(names.index)
                axis.errorbar(mean, at, xerr=np.array([mean - low, high - mean]), fmt="o", color=color, capsize=3, markersize=5)
            axis.axvline(0, color="k", linewidth=1)
            axis.set_yticks(range(len(names)), names, fontsize=9)
            axis.set(xlabel="points of accuracy above random")
            axis.set_title(f"{100 * split:g} / {100 - 100 * split:g} (n = {_range(some['n'])} pairs a row)", fontsize=10)
        figure.suptitle(f"Methods minus random: mean and 95 % interval; eq. 4 and its variants in orange\n{note}", fontsize=10)
    return figure


def methods_by_coverage(means, subsets, note):
    """Accuracy on the subset alone against the mean distance of all samples from it, with 95 % intervals.

    means: of `comparison.summaries` at one size and split; subsets: of `comparison.subsets` at that size.
    """
    distance = subsets.set_index("method")["mean distance"]
    with plt.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(8, 4.6))
        for row in means.itertuples():
            color, marker = _METHODS.get(row.method, (COLORS["top_activations"], "."))
            error = [[row.accuracy - row.low], [row.high - row.accuracy]]
            axis.errorbar(distance[row.method], row.accuracy, error, fmt=marker, color=color, capsize=2, markersize=7,
                          label=f"{row.method} (n = {row.n})")  # fmt: skip
            if row.variant:
                at, short = (distance[row.method], row.accuracy), row.method.removeprefix("eq. 4, ")
                axis.annotate(short, at, (5, 4), textcoords="offset points", fontsize=7)
        axis.set(xlabel="mean distance of all samples from the nearest chosen one", ylabel="test accuracy (%)")
        axis.set_title(f"Accuracy on the subset alone by what it covers; means, 95 % intervals\n{note}", fontsize=10)
        figure.legend(loc="outside lower center", ncols=3, fontsize=8)
    return figure


def _range(counts):
    return f"{counts.min()}" if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"
