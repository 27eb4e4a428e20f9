"""Records of one study -> the values that a claim is measured by. One function a claim, named in `claims.yaml`."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from paperlib import tables
from paperlib.plans import TIME_SHARE
from paperlib.profiles import profile
from paperlib.verdicts import smallest_ratio


@dataclass(frozen=True)
class Measured:
    """Values (n,) in the claim's unit, how they came about, and what its statement is asked about if not of them.

    tested: the arguments of the rule, arrays; by default the values alone. n: of runs behind a value that sums up
    several; by default the number of values.
    """

    values: list
    remark: str = ""
    tested: tuple | None = None
    n: int | None = None


@dataclass(frozen=True)
class Study:
    """The records that a study's plans name, and its classifier runs as a table (`paperlib.tables.runs`)."""

    records: list
    runs: pd.DataFrame
    autoencoders: list

    @property
    def small(self):
        """k of the subset that the paper uses throughout: 8.64 % of CIFAR-10."""
        return self.runs.loc[self.runs["k"] > 0, "k"].min()

    @property
    def samples(self):
        return self.records[0]["result"]["train_samples"]

    def whole(self):
        """Runs of all steps, not ended by a clock, on the full set or the small subset."""
        return self.runs[self.runs["time_share"].isna() & self.runs["k"].isin([0, self.small])]

    def at_the_end(self, selection):
        """Runs that never saw the full set."""
        whole = self.whole()
        return whole[(whole["split"] == 1) & (whole["selection"] == selection)]

    def budget(self, k):
        return self.runs[self.runs["time_share"].notna() & (self.runs["k"] == k)]


def study(records, average=tables.AVERAGES[0]):
    """`Study` of the records of an autoencoder and of classifier runs, accuracies under an average (reading R5)."""
    classifiers = [record for record in records if record["run"]["kind"] == "Run"]
    autoencoders = [record for record in records if record["run"]["kind"] == "AutoencoderRun"]
    return Study(classifiers, tables.runs(classifiers, average), autoencoders)


# Fig. 5


def baseline_accuracy(study):
    full = study.whole().query("selection == 'full'")
    steps, batch = (study.records[0]["run"][name] for name in ("steps", "batch"))
    return Measured(full["accuracy"], f"{steps:,} steps of {batch:,}")


def embedding_accuracy(study):
    return Measured(study.at_the_end("top_activations")["accuracy"])


def random_accuracy(study):
    return Measured(study.at_the_end("random")["accuracy"])


def difference_at_the_end(study):
    return Measured(_differences(study, 1, 1), "paired over seeds")


def early_differences(study):
    return Measured(_differences(study, 0, 0.89), "embedding-based minus random, paired over seeds, splits pooled")


def late_differences(study):
    return Measured(_differences(study, 0.9, 0.99), "embedding-based minus random, paired over seeds, splits pooled")


def deviations(study):
    subset = study.whole().query("split > 0")
    arms = [subset[subset["selection"] == name] for name in ("top_activations", "random")]
    of_embedding, of_random = map(_deviations, arms)
    if not len(of_embedding):
        return Measured([])
    (sd, freedom), (random_sd, random_freedom) = (tables.pooled_sd(arm, "split") for arm in arms)
    remark = (
        f"pooled over splits; random {random_sd:.2f} over {len(of_random)} runs; "
        f"a ratio of {smallest_ratio(freedom, random_freedom):.1f} could have been seen"
    )
    return Measured([sd], remark, (of_embedding, of_random), len(of_embedding))


# Fig. 6 and 7


def budget_accuracy_subset_first(study):
    some = study.budget(study.small)
    differences = (_by_seed(some) - _by_seed(study.budget(0))).dropna()
    remark = f"{_steps(some)}; minus the full set alone: {differences.mean():+.1f} points"
    return Measured(some["accuracy"], remark, (differences,))


def budget_accuracy_full_set(study):
    some = study.budget(0)
    return Measured(some["accuracy"], _steps(some))


