import numpy as np
import pytest

from paperlib.analysis import cost


def record(selection, steps, accuracy, seconds, seed=0, phases=(0, 4)):
    return {
        "run": {"selection": selection, "steps": steps, "seed": seed, "feed": "resident", "batch": 32},
        "result": {"test": {"warmup": {"accuracy": accuracy}}, "phases": list(phases)},
        "history": {"step": [1, 2, 3, 4], "loss": [1] * 4},
        "times": {
            "first_step_s": 1.0,
            "train_s": seconds - 1,
            "select_s": 0.5,
            "seconds_at_step": [0, 0.01, 0.03, 0.05],
        },
    }


FULL = [record("full", 100, 0.4, 10), record("full", 200, 0.6, 20), record("full", 200, 0.6, 20, seed=1)]
FASTER = [record("top_activations", 100, 0.5, 10), record("top_activations", 200, 0.7, 20)]
AUTOENCODER = {"times": {"first_step_s": 2.0, "train_s": 98.0, "embed_s": 3.0}}


def test_everything_before_the_first_step_is_charged_to_the_arm_that_needs_it():
    before = cost.parts(AUTOENCODER, FULL + FASTER)
    assert before == {"autoencoder": 100.0, "embedding": 3.0, "selection": 0.5}
    curves = cost.curves(FULL + FASTER, sum(before.values()))
    assert curves["charged_s"].tolist() == [10, 20, 20, 113.5, 123.5]
    assert curves["training_s"].tolist() == [10, 20, 20, 10, 20]


def test_the_break_even_point():
    table = cost.break_even(cost.curves(FULL + FASTER, 0), overhead=104)
    assert table["accuracy"].tolist() == [40, 60]
    assert table["full_set_s"].tolist() == [10, 20] and table["subset_first_s"].iloc[1] == 15
    assert table["saved_s"].iloc[1] == 5 and table["trainings_to_break_even"].iloc[1] == 21  # 104 / 5 = 20.8
    assert table.loc[0, ["subset_first_s", "saved_s", "trainings_to_break_even"]].isna().all()  # it begins above 40 %


def test_a_length_that_gained_nothing_costs_no_time():
    flat = [record("full", steps, accuracy, steps / 10) for steps, accuracy in ((100, 0.60), (200, 0.62), (300, 0.615))]
    curve = cost.curves(flat, 0)
    assert cost.seconds_to(curve, 62) == 20 and np.isnan(cost.seconds_to(curve, 55))  # below the shortest length


def test_a_selection_that_never_gets_there_never_pays():
    slower = [record("top_activations", 100, 0.3, 10), record("top_activations", 200, 0.5, 20)]
    table = cost.break_even(cost.curves(FULL + slower, 0), overhead=104)
    assert table["subset_first_s"].tolist() == [pytest.approx(15), float("inf")]
    assert table["trainings_to_break_even"].tolist() == [float("inf")] * 2


def test_paces_are_told_by_phase():
    paces = cost.paces([record("top_activations", 4, 0.5, 1, phases=(2, 2))]).iloc[0]
    assert paces["on the subset (ms)"] == pytest.approx(10) and paces["on the full set (ms)"] == pytest.approx(20)


def test_curves_at_the_pace_of_a_feed():
    curves = cost.curves([*FULL[:1], record("top_activations", 4, 0.5, 20, phases=(2, 2))], overhead=100)
    table = cost.paced(curves, cost.paces([record("top_activations", 4, 0.5, 1, phases=(2, 2))]), "resident")
    assert table["training_s"].tolist() == pytest.approx([4 * 0.02, 2 * 0.01 + 2 * 0.02])
    assert table["charged_s"].tolist() == pytest.approx([0.08, 100.06])
