"""Loss spikes: the training loss of single runs, on a logarithmic scale."""

from itertools import cycle

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from paperlib.analysis.arms import ARMS
from paperlib.analysis.spikes import STRETCH
from paperlib.figures.style import COLORS, STYLE

_LINES = ("-", ":", "--", "-.", (0, (1, 3)))  # a run each, again from the first after these


def loss_spikes(curves: pd.DataFrame, runs: pd.DataFrame, note: str) -> Figure:
    """Training loss against steps, a panel an arm and a line a run; the legend says how each run ended.

    Parameters
    ----------
    curves, runs
        Of `spikes.curves` and `spikes.of_runs`, of one profile.
    note
        Data set and profile, for the title.
    """
    arms = [name for name in ARMS if name in set(runs["selection"])]
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(len(arms), 1, figsize=(7.5, 1.2 + 1.9 * len(arms)), sharex=True, sharey=True,
                                    squeeze=False)  # fmt: skip
        for axis, name in zip(axes[:, 0], arms):
            arm, several = curves[curves["selection"] == name], runs["precision"].nunique() > 1
            for run, line in zip(runs[runs["selection"] == name].itertuples(), cycle(_LINES)):
                here = arm[(arm["seed"] == run.seed) & (arm["precision"] == run.precision)]
                called = f"seed {run.seed}, {run.precision}" if several else f"seed {run.seed}"
                axis.plot(here["step"], here["loss"], linestyle=line, color=COLORS[name], linewidth=1.1,
                          label=f"{called}: {run.accuracy:.1f} % at the last step")  # fmt: skip
            axis.set(yscale="log", ylabel="training loss\n(nats, log scale)")
            axis.set_title(ARMS[name].alone, fontsize=10, loc="left")
            axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=9)
        axes[-1, 0].set_xlabel("step")
        figure.suptitle(f"Loss spikes on one set alone; a point: the mean over {STRETCH} steps\n{note}", fontsize=10)
    return figure
