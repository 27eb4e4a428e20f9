"""Candidate e of the riddle (reading R14): a session that is ended by force leaves an old checkpoint to be tested.

Both arms of Fig. 6 are trained in the tutorial's session (`paperlib.study.tutorial_session`), in a process of its
own that is killed at the paper's share of the steps, and again in one that ends by itself. What lies on disk is tested.
The results have records of their own, beside those of the runs.
"""

import importlib.util
import logging
import multiprocessing
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from paperlib import environment, study
from paperlib.data import Dataset
from paperlib.progress import Progress
from paperlib.storage import records
from paperlib.storage.digests import content_hash
from paperlib.storage.files import check_writable
from paperlib.study import plans
from paperlib.study.profiles import Profile
from paperlib.study.runs import DEFAULT_READINGS, TIME_SHARE, Readings, Run, plain

ALONE, FIRST, SUBSET = "full set alone", "subset first (50 / 50)", "subset phase of it"
KILLED, CLEAN = "by force", "by itself"

# Which checkpoint is left does not depend on the scale: larger profiles than this teach nothing more.
MOST_STEPS, LARGEST_BATCH = 600, 128


def runs(profile: Profile, dataset: plans.Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """The 50 / 50 run to make in the tutorial's session, cut off at the paper's share of the steps.

    It is one, of the riddle's first seed: which checkpoint is left depends on no seed.

    Parameters
    ----------
    profile
        Whose steps and batch are taken, up to `MOST_STEPS` and `LARGEST_BATCH`.
    dataset
        To train on.
    readings
        Of the autoencoder that the subset comes from; the sessions compute in float32.
    """
    steps = min(profile.steps, MOST_STEPS)
    sizes: dict[str, Any] = dict(steps=steps, stop=round(steps * TIME_SHARE), batch=min(profile.batch, LARGEST_BATCH))
    # The paper's, which are the tutorial's.
    session: dict[str, Any] = dict(feed="streamed", precision="float32", decay=Run.decay)
    halves = [
        run
        for run in plans.riddle_runs(profile, dataset, readings)
        if run.selection != "full" and run.learning_rate == Run.learning_rate
    ]
    return [replace(half, **sizes, **session) for half in halves[:1]]


def execute(planned: list[Run], dataset: Dataset, folder: str | PathLike, progress: Progress) -> list[dict]:
    """The records of the experiment, one a run; what is not on record in `folder`/stale_checkpoint is done first.

    Parameters
    ----------
    planned
        Of `runs`.
    dataset
        The one that they are planned for.
    folder
        Of the profile, such as figures/quick; the autoencoder's record is in its folder `records`.
    progress
        Told of each step.

    Returns
    -------
    list of dict
        Empty where TensorFlow is not installed and nothing is on record: the experiment is about its session.

    Raises
    ------
    FileError
        If a record is damaged, or cannot be written.
    RuntimeError
        If a session ends before it is ended.
    """
    folder = Path(folder)
    missing = [run for run in planned if not record_path(run, folder).exists()]
    if missing and importlib.util.find_spec("tensorflow") is None:
        print("TensorFlow is not installed: its training session (candidate e) is not tested.")
        return on_record(planned, folder)
    if missing:
        check_writable(folder / "stale_checkpoint")
        study.execute([run.autoencoder for run in missing if run.autoencoder], dataset, folder / "records", progress)
        progress.start(sum(map(_steps, missing)), len(planned) - len(missing))
        for run in missing:
            progress.begin(f"stale checkpoint, seed {run.seed}", _steps(run))
            started = time.perf_counter()
            subset = study.choose(run, dataset, folder / "records")
            assert subset is not None  # it is eq. 4's
            sessions = _sessions(run, dataset, subset, progress)
            content = _content(run)
            record = {
                "hash": content_hash(content),
                "run": content,
                "environment": environment.describe(),
                "times": {"total_s": time.perf_counter() - started},
                "result": {"sessions": sessions},
            }
            records.write(record_path(run, folder), record)
        progress.finish()
    return on_record(planned, folder)


def on_record(planned: list[Run], folder: str | PathLike) -> list[dict]:
    """The records of those of `planned` that are in `folder`/stale_checkpoint; nothing is trained."""
    paths = [record_path(run, folder) for run in planned]
    return [records.read(path) for path in paths if path.exists()]


def record_path(run: Run, folder: str | PathLike) -> Path:
    """Where the record of a run's sessions is, in the `folder` of its profile."""
    name = f"{run.dataset}-stopped{run.stop}-seed{run.seed}-{content_hash(_content(run))}.json"
    return Path(folder) / "stale_checkpoint" / name


def _content(run: Run) -> dict:
    return {**plain(run), "kind": "StaleCheckpoint"}


def _steps(run: Run) -> int:
    fast, rest, stop = _lengths(run)
    return 2 * stop + fast + 2 * rest


def _lengths(run: Run) -> tuple[int, int, int]:
    """Steps on the subset, on the full set, and until a run is cut off, as those of `runs` all are."""
    phases, stop = run.phases(), run.stop
    assert phases is not None and stop is not None
    return *phases, stop


def _sessions(run: Run, dataset: Dataset, subset: np.ndarray, progress: Progress) -> list[dict]:
    """Plain rows of what each session left. One that was killed is followed by the same one, which ends by itself."""
    from paperlib.study import tutorial_session  # here: records are planned and read without Keras

    fast, rest, stop = _lengths(run)
    everything = np.arange(len(dataset.x_train))
    common = dict(batch=run.batch, seed=run.seed)
    rows = []

    def note(arm: str, ended: str, steps: int, folder: str, seconds: float | None = None) -> None:
        left = tutorial_session.latest_step(folder), tutorial_session.accuracy(dataset, folder)
        rows.append(dict(zip(("arm", "ended", "steps", "checkpoint", "accuracy", "seconds"),
                             (arm, ended, steps, *left, seconds))))  # fmt: skip

    def ended_by_itself(arm: str, indices: np.ndarray, last_step: int, folder: str) -> None:
        tutorial_session.train(dataset, indices, folder, last_step, **common, on_step=progress.step)
        note(arm, CLEAN, last_step, folder)

    def ended_by_force(arm: str, steps: int, folder: str) -> None:
        seconds = _kill_after(steps, (dataset, everything, folder, run.steps), common, progress)
        note(arm, KILLED, stop, folder, seconds)

    with _quiet(), tempfile.TemporaryDirectory() as alone, tempfile.TemporaryDirectory() as first:
        ended_by_force(ALONE, stop, alone)
        ended_by_itself(ALONE, everything, stop, alone)
        ended_by_itself(SUBSET, subset, fast, first)
        ended_by_force(FIRST, rest, first)
        ended_by_itself(FIRST, everything, stop, first)
    return rows


def _kill_after(
    steps: int, arguments: tuple[Dataset, np.ndarray, str, int], options: Mapping[str, Any], progress: Progress
) -> float:
    """Train in a new process and kill it (SIGKILL) after so many steps; the seconds from its start to its end."""
    context = multiprocessing.get_context("spawn")  # a process forked from one that uses TensorFlow hangs
    ours, theirs = context.Pipe()
    with tempfile.NamedTemporaryFile("r", suffix=".log", errors="replace") as log:
        process = context.Process(target=_train_until_killed, args=(log.name, theirs, steps, arguments, options))
        started = time.perf_counter()
        process.start()
        theirs.close()
        try:
            for _ in range(steps):
                ours.recv()
                progress.step()
        except EOFError as error:
            said = log.read().strip()
            raise RuntimeError(f"a training session ended by itself before it could be killed:\n{said}") from error
        finally:
            process.kill()
            process.join()
    return time.perf_counter() - started


def _train_until_killed(
    log: str,
    connection: Connection,
    steps: int,
    arguments: tuple[Dataset, np.ndarray, str, int],
    options: Mapping[str, Any],
) -> None:
    """In a process of its own: report each step, and wait in the midst of training after the last one."""
    import os
    import threading

    import tensorflow as tf

    from paperlib.study import tutorial_session

    with open(log, "w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    tf.config.set_visible_devices([], "GPU")  # the process that waits may hold all of its memory
    made = 0

    def on_step() -> None:
        nonlocal made
        made += 1
        connection.send(made)
        if made == steps:
            threading.Event().wait()

    tutorial_session.train(*arguments, **options, on_step=on_step)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without TensorFlow's warnings that its first version is an old one."""
    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
