"""Runs -> records: what is not on record is trained, tested and written."""

import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from paperlib.checkpoints import Checkpoints, Interrupted, Position, steps_to_take
from paperlib.data import Dataset
from paperlib.selection import select
from paperlib.selection.sampling import random_of_counts
from paperlib.storage import arrays, records
from paperlib.storage.digests import content_hash, file_digest
from paperlib.storage.files import FileError, check_writable, exists
from paperlib.study import environment, interruption, workers
from paperlib.study.outcomes import Inputs, Outcome, Watch, train
from paperlib.study.progress import Progress
from paperlib.study.runs import AnyRun, AutoencoderRun, Run, SelectionRun, beginning, file_name, plain, selection_of

if TYPE_CHECKING:
    from keras import Model

_ARRAY_FILES = {"weights": ".npz", "embeddings": ".embeddings.npy", "indices": ".indices.npy"}  # beside a record
STATES = "checkpoints"  # the folder, among the records, of the states of runs under way


def execute(
    runs: Sequence[AnyRun],
    dataset: Dataset,
    folder: str | Path,
    progress: Progress,
    client: Any = None,
    *,
    later: Sequence[AnyRun] = (),
    should_stop: Callable[[], bool] = lambda: False,
    recorded_only: bool = False,
) -> list[dict]:
    """The records of `runs`, in their order; those that are not in `folder` are trained and written first.

    A run under way keeps its state in `folder`/checkpoints, every four minutes and when it is interrupted (by SIGINT,
    SIGTERM or `should_stop`): started again, it goes on from there, to the same bits. A run that a clock ends starts
    over.

    Parameters
    ----------
    progress : told of each run and step.
    client : a `dask.distributed.Client` whose workers train what `workers.may_travel` allows; the rest is trained here
        when they have finished. Without one, the scheduler is used that dask's own variable DASK_SCHEDULER_ADDRESS
        names, if it is set. Only this process reads and writes `folder`.
    later : runs that will be asked for later: states that they would start from are kept.
    should_stop : asked after every step, and where workers train, after every run that they have ended.
    recorded_only : train nothing, and leave out the runs that are not on record.

    Raises
    ------
    paperlib.checkpoints.Interrupted : after a request to stop; what is on record stays, and the run under way is saved.
    ValueError : if a run is planned for another data set.
    FileError : if `folder` takes no records; nothing was trained then.
    """
    folder = Path(folder)
    _check_dataset(runs, dataset)
    if recorded_only:
        return on_record(runs, folder)[0]
    missing = [run for run in runs if not is_recorded(run, folder)]
    needed = [needed for run in missing for needed in _prerequisites(run) if not is_recorded(needed, folder)]
    todo = together(dict.fromkeys(needed + missing))  # prerequisites first
    if todo:
        check_writable(folder)
        stores = {group: checkpoints(group, folder, later) for group in todo}
        progress.start(sum(expected_steps(group, stores[group]) for group in todo), len(runs) - len(missing))
        with workers.connected(client) as connection:
            away = [group for group in todo if connection and all(map(workers.may_travel, group))]
            _train_away(away, dataset, folder, progress, connection, should_stop)
        with interruption.on_signals() as signalled:
            for group in todo:
                if group not in away:
                    progress.begin(group[-1].label(), expected_steps(group, stores[group]))
                    watch = Watch(progress.step, lambda: signalled() or should_stop(), stores[group])
                    _train_here(group, dataset, folder, watch)
        progress.finish()
    return [records.read(record_path(run, folder)) for run in runs]


def _train_here(group: tuple[AnyRun, ...], dataset: Dataset, folder: Path, watch: Watch) -> None:
    if watch.should_stop and watch.should_stop():
        raise Interrupted((0, 0), saved=True)
    for run, outcome in zip(group, train(group, dataset, inputs(group[0], dataset, folder), watch), strict=True):
        _write(run, folder, outcome)
        if watch.checkpoints and not isinstance(run, SelectionRun) and (end := run.phases()):
            watch.checkpoints.done(end)


