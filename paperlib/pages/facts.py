"""Facts about the study that the pages state: how large it is, and how long things take."""

from pathlib import Path

import pandas as pd

from paperlib.study import records
from paperlib.study.profiles import PROFILES, Profile, profile

TRAINING_SAMPLES = 50_000  # of CIFAR-10


def scale(folder: Path) -> str:
    """Compare a profile's sizes with the paper's.

    Parameters
    ----------
    folder : Path
        figures/PROFILE, with its records.

    Returns
    -------
    str
        A Markdown table.
    """
    here, paper = profile(folder.name), profile("paper")
    found = records.read_all(folder / "records")
    autoencoders = sum(record["run"]["kind"] == "AutoencoderRun" for record in found)
    hours = sum(record.get("times", {}).get("total_s", 0) for record in found) / 3600
    devices = " and ".join(sorted({record["environment"]["device"] for record in found}))
    cores = sorted({record["environment"]["cores"] for record in found})
    rows = [
        ("data", records.data_set(found).name, "CIFAR-10"),
        ("training of the classifier", _training(here.steps, here.batch), _training(paper.steps, paper.batch)),
        ("samples seen", _seen(here, paper), f"{paper.steps * paper.batch:,}"),
        ("passes over the subset, at 100 / 0", _passes(here), _passes(paper)),
        ("passes over the full set, at 0 / 100", _epochs(here), _epochs(paper)),
        (
            "training of the autoencoder",
            _training(here.autoencoder_steps, here.autoencoder_batch),
            _training(paper.autoencoder_steps, paper.autoencoder_batch),
        ),
        ("autoencoders", f"{autoencoders}", "not stated"),
        ("machine", f"{devices}, {cores[0]} to {cores[-1]} cores", "one Tesla P100"),
        ("on record", f"{len(found)} runs, which take {hours:.1f} hours if each is trained alone", "–"),
    ]
    table = pd.DataFrame(rows, columns=["", f"here, profile `{here.name}`", "the paper"])
    return table.to_markdown(index=False, disable_numparse=True)


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
        f"`make figures` took {row['other_median']:.0f} s when everything had to be trained and "
        f"{row['ours_median']:.0f} s when all was on record (medians of {row['n']}, {row['device']})."
    )


def _training(steps: int, batch: int) -> str:
    return f"{steps:,} steps of {batch:,}"


def _seen(here: Profile, paper: Profile) -> str:
    samples = here.steps * here.batch
    return f"{samples:,}, 1/{paper.steps * paper.batch / samples:.0f} of the paper's"


def _passes(setting: Profile) -> str:
    return f"{setting.steps * setting.batch / setting.k:,.0f}"


def _epochs(setting: Profile) -> str:
    return f"{setting.steps * setting.batch / TRAINING_SAMPLES:,.1f}"
