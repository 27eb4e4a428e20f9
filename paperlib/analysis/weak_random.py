"""Why is the paper's random arm so weak? Each possible reason, and what it does to both selections at 100 / 0."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from paperlib.analysis.statistics import LEVEL, Estimate, difference, holm, mean

SELECTIONS = ("random", "top_activations")
AS_READ = "as read"


def table(runs: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """One row a reason.

    Parameters
    ----------
    runs : mapping of str to DataFrame
        Reason -> its runs on the subset alone (`tables.runs`), one autoencoder's. `AS_READ` must be among the reasons:
        what the others are compared with.

    Returns
    -------
    DataFrame
        reason; of each arm (`SELECTIONS`) its estimate (`<arm>`: a mean, percent), and `<arm> change`, its difference
        from that arm as read (points, unpaired); p_holm, of random's change, adjusted for the number of reasons;
        effect, see `effect`.
    """
    rows = []
    for reason, some in runs.items():
        row: dict[str, Any] = {"reason": reason}
        for arm in SELECTIONS:
            accuracies, usual = (of.loc[of["selection"] == arm, "accuracy"] for of in (some, runs[AS_READ]))
            row[arm] = mean(accuracies)
            row[f"{arm} change"] = Estimate() if reason == AS_READ else difference(accuracies, usual)
        rows.append(row)
    for row, p_holm in zip(rows, holm([row["random change"].p_value() for row in rows])):
        random, eq4 = (row[f"{arm} change"] for arm in SELECTIONS)
        row |= {"p_holm": p_holm, "effect": "–" if row["reason"] == AS_READ else effect(random, eq4, p_holm)}
    return pd.DataFrame(rows)


def effect(random: Estimate, eq4: Estimate, p_holm: float) -> str:
    """What a reason does to random; and if it lowers it, whether by more than eq. 4, as the paper's order needs.

    random, eq4 : how both arms change, in points. p_holm : of random's change. Random falls by more than eq. 4 where
    the 95 % interval of the difference, with the fewer degrees of freedom of the two, lies below zero.
    """
    if np.isnan(random.value):
        return "not measured"
    if not p_holm < 1 - LEVEL:
        return "undecided"
    if random.value > 0:
        return "random rises"
    if np.isnan(eq4.value):
        return "random falls; eq. 4 has no such run"
    if np.isnan(eq4.low):
        return "random falls; too few runs of eq. 4 to say more"
    gap = Estimate(
        value=random.value - eq4.value,
        error=float(np.hypot(random.error, eq4.error)),
        freedom=min(random.freedom, eq4.freedom),
    )
    return (
        "random falls more than eq. 4" if gap.interval()[1] < 0 else "random falls; not shown to fall more than eq. 4"
    )
