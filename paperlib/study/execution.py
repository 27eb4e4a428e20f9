"""Runs -> records: what is not on record is trained, tested and written."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from pathlib import Path
from typing import Any

from paperlib import environment, interruption
from paperlib.checkpoints import Checkpoints, Interrupted, Position, steps_to_take
from paperlib.data import Dataset
from paperlib.progress import Progress
from paperlib.storage import records
from paperlib.storage.digests import content_hash
from paperlib.storage.files import check_writable
from paperlib.study import workers
from paperlib.study.outcomes import Inputs, Watch, train
from paperlib.study.recorded import choose, inputs, interpolated, is_recorded, record_path, write
from paperlib.study.runs import AnyRun, AutoencoderRun, Run, SelectionRun, beginning, plain

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

    Raises
    ------
    paperlib.checkpoints.Interrupted : after a request to stop; what is on record stays, and the run under way is saved.
    ValueError : if a run is planned for another data set.
    FileError : if `folder` takes no records; nothing was trained then.
    """
    folder = Path(folder)
    _check_dataset(runs, dataset)
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
        write(run, folder, outcome)
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
                write(run, folder, outcome)
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


def replay(record: dict, run: Run, dataset: Dataset, folder: str | Path) -> dict:
    """Train a recorded run again for exactly the steps it took, also where the clock had ended it.

    Returns a new record without writing it; on the same machine it equals the old one in all but times.
    """
    subset = choose(run, dataset, folder)
    fast, full = record["result"]["phases"]
    given = Inputs(subset, phases=(fast, full), added=interpolated(run, subset, dataset, folder))
    [outcome] = train([run], dataset, given)
    return outcome.record


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
