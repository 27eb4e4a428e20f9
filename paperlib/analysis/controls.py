"""Controls of Fig. 5: which property of a subset makes the difference at the end?"""

from typing import Any

import numpy as np
import pandas as pd

from paperlib.analysis.statistics import Estimate, difference, minimum_detectable_difference, pooled_sd, units

# Arm -> the arm that differs from it in one property, and which.
_PAIRS = [
    ("eq. 4, fill", "random", "chosen by activation"),
    ("balanced random", "random", "the same number of each class"),
    ("eq. 4, fill", "balanced random", "chosen by activation; random ones balanced"),
    ("eq. 4, union", "random, as many as the union", "chosen by activation, without filling up"),
    ("random, as many as the union", "random", "fewer samples"),
]


def arms(table: pd.DataFrame, k: int) -> pd.DataFrame:
    """Name the arm of every run.

    Parameters
    ----------
    table : DataFrame
        Of `tables.runs`.
    k : int
        The paper's size; a random selection of another size is the control of the union.

    Returns
    -------
    DataFrame
        The same with a column `arm`.
    """
    return table.assign(arm=[_arm(row, k) for row in table.itertuples()])


def _arm(row: Any, k: int) -> str:
    if row.selection == "full":
        return "full set"
    if row.selection == "random":
        return "random" if row.k == k else "random, as many as the union"
    if row.selection == "random_balanced":
        return "balanced random"
    return "eq. 4, ten times as many" if row.k > k else f"eq. 4, {row.overlap}"


def differences(table: pd.DataFrame) -> pd.DataFrame:
    """Every arm minus the one that differs from it in one property.

    Parameters
    ----------
    table : DataFrame
        Of `arms`.

    Returns
    -------
    DataFrame
        One row a pair of arms and split: the difference in points with Welch's 95 % interval, unpaired; n runs of the
        arm and n_other of the other; and the minimum detectable difference (80 % power), from the spread within all
        arms of the table.
    """
    spread = pooled_sd(table, ["arm", "split", "autoencoder"])
    rows = []
    for arm, other, differing in _PAIRS:
        for split, some in table.groupby("split"):
            first, second = some[some["arm"] == arm], some[some["arm"] == other]
            if len(first) and len(second):
                found = difference(units(first), units(second))
                detectable = minimum_detectable_difference(*spread, found.n, found.n_other)
                interval = (found.value, found.low, found.high)
                rows.append([arm, other, differing, split, *interval, found.n, found.n_other, detectable])
    columns = ["arm", "minus", "what differs", "split", "difference", "low", "high", "n", "n_other"]
    return pd.DataFrame(rows, columns=[*columns, "minimum detectable"])


def large_subset(table: pd.DataFrame) -> Estimate:
    """Accuracy of the subset ten times as large alone, minus that of the full set, in points; unpaired (Welch).

    table: of `arms`.
    """
    large = table[(table["arm"] == "eq. 4, ten times as many") & np.isclose(table["split"], 1)]
    return difference(units(large), units(table[table["arm"] == "full set"]))
