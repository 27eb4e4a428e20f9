import numpy as np
import pytest

from paperlib import riddle


def test_shares_of_the_initial_weights_are_the_closed_form():
    shares = riddle.shares().set_index(["average", "steps"])["initial weights (%)"]
    assert shares["constant", 5_707] == pytest.approx(100 * 0.9999**5_707) == pytest.approx(56.5, abs=0.05)
    assert shares["constant", 10_000] == pytest.approx(100 * 0.9999**10_000) == pytest.approx(36.8, abs=0.05)
    # (1 + t) / (10 + t) multiplied up to T is 9! T! / (T + 9)!, nothing after some steps.
    assert riddle.initial_share("warmup", 3, 0.9999) == pytest.approx(1 / 10 * 2 / 11 * 3 / 12)
    assert shares["warmup", 5_707] < 1e-6


def test_an_average_holds_what_the_share_says():
    """Weights that jump from 1 to 0 after the first step: what is left of 1 is the share."""
    for average in ("warmup", "constant"):
        held = 1.0
        for step in range(20):
            decay = float(riddle.averaging.decay_at(average, step, 0.9))
            held = decay * held + (1 - decay) * 0.0
        assert held == pytest.approx(riddle.initial_share(average, 20, 0.9), rel=1e-5)


def record(selection, rate, stop, seed, accuracy, diverged_at=None):
    run = {"selection": selection, "learning_rate": rate, "stop": stop, "seed": seed}
    test = {name: {"accuracy": accuracy} for name in riddle.WEIGHTS}
    return {"run": run, "result": {"test": test, "diverged_at": diverged_at}}


FOUND = riddle.table(
    [
        record("full", 0.1, 1, 0, 0.1),
        record("full", 0.1, 100, 0, 0.2),
        record("full", 0.1, 1_000, 0, 0.6),
        record("full", 0.1, 1_000, 1, 0.7),
        record("top_activations", 0.1, 1_000, 0, 0.5),
        record("full", 3.0, 1_000, 0, 0.1, diverged_at=7),
    ]
)


def test_mechanisms_are_told_by_arm():
    found = riddle.mechanism(FOUND, 0.1, 1_000)
    full = found[(found["weights"] == "warmup") & (found["arm"] == "full set alone")].iloc[0]
    assert (full["n"], full["mean"], full["lowest"], full["highest"]) == (2, 65, 60, 70)
    assert len(found) == 2 * len(riddle.WEIGHTS)


def test_divergence_is_counted():
    rates = riddle.rates(FOUND, 1_000).set_index(["arm", "learning_rate"])
    assert rates.loc[("full set alone", 3.0), ["n", "mean", "diverged"]].tolist() == [1, 10, 1]
    assert rates.loc[("full set alone", 0.1), "diverged"] == 0


def test_few_steps_would_have_been_slow_ones():
    few = riddle.few_steps(FOUND).set_index("steps")
    assert few.loc[100, "seconds a step"] == pytest.approx(4.2)
    assert few.loc[100, "hours for a baseline"] == pytest.approx(10_000 * 4.2 / 3600)
    assert few.loc[100, "times the paper's 736 s"] == pytest.approx(42_000 / 736)
    assert riddle.steps_at(FOUND, 15) == pytest.approx(np.sqrt(100))  # half-way, on a logarithmic scale


def test_conditions_are_told_by_arm_with_n_and_divergences():
    rows = riddle.conditions(FOUND, 1_000).set_index("condition")
    read = rows.loc["as read: average with warm-up"]
    assert (read["full set alone"], read["subset first (50 / 50)"], read["n"], read["diverged"]) == (65, 50, 1, "")
    assert rows.loc["100 steps", "full set alone"] == 20 and np.isnan(rows.loc["1 step", "subset first (50 / 50)"])
    assert rows.loc["learning rate 3", ["full set alone", "diverged"]].tolist() == [10, "1"]
    assert set(rows["mechanism"]) == {"–", "a", "a, b", "b", "c", "d"}
