"""The training of the autoencoder (Section IV-B)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from paperlib import augment, encoders
from paperlib.checkpoints import Checkpoints
from paperlib.compute import feeds
from paperlib.compute import precision as precisions
from paperlib.data.checks import check_pixels
from paperlib.training.loop import History, fed_loop
from paperlib.training.settings import LEARNING_RATE, AutoencoderSettings, check_positive
from paperlib.training.trajectory import Trajectory


@dataclass(frozen=True)
class Autoencoder:
    """A trained encoder and decoder (float32, so that close embeddings stay distinct), and how it went.

    decoder: for the objective "labels", the layer that gives the logits. history: of the mean squared error, or of the
    labels' cross-entropy. pieces: see `paperlib.training.trajectory`.
    """

    encoder: keras.Model
    decoder: keras.Model
    history: History
    precision: str
    pieces: list[dict]


def train_autoencoder(
    images: np.ndarray,
    *,
    embedding_size: int = 216,
    steps: int = 40_000,
    batch: int = 1024,
    learning_rate: float = LEARNING_RATE,
    momentum: float = 0.9,
    image_size: int = 24,
    last_activation: str = "relu",
    objective: str = "reconstruction",
    labels: np.ndarray | None = None,
    feed: str = "resident",
    precision: str = "auto",
    seed: int = 0,
    on_step: Callable[[], object] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Autoencoder:
    """Train the autoencoder of Section IV-B on random, randomly flipped crops of all images.

    The paper is silent on augmentation here; crops are needed for the size.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, H, W, C)
    embedding_size
        Numbers in an embedding: a multiple of (image_size / 8)², the positions of the last feature map.
    momentum
        Of the SGD (reading R6).
    last_activation
        "relu", or "linear" (reading R6).
    objective
        The paper's, or another of `paperlib.encoders.OBJECTIVES`.
    labels : ndarray of int, shape (N,), optional
        For the objective "labels".
    steps, batch, learning_rate, image_size, feed, precision, seed, on_step, should_stop
        As for `train_classifier`.

    Raises
    ------
    ValueError
        For arguments that do not fit.
    DivergedError
        When the loss is not finite any more.
    """
    settings = AutoencoderSettings(
        embedding_size=embedding_size,
        batch=batch,
        learning_rate=learning_rate,
        momentum=momentum,
        image_size=image_size,
        last_activation=last_activation,
        objective=objective,
        feed=feed,
        precision=precision,
        seed=seed,
    )
    watched: dict[str, Any] = dict(on_step=on_step, should_stop=should_stop)
    return next(train_autoencoders(images, [steps], settings, labels=labels, **watched))


def train_autoencoders(
    images: np.ndarray,
    ends: Iterable[int],
    settings: AutoencoderSettings,
    *,
    labels: np.ndarray | None = None,
    on_step: Callable[[], object] | None = None,
    should_stop: Callable[[], bool] | None = None,
    checkpoints: Checkpoints | None = None,
    piece: dict | None = None,
) -> Iterator[Autoencoder]:
    """Yield for each of `ends`, numbers of steps, what `train_autoencoder` returns: snapshots of one training.

    Its learning rate is constant, so a snapshot is what a shorter training would have come to, to the bit.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, H, W, C)
    settings
        The other parameters of `train_autoencoder`.
    labels
        As for `train_autoencoder`.
    on_step, should_stop, checkpoints, piece
        As for `train_classifiers`.
    """
    check_pixels(images)
    positions = [(0, steps) for steps in ends]
    for _, steps in positions:
        check_positive(steps=steps)
    check_positive(batch=settings.batch, learning_rate=settings.learning_rate)
    by_labels = settings.objective == "labels"
    if by_labels and (labels is None or labels.shape != (len(images),)):
        given = "there are none" if labels is None else f"labels are {labels.shape}"
        raise ValueError(f"objective is 'labels', and {given}: give labels ({len(images)},)")
    if checkpoints is None and len(positions) > 1:
        checkpoints = Checkpoints(positions)
    precision = precisions.resolve(settings.precision)
    seeds = [int(state) for state in np.random.SeedSequence(settings.seed).generate_state(3)]

    def networks(dtype: str, seed: int) -> encoders.Networks:
        return encoders.build(
            settings.objective,
            settings.embedding_size,
            classes=0 if labels is None else int(np.max(labels)) + 1,
            image_size=settings.image_size,
            channels=images.shape[3],
            last_activation=settings.last_activation,
            dtype=dtype,
            seed=seed,
        )

    learning = networks(precisions.POLICIES[precision], seeds[0])
    fed, crops = feeds.feed_input(images, settings.feed, settings.batch)
    crops = augment.RandomCropFlip(settings.image_size, seeds[1])(crops, training=True)
    crops = keras.layers.Rescaling(1 / 255, dtype="float32")(crops)
    output, loss = encoders.trained_output(learning, crops, seeds[1])
    trained = keras.Model(fed, output)
    optimizer = keras.optimizers.SGD(settings.learning_rate, momentum=settings.momentum)
    loop = fed_loop(trained, optimizer, loss, settings.feed, on_step)
    targets = labels if by_labels else None
    everything = np.arange(len(images))

    def batches(start: int) -> Iterator:
        return feeds.batches(
            images, targets, everything, batch=settings.batch, feed=settings.feed, seed=seeds[2], start=start
        )

    trajectory = Trajectory(loop, batches, batches, checkpoints=checkpoints, should_stop=should_stop, piece=piece)
    try:
        for end in positions:
            _, pieces = trajectory.go_to(end)
            with loop.paused():
                exact = networks("float32", 0)
                exact.encoder.set_weights(learning.encoder.get_weights())
                exact.head.set_weights(learning.head.get_weights())
                yield Autoencoder(exact.encoder, exact.head, loop.history(), precision, pieces)
    finally:
        feeds.release(trained)
