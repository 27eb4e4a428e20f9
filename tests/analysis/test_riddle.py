import keras
import numpy as np
import pandas as pd
import pytest

from paperlib.analysis import candidates, riddle, stale_sessions
from paperlib.analysis.arms import ARMS
from paperlib.averaging import AveragedSGD
from paperlib.study import plans
from paperlib.study.stale_checkpoint import ALONE, FIRST, SUBSET

PAPER = {ALONE: 10.4, FIRST: 63.5, candidates.BASELINE: 83.3, SUBSET: 63.9}


def test_shares_of_the_initial_weights_are_the_closed_form():
    shares = riddle.shares().set_index(["average", "steps"])["initial weights (%)"]
    assert shares["constant", 5_707] == pytest.approx(100 * 0.9999**5_707) == pytest.approx(56.5, abs=0.05)
    assert shares["constant", 10_000] == pytest.approx(100 * 0.9999**10_000) == pytest.approx(36.8, abs=0.05)
    # (1 + t) / (10 + t) multiplied up to T is 9! T! / (T + 9)!, nothing after some steps.
    assert riddle.initial_share("warmup", 3, 0.9999) == pytest.approx(1 / 10 * 2 / 11 * 3 / 12)
    assert shares["warmup", 5_707] < 1e-6


def test_the_optimizers_averages_hold_the_share_of_the_initial_weights():
    """A weight that the first update takes from 1 to 0: what is left of 1 in the average is the share."""
    weight = keras.Variable(np.ones(1, "float32"))
    optimizer = AveragedSGD(1.0, decay=0.9)
    optimizer.build([weight])
    for step in range(20):
        optimizer.apply([keras.ops.full((1,), 1.0 if step == 0 else 0.0)], [weight])
    assert float(weight.numpy()[0]) == 0
    for average in ("warmup", "constant"):
        assert optimizer.averaged(average)[0] == pytest.approx(riddle.initial_share(average, 20, 0.9), rel=1e-5)


def record(selection, rate, stop, seed, accuracy, diverged_at=None):
    run = {"selection": selection, "learning_rate": rate, "stop": stop, "seed": seed}
    test = {name: {"accuracy": accuracy, "accuracy_per_class": [accuracy, accuracy]} for name in riddle.WEIGHTS}
    return {"run": run, "result": {"test": test, "phases": [0, stop], "diverged_at": diverged_at}}


RECORDS = [
    record("full", 0.1, 1, 0, 0.1),
    record("full", 0.1, 100, 0, 0.2),
    record("full", 0.1, 1_000, 0, 0.6),
    record("full", 0.1, 1_000, 1, 0.7),
    record("top_activations", 0.1, 1_000, 0, 0.5),
    record("full", 3.0, 1_000, 0, 0.1, diverged_at=7),
    record("top_activations", 3.0, 1_000, 0, 0.1),
]
FOUND = riddle.table(RECORDS)
SPLITS = pd.DataFrame([{"split": 0.0, "selection": "full", "n": 3, "warmup, end": 81.0, "constant, end": 30.0}])


def sessions():
    """Of one seed: killed and clean sessions of the full set alone, the subset phase, the same of the other arm."""
    rows = [(ALONE, "by force", 57, 0, 0.1), (ALONE, "by itself", 57, 57, 0.6), (SUBSET, "by itself", 50, 50, 0.4),
            (FIRST, "by force", 57, 50, 0.4), (FIRST, "by itself", 57, 57, 0.45)]  # fmt: skip
    names = ("arm", "ended", "steps", "checkpoint", "accuracy")
    content = {"run": {"seed": 0}, "result": {"sessions": [{**dict(zip(names, row)), "seconds": None} for row in rows]}}
    return stale_sessions.table([content])


def test_an_arm_has_one_name():
    assert ARMS["full"].alone == ALONE


def test_mechanisms_are_told_by_arm():
    found = riddle.mechanism(FOUND, 0.1, 1_000)
    full = found[(found["weights"] == "warmup") & (found["arm"] == ALONE)].iloc[0]
    assert (full["n"], full["mean"], full["lowest"], full["highest"]) == (2, 65, 60, 70)
    assert len(found) == 2 * len(riddle.WEIGHTS)


def test_divergence_is_counted():
    rates = riddle.rates(FOUND, 1_000).set_index(["arm", "learning_rate"])
    assert rates.loc[(ALONE, 3.0), ["n", "mean", "diverged"]].tolist() == [1, 10, 1]
    assert rates.loc[(ALONE, 0.1), "diverged"] == 0