def loss_gaps(study):
    means = {0: {}, study.small: {}}
    for record in study.records:
        run = record["run"]
        if run["time_share"] and run["k"] in means:
            seconds = np.diff(record["times"]["seconds_at_step"], prepend=0)
            means[run["k"]][run["seed"]] = np.average(record["history"]["loss"], weights=seconds)
    full, small = (pd.Series(means[k], dtype=float) for k in (0, study.small))
    return Measured((full - small).dropna(), "mean over the time, paired over seeds")


def large_subset_differences(study):
    some = study.budget(10 * study.small)
    return Measured((_by_seed(some) - _by_seed(study.budget(study.small))).dropna(), f"paired over seeds; {_steps(some)}")


def baseline_time(study):
    full = study.whole().query("selection == 'full'")
    steps = study.records[0]["run"]["steps"]
    pace = 1000 * full["train_s"].mean() / (steps - 1)  # the clock starts after the first step
    return Measured(full["train_s"], f"{pace:.1f} ms a step; {study.runs['device'].iloc[0]}")


# The selection


def subset_size(study):
    chosen = study.whole().query("selection == 'top_activations'")
    return Measured(chosen["subset_size"].unique(), f"{100 * study.small / study.samples:.2f} % of {study.samples:,}")


def epoch_shortened(study):
    return Measured([100 * (1 - study.small / study.samples)], "follows from the size")


def selection_time(study):
    baseline = study.whole().query("selection == 'full'")["train_s"].mean()
    chosen = [r for r in study.records if r["run"]["selection"] == "top_activations"]
    seconds = np.array([record["times"]["select_s"] for record in chosen])
    return Measured(100 * seconds / baseline, f"{np.median(seconds):.2f} s (median) of {baseline:.0f} s")


# The autoencoder


def psnr_gained(study):
    found = [record["result"]["test"]["psnr_db"] for record in study.autoencoders]
    shown = "; ".join(f"{psnr['reproduction']:.1f} dB against {psnr['mean_image']:.1f} dB" for psnr in found)
    return Measured([psnr["reproduction"] - psnr["mean_image"] for psnr in found], f"{shown}, over all test images")


def still_elements(study):
    sizes = [record["run"]["embedding_size"] for record in study.autoencoders]
    live = [record["result"]["live_elements"] for record in study.autoencoders]
    return Measured([n - some for n, some in zip(sizes, live)], f"of {', '.join(map(str, sizes))}")


# The paper's arithmetic, from its own numbers


def epochs_of_the_paper(_):
    paper = profile("paper")
    return Measured([paper.steps * paper.batch / 50_000], "from the paper's own numbers")


def autoencoder_epochs_of_the_paper(_):
    paper = profile("paper")
    return Measured([paper.autoencoder_steps * paper.autoencoder_batch / 50_000], "from the paper's own numbers")


def time_share_of_the_paper(_):
    share = 100 * 7 * 60 / 736
    assert abs(share / 100 - TIME_SHARE) < 5e-5
    return Measured([share], "from the paper's own numbers")


def _differences(study, lowest, highest):
    found = tables.paired_differences(study.whole())
    return found.loc[found["split"].between(lowest, highest), "difference"]


def _deviations(table):
    """Deviations from the mean of each split with two runs or more, made as wide as those of single runs."""
    groups = table.groupby("split")["accuracy"]
    n = groups.transform("count")
    kept = n > 1
    return ((table["accuracy"] - groups.transform("mean")) * np.sqrt(n / (n - 1).where(kept)))[kept].to_numpy()


def _by_seed(table):
    return table.set_index("seed")["accuracy"]


def _steps(table):
    ranges = []
    for column, where in (("fast_steps", "subset"), ("full_steps", "full set")):
        if table[column].any():
            low, high = table[column].min(), table[column].max()
            ranges.append(f"{low}{'' if low == high else f' to {high}'} steps on the {where}")
    return ", ".join(ranges)
