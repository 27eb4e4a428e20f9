"""The sentences of the paper's abstract that no figure shows by itself."""

from dataclasses import replace

import numpy as np
import pandas as pd

from paperlib import environment
from paperlib.analysis import cost, thinning
from paperlib.analysis.arms import ARMS
from paperlib.analysis.statistics import Estimate, difference, mean, units
from paperlib.claims.evidence import Evidence
from paperlib.claims.measures.measured import Measured, hashes, signed
from paperlib.claims.measures.splits import pooled

LOSS = 1.5  # points below the full set's accuracy that are a "minimal loss", as in C7


def time_saved(evidence: Evidence) -> Measured:
    """Training time that eq. 4 first (50 / 50) saves, in percent, with everything that is done once charged to one
    training: autoencoder, embedding and selection. `time_saved_uncharged` says until when, and how."""
    return _saved(evidence, charged=True)


def time_saved_uncharged(evidence: Evidence) -> Measured:
    """Training time that eq. 4 first (50 / 50) saves until the full set's own accuracy less a minimal loss, in percent,
    at the measured step times; one value a seed. What is done once is free, as if shared by very many trainings. The
    interval is that of the seeds, widened to the tests between which the accuracy is reached.

    The remark says below which ratio of step times it would save any.
    """
    return _saved(evidence, charged=False)


def over_half_more(evidence: Evidence) -> Measured:
    """Accuracy in the same time, subset first minus the full set alone, in points (reading R12)."""
    arm, full = evidence.limited("top_activations"), evidence.limited("full")
    if arm.empty or full.empty:
        return Measured(Estimate())
    found = difference(units(arm), units(full))
    return Measured(found, "points, unpaired (Welch)", records=hashes(arm, full), spread=pooled(evidence, arm))


def _saved(evidence: Evidence, *, charged: bool) -> Measured:
    halves = {name: _half(evidence, name) for name in ARMS}
    used = [evidence.records[name] for some in halves.values() for name in some["record"]]
    if not evidence.autoencoders or any(some.empty for some in halves.values()):
        return Measured()
    autoencoder = evidence.autoencoders[0]
    device = environment.devices([autoencoder])
    timed = [record for record in used if environment.devices([record]) == device]  # seconds of one machine compare
    if not timed:
        return Measured()
    points, paces = thinning.curves(used), cost.paces(timed)
    on_full, on_subset = (float(np.nanmedian(paces[f"on the {where} (ms)"])) / 1000 for where in ("full set", "subset"))
    full = halves["full"]
    goal = float(full[full["steps"] == evidence.profile.steps]["accuracy"].mean()) - LOSS
    eq4 = ARMS["top_activations"].first
    once = thinning.once_steps(autoencoder, used, on_full)[eq4] if charged else 0.0
    ratio = on_subset / on_full
    saved, never, left_out = [], 0, 0  # a row a seed: as interpolated, and at worst and at best between the tests
    for seed in sorted(set(halves["top_activations"]["seed"])):
        some = points[points["seed"] == seed]
        first, other = (some[some["arm"] == name] for name in (ARMS["full"].first, eq4))
        alone, arm = (_soonest(one, goal, ratio) for one in (first, other))
        if not np.isfinite(alone[0]):  # NaN where it was not run at several lengths
            left_out += int(np.isinf(alone[0]))
            continue
        if np.isinf(arm[0]):  # charged with its longest run: at least so much
            never += 1
            arm = (float((other["fast_steps"] * ratio + other["full_steps"]).max()),) * 3
        if np.isfinite(arm[0]):
            pairs = ((arm[0], alone[0]), (arm[2], alone[1]), (arm[1], alone[2]))
            saved.append([100 * (1 - (ours + once) / theirs) for ours, theirs in pairs])
    if not saved:
        return Measured()
    values, worst, best = zip(*saved)
    found = mean(values)
    low, high = np.fmin(found.low, min(worst)), np.fmax(found.high, max(best))
    even = thinning.break_even(points, [goal], once={eq4: once}).groupby("arm")["ratio"].max()
    limits = " and ".join(f"{most:.2f} ({name})" for name, most in even.items())
    remark = (
        f"until {goal:.1f} %; a subset step takes {ratio:.2f} of a full-set step ({device}), and pays below {limits}; "
        f"{signed(found)} from seed to seed"
    )
    if never:
        remark += f"; {never} of {len(saved)} seeds never get there, and are charged with their longest run"
    if left_out:
        remark += f"; seeds left out, whose full set alone never gets there: {left_out}"
    if np.isfinite(found.low):  # with one seed, nothing is known of the spread between seeds
        remark += f"; the interval reaches to the tests on either side of {goal:.1f} %"
        found = replace(found, low=float(low), high=float(high), sd=float("nan"))
    return Measured(found, remark, records=hashes(used, [autoencoder] if charged else ()))


def _half(evidence: Evidence, selection: str) -> pd.DataFrame:
    """Runs of all lengths of the full set alone, or of a selection at 50 / 50."""
    runs = evidence.of_any_length(selection)
    return runs[np.isclose(runs["split"], 0 if selection == "full" else 0.5)]


def _soonest(points: pd.DataFrame, accuracy: float, ratio: float) -> tuple[float, float, float]:
    """Full-set steps until an accuracy, of the path that gets there first; a subset step costs `ratio` of one.

    As interpolated between two tests, at the one before and at the one after: each the smallest over the paths.
    """
    paths = [some for _, some in points.groupby("path")]
    steps = [(thinning.steps_to(some, accuracy), *thinning.tests_around(some, accuracy)) for some in paths]
    costs = [np.dot(known, (ratio, 1)) for known in steps if not np.isnan(known[0][0])]
    at, before, after = (float(min(column, default=np.nan)) for column in np.reshape(costs, (-1, 3)).T)
    return at, before, after
