"""Methods of selection side by side: accuracy against random, and what their subsets are like."""

import numpy as np
import pandas as pd

from paperlib import verdicts

NAMES = {
    "random": "random",
    "random_balanced": "balanced random",
    "top_activations": "eq. 4",
    "max_dispersion": "max-sum dispersion (eq. 3)",
    "k_center": "k-center",
    "k_means": "k-means",
    "herding": "herding",
    "facility_location": "facility location",
    "feature_based": "feature-based",
}
_OPTIONS = {
    "by_class": "by class",
    "penalty": "penalty",
    "pairs": "pairs of elements",
    "pca": "after PCA",
    "quota_per_class": "the same of each class",
}


def name(method, options):
    """How readers call a method with options (dict); those go without saying that it has in all of the comparison."""
    shown = [_OPTIONS[option] for option in options if option in _OPTIONS]
    return ", ".join([NAMES.get(method, "full set"), *shown])


def accuracies(records):
    """One row a run: method, variant (whether it is one of eq. 4), k, split, seed and accuracy (percent)."""
    rows = []
    for record in records:
        run = record["run"]
        rows.append(
            {
                "method": name(run["selection"], dict(run.get("variant", []))),
                "variant": run["selection"] == "top_activations" and bool(run.get("variant")),
                "k": run["k"],
                "split": run["split"],
                "seed": run["seed"],
                "accuracy": 100 * record["result"]["test"]["warmup"]["accuracy"],
            }
        )
    return pd.DataFrame(rows)


def summaries(table):
    """One row a method, k and split: mean accuracy with Student's 95 % interval and n. table: of `accuracies`."""
    return _summarized(table, "accuracy")


def differences(table):
    """The same of accuracy minus that of random, in points, paired over seeds; and the smallest that n would have shown."""
    random = table[table["method"] == NAMES["random"]].set_index(["k", "split", "seed"])["accuracy"]
    others = table[(table["k"] > 0) & (table["method"] != NAMES["random"])]
    paired = others.join(random, ["k", "split", "seed"], rsuffix="_of_random")
    return _summarized(paired.assign(difference=paired["accuracy"] - paired["accuracy_of_random"]), "difference")


def _summarized(table, column):
    rows = []
    for key, some in table.groupby(["method", "variant", "k", "split"], sort=False):
        found = verdicts.summarize(some[column].dropna())
        rows.append([*key, found.mean, found.low, found.high, found.n, found.resolution])
    return pd.DataFrame(rows, columns=["method", "variant", "k", "split", column, "low", "high", "n", "can tell"])


def subsets(records):
    """One row a method and k: what its subsets cover and cost, means over seeds. records: of `SelectionRun`s.

    Fewest and most of a class, in percent of equal shares; mean distance to the nearest chosen sample; seconds; MiB.
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
