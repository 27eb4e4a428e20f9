"""Eq. 3: samples far from one another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from paperlib.selection.blocks import statistics
from paperlib.selection.greedy import Floats, greedy
from paperlib.selection.points import Points, distance_error
from paperlib.selection.ties import Ties, best, priority


def max_dispersion(
    embeddings: NDArray,
    k: int,
    *,
    labels: NDArray | None = None,
    seed: int = 0,
    ties: Ties = "seed",
) -> NDArray[np.int64]:
    """Choose k samples whose Euclidean distances from one another have a large sum (the paper's eq. 3).

    The optimum is NP-hard. This is the vertex greedy: it starts with the sample farthest from the mean, and then takes
    the one with the largest sum of distances to all chosen, again and again. For every metric, its sum is at least half
    of the optimum's, whatever sample it starts from (Birnbaum and Goldman, Algorithmica 55, 2009; Ravi, Rosenkrantz and
    Tayi, who proposed it, had shown a quarter in Operations Research 42, 1994). The greedy of Hassin, Rubinstein and
    Tamir (Operations Research Letters 21, 1997), which takes the farthest pairs, has the same bound, but needs the
    distances of all pairs, O(N^2 n) time. The bound does not hold for squared distances, which are no metric.

    O(k N n) time, O(N) memory besides the embeddings, which may be a memory-mapped file. A `dask.array` is refused.

    Parameters
    ----------
    embeddings : (N, n) real numbers
    k : int
    labels : ignored
    seed : int
        Breaks ties.
    ties : {"seed", "index"}
        Which of samples with equal sums comes first: the seed decides, or the lower index.

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
    longest = float(np.sqrt(points.squares.max())) or 1.0
    start = best(points.squared_distances(points.placed(mean)), error, order(np.arange(len(points))))

    def add_distances(sums: Floats, products: Floats, squares: Floats, square: float, new: Floats) -> None:
        distances = squares + square
        distances -= 2 * products
        distances[distances < error] = 0  # copies, and what rounding cannot tell from them
        np.add(sums, np.sqrt(distances, out=distances), out=new)

    def tolerance(chosen: int) -> float:
        return chosen * error / longest

    return greedy(points, k, start, np.zeros(len(points)), points.squares, add_distances, tolerance, order)
