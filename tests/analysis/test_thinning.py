import numpy as np
import pytest

from paperlib.analysis import cost, thinning


def record(selection, steps, accuracy, *, fast=0, seed=0, curve=None, share=None):
    split = fast / steps
    result = {"phases": [fast, steps - fast], "test": {"warmup": {"accuracy": accuracy / 100}}}
    if curve:
        result["curve"] = {"step": list(curve), "test": {"warmup": {"accuracy": [a / 100 for a in curve.values()]}}}
    run = {"selection": selection, "k": 0 if selection == "full" else 40, "split": split, "seed": seed, "steps": steps}
    run |= {"time_share": share, "autoencoder": {"seed": 3} if selection == "top_activations" else None}
    return {"run": run, "result": result}


def lengths(selection, accuracies, split=0.0, seed=0):
    return [record(selection, steps, a, fast=int(split * steps), seed=seed) for steps, a in accuracies.items()]


# The full set alone gets to 60 % in 200 steps. Eq. 4 first needs 240: 120 on the subset, and so pays at a ratio of
# (200 - 120) / 120. Random first needs 200: 100 on the subset, and pays below 1.
FULL = lengths("full", {100: 40, 200: 60, 400: 70})
EQ4 = lengths("top_activations", {160: 40, 240: 60}, split=0.5)
RANDOM = lengths("random", {100: 40, 200: 60}, split=0.5)
POINTS = thinning.curves(FULL + EQ4 + RANDOM)


def test_the_break_even_ratio_is_the_one_at_which_both_take_as_long():
    found = thinning.break_even(POINTS, [60.0]).set_index("arm")
    assert found["alone"].tolist() == [200, 200]
    assert found.loc["eq. 4 first", ["fast_steps", "full_steps"]].tolist() == [120, 120]
    assert found["ratio"].to_dict() == pytest.approx({"eq. 4 first": 80 / 120, "random first": 1.0})
    row = found.loc["eq. 4 first"]
    assert row["fast_steps"] * row["ratio"] + row["full_steps"] == pytest.approx(row["alone"])
    between = thinning.break_even(POINTS, [50.0]).set_index("arm")  # 150 steps against 100 + 100
    assert between.loc["eq. 4 first", "ratio"] == pytest.approx((150 - 100) / 100)


def test_a_test_that_gained_nothing_takes_no_steps():
    flat = thinning.curves(lengths("full", {100: 60, 200: 62, 300: 61.5, 400: 63}))
    assert thinning.steps_to(flat, 62.0) == (0, 200)
    assert thinning.tests_around(flat, 61.0) == ((0, 100), (0, 200))
    assert thinning.tests_around(flat, 62.5) == ((0, 200), (0, 400))
    assert thinning.tests_around(flat, 60.0) == ((0, 100), (0, 100))
    assert np.isinf(thinning.tests_around(flat, 70.0)).all()


def test_what_is_done_once_is_charged():
    found = thinning.break_even(POINTS, [60.0], once={"eq. 4 first": 60}).set_index("arm")
    assert found["ratio"].to_dict() == pytest.approx({"eq. 4 first": 20 / 120, "random first": 1.0})
    never = thinning.break_even(POINTS, [60.0], once={"eq. 4 first": 100}).set_index("arm")
    assert never.loc["eq. 4 first", "ratio"] < 0


def test_an_accuracy_that_no_test_frames_has_no_ratio():
    found = thinning.break_even(POINTS, [30.0, 65.0])
    assert found["ratio"].isna().all()
    assert np.isinf(found.loc[found["accuracy"] == 65, "fast_steps"]).all()
    assert np.isnan(found.loc[found["accuracy"] == 30, "fast_steps"]).all()


def test_a_curve_on_the_way_is_a_path_by_itself():
    """A run of 100 steps on the subset, then 100 on the full set, tested at both sides of the change and at the end."""
    run = record("top_activations", 200, 66, fast=100, curve={50: 30, 100: 50, 150: 62, 200: 66})
    whole = record("full", 400, 70, curve={100: 40, 200: 60, 400: 70})
    points = thinning.curves([run, whole])
    on_the_way = points[points["path"] == "100 steps, then the full set, tested on the way"]
    assert list(zip(on_the_way["fast_steps"], on_the_way["full_steps"])) == [(50, 0), (100, 0), (100, 50), (100, 100)]
    assert on_the_way["autoencoder"].tolist() == [3] * 4
    found = thinning.break_even(points, [40.0, 62.0]).set_index("accuracy")
    assert found.loc[40, ["fast_steps", "full_steps"]].tolist() == [75, 0]
    assert found.loc[40, "ratio"] == pytest.approx(100 / 75)
    assert found.loc[62, "ratio"] == pytest.approx((240 - 50) / 100)


