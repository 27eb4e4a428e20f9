"""The paper's training: the autoencoder (Section IV-B) and the two-phase loop of the classifier (Section IV-D)."""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

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
    tests: list
    pieces: list


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
    pieces: list


def split_steps(steps: int, split: float) -> int:
    """Steps of the fast phase: the share `split` of all, rounded to whole steps."""
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
    dataset : only its training split is used.
    subset : indices (k,) of training samples for the first phase; not needed with split 0.
    split : share of the first phase, 0 to 1, of the `steps`; of the `seconds` if only those are given.
    steps, seconds : the last step, and a time budget: no step starts after it. At least one of the two; with both,
        whichever ends first (the fixed budget of Section V-C, reading R9).
    phases : exact numbers of steps (fast, full) instead of the three above: repeats a run that the clock ended.
    batch, learning_rate : of both phases.
    image_size : of the crops, in pixels.
    weight_decay, standardize_by : readings R2 and R4.
    decay : of the averaged weights, reading R5.
    feed : "resident" or "streamed", reading R13.
    precision : "auto", "bfloat16" or "float32".
    seed : of the initial weights, the batches and the augmentation: same seed, same machine, same result.
    on_step : called after every step.
    test, test_at : measures the network with either kind of weights, as plain data, after these steps, on both sides of
        the change of phase and after the last step; the clock stands still meanwhile.
    should_stop : asked after every step; if it answers True, `paperlib.checkpoints.Interrupted` is raised.

    Raises
    ------
    ValueError : for arguments that do not fit.
    DivergedError : when the loss is no number any more.
    """
    _check_split(split)
    if phases is None and steps is None and seconds is None:
        raise ValueError("neither steps, seconds nor phases are given: training would never end")
    total = None if phases is None else sum(phases)
    _check_positive(steps=steps, seconds=seconds, **{"the sum of phases": total})
    _check_has_subset(subset, split or (phases and phases[0]))
    options = dict(
        batch=batch,
        learning_rate=learning_rate,
        image_size=image_size,
        weight_decay=weight_decay,
        standardize_by=standardize_by,
        decay=decay,
        feed=feed,
        precision=precision,
        seed=seed,
        on_step=on_step,
        test=test,
        test_at=test_at,
        should_stop=should_stop,
    )
    if phases is None and seconds is None:
        fast = split_steps(steps, split)
        phases = fast, steps - fast
    if phases is not None:
        return next(train_classifiers(dataset, subset, [phases], **options))
    first = (None, seconds * split) if steps is None else (split_steps(steps, split), seconds)
    first = first if split else (0, None)
    with _classifier(dataset, subset, **options) as training:
        tests, position = training.trajectory.run_by_clock(first, (steps, seconds))
        return training.ended(position, tests, [])


def train_classifiers(
    dataset: Dataset,
    subset: np.ndarray | None,
    ends: Iterable[Position],
    *,
    checkpoints: Checkpoints | None = None,
    piece: dict | None = None,
    **options,
) -> Iterator[Training]:
    """Yield for each of `ends` what `train_classifier` returns for these phases, the same to the bit.

    Runs that differ in their numbers of steps alone share a beginning, which is trained once: each starts from the
    checkpoint on its way that leaves it the fewest steps. In each history the shared steps have their times, so that it
    tells what the run takes alone. Use each `Training` before asking for the next, which trains the same model: its
    weights may be changed meanwhile.

    Parameters
    ----------
    ends : numbers of steps (fast, full), in the order in which they are wanted.
    checkpoints : where states are kept, also for an interruption; None: in memory.
    piece : see `paperlib.trajectory.Trajectory`.
    options : those of `train_classifier`, from `batch` on.
    """
    ends = [tuple(end) for end in ends]
    for fast, full in ends:
        _check_positive(**{"the sum of phases": fast + full})
        _check_has_subset(subset, fast)
    if checkpoints is None and len(ends) > 1:
        checkpoints = Checkpoints(ends)
    with _classifier(dataset, subset, checkpoints=checkpoints, piece=piece, **options) as training:
        for end in ends:
            ended = training.ended(end, *training.trajectory.go_to(end))
            yield ended
            training.model.set_weights(ended.weights["raw"])


@dataclass(frozen=True)
class _Classifier:
    """A classifier under way."""

    model: keras.Model
    optimizer: AveragedSGD
    loop: Loop
    trajectory: Trajectory
    precision: str

    def ended(self, position, tests, pieces):
        weights = _averaged(self.model, self.optimizer)
        return Training(self.model, weights, self.loop.history(), position, self.precision, tests, pieces)


@contextmanager
def _classifier(
    dataset,
    subset,
    *,
    batch=1024,
    learning_rate=LEARNING_RATE,
    image_size=24,
    weight_decay=models.WEIGHT_DECAY,
    standardize_by="deviation",
    decay=0.9999,
    feed="resident",
    precision="auto",
    seed=0,
    on_step=None,
    test=None,
    **of_trajectory,
):
    """A new classifier, ready to be trained; its copy of the images is released at the end."""
    _check_positive(batch=batch)
    everything = np.arange(len(dataset.x_train))
    subset = everything if subset is None else _check_subset(subset, len(everything))
    precision = precisions.resolve(precision)
    seeds = [int(state) for state in np.random.SeedSequence(seed).generate_state(4)]
    model = models.classifier(
        len(dataset.classes),
        image_size=image_size,
        channels=dataset.x_train.shape[3],
        weight_decay=weight_decay,
        dtype=precisions.POLICIES[precision],
        seed=seeds[0],
    )
    fed, images = feeds.feed_input(dataset.x_train, feed, batch)
    images = augment.augmentation(image_size, standardize_by=standardize_by, seed=seeds[1])(images, training=True)
    optimizer = AveragedSGD(learning_rate, decay=decay)
    trained = keras.Model(fed, model(images))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    loop = _loop(trained, optimizer, loss, feed, on_step)

    def batches(indices, seed):
        drawn = dict(batch=batch, feed=feed, seed=seed)
        return lambda start: feeds.batches(dataset.x_train, dataset.y_train, indices, **drawn, start=start)

    tested = test and (lambda: _tested(model, optimizer, test))
    sources = batches(subset, seeds[2]), batches(everything, seeds[3])
    try:
        yield _Classifier(model, optimizer, loop, Trajectory(loop, *sources, test=tested, **of_trajectory), precision)
    finally:
        feeds.release(trained)


def _loop(trained, optimizer, loss, feed, on_step):
    several = steppers.steps_per_execution(feed)
    return Loop(trained, optimizer, loss, steps_per_execution=several, on_step=on_step, constants=feeds.held(trained))


def _averaged(model, optimizer):
    """The weights of a model under each average, raw ones among them."""
    raw = model.get_weights()
    weights = {"raw": raw}
    for name in AVERAGES:
        average = iter(optimizer.averaged(name))
        weights[name] = [next(average) if w.trainable else value for w, value in zip(model.weights, raw)]
    return weights


def _tested(model, optimizer, test):
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
    """Train the autoencoder of Section IV-B on random, randomly flipped crops of images (N, H, W, C) uint8.

    The paper is silent on augmentation here; crops are needed for the size. last_activation: "relu", or "linear"
    (reading R6). objective: the paper's, or another of `paperlib.encoders.OBJECTIVES`; "labels" needs labels (N,). The
    other parameters are those of `train_classifier`.
    """
    return next(
        train_autoencoders(
            images,
            [steps],
            embedding_size=embedding_size,
            batch=batch,
            learning_rate=learning_rate,
            momentum=momentum,
            image_size=image_size,
            last_activation=last_activation,
            objective=objective,
            labels=labels,
            feed=feed,
            precision=precision,
            seed=seed,
            on_step=on_step,
            should_stop=should_stop,
        )
    )


def train_autoencoders(
    images: np.ndarray,
    ends: Iterable[int],
    *,
    embedding_size: int = 216,
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
    checkpoints: Checkpoints | None = None,
    piece: dict | None = None,
) -> Iterator[Autoencoder]:
    """Yield for each of `ends`, numbers of steps, what `train_autoencoder` returns: snapshots of one training.

    Its learning rate is constant, so a snapshot is what a shorter training would have come to, to the bit. The
    parameters are those of `train_autoencoder` and of `train_classifiers`.
    """
    ends = [(0, steps) for steps in ends]
    for _, steps in ends:
        _check_positive(steps=steps)
    _check_positive(batch=batch)
    if objective == "labels" and labels is None:
        raise ValueError("objective is 'labels', and there are none: give labels (N,)")
    if checkpoints is None and len(ends) > 1:
        checkpoints = Checkpoints(ends)
    precision = precisions.resolve(precision)
    seeds = [int(state) for state in np.random.SeedSequence(seed).generate_state(3)]
    shape = dict(image_size=image_size, channels=images.shape[3], last_activation=last_activation)
    shape["classes"] = 0 if labels is None else int(np.max(labels)) + 1
    policy = precisions.POLICIES[precision]
    networks = encoders.build(objective, embedding_size, **shape, dtype=policy, seed=seeds[0])
    fed, crops = feeds.feed_input(images, feed, batch)
    crops = augment.RandomCropFlip(image_size, seeds[1])(crops, training=True)
    crops = keras.layers.Rescaling(1 / 255, dtype="float32")(crops)
    output, loss = encoders.trained_output(networks, crops, seeds[1])
    trained = keras.Model(fed, output)
    loop = _loop(trained, keras.optimizers.SGD(learning_rate, momentum=momentum), loss, feed, on_step)
    targets = labels if objective == "labels" else None

    def batches(start):
        everything = np.arange(len(images))
        return feeds.batches(images, targets, everything, batch=batch, feed=feed, seed=seeds[2], start=start)

    trajectory = Trajectory(loop, batches, batches, checkpoints=checkpoints, should_stop=should_stop, piece=piece)
    try:
        for end in ends:
            _, pieces = trajectory.go_to(end)
            exact = encoders.build(objective, embedding_size, **shape)
            exact.encoder.set_weights(networks.encoder.get_weights())
            exact.head.set_weights(networks.head.get_weights())
            yield Autoencoder(exact.encoder, exact.head, loop.history(), precision, pieces)
    finally:
        feeds.release(trained)


def embed(encoder, images, *, batch=1000):
    """The embeddings (N, n) float32 of the centre crops of images (N, H, W, C) uint8."""
    size = encoder.input_shape[1]
    return _in_batches(encoder, lambda some: center_crops(some, size), images, batch)


def reproduce(decoder, embeddings, *, batch=1000):
    """The reproductions (N, H, W, C) float32 of embeddings (N, n)."""
    return _in_batches(decoder, lambda some: some, embeddings, batch)


def center_crops(images, size):
    """What the autoencoder reproduces: the centre crops (N, size, size, C) float32 in [0, 1] of uint8 images."""
    return augment.center_crop(images, size) / np.float32(255)


def predict(model, images, *, standardize_by="deviation", batch=1000):
    """A classifier's logits (N, classes) float32 for the standardized centre crops of images (N, H, W, C) uint8."""
    size = model.input_shape[1]

    def prepare(some):
        return augment.standardize(augment.center_crop(some, size), by=standardize_by)

    return _in_batches(model, prepare, images, batch)


def _in_batches(model, prepare, samples, batch):
    # Not `predict`: it needs all inputs prepared at once, and takes longer.
    starts = range(0, len(samples), batch)
    with full_precision_matmul():
        return np.concatenate([model.predict_on_batch(prepare(samples[start : start + batch])) for start in starts])


def _check_split(split):
    if not 0 <= split <= 1:
        raise ValueError(f"split is {split}: expected a share from 0 to 1")


def _check_has_subset(subset, share):
    if share and subset is None:
        raise ValueError("there is no subset for the first phase: give the indices of the samples to train on first")


def _check_positive(**values):
    for name, value in values.items():
        if value is not None and value <= 0:
            raise ValueError(f"{name} is {value}: expected more than 0")


def _check_subset(subset, samples):
    subset = np.asarray(subset)
    if subset.ndim != 1 or not len(subset) or subset.dtype.kind not in "iu":
        raise ValueError(f"subset is {subset.dtype} {subset.shape}: expected indices (k,), at least one")
    if subset.min() < 0 or subset.max() >= samples:
        raise ValueError(f"subset has indices from {subset.min()} to {subset.max()}: expected 0 to {samples - 1}")
    return subset
