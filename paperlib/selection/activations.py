"""Eq. 4, the paper's selection, and what its authors suggest to try next."""

import math
from functools import partial

import numpy as np

from paperlib.selection.blocks import check_varies, finite_blocks, refuse_chunked, statistics
from paperlib.selection.components import principal_components
from paperlib.selection.ranking import best_of_blocks, ranked_lists

_HIGHLY_ACTIVE = 2.0  # standard deviations above an element's mean
_NEVER = np.iinfo(np.int64).max


def top_activations(
    embeddings, k, *, labels, seed, overlap="fill", penalty=0.0, pairs=False, pca=False, quota_per_class=False
):
    """Eq. 4: for each of the n elements the samples that activate it most. O(N n) time, O(N + n + k) memory besides.

    A `dask.array` is ranked chunk by chunk where its chunks are computed, and gives the same indices: only lists come
    back, about 2 k indices. Where they overlap so much that k distinct samples need a deeper look, the chunks are
    computed once more; `persist` them where that costs more than reading. The options penalty, pairs and pca need an
    array in memory or a memory-mapped file.

    The ranks are gone down in turn: every element's first sample, every element's second, and so on. On ties the
    lower index comes first. Elements that never vary rank nothing and are passed over. A sample that several
    elements choose is taken once (reading R7):

    overlap="fill" goes on until exactly k distinct samples are found;
    overlap="union" stops after k choices, k / n for each element, and returns the fewer than k distinct ones.

    The other options are off by default, and combine with each other. Three are what the paper's authors suggest:

    penalty > 0 penalizes "images that contain too many highly-active features" (Section VI). Activations are
    standardized, and in the ranks of every element a sample loses `penalty` standard deviations for each element in
    which it is more than 2 above the mean. One more pass.

    pairs=True ranks also "for combinations of elements" (Section IV-C): after the n elements' turn at a rank comes
    that of all n (n - 1) / 2 pairs, which rank by the sum of their two standardized activations. (A product would
    rank high what activates neither.) Pairs (i, i + 1) come first, then (i, i + 2), and so on around, so that
    elements have equal shares wherever k ends it. n / 2 passes, O(N n^2) time; memory as without, because n pairs are
    held at a time.

    pca=True ranks by principal components in place of elements (Section VI: "may be a good precursor"). They are
    whitened, but eq. 4 looks at one at a time, so that their scale changes nothing. O(N n^2) time; all
    embeddings are loaded, as float64.

    quota_per_class=True is ours, because extremes are spread unevenly over the classes. It takes the same number of
    each, and needs labels and overlap="fill": of each class the sample that comes first, then of each the second, and
    so on. Where k is no multiple of the classes, those whose next sample comes first have one more. A class with too
    few samples gives all it has, and the others make up for it. O(N log N) time, O(N) memory.
    """
    _check_options(overlap, penalty, quota_per_class, labels)
    for option, value in (("penalty", penalty), ("pairs", pairs), ("pca", pca)):
        if value:
            refuse_chunked(embeddings, f"top_activations with {option}={value}")
    if pca:
        embeddings = principal_components(embeddings)
    samples, elements = embeddings.shape
    rankings = _rankings(embeddings, penalty, pairs)
    depth = -(-k // (elements * len(rankings)))
    if overlap == "fill":
        depth *= 2  # lists overlap: to fill up, more than k / n are needed
    while True:
        first, choices = _first_choices(rankings, samples, elements, min(depth, samples))
        if overlap == "union":
            first[first >= k] = _NEVER
        found = np.flatnonzero(first < _NEVER)
        found = found[np.argsort(first[found])]
        if quota_per_class:
            found = _equal_shares(found, labels, k)
        if len(found) >= k or overlap == "union" and choices >= k:
            return found[:k]
        depth *= 2  # look further down


def _rankings(embeddings, penalty, pairs):
    """Functions depth -> (lists, live), as `ranked_lists` gives them, of at most n lists each, in order."""
    if not (penalty or pairs):
        return [partial(ranked_lists, embeddings)]
    mean, deviation, live = statistics(embeddings)
    elements = np.count_nonzero(live)
    if pairs and elements < 2:
        raise ValueError("pairs=True needs two elements that vary, and one does: leave pairs off")
    dtype = np.result_type(embeddings.dtype, np.float32)  # half the width where that is what the embeddings have
    mean, deviation = mean[live].astype(dtype), deviation[live].astype(dtype)

    def standardized(depth):
        for start, rows in finite_blocks(embeddings, at_least=depth):
            rows = (rows[:, live] - mean) / deviation
            if penalty:
                rows -= dtype.type(penalty) * (rows > _HIGHLY_ACTIVE).sum(axis=1, keepdims=True, dtype=dtype)
            yield start, rows

    def lists(blocks, count, depth):
        best = best_of_blocks(blocks, count, depth)
        return best.samples, best.live

    def single(depth):
        return lists(standardized(depth), elements, depth)

    def paired(offset, depth):
        count = elements // 2 if 2 * offset == elements else elements  # halfway around, pairs come twice
        sums = ((start, (rows + np.roll(rows, -offset, axis=1))[:, :count]) for start, rows in standardized(depth))
        return lists(sums, count, depth)

    return [single] + [partial(paired, offset) for offset in range(1, elements // 2 + 1) if pairs]


def _first_choices(rankings, samples, elements, depth):
    """At which choice each sample is first chosen, (N,) int64, counted rank by rank, live list after live list.

    `_NEVER` for samples that no list has down to `depth`. Also how many choices there are. Holds one ranking at a time.
    """
    width = elements * len(rankings)  # places for lists; those that are not live stay empty
    first, live = np.full(samples, _NEVER), np.zeros(width, bool)
    for ranking, start in zip(rankings, range(0, width, elements)):
        lists, varies = ranking(depth)
        places = start + np.flatnonzero(varies)
        live[places] = True
        np.minimum.at(first, lists[:, varies], np.arange(depth)[:, None] * width + places)
    check_varies(live, samples)
    found = first < _NEVER
    rank, place = np.divmod(first[found], width)
    first[found] = rank * np.count_nonzero(live) + (np.cumsum(live) - 1)[place]
    return first, depth * np.count_nonzero(live)


def _equal_shares(found, labels, k):
    """Of samples (M,), in order, k with the same number of each class, in rounds; none if M are too few for it.

    labels: (N,), of all samples: how many each class has.
    """
    classes = np.unique(labels, return_inverse=True)[1]
    sizes = np.bincount(classes)
    rounds = 1 + np.sort(np.concatenate([np.arange(size) for size in sizes]))[k - 1]  # the last may be incomplete
    class_of = classes[found]
    counts = np.bincount(class_of, minlength=len(sizes))
    if (counts < np.minimum(sizes, rounds)).any():
        return found[:0]
    turns = np.empty(len(found), np.int64)
    turns[np.argsort(class_of, kind="stable")] = np.concatenate([np.arange(count) for count in counts])
    return found[np.argsort(turns, kind="stable")[:k]]


def _check_options(overlap, penalty, quota_per_class, labels):
    if overlap not in ("fill", "union"):
        raise ValueError(f"overlap is {overlap!r}: choose 'fill' or 'union'")
    if not 0 <= penalty < math.inf:
        raise ValueError(f"penalty is {penalty!r}: expected standard deviations, 0 or more")
    if quota_per_class and labels is None:
        raise ValueError("quota_per_class=True looks at classes: give labels (N,)")
    if quota_per_class and overlap == "union":
        raise ValueError(
            "quota_per_class=True counts distinct samples, of which a union has fewer than k: choose overlap='fill'"
        )
