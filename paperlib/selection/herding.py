"""Samples whose mean is the mean of all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from paperlib.selection.blocks import statistics
from paperlib.selection.points import Points, distance_error, threads
from paperlib.selection.ties import Ties, best, priority


def herding(
    embeddings: NDArray,
    k: int,
    *,
    labels: NDArray | None = None,
    seed: int = 0,
    ties: Ties = "seed",
) -> NDArray[np.int64]:
    """Choose k samples such that their mean approaches the mean of all, about as 1 / k (kernel herding, linear kernel).

    Welling, "Herding dynamical weights to learn", ICML 2009: from w = mean, take the sample x with the largest <w, x>,
    then replace w by w + mean - x, which asks for what the chosen lack. Here each sample is taken once. The bound of
    1 / k is proven for herding that may take a sample again; it holds here as long as few are taken. w begins at the
    mean, so the choice depends on where the embeddings' 0 is.

    O(k N n) time, O(N) memory besides the embeddings, which may be a memory-mapped file. A `dask.array` is refused.

    Parameters
    ----------
    embeddings : (N, n) real numbers
    k : int
    labels : ignored
    seed : int
        Breaks ties.
    ties : {"seed", "index"}
        Which of samples with equal products comes first: the seed decides, or the lower index.

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
    points = Points(embeddings)
    first = priority(ties, seed)(np.arange(len(points)))
    mean = points.placed(mean)
    rounding, longest = distance_error(points), np.sqrt(points.squares.max()) * (points.narrow / points.factor)
    weights, chosen = mean.copy(), np.empty(k, np.int64)
    with threads(points) as run:
        for step in range(k):
            products = _rounded_products(points, weights, run)
            error = (points.embeddings.shape[1] + 3) * np.finfo(products.dtype).eps * longest
            products[chosen[:step]] = -np.inf
            candidates = np.flatnonzero(products >= products.max() - 2 * error)
            exact = np.vecdot(points.rows(candidates), weights)
            tolerance = np.sqrt(step + 1) * rounding  # rounding also moves the weights, at every step
            chosen[step] = candidates[best(exact, tolerance, first[candidates])]
            weights += mean - points.rows(chosen[step])
    return chosen


def _rounded_products(points: Points, weights: NDArray[np.float64], run: Callable) -> NDArray:
    """Return the inner products (N,) of all points with the direction of weights (n,), times `points.narrow`.

    In the embeddings' own width if they are float32 or float64, else in float32: reading them takes the time.
    """
    dtype = points.embeddings.dtype if points.embeddings.dtype in (np.float32, np.float64) else np.dtype(np.float32)
    products = np.empty(len(points), dtype)
    length = float(np.linalg.norm(weights)) or 1.0
    direction = (weights / length).astype(dtype)

    def fill(part: slice) -> None:
        for start, rows in points.native_blocks(part, dtype):
            np.dot(rows, direction, out=products[start : start + len(rows)])

    for _ in run(fill, points.parts()):
        pass
    return products
