"""Embeddings (N, n) looked at a few rows at a time, so that they may be larger than memory."""

from __future__ import annotations

import mmap
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK_BYTES = 1 << 20  # of rows looked at together: they stay in a core's cache


def is_chunked(embeddings: Any) -> bool:
    """Return whether they are a `dask.array`; dask itself is never imported for this."""
    dask_array = sys.modules.get("dask.array")
    return dask_array is not None and isinstance(embeddings, dask_array.Array)


def refuse_chunked(embeddings: Any, method: str) -> None:
    """Raise ValueError if they are a `dask.array`, for a method that needs an array or a memory-mapped file."""
    if is_chunked(embeddings):
        raise ValueError(
            f"{method} needs an array, and embeddings are a dask.array {embeddings.shape}: give embeddings.compute(), "
            "or, if that is larger than memory, a memory-mapped file: make one with numpy.lib.format.open_memmap, and "
            "fill it with dask.array.store(embeddings, file)"
        )


def rows_per_block(embeddings: NDArray) -> int:
    """Return how many rows of embeddings (N, n) are looked at together."""
    return max(1, BLOCK_BYTES // embeddings[:1].nbytes)


def blocks(embeddings: NDArray, first: int = 0, offset: int = 0) -> Iterator[tuple[int, NDArray]]:
    """Yield (start, rows (M, n)) of embeddings (N, n), in order; they are the samples from `offset` on.

    With `first`, the first block has so many rows, and each later one no more than all before: what is
    learned from the first keeps what is looked at in the next small.
    Of a memory-mapped file in row-major order, the pages of a block are released when the next one is asked for.
    """
    most = max(first, rows_per_block(embeddings))
    mapping = _shared_mapping(embeddings)
    start, length = 0, first or most
    while start < len(embeddings):
        rows = np.asarray(embeddings[start : start + length])
        yield offset + start, rows
        if mapping is not None and rows.flags.c_contiguous:
            _release(mapping, rows)
        start += length
        length = min(most, start)


def finite_blocks(embeddings: NDArray, first: int = 0, offset: int = 0) -> Iterator[tuple[int, NDArray]]:
    """Yield the same, and raise ValueError if a value is NaN or infinite."""
    for start, rows in blocks(embeddings, first, offset):
        if not np.isfinite(rows).all():
            bad = rows.size - np.count_nonzero(np.isfinite(rows))
            raise ValueError(
                f"{bad} of {rows.size} values in embeddings {start} to {start + len(rows) - 1} are NaN or infinite: "
                "did training diverge?"
            )
        yield start, rows


def _shared_mapping(array: Any) -> mmap.mmap | None:
    """Return the mapping of the file that an array looks into, where its pages can be read again; None elsewhere.

    A private mapping (mode "c") may hold changes that no file has.
    """
    while array is not None and not (isinstance(array, np.memmap) and isinstance(array.base, mmap.mmap)):
        array = getattr(array, "base", None)
    return array.base if array is not None and array.mode != "c" and hasattr(mmap, "MADV_DONTNEED") else None


def _release(mapping: mmap.mmap, rows: NDArray) -> None:
    """Take the pages of rows (M, n) out of this process; the system's cache may keep them."""
    origin = np.frombuffer(mapping, np.uint8).ctypes.data
    first, last = (address - origin for address in np.lib.array_utils.byte_bounds(rows))
    first -= first % mmap.PAGESIZE
    mapping.madvise(mmap.MADV_DONTNEED, first, last - first)


def statistics(
    embeddings: NDArray,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return the mean and the spread of each element.

    One pass, or three where the squares of the values overflow or vanish; O(N n) time, O(n) memory.

    Parameters
    ----------
    embeddings : (N, n) real numbers

    Returns
    -------
    mean : (n,) float64
    deviation : (n,) float64
        Standard deviations. Elements that are not live have 1, so that it can be divided by.
    live : (n,) bool
        Whether the element varies at all.

    Raises
    ------
    ValueError
        If a value is NaN or infinite, or if no element varies.
    """
    mean, variance, live = _moments(embeddings, 1.0)
    factor = 1.0
    if not (np.isfinite(mean).all() and np.isfinite(variance).all() and variance[live].min() > 1e-200):
        factor = safe_factor(largest(embeddings), 1)
        mean, variance, live = _moments(embeddings, factor)
    # What is no more than rounding leaves of a constant element is taken for 0.
    rounding = len(embeddings) * np.finfo(np.float64).eps
    with np.errstate(over="ignore", under="ignore"):
        constant = variance <= rounding * variance + (rounding * mean) ** 2
    return mean / factor, np.where(constant, 1.0, np.sqrt(variance) / factor), live


def _moments(embeddings: NDArray, factor: float) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return mean and variance of each element of the embeddings times a factor, and which elements are live.

    Blocks are combined as by Chan, Golub and LeVeque (The American Statistician 37, 1983), and their sums of squares
    corrected for rounding: to the bit what scikit-learn's StandardScaler has, which the selector does without.
    """
    mean, variance = np.zeros(embeddings.shape[1]), np.zeros(embeddings.shape[1])
    live, first, seen = np.zeros(embeddings.shape[1], bool), np.array(embeddings[0]), 0
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for _, rows in finite_blocks(embeddings):
            live |= (rows != first).any(axis=0)
            if factor != 1 or rows.dtype not in (np.float32, np.float64):
                rows = rows.astype(np.float64) * factor
            count, sums = len(rows), rows.sum(axis=0, dtype=np.float64)
            offsets = rows - sums / count
            correction = offsets.sum(axis=0) ** 2 / count
            offsets **= 2
            squares, before = offsets.sum(axis=0) - correction, mean * seen
            if seen:
                squares = (
                    variance * seen + squares + seen / count / (seen + count) * (before / (seen / count) - sums) ** 2
                )
            seen += count
            mean, variance = (before + sums) / seen, squares / seen
    check_varies(live, len(embeddings))
    return mean, variance, live


def check_varies(live: NDArray[np.bool_], samples: int) -> None:
    """Raise ValueError if none of the elements (n,) is live."""
    if not live.any():
        raise ValueError(
            f"none of the {len(live)} elements varies over the {samples} samples: nothing to choose by. "
            "Train the autoencoder longer, or choose method='random'"
        )


def largest(embeddings: NDArray) -> float:
    """Return the largest absolute value of embeddings (N, n)."""
    return max(max(float(rows.max()), -float(rows.min())) for _, rows in blocks(embeddings))


def safe_factor(value: float, safe_exponent: int = 300) -> float:
    """Return a power of two to multiply values up to `value` with, so that their products neither overflow nor vanish.

    It is 1 for values whose binary exponent is at most `safe_exponent`, up or down: float64 holds their products.
    """
    exponent = int(np.frexp(value)[1])
    return 1.0 if abs(exponent) <= safe_exponent or not value else float(np.ldexp(1.0, min(-exponent, 1000)))
