"""Facts about the study that the pages state: how large it is, and how long things take."""

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from paperlib import environment
from paperlib.storage import records
from paperlib.study.defaults import is_the_studys
from paperlib.study.profiles import PAPER_SAMPLES, PAPER_SECONDS, PROFILES, Profile, profile

_KINDS = ("full set alone", "subset alone", "autoencoder")  # of trainings whose times are told
PAPER_CORE_I7 = 35  # Section V: its P100 is "nearly 35x faster than training on an Intel Core i7 CPU"


def scale(folders: Sequence[Path]) -> str:
    """Compare profiles' sizes with the paper's.

    Parameters
    ----------
    folders : sequence of Path
        figures/PROFILE, each with its records.

    Returns
    -------
    str
        A Markdown table with a column a profile and one of the paper.
    """
    paper = profile("paper")
    columns = {f"here, profile `{folder.name}`": _column(folder) for folder in folders}
    theirs = {
        "data": "CIFAR-10",
        "training of the classifier": _training(paper.steps, paper.batch),
        "samples seen": f"{paper.steps * paper.batch:,}",
        "passes over the subset, at 100 / 0": passes(paper),
        "passes over the full set, at 0 / 100": _epochs(paper),
        "training of the autoencoder": _training(paper.autoencoder_steps, paper.autoencoder_batch),
        "autoencoders": "not stated",
        "machine": "one Tesla P100",
        "on record": "–",
    }
    table = pd.DataFrame({"": list(theirs)} | {name: rows.values() for name, rows in columns.items()})
    return table.assign(**{"the paper": theirs.values()}).to_markdown(index=False, disable_numparse=True)


def _column(folder: Path) -> dict[str, str]:
    """What `scale` says of one profile: row -> text."""
    here, paper = profile(folder.name), profile("paper")
    found = records.read_all(folder / "records")
    encoders = [record["run"] for record in found if record["run"]["kind"] == "AutoencoderRun"]
    usual = {run["seed"] for run in encoders if is_the_studys(run, here)}
    others = f" (and {len(encoders) - len(usual)} variants)" if len(encoders) > len(usual) else ""
    hours = sum(record.get("times", {}).get("total_s", 0) for record in found) / 3600
    return {
        "data": records.data_set(found).name,
        "training of the classifier": _training(here.steps, here.batch),
        "samples seen": _seen(here, paper),
        "passes over the subset, at 100 / 0": passes(here),
        "passes over the full set, at 0 / 100": _epochs(here),
        "training of the autoencoder": _training(here.autoencoder_steps, here.autoencoder_batch),
        "autoencoders": f"{len(usual)}{others}",
        "machine": _machines(found),
        "on record": f"{len(found)} runs, {hours:.1f} hours",
    }


def _machines(found: Sequence[dict]) -> str:
    """The devices that records were computed on, each with the numbers of CPU cores that processes used beside it."""
    cores: dict[str, set[int]] = {}
    for record in found:
        for one in environment.of_record(record):
            cores.setdefault(one["device"], set()).add(one["cores"])
    ranges = {device: " to ".join(map(str, dict.fromkeys((min(of), max(of))))) for device, of in cores.items()}
    return "; ".join(f"{device}, {ranges[device]} cores" for device in sorted(ranges))


def profiles() -> str:
    """List the profiles and their sizes as a Markdown table."""
    rows = [
        (
            f"`{setting.name}`",
            setting.source,
            f"{setting.k:,}",
            _training(setting.autoencoder_steps, setting.autoencoder_batch),
            _training(setting.steps, setting.batch),
        )
        for setting in PROFILES.values()
    ]
    table = pd.DataFrame(rows, columns=["profile", "data", "k", "autoencoder", "classifier"])
    return table.to_markdown(index=False, disable_numparse=True)


def trainings(folders: Sequence[Path]) -> str:
    """Say how long one training of each kind took, beside the paper's.

    Parameters
    ----------
    folders : sequence of Path
        figures/PROFILE, each with its records.

    Returns
    -------
    str
        A Markdown table, with a row a kind and device. Minutes are of training alone, without tests, in a process that
        may have shared its device with others; images/s is the median.
    """
    rows = []
    for folder in folders:
        here, alike = profile(folder.name), dict[tuple[str, str], list[dict]]()  # device and kind -> records
        for record in records.read_all(folder / "records"):
            alike.setdefault((environment.devices([record]), _kind(record, here)), []).append(record)
        for device, kind in itertools.product(sorted({device for device, _ in alike}), _KINDS):
            if some := alike.get((device, kind)):
                size = (some[0]["run"]["steps"], some[0]["run"]["batch"])
                seconds = [record["times"]["train_s"] for record in some]
                rows.append(_taken(kind, *size, seconds, f"profile `{folder.name}`, {device}", f"{len(some)}"))
    paper = profile("paper")
    for times, machine in ((1, "one Tesla P100"), (PAPER_CORE_I7, f"an Intel Core i7, {PAPER_CORE_I7} times as long")):
        seconds = [float(times * PAPER_SECONDS)]
        rows.append(_taken("full set alone", paper.steps, paper.batch, seconds, f"the paper, {machine}", "not stated"))
    return pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True)


def _kind(record: dict, here: Profile) -> str:
    """What a record's run trains, if it is one of full length in the usual precision and feed; else ""."""
    run = record["run"]
    if run["kind"] == "AutoencoderRun":
        return "autoencoder" if is_the_studys(run, here) else ""
    if run["kind"] != "Run" or run["precision"] != "auto" or run["feed"] != "resident":
        return ""
    whole = {(0, here.steps): "full set alone", (here.steps, 0): "subset alone"}
    return whole.get(tuple(record["result"]["phases"]), "")


def _taken(kind: str, steps: int, batch: int, seconds: Sequence[float], where: str, runs: str) -> dict[str, str]:
    """A row of `trainings`; seconds: of each run."""
    minutes = [f"{value / 60:,.1f}" for value in (min(seconds), max(seconds))]
    return {
        "training": kind,
        "steps": _training(steps, batch),
        "where": where,
        "minutes": " to ".join(dict.fromkeys(minutes)),
        "images/s": f"{steps * batch / float(np.median(seconds)):,.0f}",
        "n": runs,
    }


def durations(folder: Path) -> str:
    """Say how long `make figures` takes in the quick profile, as measured by `make bench`.

    Parameters
    ----------
    folder : Path
        figures/bench.

    Returns
    -------
    str
        A sentence.
    """
    row = pd.read_csv(folder / "figures.csv").iloc[0]
    return (
        f"`make figures` took {row['other_median']:.0f} s the first time, when everything has to be trained, and "
        f"{row['ours_median']:.0f} s when nothing had changed since (medians of {row['n']}, {row['device']})."
    )


def _training(steps: int, batch: int) -> str:
    return f"{steps:,} steps of {batch:,}"


def _seen(here: Profile, paper: Profile) -> str:
    samples, theirs = here.steps * here.batch, paper.steps * paper.batch
    return f"{samples:,}" + (f", 1/{theirs / samples:.0f} of the paper's" if samples < theirs else "")


def passes(setting: Profile) -> str:
    """How often a run on the subset alone sees each sample of it."""
    return f"{setting.steps * setting.batch / setting.k:,.0f}"


def _epochs(setting: Profile) -> str:
    return f"{setting.steps * setting.batch / PAPER_SAMPLES:,.1f}"
