"""A selection, and what it costs and covers."""

import ctypes
import gc
import threading
import time

import numpy as np
import psutil

from paperlib.selection import select

_FEW = 256  # samples of the call that loads libraries and compiles
_SAMPLED_EVERY = 0.005  # seconds


def measured(embeddings, k, method, *, labels, seed, **options):
    """`select`, with its cost -> indices (k,), seconds, and the peak of bytes held besides the embeddings (N, n).

    The embeddings are in memory before. Loading a method's library, and compiling it, is not charged. Bytes are by how
    much the process grows, looked at 200 times a second: of what lasts less, nothing may be seen.
    """
    embeddings = np.array(embeddings)
    some = np.linspace(0, len(embeddings) - 1, min(_FEW, len(embeddings)), dtype=int)
    few = max(1, k * len(some) // len(embeddings))
    select(embeddings[some], few, method, labels=labels[some], seed=seed, **options)
    with _Growth() as growth:
        started = time.perf_counter()
        chosen = select(embeddings, k, method, labels=labels, seed=seed, **options)
        seconds = time.perf_counter() - started
    return chosen, seconds, growth.peak


def coverage(embeddings, chosen):
    """The mean Euclidean distance of all embeddings (N, n) from the nearest of the chosen, indices (k,)."""
    from sklearn.metrics import pairwise_distances_argmin_min

    return float(pairwise_distances_argmin_min(embeddings, embeddings[chosen])[1].mean())


class _Growth:
    """By how many bytes this process grows at most, while the context lasts."""

    def __enter__(self):
        gc.collect()
        if hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
            libc.malloc_trim(0)  # else what is free already would hide what is asked for
        self._process = psutil.Process()
        self._before = self._process.memory_info().rss
        self.peak = 0
        self._ended = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._watch.join()

    def _look(self):
        while not self._ended.wait(_SAMPLED_EVERY):
            self.peak = max(self.peak, self._process.memory_info().rss - self._before)
