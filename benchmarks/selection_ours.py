"""Eq. 4 with paperlib: python -m benchmarks.selection_ours FILE ELEMENTS K OVERLAP [SAMPLES]"""

import json
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.matrices import load
from paperlib.selection import select


def peak_memory():
    """Bytes, of this program alone; `getrusage` would count the one that started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def fnv(indices):
    """The digest that `select.cpp` prints of the indices it chose."""
    digest = 14695981039346656037
    for index in indices:
        digest = (digest ^ index) * 1099511628211 % 2**64
    return f"{digest:016x}"


if __name__ == "__main__":
    path, overlap = sys.argv[1], sys.argv[4]
    elements, k, samples = int(sys.argv[2]), int(sys.argv[3]), int((sys.argv[5:] or [-1])[0])
    select(np.eye(8), 4)  # what NumPy loads when first used
    before = peak_memory()
    embeddings = load(path, elements, samples)
    started = time.perf_counter()
    chosen = select(embeddings, k, overlap=overlap, ties="index")  # as the C++ program breaks them
    seconds = time.perf_counter() - started
    peak = (peak_memory() - before) / embeddings.nbytes
    print(json.dumps({"seconds": seconds, "peak_over_matrix": peak, "digest": fnv(sorted(chosen.tolist()))}))
