"""The riddle of the 10.4 % (reading R14): candidate mechanisms, what they predict, and what our records say of them."""

from typing import Any

import numpy as np
import pandas as pd

from paperlib.analysis import tables
from paperlib.analysis.stale_checkpoint import ALONE, CLEAN, FIRST, KILLED, SUBSET
from paperlib.study import plans
from paperlib.study.profiles import Profile, profile
from paperlib.study.runs import DEFAULT_READINGS, Readings, Run, cut_off

PAPER_SECONDS = 736  # of the baseline
BUDGET_SECONDS = 7 * 60

WEIGHTS = {  # how accuracies of runs that are cut off are named, in the order of a plot
    "raw": "raw weights",
    "warmup": "average with warm-up",
    "warmup_own": "average with warm-up, own statistics",
    "constant": "constant decay",
    "constant_own": "constant decay, own statistics",
}
_AVERAGES = [name for name in WEIGHTS if name in tables.AVERAGES]

BASELINE = "baseline"
CHANCE = 12.0  # percent: what names one class is below it, on ten classes that are balanced
NOT_MEASURED = "not measured"

CANDIDATES = {
    "a": "the average still holds initial weights",
    "b": "batch-norm statistics of the raw weights",
    "c": "few steps fitted into the time",
    "d": "training broke down",
    "e": "a stale checkpoint was tested",
}


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
    cut = round(paper.steps * plans.TIME_SHARE)
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
        Of `runs`. A run whose weights are no numbers any more has the step in `diverged_at`; its accuracy is that of
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
    reached = np.maximum.accumulate(rows[weights])
    return float(np.exp(np.interp(percent, reached, np.log(rows["steps"]))))


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
        Runs whose weights are no numbers or that name one class whatever they are shown; all runs.
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


def stated(budget: dict, splits: dict) -> dict:
    """What the paper states, in percent, by arm: the two of Fig. 6, the baseline, and the subset alone (100 / 0).

    Parameters
    ----------
    budget
        Of `ledger.budget_accuracies`.
    splits
        Of `ledger.split_accuracies`.
    """
    return {
        ALONE: budget["full"],
        FIRST: budget["top_activations"],
        BASELINE: splits[0.0, "full"],
        SUBSET: splits[1.0, "top_activations"],
    }


