"""Fig. 7: training loss against time or steps."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from paperlib.analysis.arms import ARMS
from paperlib.figures.style import COLORS, STYLE

_LOSS_BINS = 40  # of the whole run; a point of a curve is the mean of one


def loss_curves(
    table: pd.DataFrame, note: str, large_share: float, small_share: float, against: str = "seconds"
) -> Figure:
    """Fig. 7: above, the training loss; below, what it differs by from the mean curve of the full set alone.

    Parameters
    ----------
    table
        Of `tables.losses`.
    note
        Data set and profile, for the title.
    large_share, small_share
        The shares of the subsets, in percent.
    against
        The x axis: "seconds" where a clock ended the runs, "step" where a number of steps did.
    """
    small = table.loc[table["selection"] == "top_activations", "k"].min()
    eq4 = table["selection"] == "top_activations"
    arms = (
        (ARMS["full"].alone, "full", table["selection"] == "full"),
        (f"random {small_share:.2f} % first (50 / 50)", "random", table["selection"] == "random"),
        (f"eq. 4, {small_share:.2f} % first (50 / 50)", "top_activations", eq4 & (table["k"] == small)),
        (f"eq. 4, {large_share:.2f} % first (50 / 50)", "large", eq4 & (table["k"] > small)),
    )
    edges = np.linspace(0, table.groupby(["selection", "k", "seed"])[against].max().min(), _LOSS_BINS + 1)
    at = (edges[1:] + edges[:-1]) / 2
    curves = {color: _binned(table[rows], against, edges) for _, color, rows in arms if rows.any()}
    reference = curves["full"].mean(axis=0)
    settled = at > edges[-1] / 8  # the first losses are many times as high as the later ones
    with plt.rc_context(STYLE):
        figure, (above, below) = plt.subplots(2, 1, figsize=(7.5, 6.4), sharex=True, height_ratios=[1, 1.5])
        reach = []
        for name, color, rows in arms:
            if color not in curves:
                continue
            differences = curves[color] - reference
            mean, low, high = differences.mean(axis=0), differences.min(axis=0), differences.max(axis=0)
            above.plot(at, curves[color].mean(axis=0), color=COLORS[color], linewidth=1.5)
            below.plot(at, mean, color=COLORS[color], linewidth=1.8, label=f"{name} (n = {len(curves[color])})")
            below.fill_between(at, low, high, color=COLORS[color], alpha=0.2, linewidth=0)
            reach += [low[settled], high[settled]]
            switch = _switch(table[rows], against)
            if switch:
                for axis in (above, below):
                    axis.axvline(switch, color=COLORS[color], linestyle=":", linewidth=1.5)
        below.plot([], [], ":", color="grey", label="change to the full set")
        reach = np.concatenate(reach)
        below.set_ylim(1.15 * reach.min(), 1.15 * reach.max())
        later = np.concatenate([curve[:, settled].ravel() for curve in curves.values()])
        above.set_ylim(later.min() - 0.1 * np.ptp(later), later.max() + 0.1 * np.ptp(later))
        above.set(ylabel="training loss\n(cross-entropy, nats)")
        unit = "seconds since the first step" if against == "seconds" else "steps"
        below.set(xlabel=unit, ylabel="minus the full set's mean\n(nats)", xlim=(0, edges[-1]))
        title = f"Training loss against {'elapsed time' if against == 'seconds' else 'steps'}: mean over seeds, "
        title += "band: lowest to highest seed"
        cut = (
            f"a point: the mean of {100 / _LOSS_BINS:g} % of the run; the first losses, many times as high, are cut off"
        )
        figure.suptitle(f"{title}\n{cut}\n{note}", fontsize=10)
        figure.legend(*below.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=9)
    return figure


def _binned(table: pd.DataFrame, against: str, edges: np.ndarray) -> np.ndarray:
    """Mean losses between edges: (seeds, bins); interpolated where a run has no point in a bin."""
    middles = (np.asarray(edges)[1:] + np.asarray(edges)[:-1]) / 2
    rows = []
    for _, run in table.groupby("seed"):
        means = run.groupby(pd.cut(run[against], edges, labels=False, include_lowest=True))["loss"].mean()
        rows.append(np.interp(np.arange(len(middles)), means.index, means))
    return np.array(rows)


def _switch(table: pd.DataFrame, against: str) -> float | None:
    """Where the runs change to the full set, on the average; None where they do not."""
    changing = table[(table["fast_steps"] > 0) & (table["step"] > table["fast_steps"])]
    return float(changing.groupby("seed")[against].min().mean()) if len(changing) else None
