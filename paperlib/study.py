"""Runs -> records: what is not on record is trained, tested and written."""

import time
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import numpy as np

from paperlib import environment, records, sweep
from paperlib.runs import AutoencoderRun, SelectionRun, StoppedRun, file_name, plain, selection_of
from paperlib.selection import select

# Keras takes seconds to import, and a study whose records are all there never needs it: the functions that
# train import it themselves.

HISTORY_POINTS = 500  # at most, in a record
_STATISTICS_SAMPLES = 10_000  # of the training split, for batch-norm statistics
_ARRAY_FILES = {"weights": ".npz", "embeddings": ".embeddings.npy", "indices": ".indices.npy"}  # beside a record

# What a run is given: a classifier's the indices (k,) or None, the seconds that choosing them took, the seconds that end
# it or None, and its phases in steps or None; a selection's the embeddings (N, n).
Inputs = namedtuple("Inputs", "subset select_seconds budget phases embeddings", defaults=(None, 0.0, None, None, None))

# A record, without the digests of files; and what goes into files beside it: arrays, or dicts of arrays, by name.
Outcome = namedtuple("Outcome", "record arrays")


def execute(runs, dataset, folder, progress, client=None):
    """The records of `runs`, in their order; those that are not in `folder` are trained and written first.

    progress: a `paperlib.progress.Progress`, told of each run and step.
    client: a `dask.distributed.Client` whose workers train what `paperlib.sweep.may_travel` allows; the rest is trained
        here when they have finished. Without one, the scheduler is used that dask's own variable
        DASK_SCHEDULER_ADDRESS names, if it is set. Only this process reads and writes `folder`.
    """
    folder = Path(folder)
    _check_dataset(runs, dataset)
    missing = [run for run in runs if not record_path(run, folder).exists()]
    needed = [needed for run in missing for needed in _prerequisites(run) if not record_path(needed, folder).exists()]
    todo = _together(dict.fromkeys(needed + missing))  # prerequisites first
    if todo:
        records.check_writable(folder)
        progress.start(sum(map(_expected_steps, todo)), len(runs) - len(missing))
        with sweep.connected(client) as workers:
            away = [group for group in todo if workers and all(map(sweep.may_travel, group))]
            first = [group for group in away if not _prerequisites(group[0])]
            then = [group for group in away if _prerequisites(group[0])]
            for wave in (first, then):
                given = {group: inputs(group[0], dataset, folder) for group in wave}
                for group, outcomes in sweep.outcomes(workers, train, given, dataset):
                    progress.begin(group[0].label(), _expected_steps(group))
                    progress.step(_expected_steps(group))
                    for run, outcome in zip(group, outcomes, strict=True):
                        _write(run, folder, outcome)
        for group in todo:
            if group not in away:
                progress.begin(group[0].label(), _expected_steps(group))
                outcomes = train(group, dataset, inputs(group[0], dataset, folder), progress.step)
                for run, outcome in zip(group, outcomes, strict=True):
                    _write(run, folder, outcome)
        progress.finish()
    return [records.read(record_path(run, folder)) for run in runs]


def on_record(runs, folder):
    """The records of those of `runs` that are in `folder`, and the paths of the others; nothing is trained."""
    paths = [record_path(run, folder) for run in dict.fromkeys(runs)]
    return [records.read(path) for path in paths if path.exists()], [path for path in paths if not path.exists()]


def record_path(run, folder):
    """Where a run's record is."""
    return Path(folder) / file_name(run)


def embeddings(run, dataset, folder):
    """The embeddings (N, n) float32 of the training images under a trained autoencoder; computed once, then read."""
    path = record_path(run, folder).with_suffix(_ARRAY_FILES["embeddings"])
    if path.exists():
        return np.load(path, mmap_mode="r")
    from paperlib import training

    encoder, _ = autoencoder(run, folder)
    result = training.embed(encoder, dataset.x_train)
    records.write_array(path, result)
    return result


def autoencoder(run, folder):
    """The trained `(encoder, decoder)` of an autoencoder's record."""
    from paperlib import models

    record = records.read(record_path(run, folder))
    size, _, channels = record["result"]["image_shape"]
    encoder, decoder = models.autoencoder(
        run.embedding_size, image_size=size, channels=channels, last_activation=run.last_activation
    )
    path = record_path(run, folder).with_suffix(_ARRAY_FILES["weights"])
    if records.file_digest(path) != record["files"]["weights"]:
        raise records.RecordError(f"{path}: not the weights that its record was written with; restore it, or delete both")
    with np.load(path) as saved:
        weights = [saved[name] for name in saved.files]
    encoder.set_weights(weights[: len(encoder.weights)])
    decoder.set_weights(weights[len(encoder.weights) :])
    return encoder, decoder


def choose(run, dataset, folder):
    """The indices (k,) that a run trains on first, or None where it uses the full set alone."""
    return _chosen(run, dataset, folder)[0]


def _chosen(run, dataset, folder):
    """The same, and the seconds that it took: on record, if the selection has been measured."""
    if run.selection == "full":
        return None, 0.0
    started = time.perf_counter()
    if run.autoencoder is None:  # methods that look at no embeddings
        found = np.zeros((len(dataset.x_train), 1))
    else:
        measured = record_path(selection_of(run), folder)
        file = measured.with_suffix(_ARRAY_FILES["indices"])
        if measured.exists() and file.exists():
            record, chosen = records.read(measured), np.load(file)
            if records.content_hash(chosen.tolist()) != record["result"]["indices"]:
                raise records.RecordError(f"{file}: not the indices of its record; delete it, and they are chosen again")
            return chosen, record["times"]["select_s"]
        found = embeddings(run.autoencoder, dataset, folder)
    chosen = select(found, run.k, run.selection, labels=dataset.y_train, seed=run.seed, **run.options())
    return chosen, time.perf_counter() - started


