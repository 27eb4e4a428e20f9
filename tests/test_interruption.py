import os
import signal
import subprocess
import sys
import time

import pytest

from paperlib import interruption
from paperlib.storage import records

STUDY = """
import sys
from dataclasses import replace
from paperlib import data, study
from paperlib.training import trajectory
from paperlib import progress
from paperlib.study import plans, profiles

trajectory.SAVE_EVERY = 0.0  # after every step
tiny = replace(profiles.profile("quick"), autoencoder_steps=4, steps=6, batch=16, runs_at_split={0.5: 1, 1.0: 1})
digits = data.load("digits")
told = progress.Progress("none")
taken = []
told.step = lambda *_: taken.append(1) or print(len(taken), flush=True)
autoencoder = plans.autoencoder_run(tiny, digits)
plan = [replace(autoencoder, steps=2), *(run for run in plans.split_runs(tiny, digits) if run.autoencoder)]
study.execute(plan, digits, sys.argv[1], told)
"""


def run(folder, until=None, number=signal.SIGKILL):
    """The exit code of a study in a process of its own, and the steps that it took; killed after `until` steps."""
    process = subprocess.Popen(
        [sys.executable, "-c", STUDY, folder], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    steps = 0
    for line in process.stdout:
        steps = int(line)
        if steps == until:
            os.kill(process.pid, number)
    return process.wait(), steps


def written(folder):
    """The records in a folder: name -> when and what was written."""
    return {file.name: (file.stat().st_mtime_ns, file.read_text()) for file in folder.glob("*.json")}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    code, steps = run(folder)
    assert code == 0
    return [records.without_times(record) for record in records.read_all(folder)], steps


def test_a_study_killed_again_and_again_ends_with_the_same_records(tmp_path, undisturbed):
    """Before the snapshot, in the rest of the autoencoder, in the first phase and in the second."""
    expected, steps = undisturbed
    taken, kept = [], {}
    for more in (1, 2, 3, 3):
        code, before = run(tmp_path, until=more)
        assert code == -signal.SIGKILL and before >= more
        taken.append(before)
        kept = {**written(tmp_path), **kept}  # each as it was when it was first seen
    assert 0 < len(kept) < len(expected) and sum(taken) < steps
    code, after = run(tmp_path)
    assert code == 0 and sum(taken) + after <= steps + len(taken)  # the steps that it was in are taken again
    assert [records.without_times(record) for record in records.read_all(tmp_path)] == expected
    assert kept.items() <= written(tmp_path).items()
    assert not list((tmp_path / "checkpoints").iterdir())


def test_a_signal_saves_the_run_under_way(tmp_path, undisturbed):
    expected, steps = undisturbed
    code, before = run(tmp_path, until=7, number=signal.SIGTERM)
    assert code != 0 and list((tmp_path / "checkpoints").iterdir())
    code, after = run(tmp_path)
    assert code == 0 and before + after == steps  # no step is taken twice
    assert [records.without_times(record) for record in records.read_all(tmp_path)] == expected


@pytest.fixture
def usual_sigint():
    """Python's own handler, even where the shell that started the tests has SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_second_signal_acts_at_once(usual_sigint):
    with interruption.on_signals() as signalled:
        assert not signalled()
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)
        assert signalled()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_time_runs_out():
    assert not interruption.after(None)() and not interruption.after(1)()
    assert interruption.after(0)()
