"""Submodular functions, maximized by the greedy of the library apricot-select (Schreiber et al., JMLR 21, 2020).

A greedy choice has at least 1 - 1/e of the largest value (Nemhauser, Wolsey and Fisher, Mathematical Programming 14,
1978).
"""

import numpy as np

from paperlib.selection.blocks import statistics
from paperlib.selection.sampling import equal_shares, in_turns

# Lazy greedy that takes a sample only when its gain, computed again, is not below what it was. It chooses as the naive
# greedy does. apricot's own "lazy" can choose a sample twice, once two gains of 0 follow each other (copies).
_GREEDY = {"optimizer": "approximate-lazy", "optimizer_kwds": {"beta": 1.0}}


def facility_location(embeddings, k, *, labels, seed, by_class=False, max_bytes=4 << 30):
    """k samples such that every sample is similar to a chosen one, summed over all samples.

    Similarity is the largest squared Euclidean distance minus theirs, apricot's default. Needs `apricot-select`.
    max_bytes: of the similarities (N, N) float64, 8 N^2 bytes; ValueError above.

    by_class=True chooses in each class by itself, the same number in all; a class with too few samples gives all it
    has, and the others make up for it. Needs labels. C classes of one size need 1 / C^2 of the memory, 1 / C of the time.

    Of samples with the same gain, it takes one or the other, always the same. O(N^2 n) time for the similarities, up
    to O(k N^2) for the greedy; O(N^2) memory. A `dask.array` is refused.
    """
    classes = np.zeros(len(embeddings), np.int64)
    if by_class:
        if labels is None:
            raise ValueError("by_class=True looks at classes: give labels (N,)")
        classes = np.unique(labels, return_inverse=True)[1]
    sizes = np.bincount(classes)
    largest, gib = int(sizes.max()), 1 / (1 << 30)
    if 8 * largest**2 > max_bytes:
        raise ValueError(
            f"method 'facility_location' holds {largest:,} x {largest:,} similarities, {8 * largest**2 * gib:.1f} GiB, "
            f"and max_bytes allows {max_bytes * gib:.1f} GiB: raise max_bytes, give at most "
            f"{int((max_bytes / 8) ** 0.5):,} samples, choose by_class=True, or method='k_center' or 'feature_based'"
        )
    statistics(embeddings)  # refuses what is not finite and what does not vary
    chosen = []
    for name, share in enumerate(equal_shares(sizes, k)):
        of_class = np.flatnonzero(classes == name)
        chosen.append(of_class[_most_similar(embeddings[of_class].astype(np.float64), share)])
    return in_turns(chosen)


def _most_similar(embeddings, k):
    """Facility location's greedy choice of k of the embeddings (N, n) float64."""
    from sklearn.metrics import pairwise_distances_chunked

    apricot = _apricot("facility_location")
    if not k:
        return np.empty(0, np.int64)
    similarities, start = np.empty((len(embeddings), len(embeddings))), 0
    for rows in pairwise_distances_chunked(embeddings, metric="euclidean", working_memory=64, squared=True):
        similarities[start : start + len(rows)] = rows
        start += len(rows)
    np.subtract(similarities.max(), similarities, out=similarities)
    return apricot.FacilityLocationSelection(k, metric="precomputed", **_GREEDY).fit(similarities).ranking


def feature_based(embeddings, k, *, labels, seed, from_lowest=False):
    """k samples in which each element is active, summed over the chosen: the sum over elements of the square root.

    The root makes the next active sample of an element worth less than the one before (Wei, Liu, Kirchhoff, Bartels
    and Bilmes, ICASSP 2014). Needs `apricot-select`, and embeddings that are not negative.

    from_lowest=True counts each element's activations from its lowest on, for embeddings that are normalized, as those
    of the paper's autoencoder.

    Of samples with the same gain, it takes one or the other, always the same. Up to O(k N n) time; O(N n) memory: all
    embeddings are loaded, as float64. A `dask.array` is refused.
    """
    statistics(embeddings)  # refuses what is not finite and what does not vary
    if not from_lowest and (lowest := embeddings.min()) < 0:
        raise ValueError(
            f"method 'feature_based' takes roots, and the lowest activation is {lowest:.3g}: choose from_lowest=True, "
            "or give the embeddings of a network whose last layer is a ReLU"
        )
    apricot = _apricot("feature_based")
    activations = embeddings.astype(np.float64)
    if from_lowest:
        activations -= activations.min(axis=0)
    return apricot.FeatureBasedSelection(k, concave_func="sqrt", **_GREEDY).fit(activations).ranking


def _apricot(method):
    try:
        import apricot
    except ImportError as error:
        raise ImportError(f"method {method!r} needs the library apricot-select: pip install -e '.[apricot]'") from error
    return apricot
