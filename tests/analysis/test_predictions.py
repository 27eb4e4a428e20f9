from dataclasses import replace

import numpy as np
import pytest

from paperlib.analysis import predictions, scaling, statistics
from paperlib.study.profiles import profile

SMALL = replace(profile("steps"), steps=1_000, batch=10, k=100)  # 100 epochs
LARGE = replace(SMALL, batch=100)  # 1,000
LADDER = (30, 60, 120, 500, 571, 1_000)


def record(selection, accuracy, *, seed=0, fast=1_000, full=0, encoder=0, ladder=LADDER):
    """A run whose accuracy (percent) is a function of the steps on the subset and on the full set."""
    steps = [step for step in ladder if step <= fast + full]
    of = {step: accuracy(min(step, fast), max(step - fast, 0)) / 100 for step in [*steps, fast + full]}
    run = {"selection": selection, "seed": seed, "autoencoder": {"seed": encoder} if selection != "random" else None}
    curve = {"step": steps, "test": {"warmup": {"accuracy": [of[step] for step in steps]}}}
    result = {"phases": [fast, full], "test": {"warmup": {"accuracy": of[fast + full]}}, "curve": curve}
    return {"run": run, "hash": f"{selection} {seed} {encoder} {fast} {full}", "result": result}


def line(at_ten, slope, gain=0.0):
    """Percent, linear in log10(epochs); and what a hundred full-set steps add."""
    return lambda fast, full: at_ten + slope * (np.log10(fast * 10 / 100) - 1) + gain * full / 100


def study(noise=0.0, seeds=3):
    shift = np.linspace(-noise, noise, seeds)
    found = []
    for seed in range(seeds):
        found.append(record("random", line(55 - shift[seed], 4), seed=seed))
        found.append(record("top_activations", line(50 + shift[seed], 6), seed=seed))
        found.append(record("top_activations", line(50 + shift[seed], 6, gain=2), seed=seed, fast=500, full=71))
        found.append(record("top_activations", line(50 + shift[seed], 6, gain=2), seed=seed, fast=500, full=500))
    return scaling.tests(found)


def predicted(found, **options):
    return predictions.predict(found, SMALL, LARGE, **options).set_index("name")


def test_lines_are_extrapolated_in_the_logarithm_of_epochs():
    table = predicted(study(noise=0.5))
    # 1,000 epochs are two decades above 10: random 55 + 2 x 4, eq. 4 50 + 2 x 6; half of the steps 0.301 decades less.
    assert table.loc[["gap", "gap, late tests"], "predicted"].tolist() == pytest.approx([-1, -1])
    assert table.loc[["random", "eq. 4"], "predicted"].tolist() == pytest.approx([63, 62])
    half = 62 - 6 * np.log10(2)
    assert table.loc[["half", "half and more", "gain"], "predicted"].tolist() == pytest.approx(
        [half, half + 1.42, 1.42]
    )
    assert table.loc["gap", ["n", "n_other"]].tolist() == [3, 3] and table.loc["half", "n"] == 3
    assert "after 1,000 steps" in table.loc["eq. 4", "quantity"] and "71 steps" in table.loc["gain", "quantity"]


def test_a_run_is_one_observation_of_a_line():
    table = predicted(study(noise=0.5))
    expected = statistics.difference([61.5, 62, 62.5], [63.5, 63, 62.5])
    assert table.loc["gap", ["line_low", "line_high"]].tolist() == pytest.approx([expected.low, expected.high])
    assert table.loc["gap", "low"] < table.loc["gap", "line_low"]  # of a mean of two further runs


def test_the_spread_between_autoencoders_widens_what_depends_on_one():
    alone, wide = predicted(study(0.5)), predicted(study(0.5), between=1.0, autoencoders=5)
    assert wide.loc["gap", "low"] < alone.loc["gap", "low"] - 0.5
    assert wide.loc["random", "low"] == alone.loc["random", "low"] and np.isnan(wide.loc["random", "between"])


def test_runs_of_several_autoencoders_are_refused():
    """Two further runs share one: an interval from the spread over all of them would be too narrow."""
    several = [record("top_activations", line(50 + encoder, 6), encoder=encoder) for encoder in range(2)]
    with pytest.raises(ValueError, match="runs with 2 autoencoders"):
        predicted(scaling.tests(several))


@pytest.mark.parametrize("between", [0.0, 0.6])
def test_nineteen_of_twenty_means_of_further_runs_lie_within(between):
    """With five seeds, a spread between autoencoders that is known from five of them, and two further runs."""
    draw, inside, trials = np.random.default_rng(0), 0, 400
    for _ in range(trials):
        encoders = between * draw.standard_normal(7)
        eq4 = 60 + encoders[0] + 0.7 * draw.standard_normal(5)
        found = statistics.difference(eq4, 64 + 0.7 * draw.standard_normal(5))
        spread = float(np.std(encoders[1:6], ddof=1)) if between else float("nan")
        low, high = predictions.interval_of_further(found, spread, 5)
        further = 60 + encoders[6] + 0.7 * draw.standard_normal(2).mean() - 64 - 0.7 * draw.standard_normal(2).mean()
        inside += low <= further <= high
    assert inside / trials >= 0.93


def test_runs_that_share_their_beginning_count_once():
    found = study()
    half = predictions.QUANTITIES["half"].measured(found, SMALL)
    assert half.n == 3 and half.value == pytest.approx(50 + 6 * (np.log10(50) - 1))
    after = predictions.QUANTITIES["half and more"].measured(found, SMALL)
    assert after.n == 3 and after.value == pytest.approx(half.value + 1.42)
    assert predictions.QUANTITIES["gap"].measured(found, SMALL).value == pytest.approx(50 + 6 - 55 - 4)


def test_the_check_within_a_scale_uses_the_first_eighth_alone():
    broken = [record("top_activations", lambda fast, _: 50 + (fast > 200), seed=seed) for seed in range(2)]
    broken += [record("random", line(50, 0), seed=seed) for seed in range(2)]
    (row,) = predictions.check(scaling.tests(broken), SMALL).itertuples()
    assert (row.until, row.predicted, row.measured) == (120, pytest.approx(0), pytest.approx(1))
    assert predictions.check(study().iloc[:0], SMALL).empty


def test_too_few_runs_have_no_interval_and_none_nothing():
    single = predicted(study(seeds=1))
    assert single.loc["gap", "predicted"] == pytest.approx(-1) and np.isnan(single.loc["gap", "low"])
    assert predicted(study().iloc[:0])["predicted"].isna().all()
    lone = scaling.tests([record("random", line(55, 4), ladder=())])  # tested at its end alone
    assert scaling.lines(lone, "random", SMALL).empty
