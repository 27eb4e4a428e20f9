"""Submodular functions, maximized by the greedy of the library apricot-select (Schreiber et al., JMLR 21, 2020).

A greedy choice has at least 1 - 1/e of the largest value (Nemhauser, Wolsey and Fisher, Mathematical Programming 14,
1978).
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paperlib.selection.blocks import largest, safe_factor, statistics
from paperlib.selection.sampling import equal_shares, round_robin
from paperlib.selection.ties import Ties, priority

# Lazy greedy that takes a sample only when its gain, computed again, is not below what it was. It chooses as the naive
# greedy does. apricot's own "lazy" can choose a sample twice, once two gains of 0 follow each other (copies).
_GREEDY: dict[str, Any] = {"optimizer": "approximate-lazy", "optimizer_kwds": {"beta": 1.0}}


def facility_location(
    embeddings: NDArray,
    k: int,
    *,
    labels: NDArray | None = None,
    seed: int = 0,
    ties: Ties = "seed",
    by_class: bool = False,
    max_bytes: int = 4 << 30,
) -> NDArray[np.int64]:
    """Choose k samples such that every sample is similar to a chosen one, summed over all samples.

    Similarity is the largest squared Euclidean distance minus theirs, apricot's default. Needs `apricot-select`.
    O(N^2 n) time for the similarities, up to O(k N^2) for the greedy; O(N^2) memory. A `dask.array` is refused.

    Parameters
    ----------
    embeddings : (N, n) real numbers
    k : int
    labels : (N,) integers or strings
        The classes; needed by `by_class`.
    seed : int
        Breaks ties.
    ties : {"seed", "index"}
        In which order the samples are given to the greedy, which takes one or the other of two with the same gain: in
        an order that the seed draws, or in their own.
    by_class : bool
        Choose in each class by itself, the same number in all; a class with too few samples gives all it has, and the
        others make up for it. C classes of one size need 1 / C^2 of the memory and 1 / C of the time.
    max_bytes : int
        How large the similarities (N, N) float64 may be, 8 N^2 bytes.

    Returns
    -------
    (k,) int64
        Distinct indices, in the order of choice.

    Raises
    ------
    ValueError
        If the similarities are larger than `max_bytes`, if labels are missing, or if values are not finite or do not
        vary.
    ImportError
        If apricot-select is not installed.
    """
    if isinstance(max_bytes, bool) or not isinstance(max_bytes, (int, np.integer)) or max_bytes < 1:
        raise ValueError(f"max_bytes is {max_bytes!r}: expected a whole number of bytes, 1 or more")
    classes = np.zeros(len(embeddings), np.int64)
    if by_class:
        if labels is None:
            raise ValueError("by_class=True looks at classes: give labels (N,)")
        classes = np.unique(labels, return_inverse=True)[1]
    sizes = np.bincount(classes)
    check_memory(int(sizes.max()), max_bytes)
    statistics(embeddings)  # refuses what is not finite and what does not vary
    order, factor = _order(len(embeddings), seed, ties), safe_factor(largest(embeddings))
    chosen = []
    for name, share in enumerate(equal_shares(sizes, k)):
        of_class = order[classes[order] == name]
        chosen.append(of_class[_most_similar(embeddings[of_class].astype(np.float64) * factor, int(share))])
    return round_robin(chosen)


def check_memory(size: int, max_bytes: int) -> None:
    """Raise ValueError if the similarities of `size` samples, float64 (size, size), are larger than `max_bytes`."""
    gib = 1 / (1 << 30)
    if 8 * size**2 > max_bytes:
        raise ValueError(
            f"method 'facility_location' holds {size:,} x {size:,} similarities, {8 * size**2 * gib:.1f} GiB, "
            f"and max_bytes allows {max_bytes * gib:.1f} GiB: raise max_bytes, give at most "
            f"{int((max_bytes / 8) ** 0.5):,} samples, choose by_class=True, or method='k_center' or 'feature_based'"
        )


def _order(samples: int, seed: int, ties: Ties) -> NDArray[np.int64]:
    """Return the order in which samples are given to the greedy, which breaks ties by their places."""
    return np.argsort(priority(ties, seed)(np.arange(samples)))


def _most_similar(embeddings: NDArray[np.float64], k: int) -> NDArray[np.int64]:
    """Return facility location's greedy choice of k of the embeddings (N, n)."""
    apricot = _apricot("facility_location")
    from sklearn.metrics import pairwise_distances_chunked

    if not k:
        return np.empty(0, np.int64)
    similarities, start = np.empty((len(embeddings), len(embeddings))), 0
    for rows in pairwise_distances_chunked(embeddings, metric="euclidean", working_memory=64, squared=True):
        similarities[start : start + len(rows)] = rows
        start += len(rows)
    np.subtract(similarities.max(), similarities, out=similarities)
    return apricot.FacilityLocationSelection(k, metric="precomputed", **_GREEDY).fit(similarities).ranking


def feature_based(
    embeddings: NDArray,
    k: int,
    *,
    labels: NDArray | None = None,
    seed: int = 0,
    ties: Ties = "seed",
    from_lowest: bool = False,
) -> NDArray[np.int64]:
    """Choose k samples in which each element is active: the largest sum over elements of the root of their total.

    The root makes the next active sample of an element worth less than the one before (Wei, Liu, Kirchhoff, Bartels
    and Bilmes, ICASSP 2014). Needs `apricot-select`. Up to O(k N n) time; O(N n) memory: all embeddings are loaded, as
    float64. A `dask.array` is refused.

    Parameters
    ----------
    embeddings : (N, n) real numbers
        Not negative, unless `from_lowest`.
    k : int
    labels : ignored
    seed : int
        Breaks ties.
    ties : {"seed", "index"}
        In which order the samples are given to the greedy, which takes one or the other of two with the same gain: in
        an order that the seed draws, or in their own.
    from_lowest : bool
        Count each element's activations from its lowest on, for embeddings that are normalized, as those of the
        paper's autoencoder.

    Returns
    -------
    (k,) int64
        Distinct indices, in the order of choice.

    Raises
    ------
    ValueError
        If an activation is negative, or if values are not finite or do not vary.
    ImportError
        If apricot-select is not installed.
    """
    statistics(embeddings)  # refuses what is not finite and what does not vary
    if not from_lowest and (lowest := embeddings.min()) < 0:
        raise ValueError(
            f"method 'feature_based' takes roots, and the lowest activation is {lowest:.3g}: choose from_lowest=True, "
            "or give the embeddings of a network whose last layer is a ReLU"
        )
    apricot = _apricot("feature_based")
    order = _order(len(embeddings), seed, ties)
    activations = embeddings[order].astype(np.float64) * safe_factor(largest(embeddings))
    if from_lowest:
        activations -= activations.min(axis=0)
    return order[apricot.FeatureBasedSelection(k, concave_func="sqrt", **_GREEDY).fit(activations).ranking]


def _apricot(method: str) -> Any:
    try:
        import apricot
        from apricot.functions import facilityLocation, featureBased
    except ImportError as error:
        raise ImportError(f"method {method!r} needs the library apricot-select: pip install apricot-select") from error
    # It compiles its loops anew at every fit, which takes seconds: by class, that is once a class.
    for module in (facilityLocation, featureBased):
        for name in ("calculate_gains", "calculate_gains_sieve"):
            compiler = getattr(module, name)
            if not hasattr(compiler, "cache_info"):
                setattr(module, name, functools.cache(compiler))
    return apricot
