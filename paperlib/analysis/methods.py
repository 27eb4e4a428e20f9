"""Methods of selection side by side: accuracy against random, and what their subsets are like."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from paperlib.analysis import statistics
from paperlib.analysis.statistics import pooled_sd
from paperlib.selection import registry

NAMES = {name: method.label for name, method in registry.REGISTRY.items()}


def name(method: str, options: dict) -> str:
    """How readers call a method with options; those go without saying that it has in all of the comparison."""
    return registry.label(method, options) if method in NAMES else "full set"


def accuracies(records: Iterable[dict]) -> pd.DataFrame:
    """Accuracies by method.

    Parameters
    ----------
    records : iterable of dict
        Of classifiers.

    Returns
    -------
    DataFrame
        One row a run: method, variant (whether it is one of eq. 4), k, split, seed, autoencoder (its seed; NaN for
        methods that look at no embeddings) and accuracy (percent).
    """
    rows = []
    for record in records:
        run = record["run"]
        rows.append(
            {
                "method": name(run["selection"], dict(run.get("variant") or [])),
                "variant": run["selection"] == "top_activations" and bool(run.get("variant")),
                "k": run["k"],
                "split": run["split"],
                "seed": run["seed"],
                "autoencoder": (run.get("autoencoder") or {}).get("seed", np.nan),
                "accuracy": 100 * record["result"]["test"]["warmup"]["accuracy"],
            }
        )
    return pd.DataFrame(rows)


def summaries(table: pd.DataFrame) -> pd.DataFrame:
    """Mean accuracies.

    Parameters
    ----------
    table : DataFrame
        Of `accuracies`.

    Returns
    -------
    DataFrame
        One row a method, k and split: mean accuracy (percent) with Student's 95 % interval, and n runs.
    """
    rows = []
    for key, some in table.groupby(["method", "variant", "k", "split"], sort=False):
        found = statistics.mean(statistics.units(some))
        rows.append([*key, found.value, found.low, found.high, found.n])
    return pd.DataFrame(rows, columns=["method", "variant", "k", "split", "accuracy", "low", "high", "n"])


def differences(table: pd.DataFrame) -> pd.DataFrame:
    """Every method minus random of the same size and split.

    Parameters
    ----------
    table : DataFrame
        Of `accuracies`.

    Returns
    -------
    DataFrame
        One row a method, k and split: the difference in points with Welch's 95 % interval, unpaired, which is of each
        row by itself; n runs, and n_other of random; the minimum detectable difference (80 % power), from the spread
        within all arms of the table; p, and p_holm, adjusted for the number of methods at this k and split.
    """
    spread = pooled_sd(table, ["method", "k", "split", "autoencoder"])
    rows = []
    for (k, split), some in table[table["k"] > 0].groupby(["k", "split"], sort=False):
        random = some[some["method"] == NAMES["random"]]
        if random.empty:
            continue
        others = some[some["method"] != NAMES["random"]].groupby(["method", "variant"], sort=False)
        found = {key: statistics.difference(statistics.units(arm), statistics.units(random)) for key, arm in others}
        p_values = [one.p_value() for one in found.values()]
        for (key, one), p, p_holm in zip(found.items(), p_values, statistics.holm(p_values)):
            detectable = statistics.minimum_detectable_difference(*spread, one.n, one.n_other)
            rows.append([*key, k, split, one.value, one.low, one.high, one.n, one.n_other, detectable, p, p_holm])
    columns = ["method", "variant", "k", "split", "difference", "low", "high", "n", "n_other"]
    return pd.DataFrame(rows, columns=[*columns, "minimum detectable", "p", "p_holm"])


def subsets(records: Iterable[dict]) -> pd.DataFrame:
    """What subsets cover and cost.

    Parameters
    ----------
    records : iterable of dict
        Of `SelectionRun`s.

    Returns
    -------
    DataFrame
        One row a method and k, means over seeds: fewest and most of a class in percent of equal shares; mean distance
        to the nearest chosen sample; seconds; MiB; n.
    """
    rows = []
    for record in records:
        run, result = record["run"], record["result"]
        share = np.array(result["per_class"]) * len(result["per_class"]) / result["size"]
        rows.append(
            {
                "method": name(run["method"], dict(run["options"])),
                "k": run["k"],
                "fewest of a class": 100 * share.min(),
                "most of a class": 100 * share.max(),
                "mean distance": result["mean_distance"],
                "seconds": record["times"]["select_s"],
                "MiB": result["peak_bytes"] / (1 << 20),
            }
        )
    groups = pd.DataFrame(rows).groupby(["method", "k"], sort=False)
    return groups.mean().assign(n=groups.size()).reset_index()
