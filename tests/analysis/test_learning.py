import pytest

from paperlib.analysis import learning


def record(selection, phases, accuracy, *, seed=0, curve=None, share=None, variant=(), batch=10):
    result = {"phases": list(phases), "test": {"warmup": {"accuracy": accuracy / 100}}}
    if curve:
        result["curve"] = {"step": list(curve), "test": {"warmup": {"accuracy": [a / 100 for a in curve.values()]}}}
    run = {"selection": selection, "variant": variant, "time_share": share, "seed": seed, "batch": batch}
    return {"run": run, "result": result}


def rows(found, *columns):
    return list(found[list(columns)].itertuples(index=False, name=None))


def test_a_curve_gives_a_row_a_test_and_other_runs_their_last_step():
    curved = record("random", (40, 0), 62, curve={10: 50, 40: 62})
    plain = record("full", (0, 30), 70)
    found = learning.table({"small": [curved, plain]})
    found["accuracy"] = found["accuracy"].round(6)
    assert rows(found, "arm", "samples", "accuracy", "on the way") == [
        ("random alone", 100, 50, True),
        ("random alone", 400, 62, False),
        ("full set alone", 300, 70, False),
    ]


def test_what_was_trained_on_both_or_by_a_clock_or_by_another_method_is_left_out():
    mixed = record("random", (20, 20), 60)
    timed = record("full", (0, 20), 60, share=0.57)
    others = [record("k_means", (20, 0), 60), record("top_activations", (20, 0), 60, variant=[("pca", True)])]
    found = learning.table({"small": [mixed, timed, *others]})
    assert found.empty and "samples" in found


def test_a_run_on_both_counts_until_it_changes_to_the_full_set():
    mixed = record("random", (20, 20), 70, curve={10: 50, 20: 55, 21: 57, 40: 70})
    found = learning.table({"small": [mixed, record("random", (40, 0), 62, curve={10: 50, 40: 62})]})
    assert rows(found, "samples", "on the way") == [(100, True), (400, False), (200, True)]


def test_scales_are_told_apart_and_a_test_counts_once():
    cut, whole = record("full", (0, 20), 60), record("full", (0, 40), 70, curve={20: 60, 40: 70})
    found = learning.table({"small": [cut, whole], "large": [record("full", (0, 20), 80, batch=100)]})
    assert rows(found, "profile", "samples") == [("small", 200), ("small", 400), ("large", 2_000)]


def test_means_have_the_range_of_the_runs_and_n():
    found = learning.means(learning.table({"small": [record("full", (0, 20), 60 + s, seed=s) for s in range(3)]}))
    (row,) = found.itertuples()
    assert (row.accuracy, row.n) == (pytest.approx(61), 3)
    assert (row.lowest, row.highest) == (pytest.approx(60), pytest.approx(62))


def test_the_paper_saw_its_steps_times_its_batch():
    found = learning.stated({(0.0, "full"): 83.3, (1.0, "random"): 57.6, (0.9, "random"): 70.0})
    assert rows(found, "selection", "samples", "accuracy") == [
        ("full", 10_240_000, 83.3),
        ("random", 10_240_000, 57.6),
    ]
