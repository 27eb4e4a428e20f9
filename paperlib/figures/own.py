"""Figures of a selection from anybody's samples: what is kept and what is left out. In the style of `paperlib.figures`.

Class names come from files and folders, so that a `$` in them is no mathematics.
"""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from paperlib.figures.images import image_rows
from paperlib.figures.style import COLORS, STYLE

KEPT, LEFT_OUT = "#D55E00", "#999999"
_COLUMNS = 12  # images in a row
_NAMED_CLASSES = 25  # more names than that do not fit below bars


def kept_and_left_out(images: np.ndarray, indices: np.ndarray, note: str) -> Figure:
    """The samples chosen first and last, and as many of those left out, drawn at random. images (N, H, W, C) uint8."""
    left_out = np.setdiff1d(np.arange(len(images)), indices)
    if len(left_out):
        left_out = np.sort(np.random.default_rng(0).permutation(left_out)[: 2 * _COLUMNS])
    rows = {"kept, first": indices[:_COLUMNS], "kept, last": indices[_COLUMNS:][-_COLUMNS:]}
    rows |= {"left out": left_out[:_COLUMNS], "left out,\nmore": left_out[_COLUMNS:]}
    shown = {label: images[places] for label, places in rows.items() if len(places)}
    title = f"Samples kept, in order of choice, and samples left out, drawn at random\n{note}"
    return image_rows(shown, title)


def class_balance(table: pd.DataFrame, note: str) -> Figure:
    """The share of each class that was kept; many classes as a curve, sorted. table: of `tables.samples`."""
    table = table[table["available"] > 0]
    share = 100 * table["chosen"] / table["available"]
    overall = 100 * table["chosen"].sum() / table["available"].sum()
    with plt.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(8, 3.6))
        if len(table) <= _NAMED_CLASSES:
            bars = axis.bar(range(len(table)), share, color=KEPT, label="of the class")
            over_line = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
            axis.bar_label(bars, table["chosen"], fontsize=8, padding=2, bbox=over_line)
            long = table["class"].str.len().max() > 3
            axis.set_xticks(
                range(len(table)), table["class"], rotation=30 if long else 0, ha="right" if long else "center",
                parse_math=False,
            )  # fmt: skip
            axis.set_xlabel("class (above a bar: samples kept)")
        else:
            axis.stairs(np.sort(share)[::-1], np.arange(len(table) + 1), color=KEPT, linewidth=1.5, label="of a class")
            axis.set_xlabel(f"{len(table):,} classes, sorted by their share")
        label = f"of all samples: {overall:.3g} %"
        axis.axhline(overall, color=COLORS["paper"], linestyle="--", linewidth=1, label=label)
        axis.margins(y=0.12)  # room for the numbers above bars
        axis.set(ylabel="samples kept (%)", ylim=(0, None))
        axis.set_title(f"Share of each class that was kept\n{note}", fontsize=10, parse_math=False)
        figure.legend(loc="outside lower center", ncols=2)
    return figure


def embedding_plane(embeddings: np.ndarray, indices: np.ndarray, note: str) -> Figure:
    """All samples by the first two principal components of embeddings (N, n), those kept on top."""
    from sklearn.decomposition import PCA  # here, so that only who uses it waits for scikit-learn

    components = min(2, embeddings.shape[1])
    pca = PCA(components, random_state=0)
    places = pca.fit_transform(embeddings)
    places = np.pad(places, ((0, 0), (0, 2 - components)))  # one number alone: along a line
    kept = np.zeros(len(places), bool)
    kept[indices] = True
    with plt.rc_context({**STYLE, "axes.grid.axis": "both"}):
        figure, axis = plt.subplots(figsize=(6.5, 5))
        size = np.clip(2e4 / len(places), 2, 25)
        marks = ((~kept, size, LEFT_OUT, "o", "left out"), (kept, 2.5 * size, KEPT, "^", "kept"))
        for rows, size, color, marker, label in marks:
            text = f"{label} ({np.count_nonzero(rows):,})"
            # Rasterized: a PDF with a shape for each of a million points would not open.
            x, y = places[rows].T
            axis.scatter(x, y, size, color, marker=marker, linewidths=0, label=text, rasterized=True)
        for name, which, share in zip("xy", ("first", "second"), pca.explained_variance_ratio_):
            axis.set(**{f"{name}label": f"{which} principal component ({100 * share:.3g} % of the variance)"})
        axis.set_title(f"Embeddings kept and left out\n{note}", fontsize=10, parse_math=False)
        figure.legend(loc="outside lower center", ncols=2, markerscale=1.2)
    return figure


def compared_with_random(method: str, chosen: Sequence[float], drawn: Sequence[float], title: str) -> Figure:
    """Accuracies (R,) in percent after training on a method's choice and on random draws, pairs joined by lines."""
    with plt.rc_context({**STYLE, "axes.grid.axis": "y"}):
        figure, axis = plt.subplots(figsize=(5, 3.6))
        for pair in zip(chosen, drawn):
            axis.plot((0, 1), pair, color=LEFT_OUT, linewidth=1, marker="o", markersize=5)
        for place, (values, color) in enumerate(((chosen, KEPT), (drawn, COLORS["random"]))):
            axis.plot([place - 0.12, place + 0.12], [np.mean(values)] * 2, color=color, linewidth=3)
        axis.set_xticks((0, 1), (method, "random draw"))
        axis.set(xlim=(-0.4, 1.4), ylabel="held-out samples right (%)")
        axis.set_title(
            f"{title}\n(thick: means of {len(chosen)} repetitions)", fontsize=10, wrap=True, parse_math=False
        )
    return figure
