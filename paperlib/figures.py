"""Tables and arrays -> Matplotlib figures, in one style; each says its data set, profile, n and what its marks mean."""

import os
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import NullLocator

from paperlib import records, stamps

# Load the backend now: loaded under `rc_context` below, the interactive mode that it switches on would be switched off
# with the style, and a notebook would show the first of its figures only.
plt.switch_backend(plt.get_backend())

# Okabe and Ito's palette: told apart by colour-blind readers too.
COLORS = {
    "full": "#E69F00",
    "top_activations": "#D55E00",
    "random": "#0072B2",
    "large": "#009E73",
    "paper": "#000000",
}
NAMES = {"full": "full set", "top_activations": "embedding-based (eq. 4)", "random": "random"}

STYLE = {
    "figure.dpi": 110,
    "savefig.dpi": 160,
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": "#dddddd",
    "axes.axisbelow": True,
    "legend.frameon": False,
}


def save(figure, folder, name, table=None, drawn_from=()):
    """Write a figure as PNG and PDF and the table behind it as CSV to `folder`, each whole or not at all.

    drawn_from: the records that it shows, for `make verify` to tell whether it is stale.
    """
    folder = Path(folder)
    records.check_writable(folder)
    with tempfile.TemporaryDirectory(dir=folder) as part:
        part = Path(part)
        csv = None if table is None else part / f"{name}.csv"
        if csv:
            table.to_csv(csv, index=False, float_format="%.6g")
        figure.savefig(part / f"{name}.png", metadata=stamps.metadata(drawn_from, csv))
        figure.savefig(part / f"{name}.pdf", metadata={"CreationDate": None})
        for file in part.iterdir():
            os.replace(file, folder / file.name)


def class_samples(dataset, count, note):
    """The first `count` training images of each class, a row a class."""
    rows = [dataset.x_train[dataset.y_train == label][:count] for label in range(len(dataset.classes))]
    return image_rows(dict(zip(dataset.classes, rows)), f"Training images, a row a class\n{note}")


def augmented_images(image, count, note):
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


def chosen_samples(images, lists, note):
    """The samples that each of some elements chooses first. images (N, H, W, C) uint8; lists (ranks, elements)."""
    rows = {str(element + 1): images[lists[:, element]] for element in range(lists.shape[1])}
    title = f"What elements choose: most activating samples, best first\n{note}"
    return image_rows(rows, title, "embedding element, the most varying first")


def image_rows(rows, title, ylabel=None, gap=3):
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


def embedding_spread(embeddings, note):
    """How much each element of embeddings (N, n) varies over the samples, sorted."""
    spread = np.sort(embeddings.std(axis=0))[::-1]
    with plt.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(6.5, 3.2))
        axis.plot(np.arange(1, len(spread) + 1), spread, color=COLORS["top_activations"])
        axis.set(xlabel="embedding element, sorted", ylabel="standard deviation", ylim=(0, None))
        axis.set_title(f"How much elements vary over {len(embeddings):,} training images\n{note}", fontsize=10)
    return figure


def reconstructions(originals, embeddings, reproductions, note):
    """Fig. 4: inputs, embeddings and reproductions, from top to bottom, a column an image.

    originals, reproductions: (B, H, W, C) in [0, 1]; embeddings: (B, n), shown as a grid with one colour scale.
    """
    count, n = embeddings.shape
    rows = max(divisor for divisor in range(1, int(n**0.5) + 1) if n % divisor == 0)
    with plt.rc_context({**STYLE, "axes.grid": False}):
        figure, axes = plt.subplots(3, count, figsize=(1.5 * count + 1, 5.2), squeeze=False)
        low, high = np.percentile(embeddings, [1, 99])
        for column in range(count):
            axes[0, column].imshow(originals[column].squeeze(), cmap="gray", vmin=0, vmax=1)
            grid = embeddings[column].reshape(rows, -1)
            shown = axes[1, column].imshow(grid, cmap="viridis", vmin=low, vmax=high, aspect="auto")
            axes[2, column].imshow(np.clip(reproductions[column], 0, 1).squeeze(), cmap="gray", vmin=0, vmax=1)
        figure.colorbar(shown, ax=axes[1, :], label="activation", pad=0.01)
        for axis, label in zip(axes[:, 0], ("input", f"embedding\n({n} numbers, {rows} × {n // rows})", "reproduction")):
            axis.set_ylabel(label)
        for axis in axes.flat:
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
        figure.suptitle(f"Inputs, embeddings and reproductions\n{note}", fontsize=10)
    return figure


