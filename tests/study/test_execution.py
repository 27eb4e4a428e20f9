import json
import time
from dataclasses import replace
from functools import wraps

import numpy as np
import pytest

from paperlib import study, training
from paperlib.analysis import tables
from paperlib.selection import METHODS, select
from paperlib.storage import records
from paperlib.storage.files import FileError
from paperlib.study import execution, plans, recorded
from paperlib.study.profiles import profile
from paperlib.study.runs import cut_off, selection_of


def plain(run, folder):
    return records.without_times(records.read(study.record_path(run, folder)))


def test_a_second_execution_trains_nothing_and_finds_the_same(tiny, digits, tmp_path, silent, monkeypatch):
    plan = plans.split_runs(tiny, digits)
    first = study.execute(plan, digits, tmp_path, silent)
    files = {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    monkeypatch.setattr(execution, "train", lambda *_: pytest.fail("trained again"))
    assert study.execute(plan, digits, tmp_path, silent) == first
    assert {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()} == files


def test_runs_that_differ_in_their_steps_are_trained_together_and_recorded_as_alone(tiny, digits, tmp_path, silent):
    splits = plans.split_runs(tiny, digits)
    cuts = list(dict.fromkeys(cut_off(run) for run in splits))  # after 3 of 6 steps
    assert [(run.split, run.phases()) for run in cuts] == [(0.0, (0, 3)), (1.0, (3, 0)), (1.0, (3, 0))]
    plan = [*splits, *cuts, *plans.length_runs(replace(tiny, lengths=(0.5, 1.0)), digits)]
    steps = []
    silent.step = lambda *_: steps.append(1)
    study.execute(plan, digits, tmp_path / "together", silent)
    # The autoencoder; the full set, with its cut and its half on the way; either subset: 50 / 50, of which the cut is
    # on the way, the rest of 100 / 0, and 50 / 50 of half of the steps.
    assert len(steps) == 3 + 6 + 2 * ((3 + 3) + 3 + 1)
    for run in (plan[-1], plan[-2], cuts[0], cuts[1], splits[-1]):  # now each by itself
        study.execute([run], digits, tmp_path / "alone", silent)
        assert plain(run, tmp_path / "together") == plain(run, tmp_path / "alone")


def test_groups_to_train_together(tiny, digits):
    full, late, _, last, _ = plans.split_runs(tiny, digits)
    assert (late.split, last.split) == (0.5, 1.0) and late.selection == last.selection
    half = replace(late, steps=3)
    groups = execution.together([last, full, late, half, cut_off(full)])
    assert groups == [(last, late, half), (full, cut_off(full))]
    others = [replace(full, **{name: value}) for name, value in (("seed", 1), ("feed", "streamed"), ("batch", 8))]
    assert execution.together([full, *others]) == [(full,), *((run,) for run in others)]
    autoencoder = plans.autoencoder_run(tiny, digits)
    assert execution.together([autoencoder, replace(autoencoder, steps=1)]) == [
        (autoencoder, replace(autoencoder, steps=1))
    ]
    clocked = plans.loss_runs(tiny, digits)
    steep = [run for run in plans.riddle_runs(tiny, digits) if run.learning_rate > 0.1]
    for plan in (clocked, steep):
        assert execution.together(plan) == [(run,) for run in plan]


def test_a_measured_selection_is_on_record_and_not_made_again(tiny, digits, tmp_path, silent, monkeypatch):
    k_center = METHODS["k_center"]

    @wraps(k_center)
    def long_enough_to_be_seen(*arguments, **options):
        held = np.ones(10_000_000)
        time.sleep(0.1)
        return k_center(*arguments, **options)[: len(held)]

    monkeypatch.setitem(METHODS, "k_center", long_enough_to_be_seen)
    run = next(run for run in plans.method_runs(tiny, digits) if run.selection == "k_center")
    selection = selection_of(run)
    record = study.execute([selection], digits, tmp_path, silent)[0]
    result = record["result"]
    assert result["size"] == run.k == sum(result["per_class"]) and result["mean_distance"] > 0
    assert record["times"]["select_s"] > 0 and result["peak_bytes"] > 0
    chosen = study.choose(run, digits, tmp_path)
    assert np.array_equal(chosen, select(study.embeddings(run.autoencoder, digits, tmp_path), run.k, "k_center"))
    monkeypatch.setattr(recorded, "select", lambda *_, **__: pytest.fail("selected again"))
    assert study.inputs(run, digits, tmp_path).select_seconds == record["times"]["select_s"]
    assert np.array_equal(study.choose(replace(run, split=0.5, seed=7), digits, tmp_path), chosen)
    file = next(tmp_path.glob("*.indices.npy"))
    np.save(file, chosen[::-1])
    with pytest.raises(FileError, match="indices.npy: not the array that was saved here"):
        study.choose(run, digits, tmp_path)


def test_a_variant_is_chosen_with_its_options(tiny, digits, tmp_path, silent):
    plain_run, pairs = (
        next(
            run
            for run in plans.method_runs(tiny, digits)
            if run.selection == "top_activations" and run.options() == options
        )
        for options in ({"overlap": "fill"}, {"overlap": "fill", "pairs": True})
    )
    study.execute([pairs.autoencoder], digits, tmp_path, silent)
    found = study.embeddings(pairs.autoencoder, digits, tmp_path)
    assert np.array_equal(study.choose(pairs, digits, tmp_path), select(found, pairs.k, pairs=True))
    assert not np.array_equal(study.choose(pairs, digits, tmp_path), study.choose(plain_run, digits, tmp_path))
    assert study.record_path(pairs, tmp_path) != study.record_path(plain_run, tmp_path)


def test_a_reason_for_a_weak_random_arm_is_run_as_it_says(tiny, digits, tmp_path, silent):
    tiny = replace(tiny, hypothesis_seeds=(0, 1))
    reasons = plans.weak_random_runs(tiny, digits)
    study.execute([plans.autoencoder_run(tiny, digits)], digits, tmp_path, silent)
    chosen = {reason: [study.choose(run, digits, tmp_path) for run in runs] for reason, runs in reasons.items()}
    one, *others = chosen["one subset, several initial weights"]
    assert len(others) == 3 and all(np.array_equal(one, other) for other in others)
    assert np.array_equal(one, study.choose(replace(plans.split_runs(tiny, digits)[-2], seed=0), digits, tmp_path))
    eq4 = next(run for run in plans.split_runs(tiny, digits) if run.selection == "top_activations")
    counts = [np.bincount(digits.y_train[of], minlength=10).tolist() for of in chosen["classes as unequal as eq. 4's"]]
    assert counts == [np.bincount(digits.y_train[study.choose(eq4, digits, tmp_path)], minlength=10).tolist()] * 2
    assert not np.array_equal(*chosen["classes as unequal as eq. 4's"])
    runs = [runs[0] for runs in reasons.values()]
    found = study.execute(runs, digits, tmp_path, silent)
    assert len({str(record["result"]["test"]) for record in found}) == len(runs)


def test_records_say_what_was_run_and_what_came_out(tiny, digits, tmp_path, silent):
    run = plans.split_runs(tiny, digits)[3]
    assert (run.selection, run.split) == ("random", 1.0)
    record = study.execute([run], digits, tmp_path, silent)[0]
    assert record["run"]["dataset"] == "digits" and record["run"]["fingerprint"] == digits.fingerprint
    assert record["result"]["phases"] == [6, 0] and record["result"]["train_samples"] == 1437
    assert record["result"]["subset"]["size"] == 126 == sum(record["result"]["subset"]["per_class"])
    assert set(record["result"]["test"]) == {"raw", "warmup", "constant"}
    assert len(record["result"]["test"]["raw"]["accuracy_per_class"]) == 10
    assert record["history"]["step"] == [1, 2, 3, 4, 5, 6] and len(record["times"]["seconds_at_step"]) == 6
    assert record["environment"]["keras"] and record["environment"]["code"] and record["precision"]
    json.dumps(record)


def test_fixed_budgets_take_their_share_of_the_baselines_time(tiny, digits, tmp_path, silent):
    plan = plans.budget_runs(tiny, digits)
    found = study.execute(plan, digits, tmp_path, silent)
    assert [record["run"]["selection"] for record in found] == ["full", "top_activations"]
    baseline = study.execute(plan[0].baselines(), digits, tmp_path, silent)[0]
    for record in found:
        assert record["times"]["budget_s"] == pytest.approx(0.5707 * baseline["times"]["train_s"])
        assert sum(record["result"]["phases"]) == record["history"]["step"][-1]


def test_a_run_that_the_clock_ended_is_replayed_bit_for_bit(tiny, digits, tmp_path, silent):
    for run in plans.budget_runs(tiny, digits):
        record = study.execute([run], digits, tmp_path, silent)[0]
        again = json.loads(json.dumps(study.replay(record, run, digits, tmp_path)))
        assert records.without_times(again) == records.without_times(record)


def test_a_study_gives_the_same_records_twice(tiny, digits, tmp_path, silent):
    plan = plans.split_runs(tiny, digits)[-2:]
    for folder in ("a", "b"):
        study.execute(plan, digits, tmp_path / folder, silent)
    for run in [plans.autoencoder_run(tiny, digits), *plan]:
        assert plain(run, tmp_path / "a") == plain(run, tmp_path / "b")


def test_weights_that_a_killed_run_left_are_replaced(tiny, digits, tmp_path, silent):
    run = plans.autoencoder_run(tiny, digits)
    study.record_path(run, tmp_path).with_suffix(".npz").write_bytes(b"half")
    study.execute([run], digits, tmp_path, silent)
    encoder, decoder = study.autoencoder(run, tmp_path)
    assert encoder.output_shape == decoder.input_shape == (None, 18)


def test_nothing_is_trained_where_nothing_can_be_written(tiny, digits, tmpfs, silent, monkeypatch):
    monkeypatch.setattr(execution, "train", lambda *_: pytest.fail("trained for nothing"))
    with pytest.raises(FileError, match="Nothing was trained"):
        study.execute(plans.split_runs(tiny, digits)[:1], digits, tmpfs("size=64k"), silent)


def test_records_of_another_data_set_are_refused(digits, tmp_path, silent):
    run = replace(plans.split_runs(profile("quick"), digits)[0], fingerprint="0")
    with pytest.raises(ValueError, match="planned for digits 0, but the data set given is digits d79af"):
        study.execute([run], digits, tmp_path, silent)


def test_a_stopped_run_ends_at_its_step_and_tests_averages_with_statistics_of_their_own(tiny, digits, tmp_path, silent):
    half = next(run for run in plans.riddle_runs(tiny, digits) if run.selection == "top_activations")
    record = study.execute([half], digits, tmp_path, silent)[0]
    assert record["result"]["phases"] == [3, 0] and record["run"]["stop"] == 3
    assert set(record["result"]["test"]) == {"raw", "warmup", "constant", "warmup_own", "constant_own"}


def test_a_run_that_diverges_after_others_of_its_group_is_recorded_under_its_own_name(
    tiny, digits, tmp_path, silent, monkeypatch
):
    """Of three that share a beginning the second diverges: the others are what they are alone."""
    runs = [replace(run, stop=stop) for run in plans.riddle_runs(tiny, digits)[:1] for stop in (2, 4, 5)]
    alone = study.execute(runs, digits, tmp_path / "alone", silent)
    calls = []

    def diverging(dataset, subset, ends, *arguments, **options):
        calls.append(list(ends))
        for end in ends:
            if sum(end) == 4:
                raise training.DivergedError(float("nan"), 3)
            yield next(train_classifiers(dataset, subset, [end], *arguments, **options))

    train_classifiers = training.train_classifiers
    monkeypatch.setattr(training, "train_classifiers", diverging)
    found = study.execute(runs, digits, tmp_path / "together", silent)
    assert calls == [[(0, 2), (0, 4), (0, 5)], [(0, 5)]]
    assert [record["run"]["stop"] for record in found] == [2, 4, 5]
    assert found[1]["result"]["diverged_at"] == 3
    for place in (0, 2):
        assert records.without_times(found[place])["result"] == records.without_times(alone[place])["result"]


def test_divergence_is_the_result_of_a_stopped_run_and_an_error_of_any_other(tiny, digits, tmp_path, silent):
    steep = replace(plans.riddle_runs(tiny, digits)[0], learning_rate=1e30, stop=6)
    record = study.execute([steep], digits, tmp_path, silent)[0]
    assert 1 < record["result"]["diverged_at"] <= 6
    zeros = float(np.mean(digits.y_test == 0))  # what a network of NaNs names
    assert record["result"]["test"]["raw"] == {
        "accuracy": zeros,
        "accuracy_per_class": [1] + 9 * [0],
        "cross_entropy": None,
    }
    json.dumps(record, allow_nan=False)
    assert tables.runs([record])[["accuracy", "full_steps"]].iloc[0].tolist() == [pytest.approx(100 * zeros), 6]
    with pytest.raises(FloatingPointError, match="lower the learning rate"):
        study.execute([replace(plans.split_runs(tiny, digits)[0], learning_rate=1e30)], digits, tmp_path, silent)
