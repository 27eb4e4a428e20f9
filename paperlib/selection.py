"""Which samples to keep: embeddings (N, n) -> indices (k,). One function a method, one registry.

Every method is called through `select`, which checks what all of them need and hands the rest on:
`method(embeddings, k, *, labels, seed, **options) -> indices`.
"""

import inspect

import numpy as np

METHODS = {}  # name -> function, in the order of definition

_BLOCK_BYTES = 1 << 20  # of rows looked at together: they stay in a core's cache


def _method(function):
    METHODS[function.__name__] = function
    return function


def select(embeddings, k, method="top_activations", *, labels=None, seed=0, **options):
    """Choose k of N samples by their embeddings.

    Parameters
    ----------
    embeddings: (N, n) real numbers, all finite.
    k: how many samples, from 1 to N.
    method: a name in `METHODS`.
    labels: (N,) integers, for methods that look at classes.
    seed: for methods that draw.
    options: the method's own; see its docstring.

    Returns indices (k,) int64, distinct, in order of choice (with `overlap="union"`, at most k of them).
    Raises ValueError for anything else, with the values in the message; for NaN and infinite embeddings, where the
    method looks at them.
    """
    if method not in METHODS:
        raise ValueError(f"unknown method {method!r}: choose from {', '.join(METHODS)}")
    known = list(inspect.signature(METHODS[method]).parameters)[4:]  # after embeddings, k, labels, seed
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise ValueError(f"method {method!r} has no option {', '.join(unknown)}; it has {', '.join(known) or 'none'}")
    embeddings = np.asarray(embeddings)
    if embeddings.ndim != 2 or embeddings.shape[1] < 1 or embeddings.dtype.kind not in "buif":
        raise ValueError(f"embeddings are {embeddings.dtype} {embeddings.shape}: expected real numbers (N, n), n at least 1")
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)):
        raise ValueError(f"k is {k!r}: expected a whole number")
    if not 1 <= k <= len(embeddings):
        raise ValueError(f"k is {k}: expected 1 to N = {len(embeddings)}")
    if labels is not None and np.shape(labels) != (len(embeddings),):
        raise ValueError(f"labels are {np.shape(labels)}: expected one per sample, ({len(embeddings)},)")
    return METHODS[method](embeddings, int(k), labels=labels, seed=seed, **options)


@_method
def random(embeddings, k, *, labels, seed):
    """k samples, every set of k equally likely: the control. O(N)."""
    return np.random.default_rng(seed).choice(len(embeddings), size=k, replace=False)


@_method
def random_balanced(embeddings, k, *, labels, seed):
    """The same number of each class, drawn at random: does balance alone help? O(N).

    Where k is no multiple of the classes, the classes with one more are drawn too. A class with too few samples gives
    all it has, and the others make up for it.
    """
    if labels is None:
        raise ValueError("method 'random_balanced' looks at classes: give labels (N,)")
    draw = np.random.default_rng(seed)
    of_class = [draw.permutation(np.flatnonzero(labels == name)) for name in np.unique(labels)]
    draw.shuffle(of_class)
    # Round after round one of each class that has any left, in this order.
    turns = np.concatenate([np.arange(len(members)) for members in of_class])
    return np.concatenate(of_class)[np.argsort(turns, kind="stable")[:k]]


