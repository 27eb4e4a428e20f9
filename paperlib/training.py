"""The paper's training: the autoencoder (Section IV-B) and the two-phase loop of the classifier (Section IV-D)."""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from paperlib import augment, encoders, models
from paperlib.averaging import AVERAGES, AveragedSGD
from paperlib.checkpoints import Checkpoints, Position
from paperlib.compute import feeds, steppers
from paperlib.compute import precision as precisions
from paperlib.compute.kernels import full_precision_matmul
from paperlib.data import Dataset
from paperlib.loop import DivergedError as DivergedError  # for callers to catch
from paperlib.loop import History, Loop
from paperlib.trajectory import Trajectory

LEARNING_RATE = 0.1  # for the classifier in both phases, and for the autoencoder


@dataclass(frozen=True)
class ClassifierSettings:
    """How a classifier is trained, whatever its phases. The defaults are the paper's; see `train_classifier`."""

    batch: int = 1024
    learning_rate: float = LEARNING_RATE
    image_size: int = 24
    weight_decay: float = models.WEIGHT_DECAY
    standardize_by: str = "deviation"
    clip: bool = False
    rate_steps: int | None = None
    order: str = "shuffled"
    decay: float = 0.9999
    feed: str = "resident"
    precision: str = "auto"
    seed: int = 0


DEFAULT_SETTINGS = ClassifierSettings()


@dataclass(frozen=True)
class AutoencoderSettings:
    """How an autoencoder is trained, whatever its steps. The defaults are the paper's; see `train_autoencoder`."""

    embedding_size: int = 216
    batch: int = 1024
    learning_rate: float = LEARNING_RATE
    momentum: float = 0.9
    image_size: int = 24
    last_activation: str = "relu"
    objective: str = "reconstruction"
    feed: str = "resident"
    precision: str = "auto"
    seed: int = 0


@dataclass(frozen=True)
class Training:
    """A trained classifier, its weights under each average, and how it went.

    model: with the raw weights of the last step. weights: "raw" and each of `paperlib.averaging.AVERAGES` -> list of
    arrays, for `model.set_weights`. history: of the cross-entropy, without the weight decay. phases: steps on the
    subset, steps on the full set. tests: what `test` measured, as (step, {kind of weights: result}). pieces: see
    `paperlib.trajectory`.
    """

    model: keras.Model
    weights: dict[str, list[np.ndarray]]
    history: History
    phases: Position
    precision: str
    tests: list[tuple[int, dict[str, Any]]]
    pieces: list[dict]


@dataclass(frozen=True)
class Autoencoder:
    """A trained encoder and decoder (float32, so that close embeddings stay distinct), and how it went.

    decoder: for the objective "labels", the layer that gives the logits. history: of the mean squared error, or of the
    labels' cross-entropy. pieces: see `paperlib.trajectory`.
    """

    encoder: keras.Model
    decoder: keras.Model
    history: History
    precision: str
    pieces: list[dict]


def split_steps(steps: int, split: float) -> int:
    """Steps of the fast phase: the share `split` of all, rounded to whole steps.

    >>> split_steps(10_000, 0.95)
    9500
    """
    return round(steps * split)


