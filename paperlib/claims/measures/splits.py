"""Fig. 5: accuracies by the share of the steps that go to the subset (Section V-B)."""

import numpy as np
import pandas as pd

from paperlib.analysis.arms import split_name
from paperlib.analysis.statistics import (
    Estimate,
    difference,
    distances,
    mean,
    minimum_detectable_ratio,
    pooled_sd,
    spread_ratio,
    spreads_differ,
    units,
)
from paperlib.claims.evidence import Evidence
from paperlib.claims.measures.measured import Measured, hashes, signed

LATE = (0.9, 0.95)  # the splits, besides 100 / 0, at which the paper sees a difference


def pooled(evidence: Evidence, *arms: pd.DataFrame) -> tuple[float, int] | None:
    """Within-arm standard deviation of accuracies, over all arms of full length, and its degrees of freedom.

    None where the arms spread too differently, as they do where single runs end in a loss spike; and where one of
    `arms` has several autoencoders, which are then its observations (`units`) and spread in another way than runs do.
    """
    if any(arm["autoencoder"].nunique() > 1 for arm in arms):
        return None
    by = ["selection", "overlap", "variant", "k", "split", "autoencoder"]
    runs = evidence.of_full_length()
    if spreads_differ(some["accuracy"] for _, some in runs.groupby(by, dropna=False)):
        return None
    return pooled_sd(runs, by)


def baseline_accuracy(evidence: Evidence) -> Measured:
    """Accuracy (percent) of the full set alone at its last step."""
    setting = evidence.profile
    return _accuracy(evidence, evidence.arm("full"), f"{setting.steps:,} steps of {setting.batch:,}")


def embedding_accuracy(evidence: Evidence) -> Measured:
    """Accuracy (percent) of runs that see nothing but eq. 4's subset."""
    return _accuracy(evidence, evidence.arm("top_activations", split=1))


def random_accuracy(evidence: Evidence) -> Measured:
    """Accuracy (percent) of runs that see nothing but a random subset."""
    return _accuracy(evidence, evidence.arm("random", split=1))


def difference_at_the_end(evidence: Evidence) -> Measured:
    """Accuracy of eq. 4 minus random at 100 / 0, in points."""
    eq4, random = (evidence.arm(name, split=1) for name in ("top_activations", "random"))
    return _difference(evidence, eq4, random, "unpaired (Welch)")


def early_differences(evidence: Evidence) -> Measured:
    """The same at each split below 90 / 10, in points. The largest is shown; its interval is not corrected for having
    been chosen as the largest. All that the profile plans are tested: what is said of every split has to wait until
    each is on record."""
    eq4, random = evidence.arm("top_activations"), evidence.arm("random")
    splits = sorted(split for split in set(eq4["split"]) & set(random["split"]) if split < min(LATE))
    if not splits:
        return Measured()
    planned = {split for split in evidence.profile.runs_at_split if 0 < split < min(LATE)}
    found = {split: _at(eq4, random, split) for split in sorted({*splits, *planned})}
    largest = max(splits, key=lambda split: abs(found[split].value))
    shown = "; ".join(f"{split_name(split)}: {signed(one)}" for split, one in found.items())
    return Measured(
        found[largest],
        f"largest of the splits, unpaired (Welch); {shown}",
        tested=list(found.values()),
        records=hashes(*(arm[arm["split"].isin(splits)] for arm in (eq4, random))),
        spread=pooled(evidence, *(arm[np.isclose(arm["split"], largest)] for arm in (eq4, random))),
    )


def late_difference(evidence: Evidence) -> Measured:
    """The same at 90 / 10 and 95 / 5, in points: a seed's two splits share most of their training and are averaged."""
    arms = []
    for name in ("top_activations", "random"):
        arm = evidence.arm(name)
        arm = arm[np.isclose(arm["split"].to_numpy()[:, None], LATE).any(axis=1)]
        runs = arm.groupby(["seed", "autoencoder"], dropna=False)["split"].transform("nunique")
        arms.append(arm[runs == len(LATE)])  # a seed that has one of them only would be another mixture
    eq4, random = arms
    return _difference(evidence, eq4, random, "unpaired (Welch), a seed's two splits averaged")


def spread_at_the_end(evidence: Evidence) -> Measured:
    """Ratio of the standard deviations between runs at 100 / 0, eq. 4 over random, that of eq. 4 pooled over its
    autoencoders. Other sizes and options are left out: their runs have the same seeds, and are no further evidence."""
    eq4, random = (evidence.arm(name, split=1) for name in ("top_activations", "random"))
    (sd, freedom), (other, other_freedom) = (pooled_sd(some, "autoencoder") for some in (eq4, random))
    if not freedom or not other_freedom:
        return Measured()
    ratio = spread_ratio(sd, freedom, other, other_freedom)
    apart = difference(*(distances(some, "autoencoder") for some in (eq4, random)))
    return Measured(
        ratio,
        f"SD {sd:.2f} against {other:.2f} points (F-test); mean distance from the median: {signed(apart)} (Welch)",
        tested=(ratio, apart),
        records=hashes(eq4, random),
        detectable=1 / minimum_detectable_ratio(other_freedom, freedom),
        counted="d.f.",
    )


def _accuracy(evidence: Evidence, arm: pd.DataFrame, remark: str = "") -> Measured:
    if arm.empty:
        return Measured()
    return Measured(mean(units(arm)), remark, records=hashes(arm), spread=pooled(evidence, arm))


def _difference(evidence: Evidence, arm: pd.DataFrame, other: pd.DataFrame, remark: str) -> Measured:
    if arm.empty or other.empty:
        return Measured()
    found = difference(units(arm), units(other))
    return Measured(found, remark, records=hashes(arm, other), spread=pooled(evidence, arm, other))


def _at(arm: pd.DataFrame, other: pd.DataFrame, split: float) -> Estimate:
    return difference(*(units(some[np.isclose(some["split"], split)]) for some in (arm, other)))
