"""Eq. 4, the paper's selection, and what its authors suggest to try next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from paperlib.selection.blocks import check_varies, finite_blocks, refuse_chunked, statistics
from paperlib.selection.components import principal_components
from paperlib.selection.ranking import best_of_blocks, ranked_lists
from paperlib.selection.ties import Priority, Ties, priority

_HIGHLY_ACTIVE = 2.0  # standard deviations above an element's mean
_NEVER = np.iinfo(np.int64).max
_LARGEST_PENALTY = 1e30  # times the number of elements, it is a number in float32, too

# depth -> lists (depth, n) and live (n,), as `ranked_lists` gives them
_Ranking = Callable[[int], tuple[NDArray[np.int64], NDArray[np.bool_]]]


def top_activations(
    embeddings: Any,
    k: int,
    *,
    labels: NDArray | None = None,
    seed: int = 0,
    ties: Ties = "seed",
    overlap: Literal["fill", "union"] = "fill",
    penalty: float = 0.0,
    pairs: bool = False,
    pca: bool = False,
    quota_per_class: bool = False,
) -> NDArray[np.int64]:
    """Choose, for each of the n elements, the samples that activate it most (the paper's eq. 4).

    The lists are read rank by rank: every element's first sample, then every element's second, and so on. Elements that
    never vary rank nothing and are passed over. A sample that several elements choose is taken once (reading R7).

    O(N n) time, O(N + n + k) memory besides the embeddings. A `dask.array` is ranked chunk by chunk where its chunks
    are computed, and gives the same indices: only lists come back, about 2 k indices. Where they overlap so much that k
    distinct samples need a deeper look, the chunks are computed once more; `persist` them where that costs more than
    reading. The options penalty, pairs and pca need an array in memory or a memory-mapped file.

    Parameters
    ----------
    embeddings : (N, n) real numbers
    k : int
    labels : (N,) integers or strings
        The classes; needed by `quota_per_class`.
    seed : int
        Breaks ties.
    ties : {"seed", "index"}
        Which of samples that activate an element equally comes first: the seed decides, or the lower index.
    overlap : {"fill", "union"}
        "fill" goes on until exactly k distinct samples are found. "union" stops after k choices, k / n for each
        element, and returns the fewer than k distinct ones.
    penalty : float
        From 0 to 1e30 standard deviations. Penalizes "images that contain too many highly-active features"
        (Section VI): activations are standardized, and in the ranks of every element a sample loses `penalty` for each
        element in which it is more than 2 above the mean. One more pass.
    pairs : bool
        Rank also "for combinations of elements" (Section IV-C): at each rank, the n elements are followed by all
        n (n - 1) / 2 pairs, which rank by the sum of their two standardized activations. (A product would rank high
        what activates neither.) Pairs (i, i + 1) come first, then (i, i + 2), and so on around, so that elements have
        equal shares wherever k ends it. n / 2 passes, O(N n^2) time; n pairs are held at a time.
    pca : bool
        Rank by principal components in place of elements (Section VI: "may be a good precursor"). They are whitened,
        but eq. 4 looks at one at a time, so that their scale changes nothing. O(N n^2) time; all embeddings are
        loaded, as float64.
    quota_per_class : bool
        Take the same number of each class (ours, because extremes are spread unevenly over the classes): of each class
        the sample that comes first, then of each the second, and so on. Where k is no multiple of the classes, those
        whose next sample comes first have one more. A class with too few samples gives all it has, and the others make
        up for it. Needs labels and overlap="fill". O(N log N) time, O(N) memory.

    Returns
    -------
    (k,) int64
        Distinct indices, in the order of choice; with overlap="union" at most k.

    Raises
    ------
    ValueError
        If an option is not one of these, if options exclude each other, or if values are not finite or do not vary.
    """
    _check_options(overlap, penalty, quota_per_class, labels)
    order = priority(ties, seed)
    for option, value in (("penalty", penalty), ("pairs", pairs), ("pca", pca)):
        if value:
            refuse_chunked(embeddings, f"top_activations with {option}={value}")
    if pca:
        embeddings = principal_components(embeddings)
    samples, elements = embeddings.shape
    if penalty or pairs:
        rankings = _standardized_rankings(embeddings, penalty, pairs, order)
    else:
        rankings = [partial(ranked_lists, embeddings, seed=seed, ties=ties)]
    depth = -(-k // (elements * len(rankings)))
    if overlap == "fill":
        depth *= 2  # lists overlap: to fill up, more than k / n are needed
    while True:
        choice_of, choices = _first_choices(rankings, samples, elements, min(depth, samples))
        if overlap == "union":
            choice_of[choice_of >= k] = _NEVER
        distinct = np.flatnonzero(choice_of < _NEVER)
        distinct = distinct[np.argsort(choice_of[distinct])]
        if quota_per_class:
            distinct = _in_rounds(distinct, np.asarray(labels), k)
        if len(distinct) >= k or (overlap == "union" and choices >= k):
            return distinct[:k]
        depth *= 2  # look further down


def _standardized_rankings(embeddings: NDArray, penalty: float, pairs: bool, order: Priority) -> list[_Ranking]:
    """Return rankings of at most n lists each: by the elements, standardized and penalized, then by their pairs."""
    mean, deviation, live = statistics(embeddings)
    elements = int(np.count_nonzero(live))
    if pairs and elements < 2:
        raise ValueError("pairs=True needs two elements that vary, and one does: leave pairs off")
    dtype = np.result_type(embeddings.dtype, np.float32)  # half the width where that is what the embeddings have
    _check_standardizable(mean[live], deviation[live], dtype)
    mean, deviation = mean[live].astype(dtype), deviation[live].astype(dtype)

    def standardized(depth: int) -> Iterator[tuple[int, NDArray]]:
        for start, rows in finite_blocks(embeddings, first=depth):
            rows = (rows[:, live] - mean) / deviation
            if penalty:
                rows -= dtype.type(penalty) * (rows > _HIGHLY_ACTIVE).sum(axis=1, keepdims=True, dtype=dtype)
            yield start, rows

    def lists(
        blocks: Iterable[tuple[int, NDArray]], count: int, depth: int
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        best = best_of_blocks(blocks, count, depth, order)
        return best.samples, best.live

    def single(depth: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        return lists(standardized(depth), elements, depth)

    def paired(offset: int, depth: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        count = elements // 2 if 2 * offset == elements else elements  # halfway around, pairs come twice
        sums = ((start, (rows + np.roll(rows, -offset, axis=1))[:, :count]) for start, rows in standardized(depth))
        return lists(sums, count, depth)

    return [single, *(partial(paired, offset) for offset in range(1, elements // 2 + 1) if pairs)]


def _check_standardizable(mean: NDArray, deviation: NDArray, dtype: np.dtype) -> None:
    """Raise ValueError if standardizing overflows in this type, or elements vary by less than it can hold."""
    limits = np.finfo(dtype)
    if max(np.abs(mean).max(), deviation.max()) > float(limits.max) / 1e6 or deviation.min() < float(limits.tiny):
        raise ValueError(
            f"embeddings have standard deviations from {deviation.min():.3g} to {deviation.max():.3g}, which {dtype} "
            "cannot standardize: multiply or divide the embeddings, so that they are of the order of 1"
        )


def _first_choices(
    rankings: Sequence[_Ranking], samples: int, elements: int, depth: int
) -> tuple[NDArray[np.int64], int]:
    """Return when each sample is first chosen, (N,) int64, counted rank by rank, live list after live list.

    `_NEVER` for samples that no list has down to `depth`. Also how many choices there are. Holds one ranking at a time.
    """
    width = elements * len(rankings)  # places for lists; those that are not live stay empty
    choice_of, live = np.full(samples, _NEVER), np.zeros(width, bool)
    for ranking, start in zip(rankings, range(0, width, elements)):
        lists, varies = ranking(depth)
        places = start + np.flatnonzero(varies)
        live[places] = True
        np.minimum.at(choice_of, lists[:, varies], np.arange(depth)[:, None] * width + places)
    check_varies(live, samples)
    chosen = choice_of < _NEVER
    rank, place = np.divmod(choice_of[chosen], width)
    choice_of[chosen] = rank * np.count_nonzero(live) + (np.cumsum(live) - 1)[place]
    return choice_of, depth * int(np.count_nonzero(live))


def _in_rounds(ordered: NDArray[np.int64], labels: NDArray, k: int) -> NDArray[np.int64]:
    """Return, of samples (M,) in order, k with the same number of each class, in rounds; none if M are too few for it.

    labels (N,) are those of all samples: they tell how many each class has.
    """
    classes = np.unique(labels, return_inverse=True)[1]
    sizes = np.bincount(classes)
    rounds = 1 + np.sort(np.concatenate([np.arange(size) for size in sizes]))[k - 1]  # the last may be incomplete
    class_of = classes[ordered]
    counts = np.bincount(class_of, minlength=len(sizes))
    if (counts < np.minimum(sizes, rounds)).any():
        return ordered[:0]
    turns = np.empty(len(ordered), np.int64)
    turns[np.argsort(class_of, kind="stable")] = np.concatenate([np.arange(count) for count in counts])
    return ordered[np.argsort(turns, kind="stable")[:k]]


def _check_options(overlap: str, penalty: float, quota_per_class: bool, labels: NDArray | None) -> None:
    if overlap not in ("fill", "union"):
        raise ValueError(f"overlap is {overlap!r}: choose 'fill' or 'union'")
    if isinstance(penalty, (bool, np.bool_)) or not isinstance(penalty, (int, float, np.number)):
        raise ValueError(f"penalty is {penalty!r}: expected a number of standard deviations")
    if not 0 <= penalty <= _LARGEST_PENALTY:
        raise ValueError(f"penalty is {penalty!r}: expected standard deviations from 0 to {_LARGEST_PENALTY:g}")
    if quota_per_class and labels is None:
        raise ValueError("quota_per_class=True looks at classes: give labels (N,)")
    if quota_per_class and overlap == "union":
        raise ValueError(
            "quota_per_class=True counts distinct samples, of which a union has fewer than k: choose overlap='fill'"
        )
