"""Fig. 4: images, their embeddings and reproductions; and how much the embeddings vary."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from paperlib.figures.style import COLORS, STYLE

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


def embedding_spread(embeddings: np.ndarray, note: str, threshold: float = 0.01) -> Figure:
    """How much each element of embeddings (N, n) varies over the samples, sorted, and its mean.

    threshold: share of the median element's standard deviation below which an element is said not to vary.
    """
    spread, mean = embeddings.std(axis=0), embeddings.mean(axis=0)
    order = np.argsort(-spread, kind="stable")
    limit = threshold * np.median(spread)
    at = np.arange(1, len(order) + 1)
    with plt.rc_context(STYLE):
        figure, (above, below) = plt.subplots(2, 1, figsize=(7, 5), sharex=True)
        above.plot(at, spread[order], color=COLORS["top_activations"])
        few = np.count_nonzero(spread < limit)
        label = f"{100 * threshold:g} % of the median deviation: {few} of {len(order)} elements vary less"
        above.axhline(limit, color=COLORS["paper"], linestyle="--", linewidth=1, label=label)
        above.set(ylabel="standard deviation", ylim=(min(0, *spread), None))
        below.plot(at, mean[order], ".", color=COLORS["random"], markersize=4)
        below.set(xlabel="embedding element, by its standard deviation", ylabel="mean activation")
        figure.suptitle(f"How much elements vary over {len(embeddings):,} training images\n{note}", fontsize=10)
        figure.legend(loc="outside lower center", ncols=2, fontsize=9)
    return figure
