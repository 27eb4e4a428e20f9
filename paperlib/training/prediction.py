"""What trained networks say of images: embeddings, reproductions, classes."""

from collections.abc import Callable

import keras
import numpy as np

from paperlib import augment
from paperlib.compute.kernels import full_precision_matmul
from paperlib.data.checks import check_pixels


def embed(encoder: keras.Model, images: np.ndarray, *, batch: int = 1000) -> np.ndarray:
    """Return the embeddings (N, n) float32 of the centre crops of images (N, H, W, C) uint8, `batch` at a time.

    Raises DataError for images of another type or shape.
    """
    check_pixels(images)
    size = encoder.input_shape[1]
    return _in_batches(encoder, lambda some: center_crops(some, size), images, batch)


def reproduce(decoder: keras.Model, embeddings: np.ndarray, *, batch: int = 1000) -> np.ndarray:
    """Return the reproductions (N, H, W, C) float32 of embeddings (N, n), `batch` at a time; of an encoder that learned
    labels, what its head makes of them: logits (N, classes)."""
    return _in_batches(decoder, lambda some: some, embeddings, batch)


def center_crops(images: np.ndarray, size: int) -> np.ndarray:
    """Return what the autoencoder reproduces: the centre crops (N, size, size, C) float32 in [0, 1] of uint8 images."""
    return augment.center_crop(images, size) / np.float32(255)


def predict(
    model: keras.Model, images: np.ndarray, *, standardize_by: str = "deviation", batch: int = 1000
) -> np.ndarray:
    """Return a classifier's logits (N, classes) float32 for images (N, H, W, C) uint8.

    Parameters
    ----------
    model
        A classifier; it is shown the standardized centre crops of its input size.
    images : ndarray of uint8, shape (N, H, W, C)
    standardize_by
        As the classifier was trained, reading R4.
    batch
        Images at a time.

    Raises
    ------
    DataError
        For images of another type or shape.
    """
    check_pixels(images)
    size = model.input_shape[1]

    def prepare(some: np.ndarray) -> np.ndarray:
        return augment.standardize(augment.center_crop(some, size), by=standardize_by)

    return _in_batches(model, prepare, images, batch)


def _in_batches(
    model: keras.Model, prepare: Callable[[np.ndarray], np.ndarray], samples: np.ndarray, batch: int
) -> np.ndarray:
    # Not `predict`: it needs all inputs prepared at once, and takes longer.
    starts = range(0, len(samples), batch)
    with full_precision_matmul():
        return np.concatenate([model.predict_on_batch(prepare(samples[start : start + batch])) for start in starts])
