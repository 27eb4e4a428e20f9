"""Which samples to keep: embeddings (N, n) -> indices (k,). One function a method, one registry.

Every method is called through `select`, which checks what all of them need and hands the rest on:
`method(embeddings, k, *, labels, seed, **options) -> indices`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paperlib.selection.blocks import is_chunked, refuse_chunked
from paperlib.selection.ranking import ranked_lists
from paperlib.selection.registry import REGISTRY
from paperlib.selection.ties import Ties

__all__ = ["DRAW", "METHODS", "REGISTRY", "check_method", "ranked_lists", "select"]

METHODS: dict[str, Callable[..., NDArray[np.int64]]] = {name: method.function for name, method in REGISTRY.items()}
DRAW = {name for name, method in REGISTRY.items() if method.draws}  # to the others, the seed matters only for ties

_LARGEST_SEED = 2**32 - 1  # what NumPy's legacy generator takes, which scikit-learn uses


def check_method(method: str, options: Mapping[str, Any]) -> None:
    """Check a method and its options, which is better done before training than after.

    Parameters
    ----------
    method : str
        A name in `METHODS`.
    options : mapping
        The method's own options.

    Raises
    ------
    ValueError
        If there is no such method, if it has no such option, or if an option is not True or False that has to be.
    """
    if not isinstance(method, str) or method not in METHODS:
        raise ValueError(f"method is {method!r}: unknown method, choose from {', '.join(METHODS)}")
    known = REGISTRY[method].options
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise ValueError(f"method {method!r} has no option {', '.join(unknown)}; it has {', '.join(known) or 'none'}")
    for name, value in options.items():
        if isinstance(known[name], bool) and not isinstance(value, (bool, np.bool_)):
            raise ValueError(f"{name} is {value!r}: choose True or False")


def select(
    embeddings: Any,
    k: int,
    method: str = "top_activations",
    *,
    labels: ArrayLike | None = None,
    seed: int = 0,
    ties: Ties = "seed",
    overlap: Literal["fill", "union"] | None = None,
    penalty: float | None = None,
    pairs: bool | None = None,
    pca: bool | None = None,
    quota_per_class: bool | None = None,
    by_class: bool | None = None,
    max_bytes: int | None = None,
    from_lowest: bool | None = None,
) -> NDArray[np.int64]:
    """Choose k of N samples by their embeddings.

    The methods, each explained in its own docstring (`help(paperlib.selection.METHODS["k_center"])`):

    ==================  =====================================================================================
    random              k samples drawn at random
    random_balanced     the same number of each class, drawn at random; needs labels
    top_activations     eq. 4, the paper's: for each element the samples that activate it most
    max_dispersion      eq. 3: the sum of the distances between the chosen is large
    k_center            every sample is near a chosen one
    k_means             the samples nearest to the centroids of k clusters
    herding             the mean of the chosen is near the mean of all
    facility_location   every sample is similar to a chosen one, summed over all; needs apricot-select
    feature_based       every element is active in some of the chosen; needs apricot-select
    ==================  =====================================================================================

    Parameters
    ----------
    embeddings : (N, n) real numbers, finite
        An array, a memory-mapped file, or, for `random`, `random_balanced` and `top_activations`, a `dask.array` whose
        chunks have known sizes. Where a method holds a few rows at a time, all of these may be larger than memory: the
        pages of a file in row-major order are released once they are read.
    k : int
        How many samples, from 1 to N.
    method : str
        A name in `METHODS`.
    labels : (N,) integers or strings, optional
        For methods and options that look at classes.
    seed : int
        From 0 to 2^32 - 1. For methods that draw, and for ties.
    ties : {"seed", "index"}
        Which of samples with equal values comes first. "seed": an order that the seed draws, so that a sample gains
        nothing by standing first in the data. "index": the lower index.
    overlap : {"fill", "union"}, optional
        Of `top_activations`, default "fill": go on until k distinct samples are found, or stop after k choices and
        return the fewer distinct ones.
    penalty : float, optional
        Of `top_activations`, default 0: standard deviations that a sample loses for each element in which it is highly
        active.
    pairs : bool, optional
        Of `top_activations`, default False: rank by pairs of elements, too.
    pca : bool, optional
        Of `top_activations` and `k_means`, default False: use whitened principal components in place of elements.
    quota_per_class : bool, optional
        Of `top_activations`, default False: take the same number of each class; needs labels.
    by_class : bool, optional
        Of `facility_location`, default False: choose in each class by itself; needs labels.
    max_bytes : int, optional
        Of `facility_location`, default 4 GiB: how large its similarities (N, N) may be.
    from_lowest : bool, optional
        Of `feature_based`, default False: count each element's activations from its lowest on.

    Returns
    -------
    (k,) int64
        Distinct indices, in the order of choice (with `overlap="union"`, at most k of them). The same arguments give
        the same indices.

    Raises
    ------
    ValueError
        If an argument is not one of these, with its name and value in the message; where the method looks at
        embeddings, also if values are NaN or infinite, or if all samples are the same.
    ImportError
        If a method's library is missing.

    Examples
    --------
    >>> embeddings = [[9, 0], [8, 1], [0, 7], [1, 6]]
    >>> select(embeddings, 2)
    array([0, 2])
    >>> select(embeddings, 3, "k_center").size
    3
    >>> select(embeddings, 5)
    Traceback (most recent call last):
    ...
    ValueError: k is 5: expected 1 to N = 4
    """
    options: dict[str, Any] = {
        "overlap": overlap,
        "penalty": penalty,
        "pairs": pairs,
        "pca": pca,
        "quota_per_class": quota_per_class,
        "by_class": by_class,
        "max_bytes": max_bytes,
        "from_lowest": from_lowest,
    }
    options = {name: value for name, value in options.items() if value is not None}
    check_method(method, options)
    embeddings = _checked_embeddings(embeddings, method)
    k = _whole("k", k, 1, len(embeddings), f"N = {len(embeddings)}")
    seed = _whole("seed", seed, 0, _LARGEST_SEED, "2**32 - 1")
    if not isinstance(ties, str) or ties not in ("seed", "index"):
        raise ValueError(f"ties is {ties!r}: choose 'seed' or 'index'")
    if REGISTRY[method].breaks_ties:
        options["ties"] = ties
    labels = None if labels is None else _checked_labels(labels, len(embeddings))
    return METHODS[method](embeddings, k, labels=labels, seed=seed, **options)


def _checked_embeddings(embeddings: Any, method: str) -> Any:
    if is_chunked(embeddings):
        if not REGISTRY[method].chunked:
            refuse_chunked(embeddings, f"method {method!r}")
        if np.isnan(embeddings.shape).any():
            raise ValueError(
                f"embeddings are a dask.array {embeddings.shape} with chunks of unknown sizes: "
                "call embeddings.compute_chunk_sizes() first"
            )
    else:
        embeddings = _as_array("embeddings", embeddings)
    if embeddings.ndim != 2 or embeddings.shape[1] < 1 or embeddings.dtype.kind not in "buif":
        found = f"{embeddings.dtype} {embeddings.shape}"
        raise ValueError(f"embeddings are {found}: expected real numbers (N, n), n at least 1")
    if embeddings.dtype.kind == "f" and embeddings.dtype.itemsize > 8:
        raise ValueError(f"embeddings are {embeddings.dtype}: give float64 or narrower, embeddings.astype(float)")
    return embeddings


def _checked_labels(labels: Any, samples: int) -> NDArray:
    labels = _as_array("labels", labels)
    if labels.shape != (samples,):
        raise ValueError(f"labels are {labels.shape}: expected one per sample, ({samples},)")
    if labels.dtype.kind in "OT":  # as pandas gives them
        kinds = {type(value) for value in labels.tolist()}
        if kinds <= {str, np.str_}:
            labels = labels.astype(str)
        elif all(issubclass(kind, (int, np.integer)) for kind in kinds):
            labels = np.array(labels.tolist())
    if labels.dtype.kind not in "biuUS":
        shown = ", ".join(repr(value) for value in labels[:3].tolist())
        raise ValueError(f"labels are {labels.dtype} ({shown}, ...): expected integers or strings, one per sample")
    return labels


def _as_array(name: str, values: Any) -> NDArray:
    if np.ma.isMaskedArray(values):
        raise ValueError(f"{name} are a masked array: its mask would be lost; give values without one, or .filled(...)")
    try:
        return np.asarray(values)
    except (ValueError, TypeError) as error:  # rows of different lengths, objects that are no numbers
        raise ValueError(f"{name} are {type(values).__name__}, which is no array: {error}") from error


def _whole(name: str, value: Any, lowest: int, highest: int, highest_name: str) -> int:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise ValueError(f"{name} is {value!r}: expected a whole number")
    if not lowest <= value <= highest:
        raise ValueError(f"{name} is {value}: expected {lowest} to {highest_name}")
    return int(value)
