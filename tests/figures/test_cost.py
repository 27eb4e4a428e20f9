import numpy as np
import pandas as pd
import pytest

from paperlib.figures.cost import accuracy_against_time, break_even_ratios

from .reading import NOTE, intervals, legend, said


def costs():
    rows = [
        {"selection": name, "arm": name, "steps": steps, "seed": seed, "accuracy": 50 + steps / 10 + seed,
         "training_s": float(steps), "charged_s": float(steps) + (300 if name == "top_activations" else 0)}
        for name in ("full", "top_activations", "random") for steps in (50, 100) for seed in (0, 1)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_cost_hides_no_arm_and_has_intervals_of_the_pooled_spread():
    figure = accuracy_against_time(costs(), NOTE)
    drawn = intervals(figure.axes[0])
    assert set(drawn) == {f"{name} (n = 2 a point)" for name in ("full", "top_activations", "random")}
    assert list(drawn)[-1].startswith("random")  # on top of eq. 4, in a smaller and hollow mark
    sizes = {c.get_label().split()[0]: c.lines[0].get_markersize() for c in figure.axes[0].containers}
    assert sizes["random"] < sizes["top_activations"]
    x, y, low, high = drawn["random (n = 2 a point)"][0]
    reach = 2.446912 * np.sqrt(0.5) / np.sqrt(2)  # t for 6 degrees of freedom; all pairs are one point apart
    assert (x, y, low, high) == pytest.approx((50, 55.5, 55.5 - reach, 55.5 + reach), abs=1e-4)
    assert "seconds" in said(figure) and "pooled" in said(figure) and NOTE in said(figure)


def test_break_even_has_both_selections_and_the_pipelines():
    ratio = {"path": "50 / 50", "alone": 100, "fast_steps": 50, "full_steps": 50, "seeds": 2}
    rows = [
        {**ratio, "arm": arm, "accuracy": accuracy, "once": once, "ratio": r, "lowest": r - 0.1, "highest": r + 0.1}
        for arm, once, r in (("eq. 4 first", 20.0, 0.6), ("random first", 0.0, 1.0)) for accuracy in (50, 60)
    ]  # fmt: skip
    pipelines = pd.DataFrame({"pipeline": ["the paper's", "ours"], "lowest": [0.15, 0.9], "highest": [1.0, 1.0]})
    figure = break_even_ratios(pd.DataFrame(rows), pipelines, NOTE)
    assert set(legend(figure)) == {
        "the paper's: ratio 0.15 to 1.00",
        "ours: ratio 0.90 to 1.00",
        "eq. 4 first, charged 20 full-set steps once (2 seeds)",
        "random first, nothing charged (2 seeds)",
    }
    drawn = intervals(figure.axes[0])["random first, nothing charged (2 seeds)"]
    assert drawn[0] == pytest.approx((50, 1.0, 0.9, 1.1))
    assert "accuracy that is asked for (%)" in said(figure) and NOTE in said(figure)


def test_break_even_says_so_where_no_accuracy_is_reached():
    columns = ["arm", "accuracy", "once", "ratio", "lowest", "highest", "seeds"]
    found = pd.DataFrame([["eq. 4 first", 50.0, 0.0, np.nan, np.nan, np.nan, 0]], columns=columns)
    pipelines = pd.DataFrame({"pipeline": ["ours"], "lowest": [0.9], "highest": [1.0]})
    assert "no accuracy is reached" in said(break_even_ratios(found, pipelines, NOTE))