def test_few_steps_would_have_been_slow_ones():
    few = riddle.few_steps(FOUND).set_index("steps")
    assert few.loc[100, "seconds a step"] == pytest.approx(4.2)
    assert few.loc[100, "hours for a baseline"] == pytest.approx(10_000 * 4.2 / 3600)
    assert few.loc[100, "times the paper's 736 s"] == pytest.approx(42_000 / 736)
    assert riddle.steps_at(FOUND, 15) == pytest.approx(np.sqrt(100))  # half-way, on a logarithmic scale


def test_conditions_are_told_by_arm_with_n_and_divergences():
    rows = riddle.conditions(FOUND, 1_000).set_index("condition")
    read = rows.loc["as read: average with warm-up"]
    assert (read[ALONE], read[FIRST], read["n"], read["NaN, scored 10.0"]) == (65, 50, "2, 1", "")
    assert rows.loc["100 steps", ALONE] == 20 and np.isnan(rows.loc["1 step", FIRST])
    assert rows.loc["learning rate 3", [ALONE, "n", "NaN, scored 10.0"]].tolist() == [10, "1", "1, 0"]


def test_letters_name_what_is_at_work():
    """The average as the tutorial tests it has statistics of the raw weights (b); its own take b away."""
    letters = riddle.conditions(FOUND, 1_000).set_index("condition")["mechanism"]
    assert letters["as read: average with warm-up"] == "b" and letters["constant decay"] == "a, b"
    assert letters["constant decay, own statistics"] == "a" and letters["average with warm-up, own statistics"] == "–"


def test_breakdowns_are_those_at_the_papers_rate():
    one_class = record("full", 0.1, 1_000, 2, 0.1)
    one_class["result"]["test"]["warmup"]["accuracy_per_class"] = [0.0, 1.0]
    assert riddle.breakdowns(RECORDS, 100) == (0, 4)  # the one that diverged has another rate
    assert riddle.breakdowns([*RECORDS, one_class], 1_000) == (1, 4)
    assert riddle.breakdowns([record("full", 0.1, 1_000, 0, 0.1, diverged_at=3)], 1_000) == (1, 1)


def test_predictions_stand_beside_what_was_measured():
    table = candidates.predictions(FOUND, SPLITS, sessions(), (0, 4), PAPER, 1_000)
    assert [name[0] for name in table.index[1:]] == list("abcde")
    alone, first, baseline = ("full set alone (paper: 10.4)", "subset first (50 / 50) (paper: 63.5)",
                              "baseline (paper: 83.3)")  # fmt: skip
    stale, few, lost = (
        table.loc[next(name for name in table.index if name.startswith(f"{letter}:"))] for letter in "ecd"
    )
    assert stale[alone, "ours"] == "10.0 (n = 1): step 0 was left"
    assert stale[first, "predicted"].startswith("63.9") and stale[first, "ours"] == "40.0 (n = 1): step 50 was left"
    assert stale[baseline, "ours"] == "60.0 (n = 1): step 57 was left"
    assert few[first, "ours"] == "40.0 (n = 1)" and few[alone, "ours"] == "20.0 after so many"
    assert few[baseline, "predicted"] == "more than 12 hours, not 736 s"  # 4.2 s a step, 10,000 times
    assert lost[alone, "ours"] == lost[first, "ours"] == "10.0 (n = 1) from rate 3 on"
    assert table.loc["as read", (baseline, "ours")] == "81.0 (n = 3)"
    assert "constant" not in candidates.side_by_side(table) and candidates.side_by_side(table).count("\n") == 7


def test_without_sessions_candidate_e_is_not_measured():
    nothing = stale_sessions.table([])
    table = candidates.predictions(FOUND, SPLITS, nothing, (0, 4), PAPER, 1_000)
    assert (table.loc[table.index[-1]].xs("ours", level=1) == candidates.NOT_MEASURED).all()
    assert "fine-tuning" not in candidates.evidence(FOUND, SPLITS, nothing, (0, 4), PAPER, 1_000).iloc[-1, 1]


def test_evidence_says_what_fine_tuning_gains_where_it_is_saved():
    rows = candidates.evidence(FOUND, SPLITS, sessions(), (0, 4), PAPER, 1_000)
    assert len(rows) == len(candidates.CANDIDATES)
    assert "7 steps of fine-tuning change the accuracy by +5.0 points" in rows.iloc[-1]["speaks for it"]


def test_the_runs_have_all_recorded_seeds_of_either_arm(quick, digits):
    runs = riddle.runs(quick, digits)
    assert set(plans.riddle_runs(quick, digits)) < set(runs) and len(set(runs)) == len(runs)
    at_cut = [run for run in runs if run.learning_rate == 0.1 and run.stop == round(0.5707 * quick.steps)]
    assert {(run.selection, run.seed) for run in at_cut} == {
        (arm, s) for arm in ("full", "top_activations") for s in (0, 1)
    }


@pytest.fixture
def quick():
    from paperlib.study.profiles import profile

    return profile("quick")
