"""The riddle of the 10.4 % (reading R14): what our runs measured of each candidate mechanism."""

from typing import Any

import numpy as np
import pandas as pd

from paperlib.analysis import tables
from paperlib.analysis.statistics import new_highs
from paperlib.study import plans
from paperlib.study.profiles import PAPER_SECONDS, Profile, profile
from paperlib.study.runs import DEFAULT_READINGS, TIME_SHARE, Readings, Run, cut_off
from paperlib.study.stale_checkpoint import ALONE, FIRST

BUDGET_SECONDS = 7 * 60

WEIGHTS = {  # how accuracies of runs that are cut off are named, in the order of a plot
    "raw": "raw weights",
    "warmup": "average with warm-up",
    "warmup_own": "average with warm-up, own statistics",
    "constant": "constant decay",
    "constant_own": "constant decay, own statistics",
}
_AVERAGES = [name for name in WEIGHTS if name in tables.AVERAGES]


def runs(profile: Profile, dataset: plans.Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """`plans.riddle_runs`, and the runs of Fig. 5 that are the same two arms with further seeds.

    Parameters
    ----------
    profile, dataset, readings
        As for `plans.riddle_runs`.
    """
    planned = plans.riddle_runs(profile, dataset, readings)
    arms = {(run.selection, run.split) for run in planned}
    others = [cut_off(run) for run in plans.split_runs(profile, dataset, readings)]
    return list(dict.fromkeys([*planned, *(run for run in others if (run.selection, run.split) in arms)]))


def initial_share(average: str, steps: int, decay: float) -> float:
    """How much of the initial weights an average still holds after `steps` updates, 0 to 1 (candidate a).

    Parameters
    ----------
    average
        One of `paperlib.averaging.AVERAGES`.
    steps
        Number of updates.
    decay
        Share of the old average that an update keeps, at most.
    """
    from paperlib import averaging  # here: it imports Keras, which takes seconds, and tables of records need none

    kept = np.asarray(averaging.decay_at(average, np.arange(steps), decay), np.float64)
    return float(np.broadcast_to(kept, steps).prod())


def shares() -> pd.DataFrame:
    """One row an average: the initial weights' share at the paper's 57.07 % and 100 % of the steps."""
    paper = profile("paper")
    cut = round(paper.steps * TIME_SHARE)
    rows = [
        {"average": average, "steps": steps, "initial weights (%)": 100 * initial_share(average, steps, paper.decay)}
        for average in tables.AVERAGES
        if average != "raw"
        for steps in (cut, paper.steps)
    ]
    return pd.DataFrame(rows)


def table(records: list[dict]) -> pd.DataFrame:
    """One row a run and kind of weights: arm, learning rate, steps, seed, weights, accuracy in percent, diverged_at.

    Parameters
    ----------
    records
        Of `runs`. A run whose weights became NaN has the step in `diverged_at`; its accuracy is that of
        naming the first class, 10.0 % on balanced classes by definition.
    """
    rows = []
    for record in records:
        run, result = record["run"], record["result"]
        about = {
            "arm": ALONE if run["selection"] == "full" else FIRST,
            "learning_rate": run["learning_rate"],
            "steps": run["stop"],
            "seed": run["seed"],
            "diverged_at": result.get("diverged_at"),
        }
        rows += [{**about, "weights": name, "accuracy": 100 * result["test"][name]["accuracy"]} for name in WEIGHTS]
    return pd.DataFrame(rows)


def by_weights(ends: list[dict], cuts: list[dict]) -> pd.DataFrame:
    """Accuracies of Fig. 5's runs under each kind of weights, at their end and after the paper's share of their steps.

    Parameters
    ----------
    ends
        Records of runs.
    cuts
        Those of their `runs.cut_off`, in the same order.

    Returns
    -------
    DataFrame
        One row a selection and split: n runs, mean accuracies (percent) at the share and at the end.
    """
    rows = []
    for end, cut in zip(ends, cuts, strict=True):
        row = {"selection": end["run"]["selection"], "split": end["run"]["split"]}
        for when, record in (("57 %", cut), ("end", end)):
            row |= {f"{name}, {when}": 100 * record["result"]["test"][name]["accuracy"] for name in _AVERAGES}
        rows.append(row)
    groups = pd.DataFrame(rows).groupby(["split", "selection"])
    return groups.mean().assign(n=groups.size()).reset_index()


def mechanism(found: pd.DataFrame, learning_rate: float, steps: int) -> pd.DataFrame:
    """Mean and range of accuracy by weights and arm, at one learning rate and number of steps.

    Parameters
    ----------
    found
        Of `table`.
    learning_rate, steps
        Of the runs to take.
    """
    chosen = found[(found["learning_rate"] == learning_rate) & (found["steps"] == steps)]
    groups = chosen.groupby(["weights", "arm"], sort=False)["accuracy"]
    return groups.agg(n="count", mean="mean", lowest="min", highest="max").reset_index()


def rates(found: pd.DataFrame, steps: int, weights: str = "warmup") -> pd.DataFrame:
    """One row an arm and learning rate: accuracies of the runs at that many steps, and how many diverged.

    Parameters
    ----------
    found
        Of `table`.
    steps
        Of the runs to take.
    weights
        One of `WEIGHTS`.
    """
    chosen = found[(found["steps"] == steps) & (found["weights"] == weights)]
    groups = chosen.groupby(["arm", "learning_rate"], sort=False)
    spread = groups["accuracy"].agg(n="count", mean="mean", lowest="min", highest="max")
    return spread.assign(diverged=groups["diverged_at"].count()).reset_index()


def conditions(found: pd.DataFrame, cut: int) -> pd.DataFrame:
    """One row a condition: what was done, and the mean accuracy (percent) of either arm.

    Parameters
    ----------
    found
        Of `table`.
    cut
        The steps of the paper's share of the time.

    Returns
    -------
    DataFrame
        mechanism: the letters of the candidates that are at work; condition; a column an arm; n, the runs of either
        arm; "NaN, scored 10.0": how many of them diverged, in either arm, and have their accuracy by definition.
    """
    rate = found["learning_rate"].min()
    at_cut = found["steps"].eq(cut) & found["learning_rate"].eq(rate)
    averaged = found["weights"].eq("warmup")
    rows = [
        (letters, text, at_cut & found["weights"].eq(weights))
        for letters, weights, text in (
            ("b", "warmup", "as read: average with warm-up"),
            ("–", "warmup_own", "average with warm-up, own statistics"),
            ("–", "raw", "raw weights"),
            ("a, b", "constant", "constant decay"),
            ("a", "constant_own", "constant decay, own statistics"),
        )
    ]
    for steps in sorted(found.loc[found["steps"] < cut, "steps"].unique()):
        rows.append(("c", f"{steps:,} step{'s' if steps > 1 else ''}", averaged & found["steps"].eq(steps)))
    for raised in sorted(set(found["learning_rate"]) - {rate}):
        rows.append(("d", f"learning rate {raised:g}", averaged & found["learning_rate"].eq(raised)))
    return pd.DataFrame([_condition(letters, text, found[chosen]) for letters, text, chosen in rows])


def _condition(letters: str, text: str, chosen: pd.DataFrame) -> dict[str, Any]:
    arms = chosen.groupby("arm")
    means, counts, lost = arms["accuracy"].mean(), arms.size(), arms["diverged_at"].count()
    present = [arm for arm in (ALONE, FIRST) if arm in counts]
    return {
        "mechanism": letters,
        "condition": text,
        **{arm: means.get(arm, np.nan) for arm in (ALONE, FIRST)},
        "n": _each(counts[present]),
        "NaN, scored 10.0": ", ".join(map(str, lost[present])) if lost.any() else "",
    }


def _each(counts: pd.Series) -> str:
    """ "2" where all counts are 2, else "5, 2"."""
    return ", ".join(map(str, counts.unique() if counts.nunique() == 1 else counts))


def few_steps(found: pd.DataFrame) -> pd.DataFrame:
    """How slow a step would have to be for no more than so few steps to fit (candidate c).

    Parameters
    ----------
    found
        Of `table`.

    Returns
    -------
    DataFrame
        One row a number of steps that the full set alone was trained for: mean accuracies of raw weights and of the
        average with warm-up; seconds a step if no more fit into seven minutes; and how long the baseline's 10,000 would
        then take.
    """
    alone = found[(found["arm"] == ALONE) & (found["learning_rate"] == found["learning_rate"].min())]
    wide = alone.pivot_table("accuracy", "steps", "weights")
    rows = wide[["raw", "warmup"]].reset_index()
    rows["seconds a step"] = BUDGET_SECONDS / rows["steps"]
    rows["hours for a baseline"] = rows["seconds a step"] * profile("paper").steps / 3600
    rows["times the paper's 736 s"] = rows["hours for a baseline"] * 3600 / PAPER_SECONDS
    return rows


def steps_at(found: pd.DataFrame, percent: float, weights: str = "warmup") -> float:
    """After how many steps the full set alone passes `percent`, between the numbers of steps that were run.

    Parameters
    ----------
    found
        Of `table`.
    percent
        Test accuracy.
    weights
        "raw" or "warmup".
    """
    rows = few_steps(found)
    rising = rows[new_highs(rows[weights].to_numpy())]
    return float(np.exp(np.interp(percent, rising[weights], np.log(rising["steps"]))))


def breakdowns(records: list[dict], least_steps: int) -> tuple[int, int]:
    """How many of all classifiers that were trained at the paper's learning rate broke down, and of how many.

    Parameters
    ----------
    records
        All of a profile.
    least_steps
        Shorter runs are left out.

    Returns
    -------
    tuple of int
        Runs whose weights became NaN or that name one class whatever they are shown; all runs.
    """
    trained = [
        record["result"]
        for record in records
        if record["run"].get("learning_rate") == Run.learning_rate
        and "phases" in record["result"]  # a classifier
        and sum(record["result"]["phases"]) >= least_steps
    ]
    broken = [
        result
        for result in trained
        if result.get("diverged_at") is not None or np.count_nonzero(result["test"]["warmup"]["accuracy_per_class"]) < 2
    ]
    return len(broken), len(trained)
