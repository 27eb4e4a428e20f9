"""Batch-norm statistics computed for the weights that a network has now, instead of those it had in training (R14)."""

import keras
import numpy as np

from paperlib import augment


def recompute_batchnorm_statistics(
    model: keras.Model, images: np.ndarray, *, standardize_by: str = "deviation", batch: int = 500
) -> None:
    """Set a classifier's batch-norm statistics to their means over batches of images, in place.

    Parameters
    ----------
    model : keras.Model
        From `paperlib.models.classifier`.
    images : ndarray of uint8, shape (N, H, W, C)
        Their centre crops are standardized as for `paperlib.training.predict`.
    standardize_by : {"deviation", "variance"}
        Reading R4, see `paperlib.augment.standardize`.
    batch : int
        Samples in a batch, about; all batches are equally large or differ by one.
    """
    size = model.input_shape[1]
    layers = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    momenta = [layer.momentum for layer in layers]
    for number, part in enumerate(np.array_split(images, -(-len(images) // batch))):
        for layer in layers:
            layer.momentum = number / (number + 1)  # makes the moving average the mean so far
        model(augment.standardize(augment.center_crop(part, size), by=standardize_by), training=True)
    for layer, momentum in zip(layers, momenta):
        layer.momentum = momentum
