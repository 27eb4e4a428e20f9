"""What a selection takes: the samples themselves, by class, and those that several elements share."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter
from scipy import stats

from paperlib.analysis.arms import ARMS
from paperlib.figures.images import image_rows
from paperlib.figures.style import COLORS, STYLE


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
