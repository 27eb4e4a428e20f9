"""Accuracy against samples seen: on the full set alone and on a subset alone, at every scale on record."""

from collections.abc import Iterable, Mapping

import pandas as pd

from paperlib.analysis import tables
from paperlib.analysis.arms import ARMS
from paperlib.study.profiles import profile

_COLUMNS = ["profile", "selection", "arm", "seed", "steps", "batch", "samples", "accuracy", "on the way"]


def table(records: Mapping[str, Iterable[dict]]) -> pd.DataFrame:
    """One row a test of a run on one set alone.

    A run that was tested on its way gives a row for each of these tests (`result["curve"]`), any other the test after
    its last step. Of a run on a subset first and then on the full set, tests count until it changes to the full set:
    so far it is the same training. Left out is what a clock ended, and methods beside eq. 4 and random.

    Parameters
    ----------
    records : mapping of str to iterable of dict
        Name of a profile -> records of classifiers, all with the same size of subset and the same readings.

    Returns
    -------
    DataFrame
        profile, selection, arm, seed, steps and batch, samples (seen until then: steps times batch), accuracy
        (percent), and whether the test was on the way of a longer run.
    """
    rows = []
    for name, some in records.items():
        for record in sorted(some, key=lambda record: all(record["result"]["phases"])):  # those on one set alone first
            run, (fast, full) = record["run"], record["result"]["phases"]
            if run["selection"] not in ARMS or run.get("variant") or run["time_share"]:
                continue
            for step, accuracy in tables.tests(record).items():
                if fast and step > fast:  # on the full set by then
                    continue
                about = [name, run["selection"], ARMS[run["selection"]].alone, run["seed"], step, run["batch"]]
                rows.append([*about, step * run["batch"], accuracy, step < fast + full])
    found = pd.DataFrame(rows, columns=_COLUMNS)
    # A run and those that share its beginning give the same test; on another machine it may differ a little.
    return found.drop_duplicates(["profile", "selection", "seed", "samples"], ignore_index=True)


def means(found: pd.DataFrame) -> pd.DataFrame:
    """Means over seeds.

    Parameters
    ----------
    found : DataFrame
        Of `table`.

    Returns
    -------
    DataFrame
        One row a profile, arm and number of samples: accuracy (percent), the lowest and the highest of the runs, and n.
        There is no interval: some points have two runs only, and their spreads are too different to be pooled.
    """
    points = found.groupby(["profile", "selection", "arm", "samples"])["accuracy"]
    return points.agg(accuracy="mean", lowest="min", highest="max", n="count").reset_index()


def stated(points: Mapping[tuple[float, str], float]) -> pd.DataFrame:
    """The paper's accuracies on one set alone: selection, samples and accuracy (percent).

    points: (split, selection) -> percent, as of `paperlib.claims.ledger.split_accuracies`.
    """
    paper = profile("paper")
    rows = [
        [selection, paper.steps * paper.batch, percent]
        for (split, selection), percent in points.items()
        if split == (0.0 if selection == "full" else 1.0)
    ]
    return pd.DataFrame(rows, columns=["selection", "samples", "accuracy"])
