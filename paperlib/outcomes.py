"""A run and what it is given -> its record: training, testing and measuring, without any file."""

import time
from collections import namedtuple

import numpy as np

from paperlib import environment, records
from paperlib.runs import AutoencoderRun, SelectionRun, StoppedRun, plain

# Keras takes seconds to import, and a study whose records are all there never needs it: the functions that
# train import it themselves.

HISTORY_POINTS = 500  # at most, in a record
_STATISTICS_SAMPLES = 10_000  # of the training split, for batch-norm statistics

# What a run is given: a classifier's the indices (k,) or None, the seconds that choosing them took, and where a clock is to
# end it, after how many seconds or, to repeat it, after which phases in steps; a selection's the embeddings (N, n).
Inputs = namedtuple("Inputs", "subset select_seconds budget phases embeddings", defaults=(None, 0.0, None, None, None))

# A record, without the digests of files; and what goes into files beside it: arrays, or dicts of arrays, by name.
Outcome = namedtuple("Outcome", "record arrays")


def train(runs, dataset, given, on_step=None):
    """Yield the `Outcome` of each of `runs`, as they end; no file is read or written, so this may be on another machine.

    runs: one, or several classifiers that differ in their numbers of steps alone, by rising phases: what they have in
    common is trained once (`training.train_at_phases`).
    given: their `study.inputs`, which all of them have in common. on_step: called after every step.
    """
    if isinstance(runs[0], AutoencoderRun):
        yield _trained_autoencoder(*runs, dataset, on_step)
    elif isinstance(runs[0], SelectionRun):
        yield _measured_selection(*runs, dataset, given.embeddings)
    else:
        yield from _trained_classifiers(runs, dataset, given, on_step)


def _options(run, *names):
    """What a run says of how it is trained, as options of `training`: what all runs say, and the fields of these names."""
    return {name: getattr(run, name) for name in ("batch", "learning_rate", "precision", "seed", *names)}


def _trained_autoencoder(run, dataset, on_step):
    from paperlib import evaluation, training

    started = time.perf_counter()
    options = _options(run, "steps", "embedding_size", "last_activation")
    trained = training.train_autoencoder(dataset.x_train, **options, on_step=on_step)
    weights = trained.encoder.get_weights() + trained.decoder.get_weights()
    embedding = time.perf_counter()
    found = training.embed(trained.encoder, dataset.x_train)
    embedded = time.perf_counter()

    size = trained.encoder.input_shape[1]
    originals = training.center_crops(dataset.x_test, size)
    reproductions = training.reproduce(trained.decoder, training.embed(trained.encoder, dataset.x_test))
    mean_image = training.center_crops(dataset.x_train, size).mean(axis=0)
    live = evaluation.live_elements(found)
    result = {
        "train_samples": len(dataset.x_train),
        "image_shape": list(trained.encoder.input_shape[1:]),
        "test": evaluation.reconstruction(reproductions, originals, mean_image),
        "live_elements": int(live.sum()),
    }
    times = {"embed_s": embedded - embedding, "total_s": time.perf_counter() - started}
    arrays = {"weights": {f"weight_{i:02}": weight for i, weight in enumerate(weights)}, "embeddings": found}
    return Outcome(_record(run, result, trained.precision, **_measured(trained, times)), arrays)


def _measured_selection(run, dataset, embeddings):
    from paperlib import selecting

    labels, options = dataset.y_train, dict(run.options)
    chosen, seconds, held = selecting.measured(embeddings, run.k, run.method, labels=labels, seed=run.seed, **options)
    result = {
        **_subset(chosen, dataset),
        "mean_distance": selecting.coverage(embeddings, chosen),
        "peak_bytes": held,
    }
    return Outcome(_record(run, result, None, times={"select_s": seconds}), {"indices": chosen})


def _subset(chosen, dataset):
    """What records say of the indices (k,) of a subset."""
    return {
        "size": len(chosen),
        "per_class": np.bincount(dataset.y_train[chosen], minlength=len(dataset.classes)).tolist(),
        "indices": records.content_hash(chosen.tolist()),
    }


