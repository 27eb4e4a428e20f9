"""The candidate mechanisms of the riddle (reading R14): what each predicts, what speaks for it and what against."""

import pandas as pd

from paperlib.analysis import riddle
from paperlib.analysis.riddle import BUDGET_SECONDS
from paperlib.study.profiles import PAPER_SECONDS, profile
from paperlib.study.runs import TIME_SHARE
from paperlib.study.stale_checkpoint import ALONE, CLEAN, FIRST, KILLED, SUBSET

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
        Of `riddle.table`.
    splits
        Of `riddle.by_weights`: the baseline is the full set alone at its end.
    sessions
        Of `stale_sessions.table`; may be empty.
    broken
        Of `riddle.breakdowns`.
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
    at_end_share, at_cut_share = (
        100 * riddle.initial_share("constant", round(steps), profile("paper").decay)
        for steps in (profile("paper").steps, profile("paper").steps * TIME_SHARE)
    )
    for arm in (ALONE, FIRST):
        at_cut = {name: _ours(_of(found, arm, cut, name)) for name in riddle.WEIGHTS}
        cells[arm] = {
            "as read": ("nearly the baseline", at_cut["warmup"]),
            "a": (f"low: {at_cut_share:.1f} % initial weights", at_cut["constant_own"]),
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
    as_read, constant = (
        f"{at_end[f'{name}, end'].item():.1f} (n = {at_end['n'].item()})" for name in ("warmup", "constant")
    )
    cells[BASELINE] = {
        "as read": (f"{paper[BASELINE]:g}", as_read),
        "a": (f"low: {at_end_share:.1f} % initial weights", f"{constant}, with b"),
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
    share = 100 * riddle.initial_share("constant", profile("paper").steps, profile("paper").decay)
    rows = {
        "a": (
            "A sound network looks bad, and nothing shows it while it trains.",
            f"Both arms suffer alike (ours: {low[0]:.1f} and {low[1]:.1f}), and so does the baseline, whose average "
            f"would be {share:.1f} % initial weights.",
            "That the average had no warm-up; the tutorial's has one.",
        ),
        "b": (
            "The tutorial tests averaged weights with statistics of the raw ones.",
            f"With the warm-up, the full set alone has {raw:.1f} with these statistics, {own:.1f} with its own.",
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
            "set's loss fell, and the tutorial stops when the loss is NaN. Four runs that name one class have a "
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
    """The row of `riddle.few_steps` of the fewest steps after which the full set alone is above `percent`."""
    rows = riddle.few_steps(found)
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
