"""What a selection costs and covers."""

import ctypes
import gc
import threading
import time
from typing import Any, Literal

import numpy as np
import psutil

from paperlib.selection import select

_FEW = 256  # samples of the first call, which loads libraries and compiles
_SAMPLED_EVERY = 0.005  # seconds


def measured(
    embeddings: np.ndarray,
    k: int,
    method: str,
    *,
    labels: np.ndarray,
    seed: int,
    ties: Literal["seed", "index"] = "index",
    **options: Any,
) -> tuple[np.ndarray, float, int]:
    """Choose samples and measure what that takes.

    The embeddings are read into memory first, and the method is called once on a few samples, so that neither reading
    nor loading and compiling a library is charged.

    Parameters
    ----------
    embeddings : ndarray, shape (N, n)
    k, method, seed, **options
        As for `paperlib.selection.select`.
    labels : ndarray of int, shape (N,)
    ties : str
        As for `paperlib.selection.select`; by the lower index, as in all that is on record.

    Returns
    -------
    indices : ndarray of int64, shape (k,)
    seconds : float
        Of wall time.
    memory : int
        Bytes by which the process grew at most. It is looked at 200 times a second, so a shorter peak may be missed.
    """
    embeddings = np.array(embeddings)
    some = np.linspace(0, len(embeddings) - 1, min(_FEW, len(embeddings)), dtype=int)
    few = max(1, k * len(some) // len(embeddings))
    select(embeddings[some], few, method, labels=labels[some], seed=seed, ties=ties, **options)
    with _Growth() as growth:
        started = time.perf_counter()
        chosen = select(embeddings, k, method, labels=labels, seed=seed, ties=ties, **options)
        seconds = time.perf_counter() - started
    return chosen, seconds, growth.peak


def coverage(embeddings: np.ndarray, chosen: np.ndarray) -> float:
    """Return the mean Euclidean distance of all embeddings (N, n) from the nearest of the chosen (k,)."""
    from sklearn.metrics import pairwise_distances_argmin_min

    return float(pairwise_distances_argmin_min(embeddings, embeddings[chosen])[1].mean())


class _Growth:
    """A context that measures by how many bytes this process grows at most: `peak`."""

    def __enter__(self) -> "_Growth":
        gc.collect()
        if hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
            libc.malloc_trim(0)  # memory that is free but not returned would hide growth
        self._process = psutil.Process()
        self._before = self._process.memory_info().rss
        self.peak = 0
        self._ended = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._ended.wait(_SAMPLED_EVERY):
            self.peak = max(self.peak, self._process.memory_info().rss - self._before)
