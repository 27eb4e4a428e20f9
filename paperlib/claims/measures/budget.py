"""Fig. 6 and 7: what comes out in a given time (Section V-C), and how fast the baseline runs."""

import numpy as np
import pandas as pd

from paperlib.analysis.statistics import difference, mean, pooled_sd, units
from paperlib.claims.evidence import Evidence
from paperlib.claims.measures.measured import Measured, hashes, signed
from paperlib.claims.measures.splits import pooled


def accuracy_subset_first(evidence: Evidence) -> Measured:
    """Accuracy (percent) in 57.07 % of the baseline's time (of its steps, where no clock ends the runs), half of the
    steps on the subset first. What is tested is its difference from the full set alone."""
    arm, full = evidence.limited("top_activations"), evidence.limited("full")
    if arm.empty:
        return Measured()
    found = difference(units(arm), units(full)) if len(full) else None
    remark = f"{_steps(arm)}; minus the full set alone: {signed(found)} points" if found else _steps(arm)
    at_equal, beside = _at_equal_steps(evidence)
    return Measured(
        mean(units(arm)),
        remark + at_equal,
        tested=found,
        records=hashes(arm, full),
        beside=hashes(beside),
        spread=pooled(evidence, arm),
    )


def accuracy_of_the_full_set(evidence: Evidence) -> Measured:
    """Accuracy (percent) of the full set alone in 57.07 % of the baseline's time, or of its steps."""
    arm = evidence.limited("full")
    if arm.empty:
        return Measured()
    return Measured(mean(units(arm)), _steps(arm), records=hashes(arm), spread=pooled(evidence, arm))


def loss_ahead(evidence: Evidence) -> Measured:
    """Mean training loss over the time, full set alone minus subset first, in nats: above 0 if the subset's falls
    faster. The remark has the control by steps: how much of it does a random subset give?"""
    arm, full = evidence.limited("top_activations"), evidence.limited("full")
    if arm.empty or full.empty:
        return Measured()
    control, beside = _loss_by_steps(evidence)
    return _loss_difference(evidence, full, arm, control, beside)


def loss_ahead_large(evidence: Evidence) -> Measured:
    """The same for the subset ten times as large."""
    arm, full = evidence.limited("top_activations", evidence.profile.large_k), evidence.limited("full")
    if arm.empty or full.empty:
        return Measured()
    small = evidence.limited("top_activations")
    gap = signed(difference(units(arm), units(small)))
    return _loss_difference(evidence, full, arm, f"accuracy minus the small subset's: {gap} points", hashes(small))


def images_a_second(evidence: Evidence) -> Measured:
    """Images that the baseline trains on in a second. The clock starts after the first step.

    Only where runs are timed, on a machine that does nothing else: long runs without a clock share theirs.
    """
    full = evidence.arm("full")
    if full.empty or not evidence.by_the_clock:
        return Measured()
    setting = evidence.profile
    rates = (setting.steps - 1) * setting.batch / full["train_s"].to_numpy()
    return Measured(mean(rates), f"on {', '.join(sorted(full['device'].unique()))}", records=hashes(full))


def _loss_difference(evidence: Evidence, full: pd.DataFrame, arm: pd.DataFrame, remark: str, beside: tuple) -> Measured:
    losses = pd.concat([evidence.losses(full).assign(arm=0), evidence.losses(arm).assign(arm=1)])
    means = [units(losses[losses["arm"] == number], "loss") for number in (0, 1)]
    over = "time" if evidence.by_the_clock else f"{evidence.budget_steps:,} steps"
    return Measured(
        difference(*means),
        "; ".join(filter(None, (f"mean over the {over}, unpaired (Welch)", remark))),
        records=hashes(full, arm),
        beside=beside,
        spread=pooled_sd(losses, "arm", "loss"),
    )


def _loss_by_steps(evidence: Evidence) -> tuple[str, tuple]:
    """Mean loss over the fast phase of a 50 / 50 run, full set minus either selection, and the records behind it.

    It is that of the 100 / 0 runs over as many steps, of which there are more: until then both see the subset alone.
    """
    step = evidence.profile.steps // 2
    full = evidence.losses_until(evidence.arm("full"), step)
    parts, behind = [], ()
    for name, called in (("top_activations", "eq. 4"), ("random", "random")):
        arm = evidence.losses_until(evidence.arm(name, split=1), step)
        if len(arm) and len(full):
            parts.append(f"{called} {signed(difference(units(full, 'loss'), units(arm, 'loss')), 3)}")
            behind += hashes(arm, full)
    return (f"control, over {step:,} steps of the fast phase: {', '.join(parts)}", behind) if parts else ("", ())


def _at_equal_steps(evidence: Evidence) -> tuple[str, pd.DataFrame]:
    """Of runs that a clock ended: both arms cut off after exactly the paper's share of the steps instead."""
    stop = evidence.budget_steps
    arm, full = evidence.stopped("top_activations", 0.5, stop), evidence.stopped("full", 0.0, stop)
    if not evidence.by_the_clock or arm.empty or full.empty:
        return "", evidence.runs.iloc[:0]
    found = difference(units(arm), units(full))
    return f"; at {stop:,} steps each: {signed(found)} (n = {found.n} + {found.n_other})", pd.concat([arm, full])


def _steps(table: pd.DataFrame) -> str:
    ranges = []
    for column, where in (("fast_steps", "subset"), ("full_steps", "full set")):
        low, high = np.min(table[column]), np.max(table[column])
        if high:
            ranges.append(f"{low:,}{'' if low == high else f' to {high:,}'} steps on the {where}")
    return ", ".join(ranges)
