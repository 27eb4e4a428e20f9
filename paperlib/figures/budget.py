"""Fig. 6: accuracy under a fixed budget of time or steps."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paperlib.analysis import statistics
from paperlib.analysis.arms import ARMS
from paperlib.figures.style import COLORS, STYLE, error_lengths

_SIDE_BY_SIDE = 4  # runs an arm at most whose numbers fit beside one another


def fixed_budget(table: pd.DataFrame, note: str, paper: Mapping[str, float] | None = None) -> Figure:
    """Fig. 6: left a bar a run with its steps; right the differences of the means with Welch's 95 % intervals.

    Parameters
    ----------
    table
        Of `tables.runs`; runs that a clock ended, or that were cut off after a number of steps.
    note
        Data set and profile, for the title.
    paper
        Selection -> percent.
    """
    arms = {selection: table[table["selection"] == selection].sort_values("seed") for selection in ARMS}
    arms = {selection: some for selection, some in arms.items() if len(some)}
    upright = dict(rotation=90 if max(map(len, arms.values()), default=0) > _SIDE_BY_SIDE else 0)
    with plt.rc_context(STYLE):
        figure, (axis, beside) = plt.subplots(1, 2, figsize=(8, 4.8), width_ratios=[3.2, 1])
        start = 0
        places: list[tuple[float, int]] = []
        for selection, some in arms.items():
            at = start + np.arange(len(some))
            found = statistics.mean(some["accuracy"])
            interval = "" if np.isnan(found.low) else f" ({found.low:.1f} to {found.high:.1f})"
            label = f"{ARMS[selection].first}: {found.value:.1f} %{interval}, n = {found.n}"
            if paper and selection in paper:
                label += f"; dotted: the paper's {paper[selection]:g} %"
                axis.hlines(
                    paper[selection], at[0] - 0.4, at[-1] + 0.4, color="k", linestyle=":", linewidth=2, zorder=3
                )
            bars = axis.bar(at, some["accuracy"], 0.8, color=COLORS[selection], label=label)
            axis.bar_label(
                bars,
                fmt="%.1f",
                fontsize=9,
                label_type="center",
                color="w" if selection == "random" else "k",
                **upright,
            )
            axis.hlines(found.value, at[0] - 0.4, at[-1] + 0.4, color="k", linewidth=1.2)
            places += zip(at, some["fast_steps"] + some["full_steps"])
            start += len(some) + 1
        axis.set_xticks([place for place, _ in places], [f"{steps:,}" for _, steps in places], fontsize=8, **upright)
        axis.set_xlim(-0.6, start - 1.4)
        highest = max([*table["accuracy"], *(paper or {}).values()])
        axis.set(ylabel="test accuracy (%)", xlabel="steps of the run, a bar a run", ylim=(0, min(100, highest + 12)))
        _differences(beside, arms)
        ended = "when the time is up" if table["time_share"].notna().all() else "when the steps are used up"
        figure.suptitle(f"Accuracy {ended}; line: mean, in brackets its 95 % interval\n{note}", fontsize=10)
        figure.legend(*axis.get_legend_handles_labels(), loc="outside lower center", ncols=1, fontsize=9)
    return figure


def _differences(axis: Axes, arms: Mapping[str, pd.DataFrame]) -> None:
    """Every arm minus the full set alone, in points."""
    others = [selection for selection in arms if selection != "full" and "full" in arms]
    for place, selection in enumerate(others):
        found = statistics.difference(arms[selection]["accuracy"], arms["full"]["accuracy"])
        error = error_lengths(found.value, found.low, found.high)
        axis.errorbar(place, found.value, error, fmt="o", color=COLORS[selection], capsize=4, markersize=7)
        axis.annotate(f"{found.value:+.1f}", (place, found.value), (8, 0), textcoords="offset points", va="center")
    axis.axhline(0, color=COLORS["full"], linewidth=1.5)
    axis.set_xticks(range(len(others)), [ARMS[name].first.replace(" first", "\nfirst") for name in others], fontsize=9)
    axis.set_xlim(-0.6, max(len(others), 1) - 0.2)
    axis.set_visible(bool(others))
    axis.set_ylabel("minus the full set alone (points)")
    axis.set_title("difference of means,\n95 % interval", fontsize=9)
