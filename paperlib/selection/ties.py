"""Which of several samples with equal values comes first: decided by the seed, or by the order of the samples."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Ties = Literal["seed", "index"]
Priority = Callable[[NDArray[np.int64]], NDArray[np.uint64]]
"""Of samples, given by their indices: distinct numbers. Of equal samples, the one with the lowest comes first."""


def priority(ties: Ties, seed: int) -> Priority:
    """Return how ties are broken.

    Parameters
    ----------
    ties : {"seed", "index"}
        "seed": in an order that the seed draws, so that a sample gains nothing by coming first. "index": the lower
        index comes first.
    seed : int
        Of the drawn order; not used with "index".

    Returns
    -------
    function
        Indices (M,) -> priorities (M,) uint64. It needs no table of all samples, so that chunks of them can be ranked
        wherever they are.

    Raises
    ------
    ValueError
        If `ties` is neither.
    """
    if ties == "index":
        return _by_index
    if ties == "seed":
        offset = np.random.default_rng(seed).integers(1 << 63, dtype=np.uint64)
        return partial(_drawn, offset=offset)
    raise ValueError(f"ties is {ties!r}: choose 'seed' or 'index'")


def _by_index(samples: NDArray[np.int64]) -> NDArray[np.uint64]:
    return samples.astype(np.uint64)


def _drawn(samples: NDArray[np.int64], offset: np.uint64) -> NDArray[np.uint64]:
    """Mix indices one to one, so that neighbours are far apart (SplitMix64; Steele, Lea and Flood, OOPSLA 2014)."""
    numbers = (samples.astype(np.uint64) + offset) * np.uint64(0x9E3779B97F4A7C15)
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


def best(scores: NDArray[np.float64], tolerance: float, first: NDArray[np.uint64]) -> int:
    """Return where the highest of the scores stands; scores within `tolerance` of it are equal.

    Parameters
    ----------
    scores : (N,) float64
    tolerance : float
        How far rounding can move a score.
    first : (N,) uint64
        Priorities of the samples: of equal ones, that with the lowest is returned.
    """
    equal = np.flatnonzero(scores >= scores.max() - tolerance)
    return int(equal[np.argmin(first[equal])])
