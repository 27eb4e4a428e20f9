"""Runs -> records: what is not on record is trained, tested and written."""

import time
from collections import namedtuple
from pathlib import Path

import numpy as np

from paperlib import environment, records, sweep
from paperlib.runs import AutoencoderRun, StoppedRun, file_name, plain
from paperlib.selection import select

# Keras takes seconds to import, and a study whose records are all there never needs it: the functions that
# train import it themselves.

HISTORY_POINTS = 500  # at most, in a record
_STATISTICS_SAMPLES = 10_000  # of the training split, for batch-norm statistics
_ARRAY_FILES = {"weights": ".npz", "embeddings": ".embeddings.npy"}  # beside an autoencoder's record

# What a classifier's run is given: indices (k,) or None, the seconds that choosing them took, the seconds that end it
# or None, and its phases in steps or None.
Inputs = namedtuple("Inputs", "subset select_seconds budget phases", defaults=(None, 0.0, None, None))

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
    todo = list(dict.fromkeys(needed + missing))  # each once, prerequisites first
    if todo:
        records.check_writable(folder)
        progress.start(sum(_expected_steps(run) for run in todo), len(runs) - len(missing))
        with sweep.connected(client) as workers:
            away = [run for run in todo if workers and sweep.may_travel(run)]
            first = [run for run in away if not _prerequisites(run)]
            then = [run for run in away if _prerequisites(run)]
            for wave in (first, then):
                given = {run: inputs(run, dataset, folder) for run in wave}
                for run, outcome in sweep.outcomes(workers, train, given, dataset):
                    progress.begin(run.label(), _expected_steps(run))
                    progress.step(_expected_steps(run))
                    _write(run, folder, outcome)
        for run in todo:
            if run not in away:
                progress.begin(run.label(), _expected_steps(run))
                _write(run, folder, train(run, dataset, inputs(run, dataset, folder), progress.step))
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
    if run.selection == "full":
        return None
    if run.autoencoder is None:  # methods that look at no embeddings
        return select(np.zeros((len(dataset.x_train), 1)), run.k, run.selection, labels=dataset.y_train, seed=run.seed)
    options = {"overlap": run.overlap} if run.overlap else {}
    found = embeddings(run.autoencoder, dataset, folder)
    return select(found, run.k, run.selection, labels=dataset.y_train, seed=run.seed, **options)


def replay(record, run, dataset, folder):
    """Train a recorded run again for exactly the steps it took, also where the clock had ended it.

    Returns a new record without writing it; on the same machine it equals the old one in all but times.
    """
    given = Inputs(choose(run, dataset, folder), phases=tuple(record["result"]["phases"]))
    return train(run, dataset, given).record


def inputs(run, dataset, folder):
    """What `train` needs to know of the records in `folder`; the run's prerequisites must be among them."""
    if isinstance(run, AutoencoderRun):
        return Inputs()
    started = time.perf_counter()
    subset = choose(run, dataset, folder)
    chosen = time.perf_counter()
    budget = None
    if run.time_share:
        baselines = [records.read(record_path(baseline, folder)) for baseline in run.baselines()]
        budget = run.time_share * float(np.median([baseline["times"]["train_s"] for baseline in baselines]))
    return Inputs(subset, chosen - started, budget, run.phases())


def train(run, dataset, given, on_step=None):
    """The `Outcome` of a run; no file is read or written, so that it may happen on another machine.

    given: the run's `inputs`. on_step: called after every step.
    """
    if isinstance(run, AutoencoderRun):
        return _trained_autoencoder(run, dataset, on_step)
    return Outcome(_classifier_record(run, dataset, given, on_step), {})


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
    return ([run.autoencoder] if run.autoencoder else []) + run.baselines()


def _expected_steps(run):
    if isinstance(run, AutoencoderRun):
        return run.steps
    return sum(run.phases() or ()) or round(run.steps * (run.time_share or 1))


def _write(run, folder, outcome):
    """The arrays first: what has a record is complete."""
    path = record_path(run, folder)
    files = {name: path.with_suffix(suffix) for name, suffix in _ARRAY_FILES.items() if name in outcome.arrays}
    for name, file in files.items():
        file.unlink(missing_ok=True)  # left by a run that was killed
        write = records.write_arrays if isinstance(outcome.arrays[name], dict) else records.write_array
        write(file, outcome.arrays[name])
    digests = {"files": {"weights": records.file_digest(files["weights"])}} if files else {}
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


def _classifier_record(run, dataset, given, on_step):
    from paperlib import training

    started = time.perf_counter()
    subset = given.subset
    try:
        trained = training.train_classifier(
            dataset,
            subset,
            split=run.split,
            steps=None if run.split_of == "seconds" else run.steps,
            seconds=given.budget,
            phases=given.phases,
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
    except training.DivergedError as error:
        if not isinstance(run, StoppedRun):
            raise
        return _diverged_record(run, error, dataset)
    evaluating = time.perf_counter()
    tests = _tests(run, trained, dataset)
    ended = time.perf_counter()
    result = {"train_samples": len(dataset.x_train), "phases": list(trained.phases), "test": tests}
    if subset is not None:
        per_class = np.bincount(dataset.y_train[subset], minlength=len(dataset.classes))
        result["subset"] = {
            "size": len(subset),
            "per_class": per_class.tolist(),
            "indices": records.content_hash(subset.tolist()),
        }
    times = {
        "select_s": given.select_seconds,
        "budget_s": given.budget,
        "evaluate_s": ended - evaluating,
        "total_s": given.select_seconds + ended - started,
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
