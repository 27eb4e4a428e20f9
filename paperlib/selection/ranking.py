"""Which samples activate each element most: embeddings (N, n) -> lists (depth, n), in one pass, whole or in chunks."""

from collections import namedtuple
from functools import partial, reduce

import numpy as np

from paperlib.selection.blocks import finite_blocks, is_chunked

# The most active samples of consecutive ones: their indices (d, n) int64 and activations (d, n), best first; the first
# one's activations (n,); and live (n,) bool, the elements that vary among them.
Best = namedtuple("Best", "samples values first live")


def ranked_lists(embeddings, depth):
    """The `depth` samples that activate each element most: indices (depth, n) int64, best first; and live (n,) bool.

    Elements that are not live have one value for all samples. One pass over embeddings (N, n) in the order of the
    samples, which holds per element the best seen so far: a later sample counts only if it is above all but
    depth - 1 of them. A `dask.array` has one such pass over each of its chunks, wherever it is computed, and what the
    chunks kept is merged in pairs. ValueError if a value is NaN or infinite.
    """
    best = _best_of_chunks(embeddings, depth) if is_chunked(embeddings) else best_of_block(embeddings, 0, depth)
    return best.samples, best.live


def best_of_block(rows, start, depth):
    """The `Best` of rows (M, n), which are the samples from `start` on; all M of them where depth is more."""
    depth = min(depth, len(rows))
    return best_of_blocks(finite_blocks(rows, at_least=depth, offset=start), rows.shape[1], depth)


def best_of_blocks(blocks, elements, depth):
    """The `Best` of the blocks (start, rows (M, elements)), of which the first has `depth` rows or more."""
    best, waiting, live, first, bar = [], [], np.zeros(elements, bool), None, None

    def keep_best():
        """Drop what is no longer among the best of its element, and raise the bar."""
        element, sample, value = (np.concatenate(parts) for parts in zip(*best, *waiting))
        order = np.argsort(element, kind="stable")  # samples stay in their order
        ends = np.cumsum(np.bincount(element, minlength=elements))
        kept = [places[_top(value[places], depth)] for places in np.split(order, ends[:-1])]
        best[:] = [tuple(part[np.concatenate(kept)] for part in (element, sample, value))]
        waiting.clear()
        return np.array([value[places].min() for places in kept])

    for start, rows in blocks:
        if first is None:
            first = rows[0].copy()  # a view would keep all rows
        live[~live] = (rows[:, ~live] != first[~live]).any(axis=0)
        above = np.arange(rows.size) if bar is None else np.flatnonzero(rows > bar)
        row, element = np.divmod(above, elements)
        # Of 16 bits or less, which NumPy sorts in linear time.
        waiting.append((element.astype(np.min_scalar_type(elements)), start + row, rows[row, element]))
        if bar is None or sum(len(part[0]) for part in waiting) > 2 * depth * elements:
            bar = keep_best()
    keep_best()
    _, sample, value = best[0]
    samples, values = _in_order(sample.reshape(elements, depth).T, value.reshape(elements, depth).T)
    return Best(samples, values, first, live)


def merged(earlier, later, depth):
    """The `Best` of two, of samples that follow each other."""
    samples, values = (np.concatenate(pair) for pair in zip(earlier[:2], later[:2]))
    samples, values = _in_order(samples, values)
    live = earlier.live | later.live | (earlier.first != later.first)
    return Best(samples[:depth], values[:depth], earlier.first, live)


def _in_order(samples, values):
    """Both (d, n), each column by descending values; of equal values the upper one comes first."""
    # Ascending from the bottom, then reversed.
    order = np.argsort(values[::-1], axis=0, kind="stable")[::-1]
    return tuple(np.take_along_axis(part[::-1], order, axis=0) for part in (samples, values))


def _best_of_chunks(embeddings, depth):
    """The `Best` of a `dask.array` (N, n): a tree of tasks for the scheduler that is active."""
    import dask

    rows = embeddings.rechunk({1: -1})
    sizes = rows.chunks[0]
    # As blocks of one array, what computes a chunk and what ranks it become one task: chunks need not wait in memory.
    ranked = rows.map_blocks(
        _best_of_chunk, depth, dtype=object, meta=np.empty(0, object), chunks=((1,) * len(sizes),), drop_axis=1
    )
    parts = [part for part, size in zip(ranked.to_delayed(), sizes) if size]
    merge = dask.delayed(_merged_parts)
    while len(parts) > 1:
        parts = [merge(parts[place : place + 2], depth) for place in range(0, len(parts), 2)]
    return dask.compute(parts[0])[0].item()


def _best_of_chunk(rows, depth, block_info):
    return _wrapped(best_of_block(rows, block_info[0]["array-location"][0][0], depth))


def _merged_parts(parts, depth):
    return _wrapped(reduce(partial(merged, depth=depth), (part.item() for part in parts)))


def _wrapped(best):
    """As the one item of an array, which is what a block of a `dask.array` has to be."""
    array = np.empty(1, object)
    array[0] = best
    return array


def _top(values, depth):
    """Where the `depth` highest of values (M,) stand, in their order; of equal ones the first."""
    if len(values) <= depth:
        return np.arange(len(values))
    lowest = np.partition(values, -depth)[-depth]
    top = values > lowest
    top[np.flatnonzero(values == lowest)[: depth - np.count_nonzero(top)]] = True
    return np.flatnonzero(top)
