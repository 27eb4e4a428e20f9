"""How samples reach the network (reading R13): held where the compute is, or read and copied every step."""

import keras
import numpy as np
from keras import ops

from paperlib import kernels


class Resident(keras.layers.Layer):
    """Holds images (N, H, W, C) as a weight, beside the network; indices (B,) int32 -> images (B, H, W, C).

    Four bytes a sample cross to the device each step instead of three thousand.
    """

    def __init__(self, images, **kwargs):
        super().__init__(trainable=False, dtype="float32", **kwargs)
        self.images = self.add_weight(
            shape=images.shape,
            dtype=str(images.dtype),
            trainable=False,
            initializer=lambda shape, dtype: ops.convert_to_tensor(images, dtype),
            name="images",
        )

    def call(self, indices):
        return ops.take(self.images, indices, axis=0)


def feed_input(images, feed, batch):
    """The head of a training model: `(input, images (B, H, W, C))` as Keras tensors for the feed "resident" or "streamed".

    `batch` is B: a graph with all sizes known spends nothing on finding them out.
    """
    if feed == "resident":
        indices = keras.Input((), batch, dtype="int32", name="indices")
        return indices, Resident(images)(indices)
    if feed == "streamed":
        streamed = keras.Input(images.shape[1:], batch, dtype=str(images.dtype), name="images")
        return streamed, streamed
    raise ValueError(f"feed is {feed!r}: choose 'resident' or 'streamed'")


def let_go(trained):
    """Free the images that a training model with `feed_input` holds; it cannot be trained any further."""
    for layer in trained.layers:
        if isinstance(layer, Resident):
            kernels.let_go(layer.images)


def batches(images, targets, indices, *, batch, feed, seed):
    """Yield for ever what a training model with `feed_input` is fed: `(indices or images, targets)`, `batch` of each.

    images (N, H, W, C); targets (N, ...) or None, where the model's input is its own target; indices (M,): the
    samples to draw from, M <= N. Streamed images are read from `images` at each step, which may lie on disk.
    """
    for chosen in _shuffled(indices, batch, seed):
        fed = chosen.astype(np.int32) if feed == "resident" else images[chosen]
        yield fed, chosen if targets is None else targets[chosen]


def _shuffled(indices, batch, seed):
    """Yield (batch,) of `indices` for ever: pass after pass, each in a new order; batches run across passes."""
    draw = np.random.default_rng(seed)
    waiting = np.empty(0, np.asarray(indices).dtype)
    while True:
        while len(waiting) < batch:
            waiting = np.concatenate([waiting, draw.permutation(indices)])
        yield waiting[:batch]
        waiting = waiting[batch:]