def train_classifier(
    dataset: Dataset,
    subset: np.ndarray | None = None,
    *,
    split: float = 0.0,
    steps: int | None = None,
    seconds: float | None = None,
    phases: Position | None = None,
    batch: int = 1024,
    learning_rate: float = LEARNING_RATE,
    image_size: int = 24,
    weight_decay: float = models.WEIGHT_DECAY,
    standardize_by: str = "deviation",
    clip: bool = False,
    rate_steps: int | None = None,
    order: str = "shuffled",
    decay: float = 0.9999,
    feed: str = "resident",
    precision: str = "auto",
    seed: int = 0,
    on_step: Callable[[], object] | None = None,
    test: Callable[[keras.Model], object] | None = None,
    test_at: Collection[int] = (),
    should_stop: Callable[[], bool] | None = None,
) -> Training:
    """Train a classifier in two phases: fast training on `subset`, then fine-tuning on all of `dataset` (Section IV-D).

    Parameters
    ----------
    dataset
        Only its training split is used.
    subset : ndarray of int, shape (k,)
        Indices of the training samples of the first phase; not needed with split 0.
    split
        Share of the first phase, 0 to 1: of the `steps`, or of the `seconds` if only those are given.
    steps, seconds
        The last step, and a time budget after which no step starts. At least one of the two; with both, whichever ends
        first (the fixed budget of Section V-C, reading R9).
    phases
        Exact numbers of steps (fast, full) instead of the three above. It repeats a run that the clock ended.
    batch, learning_rate
        Samples a step, and the rate of plain SGD, the same in both phases.
    image_size
        Of the crops, in pixels.
    weight_decay, standardize_by, clip
        Readings R2, R4 ("deviation" or "variance") and R3 (see `augment.augmentation`).
    rate_steps
        After every so many steps the learning rate is divided by ten, as in the tutorial; None: never.
    order
        Of the samples, see `paperlib.compute.feeds.batches`.
    decay
        EMA decay of the averaged weights, reading R5.
    feed
        "resident" or "streamed", reading R13.
    precision
        "auto", "bfloat16" or "float32".
    seed
        Of the initial weights, the batches and the augmentation. The same seed gives the same bits on one machine.
    on_step
        Called after every step.
    test, test_at
        `test` measures the network as plain data. It is called for each kind of weights after the steps `test_at`, on
        both sides of the change of phase, and after the last step. The clock stands still meanwhile.
    should_stop
        Asked after every step whether to stop.

    Raises
    ------
    ValueError
        For arguments that do not fit.
    DivergedError
        When the loss is not finite any more.
    paperlib.checkpoints.Interrupted
        When `should_stop` answers True.
    """
    _check_split(split)
    total = None if phases is None else sum(phases)
    _check_positive(steps=steps, seconds=seconds, **{"the sum of phases": total})
    _check_has_subset(subset, split or (phases and phases[0]))
    settings = ClassifierSettings(
        batch=batch,
        learning_rate=learning_rate,
        image_size=image_size,
        weight_decay=weight_decay,
        standardize_by=standardize_by,
        clip=clip,
        rate_steps=rate_steps,
        order=order,
        decay=decay,
        feed=feed,
        precision=precision,
        seed=seed,
    )
    if phases is None and seconds is not None:
        with _classifier(dataset, subset, settings, on_step) as classifier:
            trajectory = Trajectory(
                classifier.loop,
                *classifier.sources,
                test=classifier.tester(test),
                test_at=test_at,
                should_stop=should_stop,
            )
            first: tuple[int | None, float | None] = (0, None)
            if split:
                first = (None, seconds * split) if steps is None else (split_steps(steps, split), seconds)
            tests, position = trajectory.run_by_clock(first, (steps, seconds))
            return classifier.ended(position, tests, [])
    if phases is None:
        if steps is None:
            raise ValueError("neither steps, seconds nor phases are given: training would never end")
        fast = split_steps(steps, split)
        phases = fast, steps - fast
    return next(
        train_classifiers(
            dataset, subset, [phases], settings, on_step=on_step, test=test, test_at=test_at, should_stop=should_stop
        )
    )


