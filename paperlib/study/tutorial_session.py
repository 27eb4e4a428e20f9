"""The paper's training inside TensorFlow 1's own training session, as the TensorFlow CIFAR-10 tutorial has it.

The paper shares network, augmentation, learning rate, weight decay and weight average with that tutorial (R1 to R5):
`cifar10_train.py` and `cifar10_eval.py` in `tutorials/image/cifar10` of tensorflow/models. Here is what decides
which weights are tested: `MonitoredTrainingSession` with the tutorial's arguments, so with its default saving interval,
and the tutorial's way of restoring the averaged weights. The graph is written with TensorFlow's operations, because
Keras 3 builds none for such a session.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from os import PathLike
from typing import Any

import numpy as np

from paperlib import augment, evaluation
from paperlib.compute import Tensor, feeds
from paperlib.data import Dataset
from paperlib.models import WEIGHT_DECAY

LEARNING_RATE = 0.1
EMA_DECAY = 0.9999
IMAGE_SIZE = 24
BATCHNORM_MOMENTUM, BATCHNORM_EPSILON = 0.99, 1e-3  # Keras' defaults, as in `paperlib.models`


def train(
    dataset: Dataset,
    indices: np.ndarray,
    folder: str | PathLike,
    last_step: int,
    *,
    batch: int = 128,
    seed: int = 0,
    on_step: Callable[[], None] | None = None,
) -> None:
    """Train in one session until its global step is `last_step`; it begins with what `folder` holds, if anything.

    Checkpoints are written by the session alone: one when it is created, one every 600 s, one when it ends by itself.

    Parameters
    ----------
    dataset
        Images uint8 (N, H, W, C) and labels.
    indices
        (M,) the training images to draw batches from.
    folder
        Where the checkpoints are; a session continues from the latest one.
    last_step
        The global step to stop at. Steps of earlier sessions in `folder` count.
    batch
        Images a step.
    seed
        Of the initial weights, the order of the images and the augmentation.
    on_step
        Called after each step.
    """
    import tensorflow as tf

    v1 = tf.compat.v1
    with tf.Graph().as_default():
        images, labels, logits, updates = _network(dataset, training=True, seed=seed)
        kernels = [v for v in v1.trainable_variables() if v.name in ("dense1/kernel:0", "dense2/kernel:0")]
        cross_entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        loss = tf.reduce_mean(cross_entropy) + WEIGHT_DECAY * tf.add_n([tf.nn.l2_loss(kernel) for kernel in kernels])
        global_step = v1.train.get_or_create_global_step()
        with tf.control_dependencies(updates):
            step = v1.train.GradientDescentOptimizer(LEARNING_RATE).minimize(loss, global_step)
        with tf.control_dependencies([step]):  # with the number of steps, the average warms up
            step = tf.train.ExponentialMovingAverage(EMA_DECAY, global_step).apply(v1.trainable_variables())
        hooks = [v1.train.StopAtStepHook(last_step=last_step), v1.train.NanTensorHook(loss)]
        batches = _batches(dataset, indices, batch, seed, start=latest_step(folder))
        # Keras augments eagerly, which it does in a thread of its own: a default graph is one thread's.
        with (
            ThreadPoolExecutor(1) as reader,
            v1.train.MonitoredTrainingSession(checkpoint_dir=str(folder), hooks=hooks) as session,
        ):
            while not session.should_stop():
                some, targets = reader.submit(next, batches).result()
                session.run(step, {images: some, labels: targets})
                if on_step:
                    on_step()


def latest_step(folder: str | PathLike) -> int | None:
    """The global step of the latest checkpoint in `folder`, read off its name as in the tutorial; None without one."""
    import tensorflow as tf

    checkpoint = tf.train.latest_checkpoint(str(folder))
    return None if checkpoint is None else int(checkpoint.rsplit("-", 1)[1])


def accuracy(dataset: Dataset, folder: str | PathLike, *, batch: int = 500) -> float:
    """Test accuracy, 0 to 1, of the latest checkpoint in `folder` with its averaged weights, as the tutorial tests it.

    Parameters
    ----------
    dataset
        Whose test split is used, centre crops of it.
    folder
        Where the checkpoints are.
    batch
        Images at a time; decides nothing but memory and time.

    Raises
    ------
    FileNotFoundError
        If there is no checkpoint in `folder`.
    """
    import tensorflow as tf

    v1 = tf.compat.v1
    checkpoint = tf.train.latest_checkpoint(str(folder))
    if checkpoint is None:
        raise FileNotFoundError(f"{folder}: no checkpoint; train there first")
    crops = augment.center_crop(dataset.x_test, IMAGE_SIZE)
    parts = [np.asarray(augment.standardize(part)) for part in np.array_split(crops, -(-len(crops) // batch))]
    with tf.Graph().as_default():
        images, _, logits, _ = _network(dataset, training=False)
        # Batch-norm statistics are no trained weights: they are restored as they were, not averaged.
        saver = v1.train.Saver(tf.train.ExponentialMovingAverage(EMA_DECAY).variables_to_restore())
        with v1.Session() as session:
            saver.restore(session, checkpoint)
            found = np.concatenate([session.run(logits, {images: part}) for part in parts])
    return evaluation.classification(found, dataset.y_test)["accuracy"]


def _batches(
    dataset: Dataset, indices: np.ndarray, batch: int, seed: int, start: int | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield augmented images (B, 24, 24, C) float32 and labels (B,) for ever; other ones at each `start`."""
    order, draws = (int(state) for state in np.random.SeedSequence((seed, start or 0)).generate_state(2))
    change = augment.augmentation(IMAGE_SIZE, seed=draws)
    drawn = feeds.batches(dataset.x_train, dataset.y_train, indices, batch=batch, feed="streamed", seed=order)
    for some, targets in drawn:
        yield np.asarray(change(some, training=True)), targets


