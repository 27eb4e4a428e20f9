"""What the study's own choices matter: the autoencoder behind the embeddings, and the readings of the paper."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from paperlib.analysis import tables
from paperlib.analysis.statistics import difference, variance_components


def autoencoders(encoders: Iterable[dict], eq4: Iterable[dict], random: Iterable[dict]) -> pd.DataFrame:
    """How good embeddings are, and what eq. 4 makes of them.

    Parameters
    ----------
    encoders : iterable of dict
        Records of autoencoders.
    eq4, random : iterable of dict
        Records of classifiers on the subset alone: with these autoencoders, and of as many random samples.

    Returns
    -------
    DataFrame
        One row an autoencoder: seed, steps, last (its last activation), psnr_db and retrieval (percent) on the test
        split (NaN if its record lacks it), accuracy (percent, a mean of n runs), minus_random (points) with low and
        high (Welch), n.
    """
    runs = list(eq4)
    usual = tables.runs(list(random))["accuracy"]
    rows = []
    for record in encoders:
        run, result = record["run"], record["result"]
        alike = tables.runs([one for one in runs if one["run"]["autoencoder"] == _without_kind(run)])["accuracy"]
        found = difference(alike, usual)
        rows.append(
            {
                "seed": run["seed"],
                "steps": run["steps"],
                "last": run["last_activation"],
                "psnr_db": result["test"]["psnr_db"]["reproduction"],
                "retrieval": 100 * result.get("retrieval", {}).get("rate", np.nan),
                "accuracy": alike.mean() if len(alike) else np.nan,
                "minus_random": found.value,
                "low": found.low,
                "high": found.high,
                "n": len(alike),
            }
        )
    columns = ["seed", "steps", "last", "psnr_db", "retrieval", "accuracy", "minus_random", "low", "high", "n"]
    return pd.DataFrame(rows, columns=columns).sort_values(["last", "seed", "steps"], ascending=[False, True, False])


def spreads(eq4: Iterable[dict], steps: int) -> tuple[float, float, int]:
    """Standard deviations of eq. 4's accuracy between autoencoders that differ in their seed alone and between the runs
    of one (points, by a mixed model), and the number of autoencoders.

    eq4 : as for `autoencoders`; steps : of the autoencoders that count.
    """
    alike = [one for one in eq4 if _full(one["run"]["autoencoder"], steps)]
    table = tables.runs(alike)
    return *variance_components(table), table["autoencoder"].nunique()


def readings(as_read: Iterable[dict], others: Mapping[str, Iterable[dict]]) -> pd.DataFrame:
    """What an alternative reading changes, against the run of the same seed as read.

    Parameters
    ----------
    as_read : iterable of dict
        Records of the full set alone, and of either selection at 100 / 0.
    others : mapping of str to iterable of dict
        Reading -> records of the same under it.

    Returns
    -------
    DataFrame
        One row a reading and selection: reading, selection, accuracy (percent), change (points, mean over seeds), n.
    """
    usual = tables.runs(list(as_read)).set_index(["selection", "seed"])["accuracy"]
    rows = []
    for reading, some in others.items():
        for selection, of in tables.runs(list(some)).groupby("selection", sort=False):
            keys = pd.MultiIndex.from_frame(of[["selection", "seed"]])
            change = of["accuracy"].to_numpy() - usual.reindex(keys).to_numpy()
            known = ~np.isnan(change)
            if known.any():
                rows.append([reading, selection, of["accuracy"][known].mean(), change[known].mean(), int(known.sum())])
    return pd.DataFrame(rows, columns=["reading", "selection", "accuracy", "change", "n"])


def _without_kind(run: dict) -> dict:
    return {name: value for name, value in run.items() if name != "kind"}


def _full(encoder: dict, steps: int) -> bool:
    return encoder["steps"] == steps and encoder["last_activation"] == "relu"
