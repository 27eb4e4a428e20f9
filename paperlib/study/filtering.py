"""Step 4 of the paper's method (Section IV-D): writing the filtered data set, and how long that takes."""

import os
import tempfile
import time
from pathlib import Path

import numpy as np


def seconds_to_write(
    images: np.ndarray, labels: np.ndarray, chosen: np.ndarray, *, repeats: int = 5, folder: Path | None = None
) -> list[float]:
    """Write the chosen samples as a data set of their own, several times, each into a folder of its own.

    Parameters
    ----------
    images : ndarray, (N, H, W, C) uint8
    labels : ndarray, (N,)
    chosen : ndarray, (k,) of int
        Indices of the samples to write.
    repeats : int
        How often; the first one also brings pages into memory.
    folder : Path, optional
        Where; the folder for temporary files unless given. What is written is removed again.

    Returns
    -------
    list of float
        Seconds of each, until the bytes are on disk.
    """
    seconds = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory(dir=folder) as place:
            started = time.perf_counter()
            with open(Path(place) / "subset.npz", "wb") as file:
                np.savez(file, images=images[chosen], labels=labels[chosen])
                file.flush()
                os.fsync(file.fileno())
            seconds.append(time.perf_counter() - started)
    return seconds
