import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from paperlib import records, study
from paperlib.profiles import PROFILES, profile


def plain(run, folder):
    return records.without_times(records.read(study.record_path(run, folder)))


def test_a_second_execution_trains_nothing_and_finds_the_same(tiny, digits, tmp_path, silent, monkeypatch):
    plan = study.split_runs(tiny, digits)
    first = study.execute(plan, digits, tmp_path, silent)
    files = {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    monkeypatch.setattr(study, "_train_classifier", lambda *_: pytest.fail("trained again"))
    assert study.execute(plan, digits, tmp_path, silent) == first
    assert {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()} == files


def test_records_say_what_was_run_and_what_came_out(tiny, digits, tmp_path, silent):
    run = study.split_runs(tiny, digits)[3]
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
    plan = study.budget_runs(tiny, digits)
    found = study.execute(plan, digits, tmp_path, silent)
    assert [record["run"]["selection"] for record in found] == ["full", "top_activations"]
    baseline = study.execute(plan[0].baselines(), digits, tmp_path, silent)[0]
    for record in found:
        assert record["times"]["budget_s"] == pytest.approx(0.5707 * baseline["times"]["train_s"])
        assert sum(record["result"]["phases"]) == record["history"]["step"][-1]


def test_a_run_that_the_clock_ended_is_replayed_bit_for_bit(tiny, digits, tmp_path, silent):
    for run in study.budget_runs(tiny, digits):
        record = study.execute([run], digits, tmp_path, silent)[0]
        again = json.loads(json.dumps(study.replay(record, run, digits, tmp_path)))
        assert records.without_times(again) == records.without_times(record)


def test_a_study_gives_the_same_records_twice(tiny, digits, tmp_path, silent):
    plan = study.split_runs(tiny, digits)[-2:]
    for folder in ("a", "b"):
        study.execute(plan, digits, tmp_path / folder, silent)
    for run in [study.autoencoder_run(tiny, digits), *plan]:
        assert plain(run, tmp_path / "a") == plain(run, tmp_path / "b")


def test_weights_that_a_killed_run_left_are_replaced(tiny, digits, tmp_path, silent):
    run = study.autoencoder_run(tiny, digits)
    study.record_path(run, tmp_path).with_suffix(".npz").write_bytes(b"half")
    study.execute([run], digits, tmp_path, silent)
    encoder, decoder = study.autoencoder(run, tmp_path)
    assert encoder.output_shape == decoder.input_shape == (None, 18)


_STUDY = """
import sys
from dataclasses import replace
from paperlib import data, profiles, progress, study
tiny = replace(profiles.profile("quick"), autoencoder_steps=3, steps=6, batch=16, splits=(0.0, 1.0), split_seeds=(0, 1))
digits = data.load("digits")
study.execute(study.split_runs(tiny, digits), digits, sys.argv[1], progress.Progress("none"))
"""


@pytest.mark.parametrize("written", [1, 4])
def test_a_killed_study_goes_on_and_ends_alike(tmp_path, written):
    """Killed as soon as so many records lie there: none of them is lost or differs from an undisturbed study's."""
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    subprocess.run([sys.executable, "-c", _STUDY, undisturbed], check=True)
    process = subprocess.Popen([sys.executable, "-c", _STUDY, killed])
    while len(list(killed.glob("*.json"))) < written:
        assert process.poll() is None, "the study ended before it could be killed"
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept = {file.name: file.read_text() for file in killed.glob("*.json")}
    assert written <= len(kept) < 7
    subprocess.run([sys.executable, "-c", _STUDY, killed], check=True)
    assert all((killed / name).read_text() == text for name, text in kept.items())
    expected, found = ([records.without_times(r) for r in records.read_all(f)] for f in (undisturbed, killed))
    assert expected == found and len(found) == 7


def test_nothing_is_trained_where_nothing_can_be_written(tiny, digits, tmpfs, silent, monkeypatch):
    monkeypatch.setattr(study, "_train_classifier", lambda *_: pytest.fail("trained for nothing"))
    with pytest.raises(records.RecordError, match="Nothing was trained"):
        study.execute(study.split_runs(tiny, digits)[:1], digits, tmpfs("size=64k"), silent)


def test_readings_are_checked_before_anything_runs(digits):
    quick = profile("quick")
    for option, value in (("overlap", "both"), ("feed", "tape"), ("precision", "float8")):
        with pytest.raises(ValueError, match=f"{option} is '{value}': choose from"):
            study.split_runs(quick, digits, **{option: value})
    with pytest.raises(ValueError, match="selection is 'best': choose 'full' or one of random, top_activations"):
        replace(study.split_runs(quick, digits)[-1], selection="best")
    with pytest.raises(ValueError, match="unknown profile 'fast': choose from quick, cpu, paper"):
        profile("fast")


def test_records_of_another_data_set_are_refused(digits, tmp_path, silent):
    run = replace(study.split_runs(profile("quick"), digits)[0], fingerprint="0")
    with pytest.raises(ValueError, match="planned for digits 0, but the data set given is digits d79af"):
        study.execute([run], digits, tmp_path, silent)


@pytest.mark.parametrize("name", PROFILES)
def test_plans_are_the_papers(name, digits):
    size = PROFILES[name]
    splits = study.split_runs(size, digits)
    points = {(run.split, run.selection) for run in splits}
    assert points == {(0.0, "full")} | {(s, m) for s in size.splits if s for m in ("random", "top_activations")}
    assert len(splits) == len(set(splits)) == len(size.baseline_seeds) + (len(points) - 1) * len(size.split_seeds)
    assert {run.k for run in splits} == {0, size.k}  # random draws as many
    assert {0.5, 0.9, 1.0} <= set(size.splits) and len(size.split_seeds) >= 2
    budget = study.budget_runs(size, digits)
    assert [run.selection for run in budget] == ["full", "top_activations"] * 4
    assert {run.time_share for run in budget} == {0.5707}
    precision = study.precision_runs(size, digits)
    assert {run.precision for run in precision} == {"auto", "float32"} and len(precision) == 2 * len(size.baseline_seeds)
    assert {run for run in precision if run.precision == "auto"} == {run for run in splits if run.split == 0}
    assert set(budget[0].baselines()) == {run for run in splits if run.split == 0}
    large = [run for run in study.loss_runs(size, digits) if run.k > size.k]
    assert {run.k for run in large} == {10 * size.k} and set(budget) < set(study.loss_runs(size, digits))


def test_the_paper_profile_holds_the_papers_numbers():
    paper = profile("paper")
    assert (paper.steps, paper.batch, paper.k, paper.embedding_size) == (10_000, 1_024, 4_320, 216)
    assert (paper.autoencoder_steps, paper.autoencoder_batch, paper.decay) == (40_000, 1_024, 0.9999)
    assert paper.large_k == 43_200
