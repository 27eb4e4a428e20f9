"""The paper's training: the autoencoder (Section IV-B) and the two-phase loop of the classifier (Section IV-D)."""

import time
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from paperlib import augment, feeds, models, precision as precisions
from paperlib.averaging import AVERAGES, AveragedSGD

LEARNING_RATE = 0.1  # for the classifier in both phases, and for the autoencoder


class DivergedError(FloatingPointError):
    """The loss is no number any more, since step `step`."""

    def __init__(self, loss, step):
        super().__init__(f"the loss is {loss} at step {step}: lower the learning rate")
        self.step = step


@dataclass(frozen=True)
class History:
    """The loss of every step's batch (S,) and the seconds since the first step had ended (S,).

    The first step compiles the graph; its time is `first_step_seconds` and belongs to no budget.
    """

    loss: np.ndarray
    seconds: np.ndarray
    first_step_seconds: float


@dataclass(frozen=True)
class Training:
    """A trained classifier, its weights under each average, and how it went."""

    model: keras.Model  # with the raw weights of the last step
    weights: dict  # "raw" and each of AVERAGES -> list of arrays, for `model.set_weights`
    history: History  # of the cross-entropy, without the weight decay
    phases: tuple  # steps on the subset, steps on the full set
    precision: str


@dataclass(frozen=True)
class Autoencoder:
    """A trained encoder and decoder (float32, so that close embeddings stay distinct), and how it went."""

    encoder: keras.Model
    decoder: keras.Model
    history: History  # of the mean squared error
    precision: str


def split_steps(steps, split):
    """Steps of the fast phase: the share `split` of all, rounded to whole steps."""
    return round(steps * split)


def train_classifier(dataset, subset=None, *, split=0.0, steps=None, seconds=None, phases=None, **options):
    """Train a classifier in two phases: fast training on `subset`, then fine-tuning on all of `dataset`.

    Parameters
    ----------
    dataset: a `paperlib.data.Dataset`; only its training split is used.
    subset: indices (k,) of training samples for the first phase; not needed with split 0.
    split: share of the first phase, 0 to 1, of the `steps`; of the `seconds` if only those are given.
    steps: the last step. seconds: a time budget; no step starts after it. At least one of the two; with both,
        whichever ends first (the fixed budget of Section V-C, reading R9).
    phases: exact numbers of steps (fast, full) instead of the three above: repeats a run that the clock ended.

    Options
    -------
    batch=1024, learning_rate=0.1: of both phases. image_size=24: of the crops, in pixels.
    weight_decay=0.004, standardize_by="deviation": readings R2 and R4. decay=0.9999: of the averaged weights, R5.
    feed="resident": or "streamed", reading R13. precision="auto": or "bfloat16", "float32".
    seed=0: of the initial weights, the batches and the augmentation: same seed, same machine, same result.
    on_step=None: called after every step.

    Returns `Training`. Raises ValueError for arguments that do not fit, DivergedError when the loss is lost.
    """
    _check_split(split)
    if phases is None and steps is None and seconds is None:
        raise ValueError("neither steps, seconds nor phases are given: training would never end")
    total = None if phases is None else sum(phases)
    _check_positive(steps=steps, seconds=seconds, **{"the sum of phases": total})
    if subset is None and (split or (phases and phases[0])):
        raise ValueError(f"split is {split} but there is no subset: give the indices of the samples to train on first")
    if phases is not None:
        bounds = ((phases[0], None), (total, None))
    elif steps is not None:
        bounds = ((split_steps(steps, split), seconds), (steps, seconds))
    else:
        bounds = ((None, seconds * split), (None, seconds))
    return next(_two_phases(dataset, subset, [bounds], **options))


def train_at_splits(dataset, subset, splits, *, steps, **options):
    """Yield for each of `splits`, in rising order, what `train_classifier` returns for it, the same to the bit.

    Runs that differ in their split alone begin alike: what they have in common is trained once. From where the first
    phase of one ends, it is fine-tuned; then training goes back there, and on with the first phase of the next.

    splits: shares above 0, rising. The rest is as in `train_classifier`. In each history the common steps have their
    times, so that it tells what the run takes alone. Use each `Training` before asking for the next, which trains the
    same model.
    """
    for split in splits:
        _check_split(split)
    if not len(splits) or splits[0] == 0 or any(low >= high for low, high in zip(splits, splits[1:])):
        raise ValueError(f"splits are {tuple(splits)}: expected shares above 0, each higher than the one before")
    _check_positive(steps=steps)
    bounds = [((split_steps(steps, split), None), (steps, None)) for split in splits]
    yield from _two_phases(dataset, subset, bounds, **options)


def _two_phases(
    dataset,
    subset,
    bounds,
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
):
    """Yield a `Training` for each of `bounds`: where the first and the second phase end, in steps and in seconds."""
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
    loop = _Loop(trained, optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True), on_step)

    def batches(indices, seed):
        return feeds.batches(dataset.x_train, dataset.y_train, indices, batch=batch, feed=feed, seed=seed)

    of_subset, fast = batches(subset, seeds[2]), 0
    try:
        for number, (first, second) in enumerate(bounds, 1):
            fast += loop.run(of_subset, *first)
            branch = loop.state() if number < len(bounds) else None
            full = loop.run(batches(everything, seeds[3]), *second)
            yield Training(model, _averaged(model, optimizer), loop.history(), (fast, full), precision)
            if branch:
                loop.restore(branch)
    finally:
        feeds.let_go(trained)


