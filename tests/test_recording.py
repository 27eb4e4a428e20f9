import subprocess
import sys
from dataclasses import replace

import pytest

from paperlib import plans, profiles, recording, records, study
from paperlib.profiles import PROFILES
from paperlib.runs import cut_off

from .conftest import ROOT


@pytest.mark.parametrize("name", PROFILES)
def test_all_runs_are_those_of_the_notebooks(name, digits):
    size = PROFILES[name]
    found = plans.all_runs(size, digits, union_size=100)
    assert len(set(found)) == len(found)
    splits = plans.split_runs(size, digits)
    notebooks = [
        [plans.autoencoder_run(size, digits)],
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
                plans.selection_runs,
                plans.method_runs,
            )
        ),
        plans.control_runs(size, digits, 100),
    ]
    assert {run for plan in notebooks for run in plan} == set(found)
    assert set(found[: len(plans.claim_runs(size, digits))]) == set(plans.claim_runs(size, digits))  # first


def test_what_is_recorded_is_what_notebooks_find(tiny, digits, tmp_path, monkeypatch):
    small = replace(
        tiny, runs_at_split={0.0: 1, 1.0: 1}, riddle_seeds=(), lengths=(0.5,), large_seeds=(), compared_seeds=()
    )
    monkeypatch.setitem(profiles.PROFILES, "quick", small)
    recording.record("quick", "", tmp_path, "none")
    folder = tmp_path / "quick" / "records"
    size = len(study.choose(plans.union_run(small, digits), digits, folder))
    for plan in (plans.claim_runs, plans.feed_runs, plans.length_runs, lambda *of: plans.control_runs(*of, size)):
        found, missing = study.on_record(plan(small, digits), folder)
        assert found and not missing
    assert records.data_set(records.read_all(folder)).name == "digits"


def test_a_mistake_is_told_in_a_line():
    command = [sys.executable, "-m", "paperlib.recording", "papper"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "unknown profile 'papper'" in done.stderr and "Traceback" not in done.stderr
