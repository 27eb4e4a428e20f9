"""A selection, and what it costs and covers."""

import time
import tracemalloc

import numpy as np

from paperlib.selection import select

_FEW = 256  # samples of the call that loads libraries and compiles


def measured(embeddings, k, method, *, labels, seed, **options):
    """`select`, with its cost -> indices (k,), seconds, and the peak of bytes held besides the embeddings (N, n).

    The embeddings are in memory before. Loading a method's library, and compiling it, is not charged. Bytes are those
    that Python and NumPy ask for, results included; what compiled libraries take by themselves is not seen.
    """
    embeddings = np.array(embeddings)
    some = np.linspace(0, len(embeddings) - 1, min(_FEW, len(embeddings)), dtype=int)
    few = max(1, k * len(some) // len(embeddings))
    select(embeddings[some], few, method, labels=labels[some], seed=seed, **options)
    tracemalloc.start()
    try:
        started = time.perf_counter()
        chosen = select(embeddings, k, method, labels=labels, seed=seed, **options)
        seconds = time.perf_counter() - started
        return chosen, seconds, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def coverage(embeddings, chosen):
    """The mean Euclidean distance of all embeddings (N, n) from the nearest of the chosen, indices (k,)."""
    from sklearn.metrics import pairwise_distances_argmin_min

    return float(pairwise_distances_argmin_min(embeddings, embeddings[chosen])[1].mean())
