"""The paper's training: the autoencoder (Section IV-B) and the two-phase loop of the classifier (Section IV-D)."""

from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from paperlib import augment, feeds, models, precision as precisions, stepping
from paperlib.averaging import AVERAGES, AveragedSGD
from paperlib.kernels import exact_products
from paperlib.loop import DivergedError, History, Loop  # the first is for callers to catch

LEARNING_RATE = 0.1  # for the classifier in both phases, and for the autoencoder


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
    _check_has_subset(subset, split or (phases and phases[0]))
    if phases is not None:
        bounds = ((phases[0], None), (total, None))
    elif steps is not None:
        bounds = ((split_steps(steps, split), seconds), (steps, seconds))
    else:
        bounds = ((None, seconds * split), (None, seconds))
    return next(_two_phases(dataset, subset, [bounds], **options))


def train_at_phases(dataset, subset, phases, **options):
    """Yield for each of `phases` what `train_classifier` returns for it, the same to the bit.

    Runs that differ in their numbers of steps alone begin alike: what they have in common is trained once. From where a
    first phase ends, the second ones go on to their ends, the shorter before the longer; then training goes back there,
    and on with the next first phase.

    phases: numbers of steps (fast, full), in rising order. The rest is as in `train_classifier`. In each history the
    common steps have their times, so that it tells what the run takes alone. Use each `Training` before asking for the
    next, which trains the same model: its weights may be changed meanwhile.
    """
    phases = [tuple(pair) for pair in phases]
    if not phases or phases != sorted(phases):
        raise ValueError(f"phases are {phases}: expected pairs of steps (fast, full) in rising order")
    for fast, full in phases:
        _check_positive(**{"the sum of phases": fast + full})
        _check_has_subset(subset, fast)
    yield from _two_phases(dataset, subset, [((fast, None), (fast + full, None)) for fast, full in phases], **options)


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
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    loop = Loop(trained, optimizer, loss, at_once=stepping.at_once(feed), on_step=on_step)

    def batches(indices, seed):
        return feeds.batches(dataset.x_train, dataset.y_train, indices, batch=batch, feed=feed, seed=seed)

    of_subset, branch, end = batches(subset, seeds[2]), None, None
    try:
        for (first, second), before, after in zip(bounds, [None, *bounds], [*bounds[1:], None]):
            if before and before[0] == first:  # on from where the last one ended
                loop.restore(end)
            else:  # back to where the last one left the subset, and on with that
                if branch:
                    loop.restore(branch)
                loop.run(of_subset, *first)
                fast, branch = loop.steps, loop.state() if after else None
                of_all = batches(everything, seeds[3])
            loop.run(of_all, *second)
            end = loop.state() if after and after[0] == first else None
            yield Training(model, _averaged(model, optimizer), loop.history(), (fast, loop.steps - fast), precision)
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
    loop = Loop(trained, optimizer, _squared, at_once=stepping.at_once(feed), on_step=on_step)
    source = feeds.batches(images, None, np.arange(len(images)), batch=batch, feed=feed, seed=seeds[2])
    try:
        loop.run(source, steps)
    finally:
        feeds.let_go(trained)

    exact_encoder, exact_decoder = models.autoencoder(embedding_size, **shape)
    exact_encoder.set_weights(encoder.get_weights())
    exact_decoder.set_weights(decoder.get_weights())
    return Autoencoder(exact_encoder, exact_decoder, loop.history(), precision)


def _squared(_, difference):
    return ops.mean(ops.square(difference), axis=(1, 2, 3))


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
    with exact_products():
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