def replay(record, run, dataset, folder):
    """Train a recorded run again for exactly the steps it took, also where the clock had ended it.

    Returns a new record without writing it; on the same machine it equals the old one in all but times.
    """
    given = Inputs(choose(run, dataset, folder), phases=tuple(record["result"]["phases"]))
    [outcome] = train([run], dataset, given)
    return outcome.record


def inputs(run, dataset, folder):
    """What `train` needs to know of the records in `folder`; the run's prerequisites must be among them."""
    if isinstance(run, AutoencoderRun):
        return Inputs()
    if isinstance(run, SelectionRun):
        return Inputs(embeddings=embeddings(run.autoencoder, dataset, folder))
    subset, seconds = _chosen(run, dataset, folder)
    budget = None
    if run.time_share:
        baselines = [records.read(record_path(baseline, folder)) for baseline in run.baselines()]
        budget = run.time_share * float(np.median([baseline["times"]["train_s"] for baseline in baselines]))
    return Inputs(subset, seconds, budget, run.phases())


def train(runs, dataset, given, on_step=None):
    """Yield the `Outcome` of each of `runs`, as they end; no file is read or written, so this may be on another machine.

    runs: one, or several classifiers that differ in their split alone, by rising split: their first phases are trained
    once, as far as they are the same (`training.train_at_splits`).
    given: the `inputs`, which all of them have in common. on_step: called after every step.
    """
    if isinstance(runs[0], AutoencoderRun):
        yield _trained_autoencoder(*runs, dataset, on_step)
    elif isinstance(runs[0], SelectionRun):
        yield _measured_selection(*runs, dataset, given.embeddings)
    else:
        yield from _trained_classifiers(runs, dataset, given, on_step)


def _together(runs):
    """Tuples of runs to train together, in the order of the first of each."""
    groups = {}
    for run in runs:
        alone = isinstance(run, AutoencoderRun | SelectionRun | StoppedRun) or not run.split or run.time_share
        groups.setdefault(run if alone else replace(run, split=0.0), []).append(run)
    return [(run,) if not others else tuple(sorted([run, *others], key=_split)) for run, *others in groups.values()]


def _split(run):
    return run.split


def _check_dataset(runs, dataset):
    for run in runs:
        if (run.dataset, run.fingerprint) != (dataset.name, dataset.fingerprint):
            raise ValueError(
                f"{run.label()} is planned for {run.dataset} {run.fingerprint}, "
                f"but the data set given is {dataset.name} {dataset.fingerprint}"
            )


def _prerequisites(run):
    if isinstance(run, AutoencoderRun):
        return []
    if isinstance(run, SelectionRun):
        return [run.autoencoder]
    return ([run.autoencoder] if run.autoencoder else []) + run.baselines()


def _expected_steps(group):
    """Steps that a tuple of runs takes, without those that it has in common with the ones before."""
    run = group[0]
    if isinstance(run, AutoencoderRun):
        return run.steps
    if isinstance(run, SelectionRun):
        return 0
    first = sum(run.phases() or ()) or round(run.steps * (run.time_share or 1))
    return first + sum(run.steps - round(run.steps * before.split) for before, run in zip(group, group[1:]))


def _write(run, folder, outcome):
    """The arrays first: what has a record is complete."""
    path = record_path(run, folder)
    files = {name: path.with_suffix(suffix) for name, suffix in _ARRAY_FILES.items() if name in outcome.arrays}
    for name, file in files.items():
        file.unlink(missing_ok=True)  # left by a run that was killed
        write = records.write_arrays if isinstance(outcome.arrays[name], dict) else records.write_array
        write(file, outcome.arrays[name])
    digests = {"files": {"weights": records.file_digest(files["weights"])}} if "weights" in files else {}
    records.write(path, {**outcome.record, **digests})


def _trained_autoencoder(run, dataset, on_step):
    from paperlib import evaluation, training

    started = time.perf_counter()
    trained = training.train_autoencoder(
        dataset.x_train,
        embedding_size=run.embedding_size,
        steps=run.steps,
        batch=run.batch,
        learning_rate=run.learning_rate,
        last_activation=run.last_activation,
        precision=run.precision,
        seed=run.seed,
        on_step=on_step,
    )
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

    run = runs[0]  # of the others only the split differs
    options = dict(
        steps=run.steps,
        batch=run.batch,
        learning_rate=run.learning_rate,
        weight_decay=run.weight_decay,
        standardize_by=run.standardize_by,
        decay=run.decay,
        feed=run.feed,
        precision=run.precision,
        seed=run.seed,
        on_step=on_step,
    )
    if len(runs) > 1:
        trainings = training.train_at_splits(dataset, given.subset, [run.split for run in runs], **options)
    else:
        trainings = _trained_alone(run, dataset, given, options)
    try:
        for run, trained in zip(runs, trainings, strict=True):
            yield Outcome(_classifier_record(run, trained, dataset, given), {})
    except training.DivergedError as error:
        if not isinstance(run, StoppedRun):
            raise
        yield Outcome(_diverged_record(run, error, dataset), {})


def _trained_alone(run, dataset, given, options):
    from paperlib import training

    if run.split_of == "seconds":
        options = {**options, "steps": None}
    yield training.train_classifier(
        dataset, given.subset, split=run.split, seconds=given.budget, phases=given.phases, **options
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
