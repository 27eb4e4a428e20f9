"""The first centroids of k-means: scikit-learn's k-means++, with every distance computed once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from numpy.random import RandomState

_MOST = 1 << 14  # samples whose distances are kept: 1 GiB in float32
_BLOCK = 2_048  # rows of distances computed together


def k_means_plus_plus(samples: NDArray, count: int, random_state: RandomState) -> NDArray:
    """Choose samples as centroids, the next one likely far from all before (greedy k-means++).

    Each step draws a few candidates and keeps the one that leaves the samples nearest to their centroids (Arthur and
    Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007). Over all steps a sample is a candidate
    several times. Scikit-learn's `kmeans_plusplus` computes its distances each time; here those of all pairs are
    computed first, in large matrix products. The draws and the choice are those of scikit-learn, which takes over for
    more than 16,384 samples.

    O(M² n + count M log count) time, M² numbers: 672 MB of float32 for M = 12,960.

    Parameters
    ----------
    samples : (M, n) float32 or float64
    count : int
    random_state : numpy.random.RandomState

    Returns
    -------
    (count, n) of the same type
        In the order of choice.
    """
    if len(samples) > _MOST:
        from sklearn.cluster import kmeans_plusplus

        return kmeans_plusplus(samples, count, random_state=random_state)[0]
    distances = _squared_distances(samples)
    trials = 2 + int(np.log(count))
    weights = np.ones(len(samples), samples.dtype)
    chosen = np.empty(count, np.int64)
    chosen[0] = random_state.choice(len(samples), p=weights / weights.sum())
    nearest = distances[chosen[0]]
    total = nearest @ weights
    for place in range(1, count):
        drawn = random_state.uniform(size=trials) * total
        candidates = np.searchsorted(np.cumsum(nearest, dtype=np.float64), drawn)
        np.minimum(candidates, len(samples) - 1, out=candidates)  # rounding may lead past the last one
        after = np.minimum(nearest, distances[candidates])
        totals = after @ weights
        best = np.argmin(totals)
        total, nearest, chosen[place] = totals[best], after[best], candidates[best]
    return samples[chosen]


def _squared_distances(samples: NDArray) -> NDArray:
    """Return (M, M): computed in float64, kept in the samples' type."""
    from sklearn.metrics.pairwise import euclidean_distances

    distances = np.empty((len(samples), len(samples)), samples.dtype)
    for start in range(0, len(samples), _BLOCK):
        rows = slice(start, start + _BLOCK)
        distances[rows] = euclidean_distances(samples[rows], samples, squared=True)
    return distances
