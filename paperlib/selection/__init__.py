"""Which samples to keep: embeddings (N, n) -> indices (k,). One function a method, one registry.

Every method is called through `select`, which checks what all of them need and hands the rest on:
`method(embeddings, k, *, labels, seed, **options) -> indices`.
"""

import inspect

import numpy as np

from paperlib.selection import activations, coverage, dispersion, herding, sampling, submodular
from paperlib.selection.blocks import is_chunked, refuse_chunked
from paperlib.selection.ranking import ranked_lists

__all__ = ["DRAW", "METHODS", "NEED_LABELS", "check_method", "ranked_lists", "select"]

METHODS = {
    method.__name__: method
    for method in (
        sampling.random,
        sampling.random_balanced,
        activations.top_activations,
        dispersion.max_dispersion,
        coverage.k_center,
        coverage.k_means,
        herding.herding,
        submodular.facility_location,
        submodular.feature_based,
    )
}
NEED_LABELS = {"random_balanced"}
DRAW = {"random", "random_balanced", "k_means"}  # the others choose the same with every seed

# These rank a `dask.array` chunk by chunk, or look at no more than its length.
_CHUNK_BY_CHUNK = ("random", "random_balanced", "top_activations")


def check_method(method, options):
    """Raise ValueError unless `method` is in `METHODS` and has these options (dict): better before training than after."""
    if method not in METHODS:
        raise ValueError(f"unknown method {method!r}: choose from {', '.join(METHODS)}")
    parameters = inspect.signature(METHODS[method]).parameters
    known = {name: parameters[name].default for name in list(parameters)[4:]}  # after embeddings, k, labels, seed
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise ValueError(f"method {method!r} has no option {', '.join(unknown)}; it has {', '.join(known) or 'none'}")
    for name, value in options.items():
        if isinstance(known[name], bool) and not isinstance(value, bool):
            raise ValueError(f"{name} is {value!r}: choose True or False")


def select(embeddings, k, method="top_activations", *, labels=None, seed=0, **options):
    """Choose k of N samples by their embeddings.

    Parameters
    ----------
    embeddings: (N, n) real numbers, all finite: an array, a memory-mapped file, or, for `random`, `random_balanced` and
        `top_activations`, a `dask.array` whose chunks have known sizes. Where a method holds a few rows at a time, all
        of these may be larger than memory: of a file in row-major order, the pages behind are let go, and only the
        system's cache keeps them, for as long as nobody else needs the room.
    k: how many samples, from 1 to N.
    method: a name in `METHODS`.
    labels: (N,) integers, for methods that look at classes.
    seed: for methods that draw.
    options: the method's own; see its docstring.

    Returns indices (k,) int64, distinct, in order of choice (with `overlap="union"`, at most k of them). The same
    arguments give the same indices.
    Raises ValueError for anything else, with the values in the message; for NaN and infinite embeddings, and for
    samples that are all the same, where the method looks at embeddings. ImportError if a method's library is missing.
    """
    check_method(method, options)
    if is_chunked(embeddings):
        if method not in _CHUNK_BY_CHUNK:
            refuse_chunked(embeddings, f"method {method!r}")
        if np.isnan(embeddings.shape).any():
            raise ValueError(
                f"embeddings are a dask.array {embeddings.shape} with chunks of unknown sizes: "
                "call embeddings.compute_chunk_sizes() first"
            )
    else:
        embeddings = np.asarray(embeddings)
    if embeddings.ndim != 2 or embeddings.shape[1] < 1 or embeddings.dtype.kind not in "buif":
        found = f"{embeddings.dtype} {embeddings.shape}"
        raise ValueError(f"embeddings are {found}: expected real numbers (N, n), n at least 1")
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)):
        raise ValueError(f"k is {k!r}: expected a whole number")
    if not 1 <= k <= len(embeddings):
        raise ValueError(f"k is {k}: expected 1 to N = {len(embeddings)}")
    labels = None if labels is None else np.asarray(labels)
    if labels is not None and labels.shape != (len(embeddings),):
        raise ValueError(f"labels are {labels.shape}: expected one per sample, ({len(embeddings)},)")
    return METHODS[method](embeddings, int(k), labels=labels, seed=seed, **options)
