"""Samples drawn at random: what every other method is compared with."""

import numpy as np


def random(embeddings, k, *, labels, seed):
    """k samples, every set of k equally likely: the paper's control (Section V-B). O(N) time and memory.

    Of embeddings only their number is looked at; nothing of a `dask.array` is computed.
    """
    return np.random.default_rng(seed).choice(len(embeddings), size=k, replace=False)


def random_balanced(embeddings, k, *, labels, seed):
    """The same number of each class, drawn at random: does balance alone help? O(N log N) time, O(N) memory.

    Where k is no multiple of the classes, the classes with one more are drawn too. A class with too few samples gives
    all it has, and the others make up for it. Of embeddings nothing is looked at, nor computed of a `dask.array`.
    """
    if labels is None:
        raise ValueError("method 'random_balanced' looks at classes: give labels (N,)")
    draw = np.random.default_rng(seed)
    of_class = [draw.permutation(np.flatnonzero(labels == name)) for name in np.unique(labels)]
    draw.shuffle(of_class)
    return in_turns(of_class)[:k]


def in_turns(groups):
    """The items of several arrays: the first of each, then the second of each that has any left, and so on."""
    turns = np.concatenate([np.arange(len(group)) for group in groups])
    return np.concatenate(groups)[np.argsort(turns, kind="stable")]


def equal_shares(sizes, k):
    """How many of each class make k: the same number of all, those that have fewer give all. sizes: (C,) -> (C,)."""
    taken = in_turns([np.full(size, name) for name, size in enumerate(sizes)])[:k]
    return np.bincount(taken, minlength=len(sizes))
