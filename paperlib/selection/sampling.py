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
    # Round after round one of each class that has any left, in this order.
    turns = np.concatenate([np.arange(len(members)) for members in of_class])
    return np.concatenate(of_class)[np.argsort(turns, kind="stable")[:k]]


def equal_shares(sizes, k):
    """How many of each class make k: the same number of all, those that have fewer give all. sizes: (C,) -> (C,)."""
    classes = np.repeat(np.arange(len(sizes)), sizes)
    turns = np.concatenate([np.arange(size) for size in sizes])
    return np.bincount(classes[np.argsort(turns, kind="stable")[:k]], minlength=len(sizes))
