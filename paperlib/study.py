"""Runs -> records: what is not on record is trained, tested and written."""

import time
from operator import methodcaller
from pathlib import Path

import numpy as np

from paperlib import records, sweep
from paperlib.outcomes import Inputs, train
from paperlib.runs import AutoencoderRun, Run, SelectionRun, file_name, selection_of
from paperlib.selection import select

_ARRAY_FILES = {"weights": ".npz", "embeddings": ".embeddings.npy", "indices": ".indices.npy"}  # beside a record


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
                    progress.begin(group[-1].label(), _expected_steps(group))
                    progress.step(_expected_steps(group))
                    for run, outcome in zip(group, outcomes, strict=True):
                        _write(run, folder, outcome)
        for group in todo:
            if group not in away:
                progress.begin(group[-1].label(), _expected_steps(group))
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
    return Inputs(subset, seconds, budget)


def _together(runs):
    """Tuples of runs to train together, in the order of the first of each, by rising phases in each."""
    groups = {}
    for run in runs:
        groups.setdefault(_beginning(run), []).append(run)
    return [tuple(sorted(group, key=methodcaller("phases")) if len(group) > 1 else group) for group in groups.values()]


def _beginning(run):
    """The same for all runs that differ in their numbers of steps alone, however these are stated.

    Of those with a higher learning rate each is by itself: if one diverges, that is the result of no other.
    """
    if isinstance(run, AutoencoderRun | SelectionRun) or not run.phases() or run.learning_rate > Run.learning_rate:
        return run
    return tuple((name, value) for name, value in vars(run).items() if name not in ("split", "steps", "stop"))


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
    if not run.phases():
        return round(run.steps * (run.time_share or 1))
    steps, before = 0, (0, 0)
    for fast, full in (run.phases() for run in group):
        steps += full - before[1] if fast == before[0] else fast - before[0] + full
        before = fast, full
    return steps


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
