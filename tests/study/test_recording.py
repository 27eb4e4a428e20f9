import subprocess
import sys
from dataclasses import replace

import pytest

from paperlib import study
from paperlib.storage import records
from paperlib.study import plans, recording, stages
from paperlib.study.profiles import PROFILES
from paperlib.study.runs import Run, cut_off

from ..conftest import ROOT


@pytest.mark.parametrize("name", PROFILES)
def test_all_runs_are_those_of_the_notebooks(name, digits):
    size = PROFILES[name]
    found = stages.all_runs(size, digits, union_size=100)
    assert len(set(found)) == len(found)
    splits = plans.split_runs(size, digits)
    notebooks = [
        plans.autoencoder_runs(size, digits),
        splits,
        [cut_off(run) for run in splits],
        *(
            plan(size, digits)
            for plan in (
                plans.loss_runs,
                plans.riddle_runs,
                plans.length_runs,
                plans.feed_runs,
                plans.precision_runs,
                plans.spike_runs,
                plans.selection_runs,
                plans.method_runs,
                plans.factor_runs,
                plans.reading_runs,
                plans.encoder_runs,
                plans.open_question_runs,
                plans.large_runs,
                plans.budget_cuts,
            )
        ),
        plans.control_runs(size, digits, 100),
        *plans.weak_random_runs(size, digits).values(),
    ]
    assert {run for plan in notebooks for run in plan} == set(found)


@pytest.mark.parametrize("name", ["steps", "paper"])
def test_large_profiles_begin_with_what_decides_most(name, digits):
    planned = stages.in_order(PROFILES[name], digits)
    first = [
        [(run.selection, run.split) if isinstance(run, Run) else run.label() for run in stage.runs]
        for stage in planned[:5]
    ]
    assert first == [
        [("random", 1.0), ("random", 0.95), ("random", 0.9)],
        [("full", 0.0), ("full", 0.0)],
        ["autoencoder-n216-seed0"],
        [("top_activations", 1.0), ("top_activations", 0.95), ("top_activations", 0.9)],
        [("top_activations", 0.5), ("top_activations", 0.5)],
    ]
    assert {run.seed for stage in planned[:5] for run in stage.runs} == {0}
    assert [run.phases() for run in planned[4].runs] == [(5_000, 5_000), (5_000, 707)]
    titles = [stage.title for stage in planned]
    seed_1 = titles.index("seed 1: random, 100 / 0 and late splits")
    assert titles[seed_1 : seed_1 + 5] == [
        "seed 1: random, 100 / 0 and late splits",
        "seed 1: eq. 4, 100 / 0 and late splits",
        "seed 1: eq. 4, 50 / 50 and its cut-off",
        "seed 1: the full set alone, and its cut-off",
        "seeds 0 and 1: random, 50 / 50 and its cut-off",
    ]
    last = max(number for number, title in enumerate(titles) if title.startswith("seed "))
    rest = [
        title for title in titles[last + 1 :] if title != "autoencoders as a factor"
    ]  # of which `paper` has one only
    assert rest[:2] == ["the other splits, and all cut-offs", "a subset ten times as large"]
    float32 = [run for run in stages.all_runs(PROFILES[name], digits) if run.precision == "float32"]
    assert float32 == plans.spike_runs(PROFILES[name], digits) and len(float32) == (name == "paper")


def test_what_needs_no_autoencoder_does_not_wait_for_it(tiny, digits, tmp_path, silent):
    first = stages.in_order(tiny, digits)[0]
    study.execute(first.runs, digits, tmp_path, silent)
    assert not study.record_path(plans.autoencoder_run(tiny, digits), tmp_path).exists()


def test_what_is_recorded_is_what_notebooks_find(tiny, digits, tmp_path):
    none = ("riddle", "large", "compared", "factor", "reading", "encoder", "hypothesis")
    small = replace(tiny, runs_at_split={0.0: 1, 1.0: 1}, lengths=(0.5,), **{f"{name}_seeds": () for name in none})
    folder = tmp_path / "records"
    recording.record(small, digits, folder, "none")
    size = len(study.choose(plans.union_run(small, digits), digits, folder))
    for plan in (plans.claim_runs, plans.feed_runs, plans.length_runs, lambda *of: plans.control_runs(*of, size)):
        runs = plan(small, digits)
        assert runs and len(study.on_record(runs, folder)) == len(set(runs))
    assert records.data_set(records.read_all(folder)).name == "digits"


def test_a_mistake_is_told_in_a_line():
    command = [sys.executable, "-m", "paperlib.study.recording", "papper"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "unknown profile 'papper'" in done.stderr and "Traceback" not in done.stderr