def test_means_are_of_the_same_seeds_everywhere():
    """A seed that is on record at the longest run only does not bend the curve; each seed has a ratio of its own."""
    more = [record("full", 400, 90, seed=5), *lengths("full", {100: 44, 200: 64, 400: 74}, seed=1)]
    more += lengths("random", {100: 44, 200: 64}, split=0.5, seed=1)
    points = thinning.curves(FULL + RANDOM + more)
    assert thinning.steps_to(points[points["arm"] == "full set alone"], 72.0) == (0, 400)
    found = thinning.break_even(points, [58.0]).iloc[0]
    assert (found["lowest"], found["highest"], found["seeds"]) == (pytest.approx(1), pytest.approx(1), 2)


def test_runs_that_a_clock_ended_are_left_out():
    assert thinning.curves([record("full", 100, 40, share=0.57)]).empty


@pytest.mark.parametrize(
    ("subset", "once", "trainings", "pays"),
    [(0.06, 0.0, 1, True), (0.07, 0.0, 1, False), (0.01, 100.0, 1, False), (0.01, 100.0, 50, True)],
)
def test_a_readers_own_step_times_are_answered(subset, once, trainings, pays):
    """Eq. 4 pays below two thirds of the 0.1 s that a full-set step takes; at 0.01 s a training saves 6.8 s."""
    eq4, random = thinning.answer(
        POINTS, 60.0, seconds_on_subset=subset, seconds_on_full_set=0.1, once_seconds=once, trainings_planned=trainings
    )
    assert (eq4.arm, eq4.path, eq4.pays) == ("eq. 4 first", "50 / 50", pays)
    assert eq4.seconds == pytest.approx(120 * (subset + 0.1) + once / trainings)
    assert eq4.alone_seconds == pytest.approx(20) and eq4.ratio == pytest.approx(subset / 0.1)
    assert eq4.pays == (eq4.seconds < eq4.alone_seconds) and random.pays
    if once:
        assert eq4.trainings == 15  # 100 / 6.8 = 14.7


def test_an_accuracy_that_is_never_reached_never_pays():
    eq4, _ = thinning.answer(POINTS, 65.0, seconds_on_subset=0.01, seconds_on_full_set=0.1, once_seconds=0.0)
    assert not eq4.pays and np.isinf(eq4.seconds) and np.isinf(eq4.trainings) and np.isnan(eq4.break_even)


def test_step_times_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="a step takes 0 s on the subset"):
        thinning.answer(POINTS, 60.0, seconds_on_subset=0, seconds_on_full_set=0.1, once_seconds=0.0)


def test_known_pipelines():
    run = {"selection": "random", "seed": 0, "feed": "resident", "batch": 100}
    times = {"seconds_at_step": [0, 0.01, 0.03, 0.05]}
    paced = {"run": run, "times": times, "result": {"phases": [2, 2]}, "history": {"step": [1, 2, 3, 4]}}
    found = thinning.pipelines(cost.paces([paced])).set_index("pipeline")
    paper = found.loc["the paper's, one P100, as far as is known"]
    assert paper["images_per_second"] == pytest.approx(13_913, abs=0.5) and paper["highest"] == 1
    assert 0.1 < paper["lowest"] < 0.2  # 113 GFLOP a step at 10.6 TFLOP/s, of 73.6 ms
    ours = found.loc["ours, resident"]
    assert (ours["images_per_second"], ours["lowest"], ours["highest"]) == pytest.approx((5_000, 0.5, 0.5))


def test_what_is_done_once_in_steps():
    autoencoder = {"times": {"first_step_s": 2.0, "train_s": 8.0, "embed_s": 1.5}}
    chosen = {"run": {"selection": "top_activations"}, "times": {"select_s": 0.5}}
    assert thinning.once_steps(autoencoder, [chosen], 0.1) == {"eq. 4 first": pytest.approx(120)}
