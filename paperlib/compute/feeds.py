"""How samples reach the network (reading R13): kept on the compute device, or copied there at each step."""

import itertools
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from paperlib.compute import Tensor, kernels


class Resident(keras.layers.Layer):
    """Holds all images as a weight and looks them up: indices (B,) int32 -> images (B, H, W, C).

    Only the indices are copied to the device at each step: 4 bytes a sample instead of an image's 3,072.

    Parameters
    ----------
    images : ndarray, shape (N, H, W, C)
    **kwargs
        Handed on to `keras.layers.Layer`.
    """

    def __init__(self, images: np.ndarray, **kwargs: Any) -> None:
        super().__init__(trainable=False, dtype="float32", **kwargs)
        self.images = self.add_weight(
            shape=images.shape,
            dtype=str(images.dtype),
            trainable=False,
            initializer=lambda shape, dtype: ops.convert_to_tensor(images, dtype),
            name="images",
        )

    def call(self, indices: Tensor) -> Tensor:
        return ops.take(self.images, indices, axis=0)


def feed_input(images: np.ndarray, feed: str, batch: int) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Build the first part of a training model.

    Parameters
    ----------
    images : ndarray, shape (N, H, W, C)
        The data set to train on.
    feed : {"resident", "streamed"}
        Reading R13: whether the model is fed indices or images.
    batch : int
        Samples in a batch, B. With all sizes fixed, a compiled step spends nothing on finding them out.

    Returns
    -------
    input : keras.KerasTensor, shape (B,) or (B, H, W, C)
        The model's input.
    images : keras.KerasTensor, shape (B, H, W, C)
        The images that belong to it.

    Raises
    ------
    ValueError
        For another `feed`.
    """
    if feed == "resident":
        indices = keras.Input((), batch, dtype="int32", name="indices")
        return indices, Resident(images)(indices)
    if feed == "streamed":
        streamed = keras.Input(images.shape[1:], batch, dtype=str(images.dtype), name="images")
        return streamed, streamed
    raise ValueError(f"feed is {feed!r}: choose 'resident' or 'streamed'")


def release(trained: keras.Model) -> None:
    """Free the images that a training model made with `feed_input` holds; it cannot be trained any further."""
    for layer in trained.layers:
        if isinstance(layer, Resident):
            kernels.release(layer.images)


def batches(
    images: np.ndarray,
    targets: np.ndarray | None,
    indices: np.ndarray,
    *,
    batch: int,
    feed: str,
    seed: int,
    start: int = 0,
    order: str = "shuffled",
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield, without end, the batches that a training model made with `feed_input` is fed.

    Parameters
    ----------
    images : ndarray, shape (N, H, W, C)
        Streamed images are read from here at each step, so this may be a memory-mapped file.
    targets : ndarray, shape (N, ...), or None
        None if the model's input is its own target; the indices then take their place.
    indices : ndarray of int, shape (M,)
        The samples to draw from, M <= N: pass after pass, each in a new order; a batch may span two passes.
    batch : int
        Samples in a batch, B.
    feed : {"resident", "streamed"}
        As for `feed_input`.
    seed : int
        Of the order. The same seed gives the same batches under every backend.
    start : int
        Number of the first batch to yield. Those before it are drawn, so that the others are the same, but not read.
    order : {"shuffled", "by_class"}
        "by_class": as from a file that is sorted by its targets (N,), through a buffer of 40 % of the samples, from
        which each next one is drawn: as the tutorial reads, if its share is one of the subset.

    Yields
    ------
    fed : ndarray, shape (B,) int32 or (B, H, W, C)
        Indices if resident, images if streamed.
    targets : ndarray, shape (B, ...)
    """
    if not len(indices):
        raise ValueError("indices are empty: there are no samples to make batches of")
    if order not in ("shuffled", "by_class"):
        raise ValueError(f"order is {order!r}: choose 'shuffled' or 'by_class'")
    drawn = _shuffled(indices, batch, seed) if order == "shuffled" else _by_class(indices, targets, batch, seed)
    for chosen in itertools.islice(drawn, start, None):
        fed = chosen.astype(np.int32) if feed == "resident" else images[chosen]
        yield fed, chosen if targets is None else targets[chosen]


def held(trained: keras.Model) -> list[keras.Variable]:
    """Return the variables that hold the images of a training model made with `feed_input`; no step changes them."""
    return [layer.images for layer in trained.layers if isinstance(layer, Resident)]


def _shuffled(indices: np.ndarray, batch: int, seed: int) -> Iterator[np.ndarray]:
    draw = np.random.default_rng(seed)
    waiting = np.empty(0, np.asarray(indices).dtype)
    while True:
        while len(waiting) < batch:
            waiting = np.concatenate([waiting, draw.permutation(indices)])
        yield waiting[:batch]
        waiting = waiting[batch:]


_BUFFERED = 0.4  # the tutorial's min_fraction_of_examples_in_queue


def _by_class(indices: np.ndarray, targets: np.ndarray | None, batch: int, seed: int) -> Iterator[np.ndarray]:
    if targets is None:
        raise ValueError("order 'by_class' needs targets: there are no classes to sort by")
    draw = np.random.default_rng(seed)
    indices = np.asarray(indices)
    file = itertools.cycle(indices[np.argsort(targets[indices], kind="stable")].tolist())
    buffer = list(itertools.islice(file, max(1, round(_BUFFERED * len(indices)))))
    while True:
        chosen = np.empty(batch, indices.dtype)
        for at, place in enumerate(draw.integers(len(buffer), size=batch)):
            chosen[at], buffer[place] = buffer[place], next(file)
        yield chosen
