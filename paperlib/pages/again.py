"""Recorded runs, trained again."""

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from paperlib import interruption, study
from paperlib.analysis import tables
from paperlib.data import load
from paperlib.pages import pictures
from paperlib.pages.repeated import compared, differences, tolerance
from paperlib.progress import Progress
from paperlib.storage import records
from paperlib.study import plans, stages
from paperlib.study.profiles import Profile
from paperlib.study.profiles import profile as profile_named
from paperlib.study.runs import AnyRun, Run, file_name


def fresh(name: str, root: str | Path, source: str, progress: Progress) -> pd.DataFrame:
    """Train a sample of a profile's runs again and compare.

    They are trained in a folder that did not exist before and is removed at the end, so nothing that an earlier,
    interrupted call left is taken for a new result.

    Parameters
    ----------
    name : str
        Of the profile.
    root : path
        Where the folder `figures` is.
    source : str
        Of the data set, as `paperlib.data.load` takes it; empty: that of the profile.
    progress : Progress
        Told of each run and step.

    Returns
    -------
    DataFrame
        As `compared` returns it. On the machine and with the code of the records there is no difference at all.
    """
    folder = Path(root) / "figures" / name / "records"
    profile, dataset = profile_named(name), load(source or profile_named(name).source)
    runs = [run for run in plans.split_runs(profile, dataset) if run.split in (0, 1) and run.seed == 0]
    recorded = [records.read(study.record_path(run, folder)) for run in runs]
    minutes = sum(record["times"]["total_s"] for record in recorded) / 60
    machine = recorded[0]["environment"]["device"]
    print(
        f"{len(runs)} of its runs are trained again: about {minutes:.0f} minutes, as on record for {machine}",
        flush=True,
    )
    with _scratch(root, [plans.autoencoder_run(profile, dataset)], folder) as again:
        trained = study.execute(runs, dataset, again, progress)
    return compared(recorded, trained, tolerance(profile, dataset, folder))


def find(which: str, names: Iterable[str], root: str | Path) -> tuple[str, Path]:
    """The profile and the path of one record.

    Parameters
    ----------
    which : str
        The name of its file, with or without folders and ``.json``, or how its hash begins.
    names : iterable of str
        The profiles to look in.
    root : path
        Where the folder `figures` is.

    Raises
    ------
    ValueError
        Where there is none, or more than one.
    """
    asked = Path(which).name.removesuffix(".json")
    found = []
    for name in names:
        for path in sorted((Path(root) / "figures" / name / "records").glob("*.json")):
            if asked and (path.stem == asked or path.stem.rpartition("-")[2].startswith(asked)):
                found.append((name, path))
    if len(found) != 1:
        some = ", ".join(path.stem for _, path in found[:3])
        there_are = f"{len(found)} records are called so ({some}, ...)" if found else "no record is called so"
        raise ValueError(f"RUN is {which!r}: {there_are}; give the name of a file in figures/*/records, or its hash")
    return found[0]


def rerun(
    name: str, path: Path, root: str | Path, source: str, progress: Progress, minutes: float | None = None
) -> pd.DataFrame:
    """Train one recorded run again, and compare all that it says.

    A run that a clock ended is trained for the steps that it took then. Subsets are chosen again, from the embeddings
    of the committed autoencoder.

    Parameters
    ----------
    name : str
        Of the profile.
    path : path
        Of the record.
    root, source, progress
        As in `fresh`.
    minutes : float, optional
        Train for so long in this call; the next call goes on, from a folder that is kept until then. Runs that a clock
        ended are trained in one piece.

    Returns
    -------
    DataFrame
        As `differences` returns it.

    Raises
    ------
    ValueError
        If the run is none that the profile plans, or the data set another one.
    paperlib.checkpoints.Interrupted
        When the minutes are over.
    """
    record, profile = records.read(path), profile_named(name)
    named = records.DataSet(record["run"]["dataset"], record["run"]["fingerprint"])
    run = {file_name(run): run for run in planned(profile, named, path.parent)}.get(path.name)
    if run is None:
        raise ValueError(f"{path}: its run is none that profile {name} plans")
    dataset = load(source or profile.source)
    if (dataset.name, dataset.fingerprint) != named:
        raise ValueError(
            f"{path}: of the data set {named.name} {named.fingerprint}, but DATA is {dataset.name} "
            f"{dataset.fingerprint}; give the path to the first"
        )
    there = record["environment"]
    print(
        f"{path.name} is trained again: it took {_seconds(record['times']) / 60:.1f} minutes on {there['device']}",
        flush=True,
    )
    autoencoder = getattr(run, "autoencoder", None)
    kept = path.stem if minutes else ""
    with _scratch(root, [autoencoder] if autoencoder else [], path.parent, kept) as again:
        if isinstance(run, Run) and run.phases() is None:  # a clock ended it
            trained = study.replay(record, run, dataset, again)
        else:
            stop = interruption.after(minutes)
            [trained] = study.execute([run], dataset, again, progress, should_stop=stop)
    trained = json.loads(json.dumps(trained))
    here = trained["environment"]
    for key in sorted(key for key in there if there[key] != here.get(key)):
        print(f"- recorded with {key} {there[key]}, here {here.get(key)}")
    tolerances = {f"result.test.{a}.accuracy": tolerance(profile, named, path.parent, a) for a in tables.AVERAGES}
    return differences(record, trained, tolerances | dict.fromkeys(_exact(run), 0.0))


def planned(profile: Profile, dataset: records.DataSet, folder: Path) -> list:
    """All runs of a profile. How large some controls' subsets are is known once a run on the union is on record."""
    return stages.all_runs(profile, dataset, pictures.union_size(profile, dataset, folder))


def _exact(run: AnyRun) -> list[str]:
    """Numbers of a run's record that no rounding changes. How far the lists of a union overlap may depend on it."""
    options = run.options() if isinstance(run, Run) else dict(getattr(run, "options", ()))
    sizes = [] if options.get("overlap") == "union" else ["result.size", "result.subset.size"]
    return ["result.phases", "result.train_samples", *sizes]


def _seconds(times: Mapping[str, Any]) -> float:
    return times.get("total_s", times.get("select_s", 0.0))


@contextmanager
def _scratch(root: str | Path, autoencoders: Iterable, folder: Path, kept: str = "") -> Iterator[Path]:
    """A new folder with the committed autoencoders, whose embeddings are selected from; gone afterwards.

    kept : the name of a folder that stays where the block does not end, for a later call to go on from its checkpoints;
        records in it are removed first, so that none is taken for a new result.
    """
    parent = Path(root) / "build" / "verify"
    parent.mkdir(parents=True, exist_ok=True)
    again = parent / kept if kept else Path(tempfile.mkdtemp(dir=parent))
    again.mkdir(exist_ok=True)
    ended = False
    try:
        for left in again.glob("*.json"):
            left.unlink()
        for run in autoencoders:
            for suffix in (".json", ".npz"):
                shutil.copy2(study.record_path(run, folder).with_suffix(suffix), again)
        yield again
        ended = True
    finally:
        if ended or not kept:
            shutil.rmtree(again)
