"""Recorded runs, trained again and compared with their records."""

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from paperlib import interruption, study
from paperlib.analysis import tables
from paperlib.analysis.statistics import LEVEL, pooled_sd
from paperlib.data import Dataset, load
from paperlib.pages import pictures
from paperlib.progress import Progress
from paperlib.storage import records
from paperlib.study import plans, stages
from paperlib.study.profiles import Profile
from paperlib.study.profiles import profile as profile_named
from paperlib.study.runs import AnyRun, Run, file_name

_SHOWN = tables.AVERAGES[0]  # the average whose accuracy is reported
_MEASURED = ("result.peak_bytes",)  # of memory, as times are of clocks: not the same twice


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


def tolerance(profile: Profile, dataset: Dataset | records.DataSet, folder: Path, average: str = _SHOWN) -> float:
    """The difference in accuracy that two runs of different seeds stay below 19 times of 20.

    The spread is pooled over all points, or the median of the points' (corrected for their few runs) if that is less:
    one run that ends in a loss spike would make the pooled one so wide that every comparison agreed.

    Parameters
    ----------
    profile, dataset
        Whose runs of Fig. 5 the recorded spread is of.
    folder : path
        Of the records.
    average : str
        Of the weights, one of `paperlib.analysis.tables.AVERAGES`.

    Returns
    -------
    float
        In points; NaN where no point has two runs.
    """
    found, _ = study.on_record(plans.split_runs(profile, dataset), folder)
    if not found:
        return float("nan")
    runs = tables.runs(found, average)
    pooled, freedom = pooled_sd(runs, ["selection", "split"])
    points = runs.groupby(["selection", "split"])["accuracy"].agg(["var", "count"]).dropna()
    if points.empty:
        return float("nan")
    few = points["count"] - 1
    median = np.median(points["var"] * few / stats.chi2.ppf(0.5, few))  # the median of a sample's variance is too low
    return float(stats.t.ppf((1 + LEVEL) / 2, freedom) * np.sqrt(2 * min(pooled**2, median)))


def compared(recorded: Iterable[Mapping], trained: Iterable[Mapping], tolerance: float) -> pd.DataFrame:
    """Records and their fresh counterparts, a row a pair; accuracies in percent, the tolerance in points."""
    rows = []
    for old, new in zip(recorded, trained):
        before, after = (100 * record["result"]["test"][_SHOWN]["accuracy"] for record in (old, new))
        same = records.without_times(old) == records.without_times(new)
        agrees = abs(after - before) <= tolerance
        rows.append(
            {
                "selection": old["run"]["selection"],
                "split": old["run"]["split"],
                "recorded": before,
                "fresh": after,
                "difference": after - before,
                "tolerance": tolerance,
                "outcome": "the same bits" if same else "agrees" if agrees else "DIFFERS",
            }
        )
    return pd.DataFrame(rows)


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


def _exact(run: AnyRun) -> list[str]:
    """Numbers of a run's record that no rounding changes. How far the lists of a union overlap may depend on it."""
    options = run.options() if isinstance(run, Run) else dict(getattr(run, "options", ()))
    sizes = [] if options.get("overlap") == "union" else ["result.size", "result.subset.size"]
    return ["result.phases", "result.train_samples", *sizes]


def differences(old: Mapping[str, Any], new: Mapping[str, Any], tolerances: Mapping[str, float]) -> pd.DataFrame:
    """Two records of one run, all but clock readings, memory and the machine's description.

    Parameters
    ----------
    old, new : dict
        The records.
    tolerances : dict
        Name of an accuracy, such as ``result.test.raw.accuracy`` -> points; of numbers that are exact -> 0.

    Returns
    -------
    DataFrame
        A row for each thing that they say: `what`, `recorded`, `fresh`, `difference`, `tolerance` and `outcome`: "the
        same bits", "agrees" (within the tolerance), "DIFFERS", or "differs" where no tolerance is known. Accuracies
        are in percent, their differences in points. Of a list, the largest difference is given.
    """
    before, after = (dict(_leaves(records.without_times(record))) for record in (old, new))
    rows = []
    for what in [*before, *(name for name in after if name not in before)]:
        if what in _MEASURED:
            continue
        was, came = before.get(what), after.get(what)
        percent = 100 if what.endswith((".accuracy", ".accuracy_per_class")) else 1
        allowed = tolerances.get(what, float("nan"))
        distance = _distance(was, came, percent)
        if was == came:
            outcome = "the same bits"
        elif np.isfinite(allowed) and np.isfinite(distance):
            outcome = "agrees" if abs(distance) <= allowed else "DIFFERS"
        else:
            outcome = "differs"
        single = not isinstance(was, list) and not isinstance(came, list)
        rows.append(
            {
                "what": what,
                "recorded": _in(percent, was) if single else "",
                "fresh": _in(percent, came) if single else "",
                "difference": distance,
                "tolerance": allowed,
                "outcome": outcome,
            }
        )
    return pd.DataFrame(rows)


def in_words(rows: pd.DataFrame) -> str:
    """What `differences` found, in words and a table."""
    same = rows["outcome"] == "the same bits"
    sections = rows["what"].str.split(".").str[0]
    whole = {name for name in sections if same[sections == name].all()}  # these are listed by name only
    equal = dict.fromkeys(
        section if section in whole else what for section, what in zip(sections[same], rows["what"][same])
    )
    text = f"The same bits: {', '.join(equal) or 'nothing'}."
    if same.all():
        return text
    others = rows[~same].astype(object).map(lambda value: f"{value:.6g}" if isinstance(value, float) else value)
    return f"{text}\nNot the same:\n\n{others.replace('nan', '').to_markdown(index=False, disable_numparse=True)}"


def planned(profile: Profile, dataset: records.DataSet, folder: Path) -> list:
    """All runs of a profile. How large some controls' subsets are is known once a run on the union is on record."""
    return stages.all_runs(profile, dataset, pictures.union_size(profile, dataset, folder))


def _leaves(content: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(content, dict):
        for key, value in content.items():
            yield from _leaves(value, f"{name}.{key}" if name else key)
    else:
        yield name, content


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _distance(was: Any, came: Any, times: int) -> float:
    """The difference of numbers, or the largest of lists of numbers; NaN of anything else."""
    if _is_number(was) and _is_number(came):
        return times * (came - was)
    if isinstance(was, list) and isinstance(came, list) and len(was) == len(came):
        each = [_distance(a, b, times) for a, b in zip(was, came)]
        return max(each, key=abs) if each and all(np.isfinite(each)) else float("nan")
    return float("nan")


def _in(percent: int, value: Any) -> Any:
    return percent * value if _is_number(value) else "" if value is None else value


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
