"""Batch-norm statistics that belong to the weights in a network, rather than to those it had while training (R14)."""

import keras
import numpy as np

from paperlib import augment


def own_statistics(model, images, *, standardize_by="deviation", batch=500):
    """Set a classifier's batch-norm statistics to their means over batches of the images (N, H, W, C) uint8.

    Batches are of about `batch` centre crops, standardized as for `paperlib.training.predict`.
    """
    size = model.input_shape[1]
    layers = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    momenta = [layer.momentum for layer in layers]
    for number, some in enumerate(np.array_split(images, -(-len(images) // batch))):
        for layer in layers:
            layer.momentum = number / (number + 1)  # makes the moving average the mean so far
        model(augment.standardize(augment.center_crop(some, size), by=standardize_by), training=True)
    for layer, momentum in zip(layers, momenta):
        layer.momentum = momentum
