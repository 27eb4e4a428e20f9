"""Embeddings as points in float64: less an origin, and scaled so that no product overflows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paperlib.machine import cores
from paperlib.selection import blocks

_THREADS_FROM = 1 << 21  # numbers in a matrix; with fewer, threads cost more than they save


class Points:
    """The embeddings (N, n) less an origin, looked at a few rows at a time.

    A common factor, a power of two, brings very large or very small values into range. It changes no digit, and no
    order of distances or products.

    Parameters
    ----------
    embeddings : (N, n) real numbers, finite
    origin : (n,), optional
        Subtracted from all; by default 0. Distances keep their digits where it lies among the embeddings.

    Attributes
    ----------
    squares : (N,) float64
        Inner products of every point with itself.
    factor, narrow : float
        What the embeddings are multiplied with, as float64 and as float32.
    """

    def __init__(self, embeddings: NDArray, origin: ArrayLike | None = None) -> None:
        self.embeddings = embeddings
        value = blocks.largest(embeddings)
        self.factor, self.narrow = blocks.safe_factor(value), blocks.safe_factor(value, 60)
        self.origin = None if origin is None else np.asarray(origin, np.float64) * self.factor
        self.squares = np.empty(len(embeddings))
        for start, rows in self.blocks(slice(None)):
            # One product a row: equal rows have equal ones, which a matrix product does not promise.
            np.vecdot(rows, rows, out=self.squares[start : start + len(rows)])

    def __len__(self) -> int:
        return len(self.embeddings)

    def placed(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return values (..., n), in the embeddings' coordinates, as points."""
        points = np.asarray(values).astype(np.float64)
        if self.factor != 1:
            points *= self.factor
        if self.origin is not None:
            points -= self.origin
        return points

    def rows(self, samples: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the points (M, n) of some samples."""
        return self.placed(self.embeddings[samples])

    def blocks(self, part: slice) -> Iterator[tuple[int, NDArray[np.float64]]]:
        """Yield (start, points (M, n)) of a part of the samples, in order."""
        offset = part.indices(len(self))[0]
        for start, rows in blocks.blocks(self.embeddings[part], offset=offset):
            yield start, self.placed(rows)

    def native_blocks(self, part: slice, dtype: np.dtype) -> Iterator[tuple[int, NDArray]]:
        """Yield (start, rows (M, n)) in a narrower type: points if the origin is 0, times `narrow`."""
        offset = part.indices(len(self))[0]
        for start, rows in blocks.blocks(self.embeddings[part], offset=offset):
            yield start, (rows if self.narrow == 1 else rows.astype(np.float64) * self.narrow).astype(dtype, copy=False)

    def parts(self) -> list[slice]:
        """Return the samples in as many parts as there are cores to use; they end where blocks end."""
        count = cores() if self.embeddings.size >= _THREADS_FROM else 1
        block = blocks.rows_per_block(self.embeddings)
        length = -(-len(self) // (count * block)) * block
        return [slice(start, min(start + length, len(self))) for start in range(0, len(self), length)]

    def products(self, point: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the inner products (N,) of all points with one (n,); equal points have equal ones."""
        products = np.empty(len(self))
        for start, rows in self.blocks(slice(None)):
            np.vecdot(rows, point, out=products[start : start + len(rows)])
        return products

    def squared_distances(self, point: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the squared Euclidean distances (N,) of all points from one (n,).

        Equal points have equal ones, and a point has exactly 0 from itself.
        """
        distances = self.products(point)
        distances *= -2
        distances += self.squares
        distances += np.vecdot(point, point)
        return np.maximum(distances, 0, out=distances)  # rounding may leave less than 0

    def at_a_time(self, most: int) -> int:
        """Return for how many steps a number a sample can be held: at most `most`, and little beside the embeddings."""
        room = max(16 * blocks.BLOCK_BYTES, self.embeddings.nbytes // 16)
        return int(np.clip(room // (8 * len(self)), 1, most))

    def some(self, count: int) -> int:
        """Return `count`, or fewer where their points in float64 would be large beside the embeddings."""
        room = max(4 * blocks.BLOCK_BYTES, self.embeddings.nbytes // 32)
        return int(np.clip(room // (8 * self.embeddings.shape[1]), 1, min(count, len(self))))


def distance_error(points: Points) -> float:
    """Return a bound for how far rounding moves squared distances and inner products of points."""
    return float(8 * points.embeddings.shape[1] * np.finfo(np.float64).eps * points.squares.max())


@contextmanager
def threads(points: Points) -> Iterator[Callable]:
    """Yield a `map` that uses all cores where that is worth it; each thread's matrix products use one core."""
    from threadpoolctl import threadpool_limits

    count = len(points.parts())
    with threadpool_limits(1, user_api="blas"):  # its own threads would wait for each other at every small product
        if count == 1:
            yield map
        else:
            with ThreadPoolExecutor(count) as pool:
                yield pool.map
