"""Which samples activate each element most: embeddings (N, n) -> lists (depth, n), in one pass, whole or in chunks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial, reduce
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paperlib.selection.blocks import finite_blocks, is_chunked
from paperlib.selection.ties import Priority, Ties, priority


class Best(NamedTuple):
    """The most active of consecutive samples."""

    samples: NDArray[np.int64]  # (d, n), indices, best first
    values: NDArray  # (d, n), their activations
    first: NDArray  # (n,), the activations of the first of all samples
    live: NDArray[np.bool_]  # (n,), the elements that vary among all samples


def ranked_lists(
    embeddings: Any, depth: int, *, seed: int = 0, ties: Ties = "seed"
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Rank the samples by each element, most active first.

    One pass over the embeddings, which holds the best samples seen so far of each element. A `dask.array` has one such
    pass over each of its chunks, wherever it is computed, and what the chunks kept is merged in pairs.

    Parameters
    ----------
    embeddings : (N, n) real numbers
        An array, a memory-mapped file or a `dask.array`.
    depth : int
        The length of the lists, from 1 to N.
    seed, ties : see `paperlib.selection.select`

    Returns
    -------
    lists : (depth, n) int64
        For each element the indices of the samples that activate it most, best first.
    live : (n,) bool
        Whether the element has more than one value; the others rank nothing.

    Raises
    ------
    ValueError
        If a value is NaN or infinite.
    """
    order = priority(ties, seed)
    best = (
        _best_of_chunks(embeddings, depth, order)
        if is_chunked(embeddings)
        else best_of_rows(embeddings, 0, depth, order)
    )
    return best.samples, best.live


def best_of_rows(rows: NDArray, start: int, depth: int, order: Priority) -> Best:
    """Return the `Best` of rows (M, n), which are the samples from `start` on; all M of them where depth is more."""
    depth = min(depth, len(rows))
    return best_of_blocks(finite_blocks(rows, first=depth, offset=start), rows.shape[1], depth, order)


def best_of_blocks(blocks: Iterable[tuple[int, NDArray]], elements: int, depth: int, order: Priority) -> Best:
    """Return the `Best` of the blocks (start, rows (M, elements)), of which the first has `depth` rows or more."""
    kept, first, live = None, None, np.zeros(elements, bool)
    for start, rows in blocks:
        if first is None or kept is None:
            first = rows[0].copy()  # a view would keep all rows
            kept = _Kept(elements, depth, order)
        live[~live] = (rows[:, ~live] != first[~live]).any(axis=0)
        kept.add(start, rows)
    if kept is None or first is None:
        raise ValueError("there are no samples to rank")
    samples, values = kept.lists()
    return Best(samples, values, first, live)


class _Kept:
    """The samples of each element that may be among its `depth` best: the best so far, and later ones above the bar."""

    def __init__(self, elements: int, depth: int, order: Priority) -> None:
        self.elements, self.depth, self.order = elements, depth, order
        self.parts: list[tuple[NDArray, ...]] = []  # (element, sample, priority, value), a number a candidate
        self.waiting = 0  # how many candidates were added since the bar was set
        self.bar: NDArray | None = None  # (elements,): the lowest value of the best so far
        self.bar_priority: NDArray[np.uint64] | None = None  # (elements,): and the priority of its last sample

    def add(self, start: int, rows: NDArray) -> None:
        """Look at rows (M, elements), the samples from `start` on."""
        order = self.order(np.arange(start, start + len(rows)))
        place = np.arange(rows.size) if self.bar is None else np.flatnonzero(rows >= self.bar)
        row, element = np.divmod(place, self.elements)
        value = rows[row, element]
        if self.bar is not None and self.bar_priority is not None:
            above = (value > self.bar[element]) | (order[row] < self.bar_priority[element])
            row, element, value = row[above], element[above], value[above]
        # Elements of 16 bits or less: NumPy sorts them in linear time.
        self.parts.append((element.astype(np.min_scalar_type(self.elements)), start + row, order[row], value))
        self.waiting += len(row)
        if self.bar is None or self.waiting > 2 * self.depth * self.elements:
            self._raise_bar()

    def _raise_bar(self) -> None:
        """Drop what is no longer among the best of its element."""
        element, sample, order, value = (np.concatenate(parts) for parts in zip(*self.parts))
        by_element = np.argsort(element, kind="stable")
        ends = np.cumsum(np.bincount(element, minlength=self.elements))
        kept = [places[_top(value[places], order[places], self.depth)] for places in np.split(by_element, ends[:-1])]
        everything = np.concatenate(kept)
        self.parts = [tuple(part[everything] for part in (element, sample, order, value))]
        self.waiting = 0
        self.bar = np.array([value[places].min() for places in kept])
        lowest = [places[value[places] == bar] for places, bar in zip(kept, self.bar)]
        self.bar_priority = np.array([order[places].max() for places in lowest])

    def lists(self) -> tuple[NDArray[np.int64], NDArray]:
        """Return indices and values, (depth, elements) each, best first."""
        self._raise_bar()
        _, sample, order, value = (part.reshape(self.elements, self.depth).T for part in self.parts[0])
        return _in_order(sample, value, order)


