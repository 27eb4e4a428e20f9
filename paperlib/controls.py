"""Controls of Fig. 5: which property of a subset makes the difference at the end?"""

import pandas as pd

from paperlib import verdicts

# Arm -> the arm that differs from it in one property, and which.
_PAIRS = [
    ("eq. 4, fill", "random", "chosen by activation"),
    ("balanced random", "random", "the same number of each class"),
    ("eq. 4, fill", "balanced random", "chosen by activation; random ones balanced"),
    ("eq. 4, union", "random, as many as the union", "chosen by activation, without filling up"),
    ("random, as many as the union", "random", "fewer samples"),
]


def arms(table, k):
    """`tables.runs` with a column `arm`; the union's control is the random selection whose size is not `k`."""
    names = []
    for row in table.itertuples():
        if row.selection == "random":
            names.append("random" if row.k == k else "random, as many as the union")
        elif row.selection == "top_activations":
            names.append("eq. 4, ten times as many" if row.k > k else f"eq. 4, {row.overlap}")
        else:
            names.append({"full": "full set", "random_balanced": "balanced random"}[row.selection])
    return table.assign(arm=names)


def differences(table):
    """One row a pair of arms and split: accuracy of the one minus the other in points, paired over seeds.

    table: of `arms`. Mean, Student's 95 % interval, n, and the smallest difference that so many pairs would have shown.
    """
    rows = []
    for arm, other, property in _PAIRS:
        for split, some in table.groupby("split"):
            wide = some[some["arm"].isin([arm, other])].pivot_table("accuracy", "seed", "arm")
            if {arm, other} <= set(wide):
                found = verdicts.summarize((wide[arm] - wide[other]).dropna())
                rows.append([arm, other, property, split, found.mean, found.low, found.high, found.n, found.resolution])
    columns = ["arm", "minus", "what differs", "split", "difference", "low", "high", "n", "can tell"]
    return pd.DataFrame(rows, columns=columns)


def large_subset(table):
    """Accuracy of the subset ten times as large alone, minus that of the full set, for each seed that both have. Points."""
    wide = table[table["arm"].isin(["eq. 4, ten times as many", "full set"])].pivot_table("accuracy", "seed", "arm")
    return (wide["eq. 4, ten times as many"] - wide["full set"]).dropna()
