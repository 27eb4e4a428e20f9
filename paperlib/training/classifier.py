"""The two-phase training of the classifier (Section IV-D)."""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from paperlib import augment, models
from paperlib.averaging import AVERAGES, AveragedSGD
from paperlib.checkpoints import Checkpoints, Position
from paperlib.compute import feeds
from paperlib.compute import precision as precisions
from paperlib.data import Dataset
from paperlib.training.loop import History, Loop, fed_loop
from paperlib.training.settings import (
    DEFAULT_SETTINGS,
    LEARNING_RATE,
    ClassifierSettings,
    check_positive,
)
from paperlib.training.trajectory import Trajectory


@dataclass(frozen=True)
class Training:
    """A trained classifier, its weights under each average, and how it went.

    model: with the raw weights of the last step. weights: "raw" and each of `paperlib.averaging.AVERAGES` -> list of
    arrays, for `model.set_weights`. history: of the cross-entropy, without the weight decay. phases: steps on the
    subset, steps on the full set. tests: what `test` measured, as (step, {kind of weights: result}). pieces: see
    `paperlib.training.trajectory`.
    """

    model: keras.Model
    weights: dict[str, list[np.ndarray]]
    history: History
    phases: Position
    precision: str
    tests: list[tuple[int, dict[str, Any]]]
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
    check_positive(steps=steps, seconds=seconds, **{"the sum of phases": total})
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
            trajectory = classifier.trajectory(test, test_at=test_at, should_stop=should_stop)
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
        if min(fast, full) < 0:
            raise ValueError(f"phases are {(fast, full)}: expected steps, none below 0")
        check_positive(**{"the sum of phases": fast + full})
        _check_has_subset(subset, fast)
    if checkpoints is None and len(ends) > 1:
        checkpoints = Checkpoints(ends)
    with _classifier(dataset, subset, settings, on_step) as classifier:
        trajectory = classifier.trajectory(
            test, test_at=test_at, should_stop=should_stop, checkpoints=checkpoints, piece=piece
        )
        for end in ends:
            ended = classifier.ended(end, *trajectory.go_to(end))
            with classifier.loop.paused():
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

    def trajectory(self, test: Callable[[keras.Model], object] | None, **options: Any) -> Trajectory:
        """Its way through both phases, on which `test` tests it under each kind of weights; options of `Trajectory`."""
        tester = None if test is None else lambda: _tested(self.model, self.optimizer, test)
        return Trajectory(self.loop, *self.sources, test=tester, **options)

    def ended(self, position: Position, tests: list, pieces: list) -> Training:
        weights = _averaged(self.model, self.optimizer)
        return Training(self.model, weights, self.loop.history(), position, self.precision, tests, pieces)


@contextmanager
def _classifier(
    dataset: Dataset, subset: np.ndarray | None, settings: ClassifierSettings, on_step: Callable[[], object] | None
) -> Iterator[_Classifier]:
    """A new classifier, ready to be trained; its copy of the images is released at the end."""
    feed, batch = settings.feed, settings.batch
    check_positive(batch=batch, rate_steps=settings.rate_steps, learning_rate=settings.learning_rate)
    if not 0 <= settings.decay < 1:
        raise ValueError(f"decay is {settings.decay}: expected 0 or more, and less than 1")
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
    loop = fed_loop(trained, optimizer, loss, feed, on_step)

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


def _check_split(split: float) -> None:
    if not 0 <= split <= 1:
        raise ValueError(f"split is {split}: expected a share from 0 to 1")


def _check_has_subset(subset: np.ndarray | None, share: float | None) -> None:
    if share and subset is None:
        raise ValueError("there is no subset for the first phase: give the indices of the samples to train on first")


def _check_subset(subset: np.ndarray, samples: int) -> np.ndarray:
    subset = np.asarray(subset)
    if subset.ndim != 1 or not len(subset) or subset.dtype.kind not in "iu":
        raise ValueError(f"subset is {subset.dtype} {subset.shape}: expected indices (k,), at least one")
    if subset.min() < 0 or subset.max() >= samples:
        raise ValueError(f"subset has indices from {subset.min()} to {subset.max()}: expected 0 to {samples - 1}")
    return subset
