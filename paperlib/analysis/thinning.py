"""When does thinning pay? At which ratio of step times is subset first sooner than the full set alone?

Everything is counted in *full-set steps*: a step on the full set costs 1, one on the subset costs the ratio r of the
two step times, and what is done once (autoencoder, embedding, selection) costs its seconds divided by those of a
full-set step. With the steps that each arm needs to an accuracy on record, subset first is sooner where

    once + fast * r + full < full-set steps alone,

so that the break-even ratio is (alone - once - full) / fast. It is negative where thinning cannot pay at any ratio.
Both r and the seconds are a machine's; the steps are the method's. So accuracy curves recorded anywhere answer for a
reader's own step times (`answer`).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from paperlib.analysis import cost, tables
from paperlib.analysis.arms import ARMS, split_name
from paperlib.analysis.statistics import new_highs
from paperlib.study.profiles import PAPER_SECONDS, profile

# The least that the paper's machine can take for a step, at its peak: 10.6 TFLOP/s in float32 (NVIDIA's data sheet of
# the P100 with NVLink). Operations of one image through the classifier of reading R1, forward: two a weight and place
# of the convolutions (24 x 24 and 12 x 12) and of the dense layers; backward costs twice as much again.
_P100_FLOPS = 10.6e12
_FORWARD = 2 * (24**2 * 5 * 5 * 3 * 64 + 12**2 * 5 * 5 * 64 * 64 + 6 * 6 * 64 * 384 + 384 * 192 + 192 * 10)


def curves(records: Iterable[dict]) -> pd.DataFrame:
    """Accuracies by the steps that they took.

    Two kinds of paths lead to them. Runs of several lengths that share a split make one: each is planned for its own
    number of steps. A run that was tested on its way (`result["curve"]`) makes one by itself.

    Parameters
    ----------
    records : iterable of dict
        Records of classifiers: the full set alone, eq. 4 and random, of one size of subset. A run that a clock
        ended is left out.

    Returns
    -------
    DataFrame
        One row a test: arm, path, seed, autoencoder (its seed; NaN for none), fast_steps, full_steps, accuracy
        (percent).
    """
    rows = []
    for record in records:
        run = record["run"]
        if run["time_share"] or run["selection"] not in ARMS:
            continue
        fast, full = record["result"]["phases"]
        about = {
            "arm": ARMS[run["selection"]].first,
            "seed": run["seed"],
            "autoencoder": (run.get("autoencoder") or {}).get("seed", np.nan),
        }
        split = split_name(run["split"])
        found = tables.tests(record)
        rows.append({**about, "path": split, "fast_steps": fast, "full_steps": full, "accuracy": found[fast + full]})
        path = f"{fast:,} steps, then the full set" if fast and full else split
        rows += [
            {
                **about,
                "path": f"{path}, tested on the way",
                "fast_steps": min(step, fast),
                "full_steps": max(step - fast, 0),
                "accuracy": accuracy,
            }
            for step, accuracy in (found.items() if len(found) > 1 else ())
        ]
    columns = ["arm", "path", "seed", "autoencoder", "fast_steps", "full_steps", "accuracy"]
    return pd.DataFrame(rows, columns=columns).drop_duplicates(ignore_index=True)


def steps_to(points: pd.DataFrame, accuracy: float) -> tuple[float, float]:
    """Steps on the subset and on the full set until the mean of a path reaches an accuracy.

    Parameters
    ----------
    points : DataFrame
        Rows of `curves` of one arm and path. The mean is over the seeds that have all of the path's points, so that it
        is one of the same runs everywhere; where none has all, over those that have a point.
    accuracy : float
        In percent.

    Returns
    -------
    tuple of float
        (fast, full), interpolated between the tests; infinite if the path never gets there, NaN if its first test is
        above the accuracy already: nothing is known of the steps before.
    """
    rising = _rising(points)
    reached = rising["accuracy"].to_numpy()
    if not len(rising) or accuracy > reached[-1]:
        return float("inf"), float("inf")
    if accuracy < reached[0]:
        return float("nan"), float("nan")
    fast, full = (float(np.interp(accuracy, reached, rising[column])) for column in ("fast_steps", "full_steps"))
    return fast, full


def tests_around(points: pd.DataFrame, accuracy: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """The steps of the tests between which `steps_to` interpolates: all that is known without it.

    Parameters
    ----------
    points, accuracy
        As for `steps_to`.

    Returns
    -------
    tuple of two tuples of float
        (fast, full) of the last test below the accuracy, and of the first that reaches it; both as of `steps_to` where
        that is infinite or NaN.
    """
    at = steps_to(points, accuracy)
    if not np.isfinite(at[0]):
        return at, at
    rising = _rising(points)
    first = int(np.searchsorted(rising["accuracy"], accuracy))
    before, after = (rising.iloc[number] for number in (max(first - 1, 0), first))
    return (before["fast_steps"], before["full_steps"]), (after["fast_steps"], after["full_steps"])


def _rising(points: pd.DataFrame) -> pd.DataFrame:
    """The tests of a path whose mean accuracy is above all before them, in order: fast_steps, full_steps, accuracy. The
    mean is of the seeds that have all tests; where none has all, of those that have a test."""
    wide = points.pivot_table("accuracy", ["fast_steps", "full_steps"], "seed")
    means = (wide.dropna(axis=1) if wide.notna().all().any() else wide).mean(axis=1).rename("accuracy").reset_index()
    means = means.iloc[(means["fast_steps"] + means["full_steps"]).argsort(kind="stable")]
    return means[new_highs(means["accuracy"].to_numpy())]


def break_even(
    points: pd.DataFrame, accuracies: Iterable[float], *, once: dict[str, float] | None = None
) -> pd.DataFrame:
    """The ratio of step times below which subset first is sooner, by arm, path and accuracy.

    Parameters
    ----------
    points : DataFrame
        Of `curves`. Paths of which fewer than two points are known are left out.
    accuracies : iterable of float
        In percent.
    once : dict, optional
        Arm -> what it needs before its first step, in full-set steps; nothing for arms that are not in it.

    Returns
    -------
    DataFrame
        One row an arm, path and accuracy: alone (full-set steps of the full set alone), fast_steps, full_steps, once,
        ratio (break-even: subset steps must be shorter than so much of a full-set step; below 0 it never pays, NaN if
        the path or the full set does not reach the accuracy, or was above it at its first test), and the lowest and
        highest ratio of the seeds that both have, and their number.
    """
    once = once or {}
    alone = points[points["arm"] == ARMS["full"].first]
    rows = []
    for (arm, path), some in points[points["arm"] != ARMS["full"].first].groupby(["arm", "path"], sort=False):
        if some[["fast_steps", "full_steps"]].drop_duplicates().shape[0] < 2:
            continue
        seeds = sorted(set(some["seed"]) & set(alone["seed"]))
        for accuracy in accuracies:
            before = once.get(arm, 0.0)
            fast, full = steps_to(some, accuracy)
            by_seed = [
                _ratio(_alone(alone[alone["seed"] == seed], accuracy), before, some[some["seed"] == seed], accuracy)
                for seed in seeds
            ]
            known = [ratio for ratio in by_seed if np.isfinite(ratio)]
            rows.append(
                {
                    "arm": arm,
                    "path": path,
                    "accuracy": accuracy,
                    "alone": _alone(alone, accuracy),
                    "fast_steps": fast,
                    "full_steps": full,
                    "once": before,
                    "ratio": _ratio(_alone(alone, accuracy), before, some, accuracy),
                    "lowest": min(known, default=np.nan),
                    "highest": max(known, default=np.nan),
                    "seeds": len(known),
                }
            )
    columns = [
        "arm",
        "path",
        "accuracy",
        "alone",
        "fast_steps",
        "full_steps",
        "once",
        "ratio",
        "lowest",
        "highest",
        "seeds",
    ]
    return pd.DataFrame(rows, columns=columns)


@dataclass(frozen=True)
class Answer:
    """Does thinning pay for a reader's own step times?

    Attributes
    ----------
    arm, path : str
        The selection, and the way to spend its steps, that is soonest at these step times.
    seconds, alone_seconds : float
        Until the accuracy is reached, everything charged; infinite if it never is on record.
    ratio, break_even : float
        Seconds of a step on the subset over those of one on the full set; and below which ratio it pays (NaN: never
        reached).
    trainings : float
        After how many trainings what is done once has paid; infinite where a training saves nothing.
    pays : bool
        Whether it is sooner within `trainings_planned`.
    """

    arm: str
    path: str
    seconds: float
    alone_seconds: float
    ratio: float
    break_even: float
    trainings: float
    pays: bool


def answer(
    points: pd.DataFrame,
    accuracy: float,
    *,
    seconds_on_subset: float,
    seconds_on_full_set: float,
    once_seconds: float,
    trainings_planned: int = 1,
) -> list[Answer]:
    """For a reader's step times: is subset first sooner than the full set alone?

    Parameters
    ----------
    points : DataFrame
        Of `curves`: how many steps each arm needs. They are this study's, not the reader's.
    accuracy : float
        That is asked for, in percent.
    seconds_on_subset, seconds_on_full_set : float
        Seconds of a step in the fast phase, and on the full set.
    once_seconds : float
        Seconds of autoencoder, embedding and selection; random is not charged with them.
    trainings_planned : int
        On the same data, over which `once_seconds` is shared.

    Returns
    -------
    list of Answer
        For eq. 4 first and for random first.

    Raises
    ------
    ValueError
        For step times that are not positive, or fewer trainings than one.
    """
    if min(seconds_on_subset, seconds_on_full_set) <= 0 or once_seconds < 0 or trainings_planned < 1:
        raise ValueError(
            f"a step takes {seconds_on_subset} s on the subset and {seconds_on_full_set} s on the full set, once "
            f"{once_seconds} s, for {trainings_planned} trainings: step times must be above 0, trainings 1 or more"
        )
    answers = []
    for name in ("top_activations", "random"):
        arm, once = ARMS[name].first, once_seconds if name == "top_activations" else 0.0
        charged = once / trainings_planned / seconds_on_full_set
        found = break_even(points[points["arm"].isin([ARMS["full"].first, arm])], [accuracy], once={arm: charged})
        if found.empty:
            continue
        seconds = found["fast_steps"] * seconds_on_subset + found["full_steps"] * seconds_on_full_set
        best = found.iloc[int(np.argmin(seconds.fillna(np.inf)))]
        training, alone = float(seconds.fillna(np.inf).min()), float(best["alone"] * seconds_on_full_set)
        saved = alone - training if np.isfinite(training) else -float("inf")
        answers.append(
            Answer(
                arm=arm,
                path=str(best["path"]),
                seconds=training + once / trainings_planned,
                alone_seconds=alone,
                ratio=seconds_on_subset / seconds_on_full_set,
                break_even=float(best["ratio"]),
                trainings=max(1.0, float(np.ceil(once / saved))) if saved > 0 else float("inf"),
                pays=bool(saved > once / trainings_planned),
            )
        )
    return answers


def pipelines(paces: pd.DataFrame) -> pd.DataFrame:
    """Where known pipelines lie: their ratio of step times.

    The paper gives 736 s for 10,000 steps, 73.6 ms a step, and no time of a step on the subset. Arithmetic alone takes
    its P100 about a seventh of that, at the peak that no program reaches: the paper's ratio lies between the two.

    Parameters
    ----------
    paces : DataFrame
        Of `cost.paces`: milliseconds a step of each run and phase.

    Returns
    -------
    DataFrame
        One row a pipeline: pipeline, images_per_second (on the full set), lowest and highest ratio, source.
    """
    paper = profile("paper")
    step = PAPER_SECONDS / paper.steps
    least = 3 * _FORWARD * paper.batch / _P100_FLOPS
    rows = [
        {
            "pipeline": "the paper's, one P100, as far as is known",
            "images_per_second": paper.batch / step,
            "lowest": least / step,
            "highest": 1.0,
            "source": "736 s for 10,000 steps; at least the arithmetic at the P100's peak, at most a full-set step",
        }
    ]
    for feed, some in paces.groupby("feed", sort=False):
        ratios = (some["on the subset (ms)"] / some["on the full set (ms)"]).dropna()
        if ratios.empty:
            continue
        rows.append(
            {
                "pipeline": f"ours, {feed}",
                "images_per_second": 1000 * some["batch"].iloc[0] / some["on the full set (ms)"].median(),
                "lowest": ratios.min(),
                "highest": ratios.max(),
                "source": f"steps of both phases of {len(ratios)} runs",
            }
        )
    return pd.DataFrame(rows)


def once_steps(autoencoder: dict, classifiers: Iterable[dict], seconds_on_full_set: float) -> dict[str, float]:
    """What eq. 4 needs before its first step, as `break_even` takes it: arm -> full-set steps.

    Parameters
    ----------
    autoencoder, classifiers : dict, iterable of dict
        Records, as of `cost.parts`.
    seconds_on_full_set : float
        Of a step of the classifier.
    """
    return {ARMS["top_activations"].first: sum(cost.parts(autoencoder, classifiers).values()) / seconds_on_full_set}


def _alone(points: pd.DataFrame, accuracy: float) -> float:
    """Steps of the full set alone: of the path that gets there first."""
    reached = [sum(steps_to(some, accuracy)) for _, some in points.groupby("path")]
    return min((steps for steps in reached if not np.isnan(steps)), default=float("nan"))


def _ratio(alone: float, once: float, points: pd.DataFrame, accuracy: float) -> float:
    fast, full = steps_to(points, accuracy)
    if not np.isfinite(alone) or not np.isfinite(fast) or not fast:
        return float("nan")
    return (alone - once - full) / fast