def class_counts(tables, note):
    """Chosen samples per class. tables: selection -> table of `tables.samples`."""
    with plt.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(8, 3.6))
        width = 0.8 / len(tables)
        for place, (selection, table) in enumerate(tables.items()):
            at = np.arange(len(table)) + (place - (len(tables) - 1) / 2) * width
            axis.bar(at, table["chosen"], width, color=COLORS[selection], label=NAMES[selection])
        balanced = next(iter(tables.values()))["chosen"].sum() / len(table)
        axis.axhline(balanced, color=COLORS["paper"], linestyle="--", linewidth=1, label=f"balanced: {balanced:g}")
        axis.set_xticks(range(len(table)), table["class"], rotation=30 if len(table["class"].iloc[0]) > 2 else 0)
        axis.set(xlabel="class", ylabel="samples chosen")
        axis.set_title(f"Samples chosen per class\n{note}", fontsize=10)
        figure.legend(loc="outside lower center", ncols=3)
    return figure


def overlap(table, note):
    """How many elements choose the same sample. table: of `tables.overlap`."""
    with plt.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(6.5, 3.4))
        bars = axis.bar(table["elements"], table["samples"], color=COLORS["top_activations"])
        axis.bar_label(bars, fontsize=8)
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.set(xlabel="elements that choose the sample", ylabel="samples")
        axis.set_title(f"Overlap of the elements' lists (eq. 4)\n{note}", fontsize=10)
    return figure


def split_accuracies(table, note, paper=None):
    """Fig. 5: accuracy by split and selection. table: of `tables.runs`; paper: (split, selection) -> percent."""
    splits = sorted(table["split"].unique())
    place = {split: i for i, split in enumerate(splits)}
    with plt.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(8, 4.4))
        baseline = table[table["selection"] == "full"]["accuracy"]
        axis.axhline(
            baseline.mean(),
            color=COLORS["full"],
            linewidth=1.5,
            linestyle="--",
            label=f"full set alone, mean (n = {len(baseline)})",
        )
        axis.plot([place[0.0]] * len(baseline), baseline, "o", color=COLORS["full"], markersize=5)
        for selection, shift in (("random", -0.08), ("top_activations", 0.08)):
            some = table[table["selection"] == selection]
            groups = some.groupby("split")["accuracy"]
            at = np.array([place[split] for split in groups.groups]) + shift
            mean, n = groups.mean(), groups.count()
            counts = f"{n.min()}" if n.min() == n.max() else f"{n.min()} to {n.max()}"
            axis.errorbar(
                at,
                mean,
                yerr=[mean - groups.min(), groups.max() - mean],
                color=COLORS[selection],
                linewidth=1.5,
                capsize=4,
                label=f"{NAMES[selection]}: mean, lowest to highest (n = {counts} a point)",
            )
            axis.plot(some["split"].map(place) + shift, some["accuracy"], "o", color=COLORS[selection], markersize=5)
        for (split, selection), percent in (paper or {}).items():
            shift = {"random": -0.08, "top_activations": 0.08}.get(selection, 0)
            axis.plot(place[split] + shift, percent, "*", color=COLORS[selection], markersize=11, markeredgecolor="k")
        if paper:
            axis.plot([], [], "*", color="white", markeredgecolor="k", markersize=11, label="the paper, at its full scale")
        axis.set_xticks(range(len(splits)), [f"{100 * split:g} / {100 - 100 * split:g}" for split in splits])
        axis.set(xlabel="share of steps on the subset / on the full set (%)", ylabel="test accuracy (%)")
        axis.set_title(f"Accuracy by fast-training split and selection\n{note}", fontsize=10)
        figure.legend(loc="outside lower center", fontsize=9)
    return figure