@_method
def top_activations(embeddings, k, *, labels, seed, overlap="fill"):
    """Eq. 4: for each of the n elements the samples that activate it most. O(N n) time, O(n + k) memory besides.

    The ranks are gone down in turn: every element's first sample, every element's second, and so on. On ties the
    lower index comes first. Elements that never vary rank nothing and are passed over. A sample that several
    elements choose is taken once (reading R7):

    overlap="fill" goes on until exactly k distinct samples are found;
    overlap="union" stops after k choices, k / n for each element, and returns the fewer than k distinct ones.
    """
    if overlap not in ("fill", "union"):
        raise ValueError(f"overlap is {overlap!r}: choose 'fill' or 'union'")
    samples, elements = embeddings.shape
    depth = -(-k // elements) * (2 if overlap == "fill" else 1)  # lists overlap: to fill up, more than k / n are needed
    while True:
        lists, live = ranked_lists(embeddings, min(depth, samples))
        if not live.any():
            raise ValueError(
                f"none of the {elements} elements varies over the {samples} samples: nothing to rank. "
                "Train the autoencoder longer, or choose method='random'"
            )
        ranked = lists[:, live].ravel()  # rank by rank, every live element in turn
        if overlap == "union":
            ranked = ranked[:k]
        chosen = ranked[np.sort(np.unique(ranked, return_index=True)[1])]  # first appearances, in order
        if len(ranked) == k if overlap == "union" else len(chosen) >= k:
            return chosen[:k]
        depth *= 2  # look further down


def ranked_lists(embeddings, depth):
    """The `depth` samples that activate each element most: indices (depth, n) int64, best first; and live (n,) bool.

    Elements that are not live have one value for all samples. One pass over embeddings (N, n) in the order of the
    samples, which holds per element the best seen so far: a later sample counts only if it is above all but
    depth - 1 of them. ValueError if a value is NaN or infinite.
    """
    elements = embeddings.shape[1]
    best, waiting, live, bar = [], [], np.zeros(elements, bool), None

    def keep_best():
        """Drop what is no longer among the best of its element, and raise the bar."""
        element, sample, value = (np.concatenate(parts) for parts in zip(*best, *waiting))
        order = np.argsort(element, kind="stable")  # samples stay in their order
        ends = np.cumsum(np.bincount(element, minlength=elements))
        kept = [places[_top(value[places], depth)] for places in np.split(order, ends[:-1])]
        best[:] = [tuple(part[np.concatenate(kept)] for part in (element, sample, value))]
        waiting.clear()
        return np.array([value[places].min() for places in kept])

    for start, rows in _blocks(embeddings, at_least=depth):
        if not start:
            first = rows[0]
        live[~live] = (rows[:, ~live] != first[~live]).any(axis=0)
        above = np.arange(rows.size) if bar is None else np.flatnonzero(rows > bar)
        row, element = np.divmod(above, elements)
        waiting.append((element.astype(np.int32), start + row, rows[row, element]))
        if bar is None or sum(len(part[0]) for part in waiting) > 2 * depth * elements:
            bar = keep_best()
    keep_best()
    element, sample, value = best[0]
    value, sample = value.reshape(elements, depth), sample.reshape(elements, depth)
    # Ascending from the highest index, then reversed: descending, lower indices first on ties.
    order = np.argsort(value[:, ::-1], axis=1, kind="stable")[:, ::-1]
    return np.take_along_axis(sample[:, ::-1], order, axis=1).T, live


def _top(values, depth):
    """Where the `depth` highest of values (M,) stand, in their order; of equal ones the first."""
    if len(values) <= depth:
        return np.arange(len(values))
    lowest = np.partition(values, -depth)[-depth]
    top = values > lowest
    top[np.flatnonzero(values == lowest)[: depth - np.count_nonzero(top)]] = True
    return np.flatnonzero(top)


def _blocks(embeddings, at_least=1):
    """Yield (start, rows (M, n)) of embeddings (N, n); ValueError if a value is NaN or infinite."""
    length = max(1, at_least, _BLOCK_BYTES // embeddings[:1].nbytes)
    for start in range(0, len(embeddings), length):
        rows = np.asarray(embeddings[start : start + length])
        if not np.isfinite(rows).all():
            bad = rows.size - np.count_nonzero(np.isfinite(rows))
            raise ValueError(
                f"{bad} of {rows.size} values in embeddings {start} to {start + len(rows) - 1} are NaN or infinite: "
                "did training diverge?"
            )
        yield start, rows
