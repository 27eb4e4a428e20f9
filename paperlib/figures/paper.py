"""The paper's figures: tables and arrays -> Matplotlib figures, each with data set, profile and n."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter
from scipy import stats

from paperlib.analysis import statistics, tables
from paperlib.analysis.arms import ARMS
from paperlib.data import Dataset
from paperlib.figures.style import COLORS, STYLE


def class_samples(dataset: Dataset, count: int, note: str) -> Figure:
    """The first `count` training images of each class, a row a class."""
    rows = [dataset.x_train[dataset.y_train == label][:count] for label in range(len(dataset.classes))]
    return image_rows(dict(zip(dataset.classes, rows)), f"Training images, a row a class\n{note}")


def augmented_images(image: np.ndarray, count: int, note: str) -> Figure:
    """What augmentation makes of an image (H, W, C) uint8: crop and flip; brightness and contrast; standardized."""
    from paperlib import augment

    images = np.repeat(image[np.newaxis], count, axis=0)
    shown = {"as it is": augment.center_crop(images, 24)}
    images = np.asarray(augment.RandomCropFlip(24, 1)(images))
    shown["crop, flip"] = images
    standard = np.asarray(augment.RandomContrastStandardize(seed=4)(images))
    low, high = np.percentile(standard, [1, 99])
    shown["contrast,\nstandardized"] = (255 * np.clip((standard - low) / (high - low), 0, 1)).astype(np.uint8)
    return image_rows(shown, f"One training image, augmented {count} times\n{note}")


def chosen_samples(images: np.ndarray, lists: np.ndarray, note: str, size: int) -> Figure:
    """The samples that each of some elements chooses first, cropped to what the encoder sees.

    Parameters
    ----------
    images
        (N, H, W, C) uint8.
    lists
        (ranks, elements) of indices, best first.
    note
        Data set and profile, for the title.
    size
        Height and width of the encoder's input.
    """
    from paperlib import augment

    rows = {
        str(element + 1): np.asarray(augment.center_crop(images[lists[:, element]], size))
        for element in range(lists.shape[1])
    }
    title = "What elements choose: the samples that activate each most, best first"
    seen = f"the {size} × {size} pixels that the encoder sees"
    return image_rows(rows, f"{title}\n{seen}; {note}", "embedding element, the most varying first")


def image_rows(rows: Mapping[str, np.ndarray], title: str, ylabel: str = "", gap: int = 3) -> Figure:
    """Rows of images as one picture. rows: label -> uint8 (count, H, W, C), all of one size."""
    columns = max(map(len, rows.values()))
    height, width, channels = next(iter(rows.values())).shape[1:]
    sheet = np.full((len(rows) * (height + gap), columns * (width + gap), channels), 255, np.uint8)
    for row, images in enumerate(rows.values()):
        for column, image in enumerate(images):
            top, left = row * (height + gap), column * (width + gap)
            sheet[top : top + height, left : left + width] = image
    with plt.rc_context({**STYLE, "axes.grid": False}):
        figure, axis = plt.subplots(figsize=(0.75 * columns + 1.2, 0.75 * len(rows) + 0.8))
        axis.imshow(sheet.squeeze(), cmap="gray", vmin=0, vmax=255)
        axis.set_yticks(np.arange(len(rows)) * (height + gap) + height / 2, list(rows), fontsize=10)
        axis.set_xticks([])
        axis.tick_params(length=0)
        axis.spines[:].set_visible(False)
        axis.set_ylabel(ylabel)
        axis.set_title(title, fontsize=10, parse_math=False)  # names of folders may have a $
    return figure


def embedding_spread(embeddings: np.ndarray, note: str, threshold: float = 0.01) -> Figure:
    """How much each element of embeddings (N, n) varies over the samples, sorted, and its mean.

    threshold: share of the median element's standard deviation below which an element is said not to vary.
    """
    spread, mean = embeddings.std(axis=0), embeddings.mean(axis=0)
    order = np.argsort(-spread, kind="stable")
    limit = threshold * np.median(spread)
    at = np.arange(1, len(order) + 1)
    with plt.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(7, 4))
        axis.plot(at, spread[order], color=COLORS["top_activations"], label="standard deviation")
        axis.plot(at, mean[order], ".", color=COLORS["random"], markersize=4, label="mean")
        few = np.count_nonzero(spread < limit)
        label = f"{100 * threshold:g} % of the median deviation: {few} of {len(order)} elements vary less"
        axis.axhline(limit, color=COLORS["paper"], linestyle="--", linewidth=1, label=label)
        axis.set(xlabel="embedding element, by its standard deviation", ylabel="activation")
        axis.set_title(f"How much elements vary over {len(embeddings):,} training images\n{note}", fontsize=10)
        figure.legend(loc="outside lower center", ncols=2, fontsize=9)
    return figure


_POOLED = 8  # three poolings: an embedding has a place for each 8 x 8 pixels, and as many channels at each


def reconstructions(
    originals: np.ndarray,
    embeddings: np.ndarray,
    reproductions: np.ndarray,
    note: str,
    common_variance: float | None = None,
) -> Figure:
    """Fig. 4: inputs, embeddings and reproductions, from top to bottom, a column an image.

    Parameters
    ----------
    originals, reproductions
        (B, H, W, C) in [0, 1].
    embeddings
        (B, n), shown with a row for each place of the encoder's last feature map, and one colour scale for all.
    note
        Data set, profile and training of the autoencoder, for the title.
    common_variance
        The share of the embeddings' variance that is common to all images, of the autoencoder's record.
    """
    count, n = embeddings.shape
    places = (originals.shape[1] // _POOLED) * (originals.shape[2] // _POOLED)
    by_place = places > 1 and n % places == 0
    rows = places if by_place else max(divisor for divisor in range(1, int(n**0.5) + 1) if n % divisor == 0)
    grid_is = f"{rows} places ×\n{n // rows} channels" if by_place else f"{n} numbers,\n{rows} × {n // rows}"
    with plt.rc_context({**STYLE, "axes.grid": False}):
        figure, axes = plt.subplots(3, count, figsize=(1.5 * count + 1, 5.6), squeeze=False)
        low, high = np.percentile(embeddings, [1, 99])
        for column in range(count):
            axes[0, column].imshow(originals[column].squeeze(), cmap="gray", vmin=0, vmax=1)
            grid = embeddings[column].reshape(rows, -1)
            shown = axes[1, column].imshow(grid, cmap="viridis", vmin=low, vmax=high, aspect="auto")
            axes[2, column].imshow(np.clip(reproductions[column], 0, 1).squeeze(), cmap="gray", vmin=0, vmax=1)
        figure.colorbar(shown, ax=axes[1, :], label="activation", pad=0.01)
        for axis, label in zip(axes[:, 0], ("input", f"embedding\n{grid_is}", "reproduction")):
            axis.set_ylabel(label)
        for axis in axes.flat:
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
        title = f"{count} test images, their embeddings and reproductions\n{note}"
        if common_variance is not None:
            title += (
                f"\nA pattern recurs in the embeddings: {100 * common_variance:.0f} % of their variance is common to "
                "all images"
            )
        figure.suptitle(title, fontsize=10)
    return figure


def class_counts(tables: Mapping[str, pd.DataFrame], note: str) -> Figure:
    """Chosen samples per class. tables: selection -> table of `tables.samples`.

    A random selection is one draw: a band shows where 95 of 100 draws lie, class by class (hypergeometric).
    """
    with plt.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(8, 4.2))
        width = 0.8 / len(tables)
        for place, (selection, table) in enumerate(tables.items()):
            at: np.ndarray = np.arange(len(table)) + (place - (len(tables) - 1) / 2) * width
            label = f"{ARMS[selection].name}, one draw" if selection == "random" else ARMS[selection].name
            axis.bar(at, table["chosen"], width, color=COLORS[selection], label=label)
        chosen, available = int(table["chosen"].sum()), table["available"].to_numpy()
        low, high = stats.hypergeom.interval(0.95, available.sum(), available, chosen)
        at = np.arange(len(table))
        middle, reach = (low + high) / 2, (high - low) / 2
        label = "where 95 of 100 random draws lie"
        axis.errorbar(at, middle, reach, fmt="none", ecolor=COLORS["paper"], capsize=9, linewidth=1.5, label=label)
        axis.set_xticks(at, table["class"], rotation=30 if len(table["class"].iloc[0]) > 2 else 0)
        axis.set(xlabel="class", ylabel=f"samples chosen, {chosen:,} in all")
        axis.set_title(f"Samples chosen per class\n{note}", fontsize=10)
        figure.legend(loc="outside lower center", ncols=3, fontsize=9)
    return figure


def overlap(table: pd.DataFrame, note: str) -> Figure:
    """How many elements choose the same sample, on a log scale. table: of `tables.overlap`."""
    some = table[table["samples"] > 0]
    with plt.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(7, 3.8))
        axis.plot(some["elements"], some["samples"], "o", color=COLORS["top_activations"])
        for elements, samples in zip(some["elements"], some["samples"]):
            axis.annotate(f"{samples:,}", (elements, samples), (0, 5), textcoords="offset points", ha="center", size=8)
        axis.xaxis.get_major_locator().set_params(integer=True)  # type: ignore[call-arg]  # a MaxNLocator's
        axis.set_yscale("log")
        axis.set_ylim(0.7, 2.5 * some["samples"].max())
        axis.yaxis.set_major_formatter("{x:,g}")
        axis.yaxis.set_minor_formatter(NullFormatter())
        axis.set(xlabel="elements that choose the sample", ylabel="samples (log scale)")
        several = int(some.loc[some["elements"] > 1, "samples"].sum())
        title = f"Overlap of the elements' lists (eq. 4): {several:,} of {some['samples'].sum():,} samples in several"
        axis.set_title(f"{title}\n{note}", fontsize=10)
    return figure


_BESIDE = {"full": 0.0, "random": -0.8, "top_activations": 0.8}  # percent of the split, so that no mark hides another


def split_accuracies(table: pd.DataFrame, note: str, paper: Mapping[tuple[float, str], float] | None = None) -> Figure:
    """Fig. 5: accuracy by split and selection: means with 95 % intervals, small marks for runs.

    A point's interval is Student's, from its own runs, if it has three or more: the spreads of points are too different
    to be pooled, where some runs end in a loss spike.

    Parameters
    ----------
    table
        Of `tables.runs`.
    note
        Data set and profile, for the title.
    paper
        (split, selection) -> percent. They get a panel and an axis of their own.
    """
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(
            1, 2 if paper else 1, figsize=(7.5, 5), width_ratios=[4, 1.3] if paper else None, squeeze=False
        )
        ours = axes[0, 0]
        low, high = table["accuracy"].min(), table["accuracy"].max()
        margin = 0.15 * max(high - low, 1)
        counts = {}
        for selection, beside in _BESIDE.items():
            some, color, marker = table[table["selection"] == selection], COLORS[selection], ARMS[selection].marker
            found = some.groupby("split")["accuracy"].agg(["mean", "count", "sem"])
            counts[selection] = {100 * split: n for split, n in found["count"].items()}
            if selection == "full" and len(found):
                label = f"full set alone: mean of {found['count'].iloc[0]}"
                ours.axhline(found["mean"].iloc[0], color=color, linewidth=1.2, linestyle="--", label=label, zorder=1)
            ours.plot(100 * some["split"] + beside, some["accuracy"], marker, color=color, markersize=3, alpha=0.5)
            reach = (stats.t.ppf(0.975, found["count"] - 1) * found["sem"]).where(found["count"] >= 3, 0)
            line = "-" if selection != "full" else ""
            ours.errorbar(100 * found.index + beside, found["mean"], reach, fmt=marker, linestyle=line, color=color,
                          capsize=4, markersize=7, label=ARMS[selection].name)  # fmt: skip
        ours.set_ylim(low - margin, high + margin)
        _count_rows(ours, counts)
        shares = sorted(100 * table["split"].unique())
        ours.set_xticks(shares, [f"{share:g}" for share in shares], fontsize=8)
        ours.set(xlim=(-5, 105), ylabel="test accuracy (%)")
        ours.set_xlabel("share of steps on the subset (%), the rest on the full set", labelpad=34)
        if paper:
            theirs = axes[0, 1]
            for (split, selection), percent in paper.items():
                arm = ARMS[selection]
                theirs.plot(100 * split, percent, arm.marker, color=arm.color, markeredgecolor="k", markersize=8)
                theirs.annotate(f"{percent:g}", (100 * split, percent), (8, -4), textcoords="offset points")
            middle, span = (min(paper.values()) + max(paper.values())) / 2, high - low + 2 * margin
            span = max(span, 1.25 * (max(paper.values()) - min(paper.values())))
            theirs.set_ylim(middle - span / 2, middle + span / 2)
            theirs.set(xlim=(-35, 190), xticks=[0, 100])
            theirs.set_title("the paper,\nits own axis\n(means of 2 runs)", fontsize=9)
        title = "Accuracy by split and selection: means; small marks are runs"
        if table.groupby(["selection", "split"]).size().max() >= 3:
            title += "\n95 % intervals of points with three runs or more"
        figure.suptitle(f"{title}\n{note}", fontsize=10)
        figure.legend(*ours.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=9)
    return figure


def _count_rows(axis: Axes, counts: Mapping[str, Mapping[float, int]]) -> None:
    """Below the ticks, a row an arm: the number of runs of each point. counts: selection -> x -> n."""
    for row, (selection, by_place) in enumerate(counts.items()):
        y = -0.095 - 0.045 * row
        called = ARMS[selection].short if row else f"n: {ARMS[selection].short}"
        axis.text(-0.005, y, called, color=COLORS[selection], ha="right", va="top", fontsize=8,
                  transform=axis.transAxes)  # fmt: skip
        for x, n in by_place.items():
            axis.text(x, y, str(n), color=COLORS[selection], ha="center", va="top", fontsize=8,
                      transform=axis.get_xaxis_transform())  # fmt: skip


def precisions(table: pd.DataFrame, note: str) -> Figure:
    """Accuracy of each run by precision, lines between the runs of a seed. table: of `tables.runs`."""
    with plt.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(6, 4))
        names = list(table["precision"].unique())
        place = {name: at for at, name in enumerate(names)}
        for _, pair in table.groupby("seed"):
            axis.plot(pair["precision"].map(place), pair["accuracy"], "o-", color=COLORS["full"], linewidth=1)
        for name, some in table.groupby("precision")["accuracy"]:
            label = "mean" if place[name] == 0 else ""
            axis.hlines(some.mean(), place[name] - 0.12, place[name] + 0.12, color="k", linewidth=2, label=label)
        n = table.groupby("precision")["accuracy"].count()
        axis.set_xticks(range(len(names)), [f"{name} (n = {n[name]})" for name in names])
        axis.set_xlim(-0.4, len(names) - 0.6)
        axis.set(ylabel="test accuracy (%)")
        axis.set_title(f"The baseline by precision; a line joins runs of the same seed\n{note}", fontsize=10)
        axis.legend()
    return figure


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
    with plt.rc_context(STYLE):
        figure, (axis, beside) = plt.subplots(1, 2, figsize=(8, 4.8), width_ratios=[3.2, 1])
        start = 0
        places: list[tuple[float, int]] = []
        for selection, some in arms.items():
            at = start + np.arange(len(some))
            found = statistics.mean(some["accuracy"])
            interval = "" if np.isnan(found.low) else f" ({found.low:.1f} to {found.high:.1f})"
            label = f"{ARMS[selection].first}: {found.value:.1f} %{interval}, n = {found.n}"
            bars = axis.bar(at, some["accuracy"], 0.8, color=COLORS[selection], label=label)
            axis.bar_label(
                bars, fmt="%.1f", fontsize=9, label_type="center", color="w" if selection == "random" else "k"
            )
            axis.hlines(found.value, at[0] - 0.4, at[-1] + 0.4, color="k", linewidth=1.2)
            if paper and selection in paper:
                axis.hlines(paper[selection], at[0] - 0.4, at[-1] + 0.4, color="k", linestyle=":", linewidth=2)
                text = axis.text(
                    at.mean(), paper[selection] + 1.5, f"the paper: {paper[selection]:g} %", size=9, ha="center"
                )
                text.set_bbox({"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 1})
            places += zip(at, some["fast_steps"] + some["full_steps"])
            start += len(some) + 1
        axis.set_xticks([place for place, _ in places], [f"{steps:,}" for _, steps in places], fontsize=8)
        axis.set_xlim(-0.6, start - 1.4)
        highest = max([*table["accuracy"], *(paper or {}).values()])
        axis.set(ylabel="test accuracy (%)", xlabel="steps of the run, a bar a run", ylim=(0, min(100, highest + 12)))
        _budget_differences(beside, arms)
        ended = "when the time is up" if table["time_share"].notna().all() else "when the steps are used up"
        figure.suptitle(f"Accuracy {ended}; line: mean, in brackets its 95 % interval\n{note}", fontsize=10)
        figure.legend(*axis.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=9)
    return figure


def _budget_differences(axis: Axes, arms: Mapping[str, pd.DataFrame]) -> None:
    """Every arm minus the full set alone, in points."""
    others = [selection for selection in arms if selection != "full" and "full" in arms]
    for place, selection in enumerate(others):
        found = statistics.difference(arms[selection]["accuracy"], arms["full"]["accuracy"])
        error = np.nan_to_num([[found.value - found.low], [found.high - found.value]])
        axis.errorbar(place, found.value, error, fmt="o", color=COLORS[selection], capsize=4, markersize=7)
        axis.annotate(f"{found.value:+.1f}", (place, found.value), (8, 0), textcoords="offset points", va="center")
    axis.axhline(0, color=COLORS["full"], linewidth=1.5)
    axis.set_xticks(range(len(others)), [ARMS[name].first.replace(" first", "\nfirst") for name in others], fontsize=9)
    axis.set_xlim(-0.6, max(len(others), 1) - 0.2)
    axis.set_visible(bool(others))
    axis.set_ylabel("minus the full set alone (points)")
    axis.set_title("difference of means,\n95 % interval", fontsize=9)


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
