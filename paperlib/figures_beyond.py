"""Figures that the paper does not have: controls, the riddle, the cost. In the style of `paperlib.figures`."""

import matplotlib.pyplot as plt

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
            n = some.groupby("split")["accuracy"].count()
            counts = f"n = {n.min()}" if n.min() == n.max() else f"n = {n.min()} to {n.max()}"
            label = f"{arm}{f', {sizes[-1]:,} samples' if sizes[-1] else ''} ({counts})"
            axis.plot(at, some["accuracy"], marker, color=color, markersize=5, alpha=0.75)
            ranges = some.groupby("split")["accuracy"].agg(["mean", "min", "max"])
            where = [splits.index(split) + shift for split in ranges.index]
            mean, low, high = ranges.to_numpy().T
            axis.errorbar(where, mean, [mean - low, high - mean], fmt=marker, color=color, markersize=8,
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