def _network(dataset: Dataset, *, training: bool, seed: int = 0) -> tuple[Tensor, Tensor, Tensor, list[Any]]:
    """The classifier of `paperlib.models.classifier` in the default graph.

    Returns the placeholders for standardized images (B, 24, 24, C) and labels (B,), the logits (B, classes), and the
    operations that update batch-norm statistics.
    """
    import tensorflow as tf

    v1, channels = tf.compat.v1, dataset.x_train.shape[3]
    updates: list[Any] = []
    images = v1.placeholder(tf.float32, (None, IMAGE_SIZE, IMAGE_SIZE, channels), "images")
    labels = v1.placeholder(tf.int64, (None,), "labels")
    seeds = iter(np.random.SeedSequence(seed).generate_state(5) % 2**31)

    def weights(name: str, shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
        initializer = v1.glorot_uniform_initializer(seed=int(next(seeds)))
        with v1.variable_scope(name):
            bias = v1.get_variable("bias", shape[-1], initializer=v1.zeros_initializer())
            return v1.get_variable("kernel", shape, initializer=initializer), bias

    def conv(x: Tensor, name: str) -> Tensor:
        kernel, bias = weights(name, (5, 5, x.shape[-1], 64))
        return tf.nn.bias_add(tf.nn.conv2d(x, kernel, 1, "SAME"), bias)

    def pool(x: Tensor) -> Tensor:
        return tf.nn.max_pool2d(x, 3, 2, "SAME")

    def norm(x: Tensor, name: str) -> Tensor:
        with v1.variable_scope(name):
            gamma, beta, mean, variance = (
                v1.get_variable(part, 64, initializer=v1.constant_initializer(value), trainable=trained)
                for part, value, trained in (
                    ("gamma", 1, True),
                    ("beta", 0, True),
                    ("mean", 0, False),
                    ("variance", 1, False),
                )
            )
        if not training:
            return v1.nn.fused_batch_norm(x, gamma, beta, mean, variance, BATCHNORM_EPSILON, is_training=False)[0]
        x, *of_batch = v1.nn.fused_batch_norm(x, gamma, beta, epsilon=BATCHNORM_EPSILON)
        updates.extend(
            moving.assign(moving * BATCHNORM_MOMENTUM + value * (1 - BATCHNORM_MOMENTUM))
            for moving, value in zip((mean, variance), of_batch)
        )
        return x

    def dense(x: Tensor, name: str, width: int) -> Tensor:
        kernel, bias = weights(name, (x.shape[-1], width))
        return x @ kernel + bias

    x = norm(tf.nn.relu(pool(conv(images, "conv1"))), "norm1")
    x = pool(norm(tf.nn.relu(conv(x, "conv2")), "norm2"))
    x = tf.reshape(x, (-1, np.prod(x.shape[1:])))
    x = tf.nn.relu(dense(x, "dense1", 384))
    x = tf.nn.relu(dense(x, "dense2", 192))
    return images, labels, dense(x, "dense3", len(dataset.classes)), updates
