"""Why is the paper's random arm so weak? Each possible reason, and what it does to either selection at 100 / 0."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from paperlib.analysis.statistics import Estimate, difference, mean

SELECTIONS = ("random", "top_activations")
AS_READ = "as read"


def table(runs: Mapping[str, pd.DataFrame], planned: Mapping[str, int]) -> pd.DataFrame:
    """One row a reason.

    Parameters
    ----------
    runs : mapping of str to DataFrame
        Reason -> its runs on the subset alone (`tables.runs`), one autoencoder's. `AS_READ` must be among the reasons:
        what the others are compared with.
    planned : mapping of str to int
        Reason -> how many runs it has when all are on record.

    Returns
    -------
    DataFrame
        reason; of either arm (`SELECTIONS`) its estimate (`<arm>`: a mean, percent), and `<arm> change`, its difference
        from that arm as read (points, unpaired); explains, see `explains`; missing, runs that are not on record yet.
    """
    rows = []
    for reason, some in runs.items():
        row: dict[str, Any] = {"reason": reason}
        for arm in SELECTIONS:
            accuracies, usual = (of.loc[of["selection"] == arm, "accuracy"] for of in (some, runs[AS_READ]))
            row[arm] = mean(accuracies)
            row[f"{arm} change"] = Estimate() if reason == AS_READ else difference(accuracies, usual)
        row["explains"] = "–" if reason == AS_READ else explains(*(row[f"{arm} change"] for arm in SELECTIONS))
        row["missing"] = planned[reason] - len(some)
        rows.append(row)
    return pd.DataFrame(rows)


def explains(random: Estimate, eq4: Estimate) -> str:
    """Of which of the paper's numbers a reason could be behind: the 57.6 % of random, and that eq. 4 lies above it.

    random, eq4 : how either arm changes, in points. What lowers both alike explains a low number and not the gap; for
    the gap, random must fall by more than eq. 4 does (95 %, with the fewer degrees of freedom of the two).
    """
    if np.isnan(random.value):
        return "not measured"
    if np.isnan(random.low):
        return "undecided"
    if random.low > 0:
        return "neither: random rises"
    if random.high >= 0:
        return "neither, as far as can be told"
    if np.isnan(eq4.value):
        return "57.6; eq. 4 has no such run"
    if np.isnan(eq4.low):
        return "57.6; too few runs of eq. 4 to say more"
    gap = Estimate(
        value=eq4.value - random.value,
        error=float(np.hypot(eq4.error, random.error)),
        freedom=min(eq4.freedom, random.freedom),
    )
    return "57.6 and the gap" if gap.interval()[0] > 0 else "57.6, not the gap"
