"""Loss spikes: the training loss of single runs, on a logarithmic scale."""

from itertools import cycle

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from paperlib.analysis.arms import ARMS
from paperlib.analysis.spikes import STRETCH
from paperlib.figures.style import COLORS, STYLE

_FAR = 3.0  # points below the median of an arm: a run that ends lower is drawn by itself
_LINES = ("-", ":", "--", "-.")  # of such runs, again from the first after these


def loss_spikes(curves: pd.DataFrame, runs: pd.DataFrame, note: str) -> Figure:
    """Training loss against steps, a panel an arm and a line a run; the legend says how each run ended.

    Runs that ended far below the others of their arm, and those in another number format than most, are drawn in strong
    lines, the others in pale ones.

    Parameters
    ----------
    curves, runs
        Of `spikes.curves` and `spikes.of_runs`, of one profile.
    note
        Data set and profile, for the title.
    """
    arms = [name for name in ARMS if name in set(runs["selection"])]
    several = runs["precision"].nunique() > 1
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(len(arms), 1, figsize=(7.5, 1.2 + 1.9 * len(arms)), sharex=True, sharey=True,
                                    squeeze=False)  # fmt: skip
        for axis, name in zip(axes[:, 0], arms):
            lines = dict(iter(curves[curves["selection"] == name].groupby(["precision", "seed"])))
            ended = runs[runs["selection"] == name]
            usual = ended["precision"] == ended["precision"].mode()[0]
            low = ended["accuracy"] < ended.loc[usual, "accuracy"].median() - _FAR
            alike, others = ended[usual & ~low], ended[~usual | low]
            pale, strong = dict(color=COLORS[name], linewidth=0.9, alpha=0.45), dict(color="black", linewidth=1.1)
            for number, run in enumerate(alike.itertuples()):
                here = lines[run.precision, run.seed]
                axis.plot(here["step"], here["loss"], label="" if number else _ends(alike, several), **pale)
            for (_, run), line in zip(others.groupby(["precision", "seed"]), cycle(_LINES)):
                here = lines[run["precision"].item(), run["seed"].item()]
                axis.plot(here["step"], here["loss"], linestyle=line, label=_ends(run, several), **strong)
            axis.set(yscale="log", ylabel="training loss\n(nats, log scale)")
            axis.set_title(ARMS[name].alone, fontsize=10, loc="left")
            axis.legend(
                loc="center left",
                bbox_to_anchor=(1.0, 0.5),
                fontsize=9,
                title="accuracy at the last step",
                title_fontsize=9,
                alignment="left",
            )
        axes[-1, 0].set_xlabel("step")
        figure.suptitle(f"Loss spikes on one set alone; a point: the mean over {STRETCH} steps\n{note}", fontsize=10)
    return figure


def _ends(runs: pd.DataFrame, several: bool) -> str:
    """The seeds of runs and their accuracies; `several`: and their number format, of which there are several."""
    seeds, accuracies = (", ".join(values) for values in (runs["seed"].map(str), runs["accuracy"].map("{:.1f}".format)))
    named = f"seed{'s' if len(runs) > 1 else ''} {seeds}{', ' + runs['precision'].iloc[0] if several else ''}"
    return f"{named}:\n{accuracies} %" if len(runs) > 1 else f"{named}: {accuracies} %"
