"""Embeddings (N, n) looked at a few rows at a time, so that they may be larger than memory."""

import mmap
import sys

import numpy as np

BLOCK_BYTES = 1 << 20  # of rows looked at together: they stay in a core's cache


def is_chunked(embeddings):
    """Whether they are a `dask.array`; dask itself is never imported for this."""
    dask_array = sys.modules.get("dask.array")
    return dask_array is not None and isinstance(embeddings, dask_array.Array)


def refuse_chunked(embeddings, method):
    """ValueError if they are a `dask.array`, for a method that needs an array in memory or a memory-mapped file."""
    if is_chunked(embeddings):
        raise ValueError(
            f"{method} needs an array, and embeddings are a dask.array {embeddings.shape}: give embeddings.compute(), "
            "or, if that is larger than memory, a memory-mapped file: make one with numpy.lib.format.open_memmap, and "
            "fill it with dask.array.store(embeddings, file)"
        )


def blocks(embeddings, at_least=0, offset=0):
    """Yield (start, rows (M, n)) of embeddings (N, n), in order; they are the samples from `offset` on.

    With `at_least`, the first block has no more rows than that, and each later one no more than all before: what is
    learned from the first keeps what is looked at in the next small.
    Of a memory-mapped file in row-major order, the pages of a block are let go when the next one is asked for.
    """
    most = max(1, at_least, BLOCK_BYTES // embeddings[:1].nbytes)
    mapping = _shared_mapping(embeddings)
    start, length = 0, at_least or most
    while start < len(embeddings):
        rows = np.asarray(embeddings[start : start + length])
        yield offset + start, rows
        if mapping is not None and rows.flags.c_contiguous:
            _let_go(mapping, rows)
        start += length
        length = min(most, start)


def finite_blocks(embeddings, at_least=0, offset=0):
    """The same; ValueError if a value is NaN or infinite."""
    for start, rows in blocks(embeddings, at_least, offset):
        if not np.isfinite(rows).all():
            bad = rows.size - np.count_nonzero(np.isfinite(rows))
            raise ValueError(
                f"{bad} of {rows.size} values in embeddings {start} to {start + len(rows) - 1} are NaN or infinite: "
                "did training diverge?"
            )
        yield start, rows


def _shared_mapping(array):
    """The mapping of the file that an array looks into, where its pages can be read again; None elsewhere.

    A private mapping (mode "c") may hold changes that no file has.
    """
    while array is not None and not (isinstance(array, np.memmap) and isinstance(array.base, mmap.mmap)):
        array = getattr(array, "base", None)
    return array.base if array is not None and array.mode != "c" and hasattr(mmap, "MADV_DONTNEED") else None


def _let_go(mapping, rows):
    """Take the pages of rows (M, n) out of this process; the system's cache may keep them."""
    origin = np.frombuffer(mapping, np.uint8).ctypes.data
    first, last = (address - origin for address in np.lib.array_utils.byte_bounds(rows))
    first -= first % mmap.PAGESIZE
    mapping.madvise(mmap.MADV_DONTNEED, first, last - first)


def statistics(embeddings):
    """Per element: mean (n,) float64, standard deviation (n,) float64, and live (n,) bool: whether it varies at all.

    Elements that are not live have the deviation 1, so that it can be divided by. One pass, O(N n) time, O(n) memory.
    ValueError if a value is NaN or infinite, or if no element varies.
    """
    from sklearn.preprocessing import StandardScaler

    scaler, live, first = StandardScaler(), np.zeros(embeddings.shape[1], bool), np.array(embeddings[0])
    with np.errstate(over="ignore"):  # squares may be too large; `squared_distances` refuses them by name
        for _, rows in finite_blocks(embeddings):
            live |= (rows != first).any(axis=0)
            scaler.partial_fit(rows)
    check_varies(live, len(embeddings))
    return scaler.mean_, scaler.scale_, live


def check_varies(live, samples):
    """ValueError if none of the elements (n,) bool is live."""
    if not live.any():
        raise ValueError(
            f"none of the {len(live)} elements varies over the {samples} samples: nothing to choose by. "
            "Train the autoencoder longer, or choose method='random'"
        )


def inner_products(embeddings, vector):
    """Of every sample with a vector (n,) float64: (N,) float64. O(N n) time."""
    products = np.empty(len(embeddings))
    for start, rows in blocks(embeddings):
        # One product a row: equal rows have equal products, which a matrix product does not promise.
        np.vecdot(rows.astype(np.float64), vector, out=products[start : start + len(rows)])
    return products


def squared_distances(embeddings):
    """A function point (n,) -> its squared Euclidean distances (N,) float64 from all samples; each call O(N n) time.

    Equal samples have equal distances, and a sample has exactly 0 from itself. O(N) memory.
    ValueError if the squares overflow.
    """
    # Distances from the first sample, not from 0, keep their digits where embeddings lie far from 0.
    origin = embeddings[0].astype(np.float64)
    squares = np.empty(len(embeddings))
    with np.errstate(over="ignore"):
        for start, rows in blocks(embeddings):
            rows = rows.astype(np.float64)
            rows -= origin
            np.vecdot(rows, rows, out=squares[start : start + len(rows)])
    if not squares.max() < np.finfo(np.float64).max / 4:
        raise ValueError(
            f"embeddings lie up to {np.sqrt(squares.max()):.3g} apart: squared distances overflow; "
            "divide the embeddings by their largest value"
        )

    def to(point):
        shift = point.astype(np.float64) - origin
        distances = np.empty(len(embeddings))
        for start, rows in blocks(embeddings):
            rows = rows.astype(np.float64)
            rows -= origin  # in place: a second block would be new memory each time, which costs ten times as much
            np.vecdot(rows, shift, out=distances[start : start + len(rows)])
        distances *= -2
        distances += squares
        distances += np.vecdot(shift, shift)
        return np.maximum(distances, 0, out=distances)  # rounding may leave less than 0

    return to
