"""Facts about the study that the pages state: how large it is, and how long things take."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from paperlib.study import records
from paperlib.study.profiles import PROFILES, Profile, profile

TRAINING_SAMPLES = 50_000  # of CIFAR-10


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
    autoencoders = sum(record["run"]["kind"] == "AutoencoderRun" for record in found)
    hours = sum(record.get("times", {}).get("total_s", 0) for record in found) / 3600
    devices = " and ".join(sorted({record["environment"]["device"] for record in found}))
    cores = sorted({record["environment"]["cores"] for record in found})
    some = f"{cores[0]} to {cores[-1]}" if len(cores) > 1 else f"{cores[0]}"
    under_way = ", more under way" if here.under_way else ""
    return {
        "data": records.data_set(found).name,
        "training of the classifier": _training(here.steps, here.batch),
        "samples seen": _seen(here, paper),
        "passes over the subset, at 100 / 0": passes(here),
        "passes over the full set, at 0 / 100": _epochs(here),
        "training of the autoencoder": _training(here.autoencoder_steps, here.autoencoder_batch),
        "autoencoders": f"{autoencoders}",
        "machine": f"{devices}, {some} cores",
        "on record": f"{len(found)} runs, which take {hours:.1f} hours if each is trained alone{under_way}",
    }


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
    samples = here.steps * here.batch
    return f"{samples:,}, 1/{paper.steps * paper.batch / samples:.0f} of the paper's"


def passes(setting: Profile) -> str:
    """How often a run on the subset alone sees each sample of it."""
    return f"{setting.steps * setting.batch / setting.k:,.0f}"


def _epochs(setting: Profile) -> str:
    return f"{setting.steps * setting.batch / TRAINING_SAMPLES:,.1f}"
