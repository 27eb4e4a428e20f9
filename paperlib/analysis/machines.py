"""Runs of one arm on two machines: do they end alike?"""

from collections.abc import Iterable

import pandas as pd

from paperlib import environment
from paperlib.analysis import tables
from paperlib.analysis.statistics import difference, holm, mean

_ARM = ["selection", "autoencoder", "split", "stop"]


def arms(runs: pd.DataFrame, least: int = 2) -> pd.DataFrame:
    """Compare the machines that an arm was trained on, arm by arm.

    Parameters
    ----------
    runs : DataFrame
        Of `tables.runs`: seeds of Fig. 5's arms, whole and cut off.
    least : int
        How many runs of an arm each of two machines must have for the arm to be compared.

    Returns
    -------
    DataFrame
        One row an arm: selection, autoencoder (NaN for none), split, stop (the step that it was cut off at; NaN for
        none); device and other_device; on_device and on_other, the mean accuracy there (`statistics.Estimate`,
        percent); difference, the first minus the other (`Estimate`, points, unpaired); p_holm, of its being zero,
        adjusted for the number of rows.
    """
    rows = []
    for key, arm in runs.groupby(_ARM, dropna=False):
        accuracies = {device: some["accuracy"] for device, some in arm.groupby("device") if len(some) >= least}
        if len(accuracies) == 2:
            (device, here), (other, there) = sorted(accuracies.items())
            rows.append([*key, device, other, mean(here), mean(there), difference(here, there)])
    found = pd.DataFrame(rows, columns=[*_ARM, "device", "other_device", "on_device", "on_other", "difference"])
    return found.assign(p_holm=holm([one.p_value() for one in found["difference"]]))


def on_the_way(records: Iterable[dict]) -> pd.DataFrame:
    """How far apart two machines' runs on one set alone are at each test. A seed is one observation: its arms start
    from the same weights, and are averaged.

    Parameters
    ----------
    records : iterable of dict
        Of whole runs of Fig. 5, on two machines, each with all arms of its seeds.

    Returns
    -------
    DataFrame
        One row a step that all of them were tested after: step; device and other_device; difference, the first
        machine's accuracy minus the other's (`statistics.Estimate`, points, unpaired); p_holm, of its being zero,
        adjusted for the number of rows.
    """
    tests = []
    for record in records:
        run = record["run"]
        if run["split"] in (0, 1):
            about = {"selection": run["selection"], "seed": run["seed"], "device": environment.devices([record])}
            tests += [about | {"step": step, "accuracy": value} for step, value in tables.tests(record).items()]
    table = pd.DataFrame(tests)
    rows = []
    for step, some in table.groupby("step"):
        seeds = some.groupby(["device", "seed"])["accuracy"].mean()
        devices = sorted(some["device"].unique())
        if len(some) == len(table.drop_duplicates(["selection", "seed"])) and len(devices) == 2:
            rows.append([step, *devices, difference(*(seeds[device] for device in devices))])
    found = pd.DataFrame(rows, columns=["step", "device", "other_device", "difference"])
    return found.assign(p_holm=holm([one.p_value() for one in found["difference"]]))
