"""Which samples to keep: embeddings (N, n) -> indices (k,). One function a method, one registry.

Every method is called through `select`, which checks what all of them need and hands the rest on:
`method(embeddings, k, *, labels, seed, **options) -> indices`.
"""

import inspect

import numpy as np

METHODS = {}  # name -> function, in the order of definition


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
    Raises ValueError for anything else, with the values in the message.
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
    # In blocks, so that no mask as large as the matrix is held.
    bad = sum(np.size(rows) - np.count_nonzero(np.isfinite(rows)) for rows in _blocks(embeddings, 65_536))
    if bad:
        raise ValueError(f"{bad} of {embeddings.size} values in embeddings are NaN or infinite: did training diverge?")
    return METHODS[method](embeddings, int(k), labels=labels, seed=seed, **options)


@_method
def random(embeddings, k, *, labels, seed):
    """k samples, every set of k equally likely: the control. O(N)."""
    return np.random.default_rng(seed).choice(len(embeddings), size=k, replace=False)


@_method
def top_activations(embeddings, k, *, labels, seed, overlap="fill"):
    """Eq. 4: for each of the n elements the samples that activate it most. O(N n) time, O(N + k) memory besides.

    The ranks are gone down in turn: every element's first sample, every element's second, and so on. On ties the
    lower index comes first. Elements that never vary rank nothing and are passed over. A sample that several
    elements choose is taken once (reading R7):

    overlap="fill" goes on until exactly k distinct samples are found;
    overlap="union" stops after k choices, k / n for each element, and returns the fewer than k distinct ones.
    """
    if overlap not in ("fill", "union"):
        raise ValueError(f"overlap is {overlap!r}: choose 'fill' or 'union'")
    live = np.flatnonzero(embeddings.max(axis=0) != embeddings.min(axis=0))
    if not len(live):
        raise ValueError(
            f"none of the {embeddings.shape[1]} elements varies over the {len(embeddings)} samples: nothing to rank. "
            "Train the autoencoder longer, or choose method='random'"
        )
    depth = -(-k // len(live))
    while True:
        ranked = ranked_lists(embeddings, live, depth).ravel()  # rank by rank, every live element in turn
        if overlap == "union":
            ranked = ranked[:k]
        chosen = ranked[np.sort(np.unique(ranked, return_index=True)[1])]  # first appearances, in order
        if overlap == "union" or len(chosen) >= k:
            return chosen[:k]
        depth = min(2 * depth, len(embeddings))  # the lists overlap: look further down


def ranked_lists(embeddings, columns, depth):
    """The `depth` samples that activate each of `columns` most, (depth, len(columns)) int64, best first."""
    ranked = np.empty((depth, len(columns)), np.int64)
    block = 16  # columns at a time: whole cache lines of the row-major matrix are used
    for start in range(0, len(columns), block):
        some = columns[start : start + block]
        for offset, column in enumerate(np.ascontiguousarray(embeddings[:, some].T)):
            threshold = np.partition(column, -depth)[-depth]
            candidates = np.flatnonzero(column >= threshold)  # all ties, lower indices first
            # Ascending from the highest index, then reversed: descending, lower indices first on ties.
            ascending = candidates[::-1][np.argsort(column[candidates[::-1]], kind="stable")]
            ranked[:, start + offset] = ascending[::-1][:depth]
    return ranked


def _blocks(array, rows):
    return (array[start : start + rows] for start in range(0, len(array), rows))
