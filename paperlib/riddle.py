"""The riddle of the 10.4 % (reading R14): candidate mechanisms, in closed form and from the runs of `plans.riddle_runs`."""

import numpy as np
import pandas as pd

from paperlib import averaging
from paperlib.plans import TIME_SHARE
from paperlib.profiles import profile

PAPER_SECONDS = 736  # of the baseline
BUDGET_SECONDS = 7 * 60

WEIGHTS = {  # how accuracies of `StoppedRun`s are named, in the order of a plot
    "raw": "raw weights",
    "warmup": "average with warm-up",
    "warmup_own": "average with warm-up, own statistics",
    "constant": "constant decay",
    "constant_own": "constant decay, own statistics",
}
_AVERAGES = ("raw", *averaging.AVERAGES)


def initial_share(average, steps, decay):
    """How much of the initial weights an average still holds after `steps` updates, 0 to 1. (Mechanism a.)"""
    kept = np.array([float(averaging.decay_at(average, step, decay)) for step in range(steps)])
    return float(kept.prod())


def shares():
    """One row an average: the initial weights' share at the paper's 57.07 % and 100 % of the steps."""
    paper = profile("paper")
    cut = round(paper.steps * TIME_SHARE)
    rows = [
        {"average": average, "steps": steps, "initial weights (%)": 100 * initial_share(average, steps, paper.decay)}
        for average in averaging.AVERAGES
        for steps in (cut, paper.steps)
    ]
    return pd.DataFrame(rows)


def table(records):
    """One row a run and kind of weights: arm, learning rate, steps, seed, weights, accuracy in percent, diverged."""
    rows = []
    for record in records:
        run, result = record["run"], record["result"]
        about = {
            "arm": "full set alone" if run["selection"] == "full" else "subset first (50 / 50)",
            "learning_rate": run["learning_rate"],
            "steps": run["stop"],
            "seed": run["seed"],
            "diverged_at": result.get("diverged_at"),
        }
        rows += [
            {**about, "weights": name, "accuracy": 100 * result["test"][name]["accuracy"]} for name in WEIGHTS
        ]
    return pd.DataFrame(rows)


def by_weights(ends, cuts):
    """Accuracies of Fig. 5's runs under each kind of weights, at their end and after the paper's share of their steps.

    ends: records of runs; cuts: those of their `runs.cut_off`, in the same order. One row a selection and split: n runs,
    mean accuracies (percent) at the share and at the end.
    """
    rows = []
    for end, cut in zip(ends, cuts, strict=True):
        row = {"selection": end["run"]["selection"], "split": end["run"]["split"]}
        for when, record in (("57 %", cut), ("end", end)):
            row |= {f"{name}, {when}": 100 * record["result"]["test"][name]["accuracy"] for name in _AVERAGES}
        rows.append(row)
    groups = pd.DataFrame(rows).groupby(["split", "selection"])
    return groups.mean().assign(n=groups.size()).reset_index()


def mechanism(found, learning_rate, steps):
    """Mean and range of accuracy by weights and arm, at one learning rate and number of steps. found: of `table`."""
    some = found[(found["learning_rate"] == learning_rate) & (found["steps"] == steps)]
    groups = some.groupby(["weights", "arm"], sort=False)["accuracy"]
    return groups.agg(n="count", mean="mean", lowest="min", highest="max").reset_index()


def rates(found, steps, weights="warmup"):
    """One row an arm and learning rate: accuracies of the runs at that many steps, and how many diverged."""
    some = found[(found["steps"] == steps) & (found["weights"] == weights)]
    groups = some.groupby(["arm", "learning_rate"], sort=False)
    spread = groups["accuracy"].agg(n="count", mean="mean", lowest="min", highest="max")
    return spread.assign(diverged=groups["diverged_at"].count()).reset_index()


def conditions(found, cut):
    """One row a condition: mechanism, what was done, mean accuracy (percent) of either arm, n runs an arm, of which
    diverged. found: of `table`; cut: the steps of the paper's share of the time."""
    plain, full = found["learning_rate"].min(), "full set alone"
    rows = [(mechanism, text, found["weights"].eq(name) & found["steps"].eq(cut) & found["learning_rate"].eq(plain))
            for mechanism, name, text in (
                ("–", "warmup", "as read: average with warm-up"),
                ("–", "raw", "raw weights"),
                ("b", "warmup_own", "average with warm-up, own statistics"),
                ("a", "constant", "constant decay"),
                ("a, b", "constant_own", "constant decay, own statistics"),
            )]  # fmt: skip
    averaged = found["weights"].eq("warmup")
    stops = sorted(found.loc[found["steps"] < cut, "steps"].unique())
    rows += [("c", f"{steps:,} step{'s' if steps > 1 else ''}", averaged & found["steps"].eq(steps)) for steps in stops]
    rates = sorted(rate for rate in found["learning_rate"].unique() if rate > plain)
    rows += [("d", f"learning rate {rate:g}", averaged & found["learning_rate"].eq(rate)) for rate in rates]
    table = []
    for mechanism, text, chosen in rows:
        arms = found[chosen].groupby("arm")
        means, lost = arms["accuracy"].mean(), arms["diverged_at"].count()
        others = [arm for arm in means.index if arm != full]
        table.append(
            {
                "mechanism": mechanism,
                "condition": text,
                full: means[full],
                "subset first (50 / 50)": means[others[0]] if others else np.nan,
                "n": int(arms.size().min()),
                "diverged": ", ".join(str(lost[arm]) for arm in [full, *others]) if lost.any() else "",
            }
        )
    return pd.DataFrame(table)


def few_steps(found):
    """How slow a step would have to be for no more than so few steps to fit (mechanism c).

    One row a number of steps that the full set alone was trained for: mean accuracies of raw weights and of the average
    with warm-up; seconds a step if no more fit into seven minutes; and how long the baseline's 10,000 would then take.
    """
    alone = found[(found["arm"] == "full set alone") & (found["learning_rate"] == found["learning_rate"].min())]
    wide = alone.pivot_table("accuracy", "steps", "weights")
    rows = wide[["raw", "warmup"]].reset_index()
    rows["seconds a step"] = BUDGET_SECONDS / rows["steps"]
    rows["hours for a baseline"] = rows["seconds a step"] * profile("paper").steps / 3600
    rows["times the paper's 736 s"] = rows["hours for a baseline"] * 3600 / PAPER_SECONDS
    return rows


def steps_at(found, percent, weights="warmup"):
    """After how many steps the full set alone passes `percent`, between the numbers of steps that were run."""
    rows = few_steps(found)
    reached = np.maximum.accumulate(rows[weights])
    return float(np.exp(np.interp(percent, reached, np.log(rows["steps"]))))
