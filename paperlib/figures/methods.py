"""Methods of selection compared: by size, against random, by coverage."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from paperlib.analysis.arms import split_name
from paperlib.figures.style import COLORS, STYLE, error_lengths, range_text
from paperlib.selection.registry import REGISTRY, label

# Colour and marker of each method, as it is in the study.
LOOKS = {label(name, arm.study_options): (arm.color, arm.marker) for name, arm in REGISTRY.items()}
_VARIANT_MARKS = ("v", "^", "s", "P", "X", "<", ">")


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
    names = [name for name in LOOKS if name != "random" and name in set(table["method"])]
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
            for name, color in (("random", "#000000"), (method, LOOKS[method][0])):
                for split, line in zip(splits, ("-", ":")):
                    some = table[(table["method"] == name) & (table["split"] == split)].sort_values("k")
                    beside = 0.97 if name == "random" else 1.03
                    error = error_lengths(*some[["accuracy", "low", "high"]].to_numpy().T)
                    marker = LOOKS[name][1]
                    axis.errorbar(some["k"] * beside, some["accuracy"], error, fmt=marker, linestyle=line, color=color,
                                  capsize=2, markersize=5, linewidth=1.4)  # fmt: skip
            for row in full.itertuples():
                axis.axhline(row.accuracy, color=COLORS["full"], linestyle="--", linewidth=1)
            axis.set_title(method, fontsize=10, color=LOOKS[method][0])
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
                Line2D([], [], color="k", linestyle=line, label=split_name(split))
                for split, line in zip(splits, ("-", ":"))
            ),
            *(
                Line2D([], [], color=COLORS["full"], linestyle="--", label=f"full set alone (n = {row.n})")
                for row in full.itertuples()
            ),
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=4, fontsize=9)
        n = range_text(table.loc[table["k"] > 0, "n"])
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
                error = error_lengths(*some.loc[rows, ["difference", "low", "high"]].to_numpy().T)
                axis.errorbar(some.loc[rows, "difference"], at[rows], xerr=error, fmt=marker, color=COLORS[color],
                              capsize=3, markersize=5, label=label)  # fmt: skip
            axis.axvline(0, color="k", linewidth=1)
            axis.set_yticks(range(len(names)), names, fontsize=9)
            axis.set(xlabel="points of accuracy above random")
            n, other = range_text(some["n"]), range_text(some["n_other"])
            axis.set_title(f"{split_name(split)} (n = {n}; {other} of random)", fontsize=10)
        figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=9)
        title = f"Methods minus random, sorted by {split_name(splits[0])}: mean, 95 % interval"
        figure.suptitle(f"{title}\n{note}", fontsize=10)
    return figure


def methods_by_coverage(means: pd.DataFrame, subsets: pd.DataFrame, note: str) -> Figure:
    """Accuracy on the subset alone against the mean distance of all samples from it, with 95 % intervals.

    means: of `methods.summaries` at one size and split; subsets: of `methods.subsets` at that size.
    """
    distance = subsets.set_index("method")["mean distance"]
    marks = iter(_VARIANT_MARKS)
    with plt.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(7.5, 5.6))
        for row in means.sort_values("accuracy", ascending=False).itertuples():
            color, marker = LOOKS.get(row.method) or (COLORS["top_activations"], next(marks))
            error = error_lengths(row.accuracy, row.low, row.high)
            face = "white" if row.variant else color
            axis.errorbar(distance[row.method], row.accuracy, error, fmt=marker, color=color, markerfacecolor=face,
                          capsize=2, markersize=8, elinewidth=1, label=f"{row.method} (n = {row.n})")  # fmt: skip
        axis.set(xlabel="mean distance of all samples from the nearest chosen one", ylabel="test accuracy (%)")
        title = "Accuracy on the subset alone by what it covers\nmeans, 95 % intervals; hollow: variants of eq. 4"
        axis.set_title(f"{title}\n{note}", fontsize=10)
        figure.legend(loc="outside lower center", ncols=2, fontsize=9)
    return figure
