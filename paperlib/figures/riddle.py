"""The riddle of the 10.4 %: the candidates, a panel each."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from paperlib.figures.style import COLORS, STYLE, range_text
from paperlib.study.stale_checkpoint import ALONE, CLEAN, FIRST, KILLED

_ARMS = {ALONE: (COLORS["full"], "o", -1), FIRST: (COLORS["top_activations"], "D", 1)}  # colour, marker, side
_WEIGHTS = {  # of `WEIGHTS`, in the order of the candidates, as tick labels
    "raw": "raw\nweights",
    "warmup_own": "average,\nits own\nstatistics",
    "warmup": "average,\nraw\nstatistics\n(b)",
    "constant_own": "constant\ndecay, own\nstatistics\n(a)",
    "constant": "constant\ndecay, raw\nstatistics\n(a, b)",
}


def riddle_candidates(found: pd.DataFrame, sessions: pd.DataFrame, cut: int, note: str, paper: dict) -> Figure:
    """The candidates of the riddle, a panel for a and b, and one each for c, d and e; a mark is a run.

    Parameters
    ----------
    found
        Of `riddle.table`.
    sessions
        Of `stale_sessions.table`; may be empty.
    cut
        The steps of the paper's share of the time.
    note
        Data set and profile, for the title.
    paper
        Of `candidates.stated`, or empty where the data are not the paper's.
    """
    plain = found[found["learning_rate"] == found["learning_rate"].min()]
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(2, 2, figsize=(9.5, 8), sharey=True)
        (weights, few), (rates, stale) = axes
        _weights(weights, plain[plain["steps"] == cut])
        weights.set_title(f"a, b · Which weights are tested, after {cut:,} steps", fontsize=10)
        _steps(few, plain[plain["arm"].eq(ALONE) & plain["weights"].eq("warmup")])
        _rates(rates, found[found["steps"].eq(cut) & found["weights"].eq("warmup")])
        rates.set_title(f"d · A higher learning rate, after {cut:,} steps", fontsize=10)
        _sessions(stale, sessions)
        for axis in axes.flat:
            axis.set(ylim=(0, 100))
            for arm, (color, *_) in _ARMS.items():
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
            for arm, (color, marker, _) in _ARMS.items()
        ]
        lost = Line2D([], [], color="k", marker="o", markerfacecolor="white", linestyle="",
                      label="hollow: the weights are NaN, scored as naming one class")  # fmt: skip
        figure.legend(handles=[*marks, lost], loc="outside lower center", ncols=3, fontsize=9)
        figure.suptitle(f"Which mechanism gives 10.4 % and 63.5 %? {note}", fontsize=11)
    return figure


def _marks(
    axis: Axes, arm: str, at: pd.Series, accuracies: pd.Series, seeds: pd.Series, hollow: pd.Series | None = None
) -> None:
    """A mark a run, seeds beside each other, so that none hides another one."""
    color, marker, side = _ARMS[arm]
    seeds = np.asarray(seeds)
    at = np.asarray(at, float) + side * (0.1 + 0.07 * seeds)
    hollow = np.zeros(len(at), bool) if hollow is None else np.asarray(hollow)
    for chosen, face in ((~hollow, color), (hollow, "white")):
        axis.plot(at[chosen], np.asarray(accuracies)[chosen], marker, color=color, markerfacecolor=face, markersize=5.5)


def _counts(rows: pd.DataFrame, by: str) -> str:
    return "; ".join(f"n = {range_text(some.groupby(by).size())} {arm}" for arm, some in rows.groupby("arm"))


def _weights(axis: Axes, rows: pd.DataFrame) -> None:
    for arm, some in rows.groupby("arm"):
        _marks(axis, arm, some["weights"].map(list(_WEIGHTS).index), some["accuracy"], some["seed"])
    axis.set_xticks(range(len(_WEIGHTS)), _WEIGHTS.values(), fontsize=8)
    axis.set_xlabel(_counts(rows, "weights"), fontsize=8)


def _steps(axis: Axes, rows: pd.DataFrame) -> None:
    color, marker, _ = _ARMS[ALONE]
    mean = rows.groupby("steps")["accuracy"].mean()
    axis.plot(mean.index, mean, "-", color=color, linewidth=1)
    axis.plot(rows["steps"], rows["accuracy"], marker, color=color, markersize=5)
    axis.set_xscale("log")
    axis.set_xticks(mean.index, [f"{steps:,}" for steps in mean.index])
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_xlabel(f"steps (log scale); n = {range_text(rows.groupby('steps').size())} a point", fontsize=8)
    axis.set_title("c · Few steps, full set alone", fontsize=10)


def _rates(axis: Axes, rows: pd.DataFrame) -> None:
    places = sorted(rows["learning_rate"].unique())
    for arm, some in rows.groupby("arm"):
        at = some["learning_rate"].map(places.index)
        _marks(axis, arm, at, some["accuracy"], some["seed"], some["diverged_at"].notna())
    axis.set_xticks(range(len(places)), [f"{rate:g}" for rate in places])
    raised = rows[rows["learning_rate"] > places[0]]
    n = range_text(raised.groupby(["arm", "learning_rate"]).size())
    axis.set_xlabel(f"learning rate (the paper's: 0.1); n = {n} a rate and arm above it", fontsize=8)


def _sessions(axis: Axes, sessions: pd.DataFrame) -> None:
    kinds = [(ALONE, CLEAN), (ALONE, KILLED), (FIRST, CLEAN), (FIRST, KILLED)]
    names = []
    for place, (arm, ended) in enumerate(kinds):
        some = sessions[sessions["arm"].eq(arm) & sessions["ended"].eq(ended)]
        color, marker, _ = _ARMS[arm]
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