def _trained_classifiers(runs, dataset, given, on_step):
    from paperlib import training

    run = runs[0]  # of the others only the numbers of steps differ
    options = {**_options(run, "weight_decay", "standardize_by", "decay", "feed"), "on_step": on_step}
    phases = [given.phases] if given.phases else [run.phases() for run in runs]
    if None in phases:
        trainings = _timed(run, dataset, given, options)
    else:
        trainings = training.train_at_phases(dataset, given.subset, phases, **options)
    try:
        for run, trained in zip(runs, trainings, strict=True):
            yield Outcome(_classifier_record(run, trained, dataset, given), {})
    except training.DivergedError as error:
        if not isinstance(run, StoppedRun):
            raise
        yield Outcome(_diverged_record(run, error, dataset), {})


def _timed(run, dataset, given, options):
    from paperlib import training

    steps = None if run.split_of == "seconds" else run.steps
    yield training.train_classifier(
        dataset, given.subset, split=run.split, steps=steps, seconds=given.budget, **options
    )


def _classifier_record(run, trained, dataset, given):
    evaluating = time.perf_counter()
    tests = _tests(run, trained, dataset)
    evaluated = time.perf_counter() - evaluating
    result = {"train_samples": len(dataset.x_train), "phases": list(trained.phases), "test": tests}
    if given.subset is not None:
        result["subset"] = _subset(given.subset, dataset)
    training_seconds = trained.history.first_step_seconds + float(trained.history.seconds[-1])
    times = {
        "select_s": given.select_seconds,
        "budget_s": given.budget,
        "evaluate_s": evaluated,
        "total_s": given.select_seconds + training_seconds + evaluated,  # of this run alone
    }
    return _record(run, result, trained.precision, **_measured(trained, times))


def _tests(run, trained, dataset):
    """What is measured on the test split under each kind of weights."""
    from paperlib import evaluation, normalization, training

    def test():
        logits = training.predict(trained.model, dataset.x_test, standardize_by=run.standardize_by)
        return evaluation.classification(logits, dataset.y_test)

    draw = np.random.default_rng(run.seed)
    some = dataset.x_train[draw.permutation(len(dataset.x_train))[:_STATISTICS_SAMPLES]]
    tests = {}
    for name, weights in trained.weights.items():
        trained.model.set_weights(weights)
        tests[name] = test()
        if isinstance(run, StoppedRun) and name != "raw":
            normalization.own_statistics(trained.model, some, standardize_by=run.standardize_by)
            tests[f"{name}_own"] = test()
    return tests


def _diverged_record(run, error, dataset):
    """Of a network whose weights are no numbers: it names the first class, whatever it is shown."""
    from paperlib import evaluation, precision

    logits = np.full((len(dataset.y_test), len(dataset.classes)), np.nan)
    test = {**evaluation.classification(logits, dataset.y_test), "cross_entropy": None}
    names = ("raw", "warmup", "constant", "warmup_own", "constant_own")
    result = {
        "train_samples": len(dataset.x_train),
        "phases": list(run.phases()),
        "diverged_at": error.step,
        "test": dict.fromkeys(names, test),
    }
    return _record(run, result, precision.resolve(run.precision))


def _measured(trained, times):
    """The sections of a record that tell how training went."""
    history = trained.history
    stretch = -(-len(history.loss) // HISTORY_POINTS)  # steps a point
    starts = np.arange(0, len(history.loss), stretch)
    ends = np.minimum(starts + stretch, len(history.loss))
    loss = np.add.reduceat(history.loss, starts) / (ends - starts)
    return {
        "history": {"step": ends.tolist(), "loss": [float(f"{value:.6g}") for value in loss]},
        "times": {
            **times,
            "first_step_s": history.first_step_seconds,
            "train_s": float(history.seconds[-1]),
            "seconds_at_step": [round(float(history.seconds[end - 1]), 4) for end in ends],
        },
    }


def _record(run, result, precision, **measured):
    content = plain(run)
    return {
        "run": content,
        "hash": records.content_hash(content),
        "precision": precision,
        "result": result,
        **measured,
        "environment": environment.describe(),
    }