def predictions(
    found: pd.DataFrame,
    splits: pd.DataFrame,
    sessions: pd.DataFrame,
    broken: tuple[int, int],
    paper: dict,
    cut: int,
) -> pd.DataFrame:
    """What each candidate predicts for the three accuracies of the paper, beside what our records measured.

    Parameters
    ----------
    found
        Of `table`.
    splits
        Of `by_weights`: the baseline is the full set alone at its end.
    sessions
        Of `stale_checkpoint.table`; may be empty.
    broken
        Of `breakdowns`.
    paper
        Of `stated`.
    cut
        The steps of the paper's share of the time.

    Returns
    -------
    DataFrame
        Text, one row a candidate ("as read" is none); columns (arm with the paper's number, "predicted" or "ours").
    """
    slow = _too_few(found, paper[ALONE])
    cells: dict[str, dict[str, tuple[str, str]]] = {ALONE: {}, FIRST: {}, BASELINE: {}}
    for arm in (ALONE, FIRST):
        at_cut = {name: _ours(_of(found, arm, cut, name)) for name in WEIGHTS}
        steps = profile("paper").steps * plans.TIME_SHARE
        share = 100 * initial_share("constant", round(steps), profile("paper").decay)
        cells[arm] = {
            "as read": ("nearly the baseline", at_cut["warmup"]),
            "a": (f"low: {share:.1f} % initial weights", at_cut["constant_own"]),
            "b": ("lower than with their own", f"{at_cut['warmup']}, with their own {at_cut['warmup_own']}"),
            "d": ("10.0: one class is named", _at_rates(found, arm, cut)),
        }
    before, at_end = sessions.loc[sessions["arm"].eq(SUBSET), "accuracy"], splits[splits["split"].eq(0)]
    after_subset = f"{paper[SUBSET]:g}: the subset alone"
    too_few = f"fewer than {slow['steps']:.0f} steps"
    cells[ALONE]["c"] = (f"{paper[ALONE]:g}: {too_few}", f"{slow['warmup']:.1f} after so many")
    cells[FIRST]["c"] = (after_subset, _ours(before))
    cells[ALONE]["e"] = ("about 10: step 0", _left(sessions, ALONE, KILLED))
    cells[FIRST]["e"] = (after_subset, _left(sessions, FIRST, KILLED))
    share = 100 * initial_share("constant", profile("paper").steps, profile("paper").decay)
    as_read, constant = (
        f"{at_end[f'{name}, end'].item():.1f} (n = {at_end['n'].item()})" for name in ("warmup", "constant")
    )
    cells[BASELINE] = {
        "as read": (f"{paper[BASELINE]:g}", as_read),
        "a": (f"low: {share:.1f} % initial weights", f"{constant}, with b"),
        "b": ("lower than with their own", as_read),
        "c": (f"more than {slow['hours for a baseline']:.0f} hours, not {PAPER_SECONDS} s", NOT_MEASURED),
        "d": ("10.0: one class is named", f"{broken[0]} of {broken[1]} runs broke down at the paper's rate"),
        "e": (f"{paper[BASELINE]:g}: its last step, saved", _left(sessions, ALONE, CLEAN)),
    }
    rows = {
        name if name not in CANDIDATES else f"{name}: {CANDIDATES[name]}": {
            (f"{arm} (paper: {paper[arm]:g})", column): text
            for arm in (ALONE, FIRST, BASELINE)
            for column, text in zip(("predicted", "ours"), cells[arm][name])
        }
        for name in ("as read", *CANDIDATES)
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def side_by_side(predicted: pd.DataFrame) -> str:
    """A Markdown table with a column an arm, and in each cell what is predicted above what is ours.

    Parameters
    ----------
    predicted
        Of `predictions`.
    """
    arms = list(dict.fromkeys(predicted.columns.get_level_values(0)))
    cells = {arm: predicted[arm, "predicted"] + "<br>*ours:* " + predicted[arm, "ours"] for arm in arms}
    return pd.DataFrame(cells).rename_axis("candidate").reset_index().to_markdown(index=False)


def evidence(
    found: pd.DataFrame, splits: pd.DataFrame, sessions: pd.DataFrame, broken: tuple[int, int], paper: dict, cut: int
) -> pd.DataFrame:
    """What speaks for each candidate, what against it, and what would have to be assumed: text, one row a candidate.

    Parameters
    ----------
    found, splits, sessions, broken, paper, cut
        As for `predictions`.
    """
    slow = _too_few(found, paper[ALONE])
    low = [_of(found, arm, cut, "constant").mean() for arm in (ALONE, FIRST)]
    own, raw = (_of(found, ALONE, cut, name).mean() for name in ("warmup_own", "warmup"))
    share = 100 * initial_share("constant", profile("paper").steps, profile("paper").decay)
    rows = {
        "a": (
            "A sound network looks bad, and nothing shows it while it trains.",
            f"Both arms suffer alike (ours: {low[0]:.1f} and {low[1]:.1f}), and so does the baseline, whose average "
            f"would be {share:.1f} % initial weights.",
            "That the average had no warm-up; the tutorial's has one.",
        ),
        "b": (
            "The tutorial tests averaged weights with statistics of the raw ones.",
            f"With the warm-up it makes no difference (ours: {raw:.1f}, with their own {own:.1f}); both arms alike.",
            "Nothing.",
        ),
        "c": (
            "It predicts both arms: a few steps on the full set change little.",
            f"{slow['steps']:.0f} steps give {slow['warmup']:.1f} % here. With fewer than that in {BUDGET_SECONDS} s, "
            f"the baseline would take more than {slow['hours for a baseline']:.0f} hours; it took {PAPER_SECONDS} s.",
            "That the baseline was fed in another way.",
        ),
        "d": (
            "A network that broke down names one class: 10.0 %.",
            f"It hits both arms (ours: {_at_rates(found, ALONE, cut)}; {_at_rates(found, FIRST, cut)}). The same "
            f"full-set runs, left alone, gave {paper[BASELINE]:g} %. The text on Fig. 7 implies that the full "
            "set's loss fell, and the tutorial stops at a loss that is no number. Four runs that name one class have a "
            f"mean of exactly 10.0 %. {broken[0]} of our {broken[1]} runs at the paper's rate broke down.",
            "That all four full-set runs broke down, and none of the others.",
        ),
        "e": (
            f"It predicts all three numbers. {_gain(sessions, paper)}",
            "The paper says nothing of it. The tutorial as it is deletes earlier checkpoints when it starts, so two "
            "phases need a change of it.",
            "That the seven-minute runs were ended by force; that the subset phase was a session of its own, which "
            "ended by itself; that the next one went on in its folder.",
        ),
    }
    names = ["candidate", "speaks for it", "speaks against it", "has to be assumed"]
    return pd.DataFrame([(f"{name}: {CANDIDATES[name]}", *texts) for name, texts in rows.items()], columns=names)


def _of(found: pd.DataFrame, arm: str, steps: int, weights: str) -> pd.Series:
    """Accuracies at the paper's learning rate."""
    rate = found["learning_rate"].min()
    chosen = found["arm"].eq(arm) & found["steps"].eq(steps) & found["weights"].eq(weights)
    return found.loc[chosen & found["learning_rate"].eq(rate), "accuracy"]


def _ours(accuracies: pd.Series) -> str:
    return f"{accuracies.mean():.1f} (n = {len(accuracies)})" if len(accuracies) else NOT_MEASURED


def _too_few(found: pd.DataFrame, percent: float) -> pd.Series:
    """The row of `few_steps` of the fewest steps after which the full set alone is above `percent`."""
    rows = few_steps(found)
    return rows[rows["warmup"] > percent].iloc[0]


def _at_rates(found: pd.DataFrame, arm: str, cut: int) -> str:
    """The lowest learning rate from which on all runs of an arm break down (else the highest), and their accuracy."""
    chosen = found[found["arm"].eq(arm) & found["steps"].eq(cut) & found["weights"].eq("warmup")]
    highest = chosen.groupby("learning_rate")["accuracy"].max().sort_index(ascending=False)
    broken = highest[(highest <= CHANCE).cummin()]
    lowest = highest.index[0] if broken.empty else broken.index[-1]
    return f"{_ours(chosen.loc[chosen['learning_rate'] >= lowest, 'accuracy'])} from rate {lowest:g} on"


def _left(sessions: pd.DataFrame, arm: str, ended: str) -> str:
    chosen = sessions[sessions["arm"].eq(arm) & sessions["ended"].eq(ended)]
    steps = ", ".join(f"{step:,}" for step in sorted(chosen["checkpoint"].unique()))
    return _ours(chosen["accuracy"]) + (f": step {steps} was left" if steps else "")


def _gain(sessions: pd.DataFrame, paper: dict) -> str:
    """What full-set steps after the subset phase gain, in sessions that end by themselves."""
    clean = sessions[sessions["ended"].eq(CLEAN)]
    before, after = (clean[clean["arm"].eq(arm)].set_index("seed") for arm in (SUBSET, FIRST))
    if after.empty:
        return ""
    steps, points = after["steps"].iloc[0] - before["steps"].iloc[0], (after["accuracy"] - before["accuracy"]).mean()
    return (
        f"And it explains why the paper's {paper[FIRST]:g} % after fine-tuning is no more than its {paper[SUBSET]:g} % "
        f"without any: here, {steps} steps of fine-tuning change the accuracy by {points:+.1f} points, where they are "
        "saved."
    )