def train_classifiers(
    dataset: Dataset,
    subset: np.ndarray | None,
    ends: Iterable[Position],
    settings: ClassifierSettings = DEFAULT_SETTINGS,
    *,
    on_step: Callable[[], object] | None = None,
    test: Callable[[keras.Model], object] | None = None,
    test_at: Collection[int] = (),
    should_stop: Callable[[], bool] | None = None,
    checkpoints: Checkpoints | None = None,
    piece: dict | None = None,
) -> Iterator[Training]:
    """Yield for each of `ends` what `train_classifier` returns for these phases, the same to the bit.

    Runs that differ in their numbers of steps alone share a beginning, which is trained once: each starts from the
    checkpoint on its way that leaves it the fewest steps. In each history the shared steps have their times, so that it
    tells what the run takes alone. Use each `Training` before asking for the next, which trains the same model: its
    weights may be changed meanwhile.

    Parameters
    ----------
    dataset, subset, on_step, test, test_at, should_stop
        As for `train_classifier`.
    ends
        Numbers of steps (fast, full), in the order in which they are wanted.
    settings
        The other parameters of `train_classifier`.
    checkpoints
        Where states are kept, also for an interruption; None: in memory.
    piece
        Plain data that says where and with what this process computes, for `Training.pieces`.

    Raises
    ------
    ValueError, DivergedError, Interrupted
        As `train_classifier` does.
    """
    ends = [(fast, full) for fast, full in ends]
    for fast, full in ends:
        _check_positive(**{"the sum of phases": fast + full})
        _check_has_subset(subset, fast)
    if checkpoints is None and len(ends) > 1:
        checkpoints = Checkpoints(ends)
    with _classifier(dataset, subset, settings, on_step) as classifier:
        trajectory = Trajectory(
            classifier.loop,
            *classifier.sources,
            test=classifier.tester(test),
            test_at=test_at,
            checkpoints=checkpoints,
            should_stop=should_stop,
            piece=piece,
        )
        for end in ends:
            ended = classifier.ended(end, *trajectory.go_to(end))
            yield ended
            classifier.model.set_weights(ended.weights["raw"])


@dataclass(frozen=True)
class _Classifier:
    """A classifier under way. sources: start -> the batches of either phase from number `start` on."""

    model: keras.Model
    optimizer: AveragedSGD
    loop: Loop
    sources: tuple[Callable[[int], Iterator], Callable[[int], Iterator]]
    precision: str

    def tester(self, test: Callable[[keras.Model], object] | None) -> Callable[[], dict[str, object]] | None:
        """What `Trajectory` calls to have the network tested under each kind of weights."""
        return None if test is None else lambda: _tested(self.model, self.optimizer, test)

    def ended(self, position: Position, tests: list, pieces: list) -> Training:
        weights = _averaged(self.model, self.optimizer)
        return Training(self.model, weights, self.loop.history(), position, self.precision, tests, pieces)


@contextmanager
def _classifier(
    dataset: Dataset, subset: np.ndarray | None, settings: ClassifierSettings, on_step: Callable[[], object] | None
) -> Iterator[_Classifier]:
    """A new classifier, ready to be trained; its copy of the images is released at the end."""
    feed, batch = settings.feed, settings.batch
    _check_positive(batch=batch, rate_steps=settings.rate_steps)
    everything = np.arange(len(dataset.x_train))
    subset = everything if subset is None else _check_subset(subset, len(everything))
    precision = precisions.resolve(settings.precision)
    seeds = [int(state) for state in np.random.SeedSequence(settings.seed).generate_state(4)]
    model = models.classifier(
        len(dataset.classes),
        image_size=settings.image_size,
        channels=dataset.x_train.shape[3],
        weight_decay=settings.weight_decay,
        dtype=precisions.POLICIES[precision],
        seed=seeds[0],
    )
    fed, images = feeds.feed_input(dataset.x_train, feed, batch)
    augmentation = augment.augmentation(
        settings.image_size, standardize_by=settings.standardize_by, clip=settings.clip, seed=seeds[1]
    )
    optimizer = AveragedSGD(_rate(settings), decay=settings.decay)
    trained = keras.Model(fed, model(augmentation(images, training=True)))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    loop = _loop(trained, optimizer, loss, feed, on_step)

    def batches(indices: np.ndarray, seed: int) -> Callable[[int], Iterator]:
        drawn: dict[str, Any] = dict(batch=batch, feed=feed, seed=seed, order=settings.order)
        return lambda start: feeds.batches(dataset.x_train, dataset.y_train, indices, **drawn, start=start)

    sources = batches(subset, seeds[2]), batches(everything, seeds[3])
    try:
        yield _Classifier(model, optimizer, loop, sources, precision)
    finally:
        feeds.release(trained)