def _averaged(model, optimizer):
    """The weights of a model under each average, raw ones among them."""
    raw = model.get_weights()
    weights = {"raw": raw}
    for name in AVERAGES:
        average = iter(optimizer.averaged(name))
        weights[name] = [next(average) if w.trainable else value for w, value in zip(model.weights, raw)]
    return weights


def train_autoencoder(
    images,
    *,
    embedding_size=216,
    steps=40_000,
    batch=1024,
    learning_rate=LEARNING_RATE,
    momentum=0.9,
    image_size=24,
    last_activation="relu",
    feed="resident",
    precision="auto",
    seed=0,
    on_step=None,
):
    """Train the autoencoder of Section IV-B on random, randomly flipped crops of images (N, H, W, C) uint8.

    The paper is silent on augmentation here; crops are needed for the size. last_activation: "relu", or "linear"
    (reading R6). The other parameters are those of `train_classifier`. Returns `Autoencoder`.
    """
    _check_positive(steps=steps, batch=batch)
    precision = precisions.resolve(precision)
    seeds = [int(state) for state in np.random.SeedSequence(seed).generate_state(3)]
    shape = dict(image_size=image_size, channels=images.shape[3], last_activation=last_activation)
    encoder, decoder = models.autoencoder(embedding_size, **shape, dtype=precisions.POLICIES[precision], seed=seeds[0])
    fed, crops = feeds.feed_input(images, feed, batch)
    crops = augment.RandomCropFlip(image_size, seeds[1])(crops, training=True)
    crops = keras.layers.Rescaling(1 / 255, dtype="float32")(crops)
    difference = keras.layers.Subtract(dtype="float32")([decoder(encoder(crops)), crops])
    trained = keras.Model(fed, difference)
    optimizer = keras.optimizers.SGD(learning_rate, momentum=momentum)
    loop = _Loop(trained, optimizer, lambda _, difference: ops.mean(ops.square(difference), axis=(1, 2, 3)), on_step)
    source = feeds.batches(images, None, np.arange(len(images)), batch=batch, feed=feed, seed=seeds[2])
    try:
        loop.run(source, steps)
    finally:
        feeds.let_go(trained)

    exact_encoder, exact_decoder = models.autoencoder(embedding_size, **shape)
    exact_encoder.set_weights(encoder.get_weights())
    exact_decoder.set_weights(decoder.get_weights())
    return Autoencoder(exact_encoder, exact_decoder, loop.history(), precision)


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
    return np.concatenate([model.predict_on_batch(prepare(samples[start : start + batch])) for start in starts])


def _check_split(split):
    if not 0 <= split <= 1:
        raise ValueError(f"split is {split}: expected a share from 0 to 1")


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


@keras.saving.register_keras_serializable("paperlib")
class _BatchLoss(keras.metrics.Metric):
    """The loss of the last batch alone; Keras' own "loss" is the mean since the epoch began."""

    def __init__(self, loss, name="batch_loss"):
        super().__init__(name=name, dtype="float32")
        self._loss = loss
        self._last = self.add_variable((), "zeros", name="last")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self._last.assign(ops.mean(self._loss(y_true, y_pred)))

    def result(self):
        return ops.convert_to_tensor(self._last)


class _Loop:
    """Trains a model batch by batch, with one clock and the loss of every step, over as many phases as are run.

    Not `fit`: under TensorFlow it feeds through tf.data, whose tuning thread can hold up its end for a minute, and
    it draws batches ahead, so that a phase that the clock ends would not end there.
    """

    def __init__(self, trained, optimizer, loss, on_step):
        optimizer.build(trained.trainable_variables)
        # XLA makes these networks 2 to 4 times slower on CPUs; under JAX, Keras compiles in any case.
        trained.compile(optimizer, loss, metrics=[_BatchLoss(loss)], jit_compile=keras.backend.backend() == "jax")
        self._trained = trained
        self._on_step = on_step or (lambda: None)
        self._created = time.perf_counter()
        self._origin = None  # clock reading at the end of the first step, moved on by all pauses since
        self._loss = []
        self._seconds = []  # since that origin, one a step

    def run(self, source, last_step=None, deadline=None):
        """Train on what `source` yields until `last_step`, or until no step may start after `deadline` seconds.

        Both count from the first phase on. Returns the steps taken.
        """
        before = len(self._loss)
        while (last_step is None or len(self._loss) < last_step) and (
            deadline is None or not self._seconds or self._seconds[-1] < deadline
        ):
            logs = self._trained.train_on_batch(*next(source), return_dict=True)
            loss = float(logs["batch_loss"])
            if not np.isfinite(loss):
                raise DivergedError(loss, len(self._loss) + 1)
            ended = time.perf_counter()
            if self._origin is None:
                self._origin, self._first_step_seconds = ended, ended - self._created
            self._loss.append(loss)
            self._seconds.append(ended - self._origin)
            self._on_step()
        return len(self._loss) - before

    def state(self):
        """All that the next step depends on, and the history so far: for `restore`. Takes no time of the history's."""
        paused = time.perf_counter()
        values = [keras.ops.convert_to_numpy(variable).copy() for variable in self._variables()]
        if self._origin is not None:
            self._origin += time.perf_counter() - paused
        return values, len(self._loss)

    def restore(self, state):
        """Go back to a `state`; whatever happened in between has taken no time."""
        values, steps = state
        for variable, value in zip(self._variables(), values, strict=True):
            variable.assign(value)
        del self._loss[steps:], self._seconds[steps:]
        self._origin = time.perf_counter() - self._seconds[-1] if steps else None

    def history(self):
        return History(np.array(self._loss), np.array(self._seconds), self._first_step_seconds)

    def _variables(self):
        return self._trained.variables + self._trained.optimizer.variables
