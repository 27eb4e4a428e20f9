"""New samples between those of a subset: what the paper names as future work (Section VI)."""

from dataclasses import replace

import keras
import numpy as np

from paperlib import training
from paperlib.data import Dataset


def between(
    embeddings: np.ndarray, labels: np.ndarray, chosen: np.ndarray, count: int, *, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Draw points between the embeddings of two chosen samples of one class.

    Parameters
    ----------
    embeddings : (N, n) float
    labels : (N,) int
    chosen : (k,) int
        Indices of samples. A class of which only one is chosen gets no points.
    count : int
        Points to draw. Each has its class from a random chosen sample, so that classes keep their shares.
    seed : int

    Returns
    -------
    points : (count, n) float32
        On the lines between two different samples, uniformly.
    classes : (count,) int64

    Raises
    ------
    ValueError
        If no class has two chosen samples.
    """
    draw = np.random.default_rng(seed)
    chosen = np.asarray(chosen)
    of_class = {name: chosen[labels[chosen] == name] for name in np.unique(labels[chosen])}
    paired = chosen[[len(of_class[name]) > 1 for name in labels[chosen]]]
    if not len(paired):
        raise ValueError(f"{len(chosen)} chosen samples, no two of one class: there is nothing to interpolate between")
    first = draw.choice(paired, count)
    second = np.array([draw.choice(of_class[labels[one]][of_class[labels[one]] != one]) for one in first], int)
    share = draw.uniform(size=(count, 1))
    points = (1 - share) * embeddings[first] + share * embeddings[second]
    return points.astype(np.float32), labels[first].astype(np.int64)


def decoded(decoder: keras.Model, points: np.ndarray, image_size: int) -> np.ndarray:
    """The images (M, image_size, image_size, C) uint8 that a decoder makes of points (M, n).

    Reproductions are as large as the encoder's crops; their borders are mirrored until they have the size of the data
    set's images, from which training takes random crops.
    """
    reproductions = training.reproduce(decoder, points)
    missing = image_size - reproductions.shape[1]
    before = missing // 2
    borders = ((0, 0), (before, missing - before), (before, missing - before), (0, 0))
    pixels = np.clip(np.rint(255 * reproductions), 0, 255).astype(np.uint8)
    return np.pad(pixels, borders, mode="symmetric")


def extended(
    dataset: Dataset, subset: np.ndarray, images: np.ndarray, labels: np.ndarray
) -> tuple[Dataset, np.ndarray]:
    """A data set with further training images (M, H, W, C) and labels (M,), and a subset (k,) with all of these."""
    samples = len(dataset.x_train)
    larger = replace(
        dataset,
        x_train=np.concatenate([dataset.x_train, images]),
        y_train=np.concatenate([dataset.y_train, labels]),
    )
    return larger, np.concatenate([subset, np.arange(samples, samples + len(images))])