def _train_away(
    groups: list[tuple[AnyRun, ...]],
    dataset: Dataset,
    folder: Path,
    progress: Progress,
    connection: Any,
    should_stop: Callable[[], bool],
) -> None:
    """Have workers train groups of runs, first those that others need; after a stop, what they do is given up."""
    for wave in (
        [group for group in groups if not _prerequisites(group[0])],
        [group for group in groups if _prerequisites(group[0])],
    ):
        given = {group: inputs(group[0], dataset, folder) for group in wave}
        for group, outcomes in workers.outcomes(connection, train, given, dataset):
            progress.begin(group[-1].label(), expected_steps(group))
            progress.step(expected_steps(group))
            for run, outcome in zip(group, outcomes, strict=True):
                _write(run, folder, outcome)
            if should_stop():
                raise Interrupted((0, 0), saved=True)


def checkpoints(group: tuple[AnyRun, ...], folder: Path, later: Sequence[AnyRun]) -> Checkpoints | None:
    """Where the states of a group are kept; None for what is not trained, or ended by a clock."""
    run = group[0]
    if isinstance(run, SelectionRun) or not run.phases():
        return None
    alike = [other for other in later if beginning(other) == beginning(run)]
    waiting = [other for other in alike if not is_recorded(other, folder)]
    ends = _ends([*group, *waiting])
    from paperlib.compute import precision

    content = {name: value for name, value in plain(run).items() if name not in ("split", "steps", "stop")}
    content["computed"] = [precision.resolve(run.precision), environment.describe()["backend"]]
    return Checkpoints(ends, folder / STATES, content_hash(content))


def _ends(runs: Iterable[AnyRun]) -> list[Position]:
    """The positions at which runs end, those that a clock does not end."""
    trained = [run for run in dict.fromkeys(runs) if not isinstance(run, SelectionRun)]
    return [end for run in trained if (end := run.phases())]


def on_record(runs: Iterable[AnyRun], folder: str | Path) -> tuple[list[dict], list[Path]]:
    """The records of those of `runs` that are in `folder`, and the paths of the others; nothing is trained."""
    paths = [record_path(run, folder) for run in dict.fromkeys(runs)]
    return [records.read(path) for path in paths if exists(path)], [path for path in paths if not exists(path)]


def record_path(run: AnyRun, folder: str | Path) -> Path:
    """Where a run's record is."""
    return Path(folder) / file_name(run)


def is_recorded(run: AnyRun, folder: str | Path) -> bool:
    """Whether a run is on record."""
    return exists(record_path(run, folder))


def embeddings(run: AutoencoderRun, dataset: Dataset, folder: str | Path) -> np.ndarray:
    """The embeddings (N, n) float32 of the training images under a trained autoencoder; computed once, then read."""
    path = record_path(run, folder).with_suffix(_ARRAY_FILES["embeddings"])

    def compute() -> np.ndarray:
        from paperlib import training

        return training.embed(autoencoder(run, folder)[0], dataset.x_train)

    return arrays.kept(path, compute)


def autoencoder(run: AutoencoderRun, folder: str | Path) -> "tuple[Model, Model]":
    """The trained `(encoder, decoder)` of an autoencoder's record; for the objective "labels", encoder and logits."""
    from paperlib import encoders

    record = records.read(record_path(run, folder))
    path = record_path(run, folder).with_suffix(_ARRAY_FILES["weights"])
    weights = arrays.read_several(path, record["files"]["weights"])
    size, _, channels = record["result"]["image_shape"]
    encoder, head, _ = encoders.build(
        run.objective,
        run.embedding_size,
        classes=weights[-1].shape[0],  # the logits' biases; otherwise unused
        image_size=size,
        channels=channels,
        last_activation=run.last_activation,
    )
    encoder.set_weights(weights[: len(encoder.weights)])
    head.set_weights(weights[len(encoder.weights) :])
    return encoder, head


def choose(run: Run, dataset: Dataset, folder: str | Path) -> np.ndarray | None:
    """The indices (k,) that a run trains on first, or None where it uses the full set alone."""
    return _chosen(run, dataset, folder)[0]


