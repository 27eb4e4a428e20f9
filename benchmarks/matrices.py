"""Embeddings to select from: normal noise through a ReLU, as an encoder's last layer gives it. Written once a size.

python -m benchmarks.matrices FILE SAMPLES ELEMENTS
"""

import sys
from pathlib import Path

import numpy as np

ROWS = 100_000  # drawn at a time


def matrix(path, samples, elements):
    """The file of float32 (N, n) in row-major order without a header; made if it is not there."""
    path = Path(path)
    if not path.exists():
        draw = np.random.default_rng(0)
        with open(path.with_suffix(".part"), "wb") as file:
            for start in range(0, samples, ROWS):
                rows = draw.standard_normal((min(ROWS, samples - start), elements), np.float32)
                np.maximum(rows + 1, 0).tofile(file)
        path.with_suffix(".part").rename(path)
    return path


def load(path, elements, samples=-1):
    """The first `samples` rows, all by default."""
    count = -1 if samples < 0 else samples * elements
    return np.fromfile(path, np.float32, count).reshape(-1, elements)


if __name__ == "__main__":
    matrix(sys.argv[1], *map(int, sys.argv[2:]))
