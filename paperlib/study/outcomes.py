"""A run and what it is given -> its record: training, testing and measuring, without any record read or written."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from paperlib import environment
from paperlib.checkpoints import Checkpoints, Position
from paperlib.data import Dataset
from paperlib.storage.digests import content_hash
from paperlib.study.runs import AnyRun, AutoencoderRun, Run, SelectionRun, plain

if TYPE_CHECKING:
    from paperlib.training import Autoencoder, DivergedError, Training

# Keras takes seconds to import, and a study whose records are all there never needs it: the functions that
# train import it themselves.

HISTORY_POINTS = 500  # at most, in a record
_STATISTICS_SAMPLES = 10_000  # of the training split, for batch-norm statistics

TEST_STEPS = (300, 600, 1_200, 2_400, 5_000, 5_707, 10_000)  # after which every classifier is tested, if it gets there


class Inputs(NamedTuple):
    """What a run is given.

    subset, select_seconds : for classifiers, the indices (k,) to train on first or None, and what choosing them took.
    budget : seconds after which a clock ends the run. phases : to repeat such a run, its recorded steps.
    embeddings : (N, n), for selections. added : images (M, H, W, C) and labels (M,) that the subset gets besides.
    """

    subset: np.ndarray | None = None
    select_seconds: float = 0.0
    budget: float | None = None
    phases: Position | None = None
    embeddings: np.ndarray | None = None
    added: tuple[np.ndarray, np.ndarray] | None = None


class Outcome(NamedTuple):
    """A record, without the digests of files; and what goes into files beside it: arrays, or dicts of arrays."""

    record: dict
    arrays: dict


@dataclass(frozen=True)
class Watch:
    """What watches a training: called after each step, asked whether to stop, and where states are kept."""

    on_step: Callable[[], object] | None = None
    should_stop: Callable[[], bool] | None = None
    checkpoints: Checkpoints | None = None


def train(runs: Sequence[AnyRun], dataset: Dataset, given: Inputs, watch: Watch = Watch()) -> Iterator[Outcome]:
    """Yield the `Outcome` of each of `runs`, as they end. No record is read or written: this may be on another machine.

    Parameters
    ----------
    runs : one, or several that share their beginning (`runs.beginning`), which is then trained once.
    given : what all of them are given, see `recorded.inputs`.
    watch : without checkpoints, states are kept in memory; a run that a clock ends uses none.
    """
    first = runs[0]
    if isinstance(first, AutoencoderRun):
        yield from _trained_autoencoders(cast(Sequence[AutoencoderRun], runs), dataset, watch)
    elif isinstance(first, SelectionRun):
        yield _measured_selection(first, dataset, given.embeddings)
    else:
        yield from _trained_classifiers(cast(Sequence[Run], runs), dataset, given, watch)


def _settings(kind: type, run: AnyRun) -> Any:
    """What a run says of how it is trained, as settings of that kind. What it leaves open is the default."""
    return kind(**{entry.name: getattr(run, entry.name) for entry in fields(kind) if hasattr(run, entry.name)})


def _piece() -> dict:
    """Where and with what this process computes."""
    described = environment.describe()
    return {name: described[name] for name in ("code", "backend", "device", "cores")}


def _trained_autoencoders(runs: Sequence[AutoencoderRun], dataset: Dataset, watch: Watch) -> Iterator[Outcome]:
    from paperlib import training

    settings = _settings(training.AutoencoderSettings, runs[0])
    ends = [run.steps for run in runs]
    trainings = training.train_autoencoders(
        dataset.x_train, ends, settings, labels=dataset.y_train, **vars(watch), piece=_piece()
    )
    for run, trained in zip(runs, trainings, strict=True):
        yield _autoencoder_outcome(run, trained, dataset)


def _autoencoder_outcome(run: AutoencoderRun, trained: "Autoencoder", dataset: Dataset) -> Outcome:
    from paperlib import evaluation, training

    weights = trained.encoder.get_weights() + trained.decoder.get_weights()
    started = time.perf_counter()
    found = training.embed(trained.encoder, dataset.x_train)
    embedded = time.perf_counter()

    size = trained.encoder.input_shape[1]
    decoded = training.reproduce(trained.decoder, training.embed(trained.encoder, dataset.x_test))
    if run.objective == "labels":
        described: dict[str, Any] = {"test": evaluation.classification(decoded, dataset.y_test)}
    else:
        originals = training.center_crops(dataset.x_test, size)
        mean_image = training.center_crops(dataset.x_train, size).mean(axis=0)
        described = {
            "test": evaluation.reconstruction(decoded, originals, mean_image),
            **evaluation.fig_4(found, decoded, originals),
        }
    result = {
        "train_samples": len(dataset.x_train),
        "image_shape": list(trained.encoder.input_shape[1:]),
        "live_elements": int(evaluation.live_elements(found).sum()),
        **described,
    }
    trained_for = trained.history.first_step_seconds + float(trained.history.seconds[-1])
    times = {"embed_s": embedded - started, "total_s": trained_for + time.perf_counter() - started}
    arrays = {"weights": {f"weight_{i:02}": weight for i, weight in enumerate(weights)}, "embeddings": found}
    return Outcome(_record(run, result, trained.precision, **_measured(trained, times)), arrays)


def _measured_selection(run: SelectionRun, dataset: Dataset, embeddings: np.ndarray | None) -> Outcome:
    from paperlib.study import filtering, selections

    labels, options = dataset.y_train, dict(run.options)
    if embeddings is None:
        raise ValueError(f"{run.label()}: no embeddings are given to select from; see `recorded.inputs`")
    chosen, seconds, held = selections.measured(embeddings, run.k, run.method, labels=labels, seed=run.seed, **options)
    result = {
        **_subset(chosen, dataset),
        "mean_distance": selections.coverage(embeddings, chosen),
        "peak_bytes": held,
    }
    times = {"select_s": seconds, "write_s": filtering.seconds_to_write(dataset.x_train, dataset.y_train, chosen)}
    return Outcome(_record(run, result, None, times=times), {"indices": chosen})


def _subset(chosen: np.ndarray, dataset: Dataset) -> dict:
    """What records say of the indices (k,) of a subset."""
    return {
        "size": len(chosen),
        "per_class": np.bincount(dataset.y_train[chosen], minlength=len(dataset.classes)).tolist(),
        "indices": content_hash(chosen.tolist()),
    }


def _trained_classifiers(runs: Sequence[Run], dataset: Dataset, given: Inputs, watch: Watch) -> Iterator[Outcome]:
    from paperlib import evaluation, training

    run = runs[0]  # of the others only the numbers of steps differ
    trained_on, subset = dataset, given.subset
    if given.added and subset is not None:
        from paperlib import interpolation

        trained_on, subset = interpolation.extended(dataset, subset, *given.added)

    def test(model: Any) -> dict:
        logits = training.predict(model, dataset.x_test, standardize_by=run.standardize_by)
        return evaluation.classification(logits, dataset.y_test)

    settings = _settings(training.ClassifierSettings, run)
    watched: dict[str, Any] = dict(test=test, test_at=TEST_STEPS, on_step=watch.on_step, should_stop=watch.should_stop)
    ends = [given.phases] if given.phases else [phases for run in runs if (phases := run.phases())]
    if not ends:  # the clock's reading is its result, so it is not taken up again after an interruption
        steps = None if run.split_of == "seconds" else run.steps
        watched |= dict(split=run.split, steps=steps, seconds=given.budget)
        trainings = iter([training.train_classifier(trained_on, subset, **vars(settings), **watched)])
    else:
        watched |= dict(checkpoints=watch.checkpoints, piece=_piece())
        trainings = training.train_classifiers(trained_on, subset, ends, settings, **watched)
    for number, run in enumerate(runs):
        try:
            trained = next(trainings)
        except training.DivergedError as error:
            if not run.stop:
                raise
            yield Outcome(_diverged_record(run, error, dataset, given), {})
            if others := runs[number + 1 :]:
                yield from _trained_classifiers(others, dataset, given, watch)
            return
        yield Outcome(_classifier_record(run, trained, dataset, given), {})


def _classifier_record(run: Run, trained: "Training", dataset: Dataset, given: Inputs) -> dict:
    evaluating = time.perf_counter()
    result = {
        "train_samples": len(dataset.x_train),
        "phases": list(trained.phases),
        "test": {**trained.tests[-1][1], **_tests_of_own_statistics(run, trained, dataset)},
        "curve": _curve(trained.tests),
    }
    if given.subset is not None:
        result["subset"] = _subset(given.subset, dataset)
    training_seconds = trained.history.first_step_seconds + float(trained.history.seconds[-1])
    evaluated = time.perf_counter() - evaluating
    times = {
        "select_s": given.select_seconds,
        "budget_s": given.budget,
        "total_s": given.select_seconds + training_seconds + evaluated,  # of this run alone, without tests on the way
    }
    return _record(run, result, trained.precision, **_measured(trained, times))


def _curve(tests: list[tuple[int, dict[str, Any]]]) -> dict:
    """Accuracy and cross-entropy under each kind of weights after each step that was tested, as plain data."""
    kinds, quantities = tests[-1][1], ("accuracy", "cross_entropy")
    return {
        "step": [step for step, _ in tests],
        "test": {
            kind: {name: [float(f"{of[kind][name]:.6g}") for _, of in tests] for name in quantities} for kind in kinds
        },
    }


def _tests_of_own_statistics(run: Run, trained: "Training", dataset: Dataset) -> dict:
    """Of a run that is cut off: tests of averaged weights with batch-norm statistics of their own (R14)."""
    if not run.stop:
        return {}
    from paperlib import evaluation, normalization, training

    draw = np.random.default_rng(run.seed)
    some = dataset.x_train[draw.permutation(len(dataset.x_train))[:_STATISTICS_SAMPLES]]
    tests = {}
    for name in trained.weights.keys() - {"raw"}:
        trained.model.set_weights(trained.weights[name])
        normalization.recompute_batchnorm_statistics(trained.model, some, standardize_by=run.standardize_by)
        logits = training.predict(trained.model, dataset.x_test, standardize_by=run.standardize_by)
        tests[f"{name}_own"] = evaluation.classification(logits, dataset.y_test)
    return tests


def _diverged_record(run: Run, error: "DivergedError", dataset: Dataset, given: Inputs) -> dict:
    """Of a network whose weights became NaN: it names the first class, whatever it is shown. No time of it counts."""
    from paperlib import evaluation
    from paperlib.compute import precision

    logits = np.full((len(dataset.y_test), len(dataset.classes)), np.nan)
    test = {**evaluation.classification(logits, dataset.y_test), "cross_entropy": None}
    names = ("raw", "warmup", "constant", "warmup_own", "constant_own")
    result = {
        "train_samples": len(dataset.x_train),
        "phases": list(run.phases() or ()),
        "diverged_at": error.step,
        "test": dict.fromkeys(names, test),
    }
    times = {"select_s": given.select_seconds, "budget_s": given.budget, "train_s": None}
    no_loss: dict[str, Any] = {"history": {"step": [], "loss": []}, "times": {**times, "seconds_at_step": []}}
    return _record(run, result, precision.resolve(run.precision), **no_loss)


def _measured(trained: "Training | Autoencoder", times: dict) -> dict[str, Any]:
    """The sections of a record that tell how training went."""
    history = trained.history
    stretch = -(-len(history.loss) // HISTORY_POINTS)  # steps a point
    starts = np.arange(0, len(history.loss), stretch)
    ends = np.minimum(starts + stretch, len(history.loss))
    loss = np.add.reduceat(history.loss, starts) / (ends - starts)
    return {
        "pieces": trained.pieces,
        "history": {"step": ends.tolist(), "loss": [float(f"{value:.6g}") for value in loss]},
        "times": {
            **times,
            "first_step_s": history.first_step_seconds,
            "train_s": float(history.seconds[-1]),
            "seconds_at_step": [round(float(history.seconds[end - 1]), 4) for end in ends],
        },
    }


def _record(run: AnyRun, result: dict, precision: str | None, **measured: Any) -> dict:
    content = plain(run)
    pieces = measured.pop("pieces", [])
    return {
        "run": content,
        "hash": content_hash(content),
        "precision": precision,
        "result": result,
        **measured,
        "environment": {**environment.describe(), **({"pieces": pieces} if len(pieces) > 1 else {})},
    }