def _chosen(run: Run, dataset: Dataset, folder: str | Path) -> tuple[np.ndarray | None, float]:
    """Return what `choose` does, and the seconds that choosing took: from the record, if it has been measured."""
    if run.selection == "full":
        return None, 0.0
    started = time.perf_counter()
    if run.counts_of:
        like = replace(run, selection=run.counts_of, overlap="fill", counts_of="", subset_seed=None, seed=0)
        counts = np.bincount(dataset.y_train[_chosen(like, dataset, folder)[0]], minlength=len(dataset.classes))
        return random_of_counts(dataset.y_train, counts, run.drawn_with()), time.perf_counter() - started
    if run.autoencoder is None:  # methods that look at no embeddings
        found = np.zeros((len(dataset.x_train), 1))
    else:
        measured = record_path(selection_of(run), folder)
        file = measured.with_suffix(_ARRAY_FILES["indices"])
        if measured.exists() and file.exists():
            record, chosen = records.read(measured), arrays.read_sealed(file)
            if content_hash(chosen.tolist()) != record["result"]["indices"]:
                raise FileError(f"{file}: not the indices of its record; delete it, and they are chosen again")
            return chosen, record["times"]["select_s"]
        found = embeddings(run.autoencoder, dataset, folder)
    # By index, as all that is on record was chosen: runs of different seeds share a subset also where values are equal.
    drawn = dict(seed=run.drawn_with(), ties="index", **run.options())
    chosen = select(found, run.k, run.selection, labels=dataset.y_train, **drawn)
    return chosen, time.perf_counter() - started


def replay(record: dict, run: Run, dataset: Dataset, folder: str | Path) -> dict:
    """Train a recorded run again for exactly the steps it took, also where the clock had ended it.

    Returns a new record without writing it; on the same machine it equals the old one in all but times.
    """
    subset = choose(run, dataset, folder)
    fast, full = record["result"]["phases"]
    given = Inputs(subset, phases=(fast, full), added=_interpolated(run, subset, dataset, folder))
    [outcome] = train([run], dataset, given)
    return outcome.record


def inputs(run: AnyRun, dataset: Dataset, folder: str | Path) -> Inputs:
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
    return Inputs(subset, seconds, budget, added=_interpolated(run, subset, dataset, folder))


def _interpolated(
    run: Run, subset: np.ndarray | None, dataset: Dataset, folder: str | Path
) -> tuple[np.ndarray, np.ndarray] | None:
    """The images and labels that a run adds to its subset, if any."""
    if not run.interpolated or run.autoencoder is None or subset is None:
        return None
    from paperlib import interpolation

    found = embeddings(run.autoencoder, dataset, folder)
    points, labels = interpolation.between(found, dataset.y_train, subset, run.interpolated, seed=run.seed)
    decoder = autoencoder(run.autoencoder, folder)[1]
    return interpolation.decoded(decoder, points, dataset.x_train.shape[1]), labels


def together(runs: Iterable[AnyRun]) -> list[tuple[AnyRun, ...]]:
    """Tuples of runs that share their beginning, in the order of the first of each."""
    groups: dict[Hashable, list[AnyRun]] = {}
    for run in runs:
        groups.setdefault(beginning(run), []).append(run)
    return [tuple(group) for group in groups.values()]


def _check_dataset(runs: Iterable[AnyRun], dataset: Dataset) -> None:
    for run in runs:
        if (run.dataset, run.fingerprint) != (dataset.name, dataset.fingerprint):
            raise ValueError(
                f"{run.label()} is planned for {run.dataset} {run.fingerprint}, "
                f"but the data set given is {dataset.name} {dataset.fingerprint}"
            )


def _prerequisites(run: AnyRun) -> list[AnyRun]:
    if isinstance(run, AutoencoderRun):
        return []
    if isinstance(run, SelectionRun):
        return [run.autoencoder]
    return [*([run.autoencoder] if run.autoencoder else []), *run.baselines()]


def expected_steps(group: tuple[AnyRun, ...], checkpoints: Checkpoints | None = None) -> int:
    """Steps that a tuple of runs takes, without those that they share, or that checkpoints hold."""
    run = group[0]
    if isinstance(run, SelectionRun):
        return 0
    if isinstance(run, Run) and not run.phases():
        return round(run.steps * (run.time_share or 1))
    return steps_to_take(_ends(group), checkpoints.positions if checkpoints else ())


def _write(run: AnyRun, folder: Path, outcome: Outcome) -> None:
    """The arrays first: what has a record is complete."""
    path = record_path(run, folder)
    if exists(path):  # another process was faster
        return
    files = {name: path.with_suffix(suffix) for name, suffix in _ARRAY_FILES.items() if name in outcome.arrays}
    for name, file in files.items():
        write: Callable = arrays.write_several if isinstance(outcome.arrays[name], dict) else arrays.write_sealed
        write(file, outcome.arrays[name], replace=True)  # what a run left that was killed
    digests = {"files": {"weights": file_digest(files["weights"])}} if "weights" in files else {}
    records.write(path, {**outcome.record, **digests})
