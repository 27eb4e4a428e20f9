"""Samples to which all others are near."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from paperlib.selection.blocks import largest, safe_factor, statistics
from paperlib.selection.components import principal_components
from paperlib.selection.greedy import Floats, greedy
from paperlib.selection.points import Points, distance_error, threads
from paperlib.selection.seeding import k_means_plus_plus
from paperlib.selection.ties import Ties, best, priority


def k_center(
    embeddings: NDArray,
    k: int,
    *,
    labels: NDArray | None = None,
    seed: int = 0,
    ties: Ties = "seed",
) -> NDArray[np.int64]:
    """Choose k samples such that every sample is near a chosen one, in Euclidean distance (farthest-first traversal).

    Starts with the sample nearest to the mean, and then takes the one farthest from its nearest chosen one, again and
    again. The largest distance left is at most twice the smallest possible (Gonzalez, Theoretical Computer Science
    38, 1985).

    O(k N n) time, O(N) memory besides the embeddings, which may be a memory-mapped file. A `dask.array` is refused.

    Parameters
    ----------
    embeddings : (N, n) real numbers
    k : int
    labels : ignored
    seed : int
        Breaks ties.
    ties : {"seed", "index"}
        Which of samples at equal distances comes first: the seed decides, or the lower index.

    Returns
    -------
    (k,) int64
        Distinct indices, in the order of choice.

    Raises
    ------
    ValueError
        If values are not finite, or do not vary.
    """
    mean, _, _ = statistics(embeddings)
    points = Points(embeddings, embeddings[0])
    order = priority(ties, seed)
    error = distance_error(points)
    start = best(-points.squared_distances(points.placed(mean)), error, order(np.arange(len(points))))

    def nearest(distances: Floats, products: Floats, squares: Floats, square: float, new: Floats) -> None:
        to_chosen = squares + square
        to_chosen -= 2 * products
        np.minimum(distances, to_chosen, out=new)

    return greedy(points, k, start, np.full(len(points), np.inf), points.squares, nearest, lambda chosen: error, order)


def k_means(
    embeddings: NDArray,
    k: int,
    *,
    labels: NDArray | None = None,
    seed: int = 0,
    ties: Ties = "seed",
    pca: bool = False,
) -> NDArray[np.int64]:
    """Choose the samples nearest to the centroids of k clusters (suggested in place of eq. 3 in Section VI).

    Clusters are those of scikit-learn's MiniBatchKMeans (Sculley, "Web-scale k-means clustering", WWW 2010), in its
    order. Where the nearest sample is taken already, the centroid gets the nearest that is not.

    About O(k B n) time a batch of B = max(1,024, k) samples, then O(k N n). O(N n) memory: all embeddings are loaded,
    and besides, up to k = 5,461, the distances between the 3 B samples that centroids begin with (`seeding`). A
    `dask.array` is refused.

    Parameters
    ----------
    embeddings : (N, n) real numbers
    k : int
    labels : ignored
    seed : int
        Of the clusters; and breaks ties.
    ties : {"seed", "index"}
        Which of samples at equal distances comes first: the seed decides, or the lower index.
    pca : bool
        Cluster whitened principal components, the paper's suggested precursor. Without whitening they would be a
        rotation, which changes no distance.

    Returns
    -------
    (k,) int64
        Distinct indices, in the order of the clusters.

    Raises
    ------
    ValueError
        If values are not finite, or do not vary.
    """
    from sklearn.cluster import MiniBatchKMeans

    if pca:
        embeddings = principal_components(embeddings)
    statistics(embeddings)  # refuses what is not finite and what does not vary
    if (factor := safe_factor(largest(embeddings), 30)) != 1:  # squares are computed in float32 where it is their type
        embeddings = (embeddings.astype(np.float64) * factor).astype(np.result_type(embeddings.dtype, np.float32))
    sizes = dict(batch_size=max(1024, k), n_init=1)
    clusters = MiniBatchKMeans(k, init=k_means_plus_plus, random_state=seed, **sizes).fit(embeddings)
    points = Points(embeddings, embeddings[0])
    centroids = points.placed(clusters.cluster_centers_)
    first, error = priority(ties, seed)(np.arange(len(points))), distance_error(points)
    taken = np.zeros(len(points))  # what is added to a nearness: minus infinity once a sample is taken
    chosen = np.empty(k, np.int64)
    batch = points.at_a_time(32)
    with threads(points) as run:
        for start in range(0, k, batch):
            nearness = _nearness(points, centroids[start : start + batch], run)
            for place, row in enumerate(nearness, start):
                chosen[place] = best(row + taken, error, first)
                taken[chosen[place]] = -np.inf
    return chosen


def _nearness(points: Points, centroids: NDArray[np.float64], run: Callable) -> NDArray[np.float64]:
    """Return (c, N): minus the squared distance of all points from c centroids, but for a constant of each centroid."""
    nearness = np.empty((len(centroids), len(points)))

    def fill(part: slice) -> None:
        for start, rows in points.blocks(part):
            here = slice(start, start + len(rows))
            np.subtract(2 * (centroids @ rows.T), points.squares[here], out=nearness[:, here])

    for _ in run(fill, points.parts()):
        pass
    return nearness