def _rate(settings: ClassifierSettings) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """The learning rate, or its schedule."""
    rate, steps = settings.learning_rate, settings.rate_steps
    if steps is None:
        return rate
    return keras.optimizers.schedules.ExponentialDecay(rate, steps, decay_rate=0.1, staircase=True)


def _loop(
    trained: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    loss: Callable,
    feed: str,
    on_step: Callable[[], object] | None,
) -> Loop:
    several = steppers.steps_per_execution(feed)
    return Loop(trained, optimizer, loss, steps_per_execution=several, on_step=on_step, constants=feeds.held(trained))


def _averaged(model: keras.Model, optimizer: AveragedSGD) -> dict[str, list[np.ndarray]]:
    """The weights of a model under each average, raw ones among them."""
    raw = model.get_weights()
    weights = {"raw": raw}
    for name in AVERAGES:
        average = iter(optimizer.averaged(name))
        weights[name] = [next(average) if w.trainable else value for w, value in zip(model.weights, raw)]
    return weights


def _tested(model: keras.Model, optimizer: AveragedSGD, test: Callable[[keras.Model], object]) -> dict[str, object]:
    """What `test` says of a model under each kind of weights; the model keeps its own."""
    weights = _averaged(model, optimizer)
    results = {}
    for name, values in weights.items():
        model.set_weights(values)
        results[name] = test(model)
    model.set_weights(weights["raw"])
    return results


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
        Numbers in an embedding: a multiple of the 9 positions of the last feature map.
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
    positions = [(0, steps) for steps in ends]
    for _, steps in positions:
        _check_positive(steps=steps)
    _check_positive(batch=settings.batch)
    by_labels = settings.objective == "labels"
    if by_labels and labels is None:
        raise ValueError("objective is 'labels', and there are none: give labels (N,)")
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
    loop = _loop(trained, optimizer, loss, settings.feed, on_step)
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
            exact = networks("float32", 0)
            exact.encoder.set_weights(learning.encoder.get_weights())
            exact.head.set_weights(learning.head.get_weights())
            yield Autoencoder(exact.encoder, exact.head, loop.history(), precision, pieces)
    finally:
        feeds.release(trained)


def embed(encoder: keras.Model, images: np.ndarray, *, batch: int = 1000) -> np.ndarray:
    """Return the embeddings (N, n) float32 of the centre crops of images (N, H, W, C) uint8, `batch` at a time."""
    size = encoder.input_shape[1]
    return _in_batches(encoder, lambda some: center_crops(some, size), images, batch)


def reproduce(decoder: keras.Model, embeddings: np.ndarray, *, batch: int = 1000) -> np.ndarray:
    """Return the reproductions (N, H, W, C) float32 of embeddings (N, n), `batch` at a time."""
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
    """
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


def _check_split(split: float) -> None:
    if not 0 <= split <= 1:
        raise ValueError(f"split is {split}: expected a share from 0 to 1")


def _check_has_subset(subset: np.ndarray | None, share: float | None) -> None:
    if share and subset is None:
        raise ValueError("there is no subset for the first phase: give the indices of the samples to train on first")


def _check_positive(**values: float | None) -> None:
    for name, value in values.items():
        if value is not None and value <= 0:
            raise ValueError(f"{name} is {value}: expected more than 0")


def _check_subset(subset: np.ndarray, samples: int) -> np.ndarray:
    subset = np.asarray(subset)
    if subset.ndim != 1 or not len(subset) or subset.dtype.kind not in "iu":
        raise ValueError(f"subset is {subset.dtype} {subset.shape}: expected indices (k,), at least one")
    if subset.min() < 0 or subset.max() >= samples:
        raise ValueError(f"subset has indices from {subset.min()} to {subset.max()}: expected 0 to {samples - 1}")
    return subset