def merged(earlier: Best, later: Best, depth: int, order: Priority) -> Best:
    """Return the `Best` of two, of samples that follow each other."""
    samples, values = (np.concatenate(pair) for pair in zip(earlier[:2], later[:2]))
    samples, values = _in_order(samples, values, order(samples))
    live = earlier.live | later.live | (earlier.first != later.first)
    return Best(samples[:depth], values[:depth], earlier.first, live)


def _in_order(samples: NDArray, values: NDArray, order: NDArray[np.uint64]) -> tuple[NDArray, NDArray]:
    """Return both (d, n), each column by descending values; of equal values, the lowest priority first."""
    # Ascending from the lowest value and highest priority, then reversed.
    rank = np.lexsort((~order, values), axis=0)[::-1]
    return np.take_along_axis(samples, rank, axis=0), np.take_along_axis(values, rank, axis=0)


def _best_of_chunks(embeddings: Any, depth: int, order: Priority) -> Best:
    """Return the `Best` of a `dask.array` (N, n): a tree of tasks for the scheduler that is active."""
    import dask

    rows = embeddings.rechunk({1: -1})
    sizes = rows.chunks[0]
    # As blocks of one array, what computes a chunk and what ranks it become one task: chunks need not wait in memory.
    ranked = rows.map_blocks(
        _best_of_chunk, depth, order, dtype=object, meta=np.empty(0, object), chunks=((1,) * len(sizes),), drop_axis=1
    )
    parts = [part for part, size in zip(ranked.to_delayed(), sizes) if size]
    merge = dask.delayed(_merged_parts)
    while len(parts) > 1:
        parts = [merge(parts[place : place + 2], depth, order) for place in range(0, len(parts), 2)]
    return dask.compute(parts[0])[0].item()


def _best_of_chunk(rows: NDArray, depth: int, order: Priority, block_info: Any) -> NDArray:
    return _wrapped(best_of_rows(rows, block_info[0]["array-location"][0][0], depth, order))


def _merged_parts(parts: Sequence[NDArray], depth: int, order: Priority) -> NDArray:
    return _wrapped(reduce(partial(merged, depth=depth, order=order), (part.item() for part in parts)))


def _wrapped(best: Best) -> NDArray:
    """Return it as the one item of an array, which is what a block of a `dask.array` has to be."""
    array = np.empty(1, object)
    array[0] = best
    return array


def _top(values: NDArray, order: NDArray[np.uint64], depth: int) -> NDArray[np.int64]:
    """Return where the `depth` highest of values (M,) stand; of equal ones, those with the lowest priorities."""
    if len(values) <= depth:
        return np.arange(len(values))
    lowest = np.partition(values, -depth)[-depth]
    top = values > lowest
    equal = np.flatnonzero(values == lowest)
    missing = depth - np.count_nonzero(top)
    if missing < len(equal):
        equal = equal[np.argpartition(order[equal], missing - 1)[:missing]]
    top[equal] = True
    return np.flatnonzero(top)