def precisions(table, note):
    """Accuracy of each run by precision, lines between the runs of a seed. table: of `tables.runs`."""
    with plt.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(6, 4))
        names = list(table["precision"].unique())
        place = {name: at for at, name in enumerate(names)}
        for _, pair in table.groupby("seed"):
            axis.plot(pair["precision"].map(place), pair["accuracy"], "o-", color=COLORS["full"], linewidth=1)
        for name, some in table.groupby("precision")["accuracy"]:
            label = "mean" if place[name] == 0 else None
            axis.hlines(some.mean(), place[name] - 0.12, place[name] + 0.12, color="k", linewidth=2, label=label)
        n = table.groupby("precision")["accuracy"].count()
        axis.set_xticks(range(len(names)), [f"{name} (n = {n[name]})" for name in names])
        axis.set_xlim(-0.4, len(names) - 0.6)
        axis.set(ylabel="test accuracy (%)")
        axis.set_title(f"The baseline by precision; a line joins runs of the same seed\n{note}", fontsize=10)
        axis.legend()
    return figure


def fixed_budget(table, note, paper=None):
    """Fig. 6: a bar a run, full set left, optimized training right. paper: selection -> percent."""
    with plt.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(8, 4.2))
        start = 0
        for selection, name in (("full", "full set alone"), ("top_activations", "subset first (50 / 50)")):
            some = table[table["selection"] == selection].sort_values("seed")
            at = start + np.arange(len(some))
            mean, sd = some["accuracy"].mean(), some["accuracy"].std()
            label = f"{name}: mean {mean:.1f} %, SD {sd:.1f} (n = {len(some)})"
            bars = axis.bar(at, some["accuracy"], 0.8, color=COLORS[selection], label=label)
            axis.bar_label(bars, fmt="%.1f", fontsize=9, label_type="center")
            axis.hlines(mean, at[0] - 0.4, at[-1] + 0.4, color="k", linewidth=1.2)
            if paper:
                axis.hlines(paper[selection], at[0] - 0.4, at[-1] + 0.4, color="k", linestyle=":", linewidth=2)
                axis.annotate(
                    f"paper {paper[selection]:g}", (at[-1] + 0.42, paper[selection]), fontsize=8, va="center"
                )
            start += len(some) + 1
        ordered = [*range(len(some)), *range(len(some) + 1, start - 1)]
        axis.set_xticks(ordered, [f"run {i % len(some) + 1}" for i in range(len(ordered))])
        axis.set_xlim(-0.6, start - 0.8)
        axis.set(ylabel="test accuracy (%)", ylim=(0, 100))
        axis.set_title(f"Accuracy when the time is up (line: mean)\n{note}", fontsize=10)
        figure.legend(loc="outside lower center", ncols=2, fontsize=9)
    return figure


def loss_curves(table, note, large_share, small_share):
    """Fig. 7: training loss against elapsed time. table: of `tables.losses`; the shares of the subsets in percent."""
    small = table.loc[table["selection"] == "top_activations", "k"].min()
    arms = (
        ("full set alone", "full", table["selection"] == "full"),
        (f"{small_share:.2f} % first (50 / 50)", "top_activations", table["k"] == small),
        (f"{large_share:.2f} % first (50 / 50)", "large", table["k"] > small),
    )
    with plt.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(8, 4.4))
        for name, color, rows in arms:
            seeds = table[rows].groupby("seed")
            for seed, curve in seeds:
                window = max(1, len(curve) // 25)
                smooth = curve["loss"].rolling(window, min_periods=1).mean()
                label = f"{name} (n = {len(seeds)})" if seed == min(seeds.groups) else None
                axis.plot(curve["seconds"], smooth, color=COLORS[color], linewidth=1.3, alpha=0.8, label=label)
                if 0 < curve["fast_steps"].iloc[0] < curve["step"].max():
                    switch = (curve["step"] > curve["fast_steps"]).to_numpy().argmax()
                    axis.plot(curve["seconds"].iloc[switch], smooth.iloc[switch], "v", color=COLORS[color], markersize=6)
        axis.plot([], [], "v", color="grey", label="change to the full set")
        axis.set(xlabel="seconds since the first step", ylabel="training cross-entropy\n(running mean of 4 % of the steps)")
        axis.set_yscale("log")
        axis.set_yticks([1, 2, 5, 10, 20, 50], minor=False)
        axis.set_ylim(0.9 * table["loss"].quantile(0.01), table["loss"].max())
        axis.yaxis.set_major_formatter("{x:g}")
        axis.yaxis.set_minor_locator(NullLocator())
        axis.set_title(f"Training loss against elapsed time; a line a run\n{note}", fontsize=10)
        figure.legend(loc="outside lower center", ncols=2, fontsize=9)
    return figure
