"""Which weights are tested? The gap between the selections by split, of averages and of raw weights."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from paperlib.analysis.arms import split_name
from paperlib.analysis.weights import TESTED
from paperlib.figures.style import COLORS, STYLE, error_lengths, limits

_MARKS = "o^sDv"


def gaps_by_weights(table: pd.DataFrame, note: str) -> Figure:
    """Eq. 4 minus random by split, a panel a kind of weights and a mark a profile, with 95 % intervals.

    Parameters
    ----------
    table
        Of `weights.gaps`.
    note
        Data set and profiles, for the title.
    """
    splits, profiles = sorted(table["split"].unique()), list(dict.fromkeys(table["profile"]))
    color = COLORS["top_activations"]
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(1, len(TESTED), figsize=(7.5, 4.4), sharey=True)
        for axis, (weights, title) in zip(axes, TESTED.items()):
            axis.axhline(0, color=COLORS["random"], linewidth=1.5, label="random")
            for place, (marker, profile) in enumerate(zip(_MARKS, profiles)):
                some = table[(table["weights"] == weights) & (table["profile"] == profile)]
                beside = 0.18 * (place - (len(profiles) - 1) / 2)
                where = [splits.index(split) + beside for split in some["split"]]
                error = error_lengths(*some[["difference", "low", "high"]].to_numpy().T)
                counts = sorted({f"{row.n} + {row.n_other}" for row in some.itertuples()})
                axis.errorbar(where, some["difference"], error, fmt=marker, color=color, capsize=3, markersize=6,
                              markerfacecolor="white" if place else color,
                              label=f"profile {profile} (n = {' or '.join(counts)})")  # fmt: skip
            axis.set_xticks(range(len(splits)), [split_name(split) for split in splits], fontsize=8, rotation=35)
            axis.set_xlim(-0.5, max(len(splits), 1) - 0.5)
            axis.set_xlabel("share of steps on the subset / full set (%)")
            axis.set_title(title, fontsize=10)
        axes[0].set_ylim(limits([0.0, *table["difference"]], [*table["low"].dropna(), *table["high"].dropna()]))
        axes[0].set_ylabel("eq. 4 minus random (points of accuracy)")
        figure.suptitle(
            f"Which weights are tested? Differences of means; 95 % intervals, some wider than shown\n{note}",
            fontsize=10,
        )
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=9)
    return figure
