"""How far eq. 4 is from random under each kind of weights that can be tested (reading R5)."""

from collections.abc import Iterable, Mapping

import pandas as pd

from paperlib.analysis.statistics import difference

TESTED = {"warmup": "moving average, as read", "raw": "raw weights"}  # kind -> what it is called
_COLUMNS = ("profile", "weights", "split", "difference", "low", "high", "n", "n_other")


def gaps(found: Mapping[str, Iterable[dict]]) -> pd.DataFrame:
    """Accuracy of eq. 4 minus random by split, for the weights that are reported and for the raw ones.

    Parameters
    ----------
    found : mapping of str to iterable of dict
        Profile -> records of Fig. 5, of one autoencoder.

    Returns
    -------
    DataFrame
        profile; weights, of `TESTED`; split; difference (points), low and high (Welch's 95 % interval, NaN for fewer
        than two runs an arm), n and n_other (runs of eq. 4 and of random). Splits that both arms have, in their order.
    """
    rows = []
    for profile, records in found.items():
        records = list(records)
        for weights in TESTED:
            arms: dict[tuple[float, str], list[float]] = {}
            for record in records:
                if tested := record["result"]["test"].get(weights):
                    arm = record["run"]["split"], record["run"]["selection"]
                    arms.setdefault(arm, []).append(100 * tested["accuracy"])
            for split in sorted({split for split, _ in arms}):
                eq4, random = (arms.get((split, name), []) for name in ("top_activations", "random"))
                if eq4 and random:
                    one = difference(eq4, random)
                    rows.append((profile, weights, split, one.value, one.low, one.high, one.n, one.n_other))
    return pd.DataFrame(rows, columns=list(_COLUMNS))
