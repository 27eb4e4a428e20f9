"""Samples drawn at random: what every other method is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def random(embeddings: Any, k: int, *, labels: NDArray | None = None, seed: int = 0) -> NDArray[np.int64]:
    """Draw k samples, every set of k equally likely: the paper's control (Section V-B).

    O(N) time and memory. Only the number of embeddings matters; nothing of a `dask.array` is computed.

    Parameters
    ----------
    embeddings : (N, n)
    k : int
    labels : ignored
    seed : int

    Returns
    -------
    (k,) int64
        Distinct indices.
    """
    return np.random.default_rng(seed).choice(len(embeddings), size=k, replace=False)


def random_balanced(embeddings: Any, k: int, *, labels: NDArray | None = None, seed: int = 0) -> NDArray[np.int64]:
    """Draw the same number of each class at random, which shows what balance alone achieves.

    Where k is no multiple of the classes, the classes with one more are drawn too. A class with too few samples gives
    all it has, and the others make up for it. O(N log N) time, O(N) memory. Only the number of embeddings matters;
    nothing of a `dask.array` is computed.

    Parameters
    ----------
    embeddings : (N, n)
    k : int
    labels : (N,) integers or strings
    seed : int

    Returns
    -------
    (k,) int64
        Distinct indices.

    Raises
    ------
    ValueError
        If there are no labels.
    """
    if labels is None:
        raise ValueError("method 'random_balanced' looks at classes: give labels (N,)")
    draw = np.random.default_rng(seed)
    of_class = [draw.permutation(np.flatnonzero(labels == name)) for name in np.unique(labels)]
    draw.shuffle(of_class)
    return round_robin(of_class)[:k]


def random_of_counts(labels: NDArray, counts: Sequence[int] | NDArray, seed: int = 0) -> NDArray[np.int64]:
    """Draw a given number of each class at random: a control for the classes of another choice.

    Parameters
    ----------
    labels : (N,) int
        0 to C - 1.
    counts : (C,) int
        How many of each class.
    seed : int

    Returns
    -------
    (k,) int64
        Distinct indices, k being the sum of `counts`.

    Raises
    ------
    ValueError
        If a class has fewer samples than are asked for.
    """
    available = np.bincount(labels, minlength=len(counts))
    if (short := np.flatnonzero(available < counts)).size:
        name = short[0]
        raise ValueError(f"class {name} has {available[name]} samples, and {counts[name]} are asked for")
    draw = np.random.default_rng(seed)
    parts = [draw.choice(np.flatnonzero(labels == name), size=size, replace=False) for name, size in enumerate(counts)]
    return np.concatenate(parts)


def round_robin(groups: Sequence[NDArray]) -> NDArray:
    """Return the items of several arrays: the first of each, then the second of each that has any left, and so on."""
    turns = np.concatenate([np.arange(len(group)) for group in groups])
    return np.concatenate(groups)[np.argsort(turns, kind="stable")]


def equal_shares(sizes: Sequence[int] | NDArray, k: int) -> NDArray[np.int64]:
    """Return how many of each class make k: the same number of all; those that have fewer give all they have.

    Parameters
    ----------
    sizes : (C,) int
        How many samples each class has.
    k : int

    Returns
    -------
    (C,) int64
    """
    taken = round_robin([np.full(size, name) for name, size in enumerate(sizes)])[:k]
    return np.bincount(taken, minlength=len(sizes))
