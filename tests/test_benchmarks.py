import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from benchmarks import alternate, matrices, operations, work
from benchmarks.__main__ import steps
from paperlib.analysis import speed

from .conftest import ROOT


def measured(*words, env=None):
    done = subprocess.run([str(word) for word in words], cwd=ROOT, capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_commands_take_turns_and_late_ones_are_given_up():
    show = [sys.executable, "-c"]
    commands = {
        "a": [*show, "print('{\"seconds\": 1}')"],
        "b": [*show, "print('noise'); print('{\"seconds\": 3}')"],
        "late": [*show, "import time; time.sleep(60)"],
    }
    runs = alternate.alternately(commands, rounds=2, timeout=5)
    assert list(runs["name"]) == ["a", "b", "late", "a", "b"] and list(runs["round"]) == [0, 0, 0, 1, 1]
    assert runs["note"].dropna().tolist() == ["not done in 5 s"]
    table = alternate.ratios(runs, "a", "seconds", more_is_better=False).set_index("against")
    assert table.loc["b", "times_as_fast"] == 3 and table.loc["b", "n"] == 2 and table.loc["late", "n"] == 0


def test_a_failing_command_ends_the_benchmark():
    with pytest.raises(SystemExit, match="division by zero"):
        alternate.alternately({"bad": [sys.executable, "-c", "1 / 0"]})


def test_ratios_are_taken_pair_by_pair():
    runs = pd.DataFrame(
        [
            (name, number, speed)
            for number in range(3)
            for name, speed in (("us", 2 * number + 2), ("them", number + 1))
        ],
        columns=["name", "round", "images_per_s"],
    )
    row = alternate.ratios(runs, "us", "images_per_s", more_is_better=True).iloc[0]
    assert row["times_as_fast"] == row["lowest"] == row["highest"] == 2 and row["n"] == 3


@pytest.mark.parametrize("contender", ["training_ours", "training_keras"])
def test_training_contenders_run(contender):
    assert measured(sys.executable, "-m", f"benchmarks.{contender}", 64, 8)["images_per_s"] > 0


def test_a_step_is_measured_beside_what_it_has_to_do():
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    found = measured(sys.executable, "-m", "benchmarks.accelerator", 4, 5, "ours", "keras_pooling", env=environment)
    assert set(found["step_ms"]) == {"ours", "keras_pooling"} and min(found["step_ms"].values()) > 0
    assert found["arithmetic_ms"] == pytest.approx(found["gflop"] / found["teraflops"])
    assert found["traffic_ms"] == pytest.approx(1e3 * found["gigabytes"] / found["gigabytes_per_s"])
    rows = steps(pd.DataFrame([{"name": "step", "round": 0, **found}]))
    assert dict(zip(rows["variant"], rows["step_ms"])) == found["step_ms"] and (rows["batch"] == 4).all()


def test_ours_and_the_cpp_program_choose_the_same(tmp_path):
    if not shutil.which("g++"):
        pytest.skip("there is no C++ compiler")
    program = tmp_path / "select"
    subprocess.run(["g++", "-O3", "-pthread", "-o", program, ROOT / "benchmarks/select.cpp"], check=True)
    file = matrices.matrix(tmp_path / "m.bin", 3_000, 37)
    theirs = measured(program, file, 37, 370)
    ours = measured(sys.executable, "-m", "benchmarks.selection_ours", file, 37, 370, "union")
    assert theirs["digest"] == ours["digest"]


def test_the_arithmetic_of_a_convolution_leaves_out_the_padding():
    inside = np.zeros((12, 12))
    for row in range(12):
        for column in range(12):
            inside[row, column] = sum(
                0 <= row + i < 12 and 0 <= column + j < 12 for i in range(-2, 3) for j in range(-2, 3)
            )
    assert work.convolution_flop(12, 64, 64) == 2 * inside.sum() * 64 * 64


def test_the_committed_measurements_are_of_at_least_five_pairs_or_three_of_all_notebooks():
    table = speed.comparisons(ROOT / "figures" / "bench")
    finished = table[table["note"].isna()]
    long = finished["what"].str.startswith("make figures")  # minutes a round
    assert (finished["n"] >= np.where(long, 3, 5)).all()
    assert {"training, batch 1,024", "training, batch 128"} <= set(finished["what"])
    assert (finished["lowest"] <= finished["times_as_fast"]).all() and (
        finished["times_as_fast"] <= finished["highest"]
    ).all()


def test_the_parts_of_the_kernels_gradient_are_in_its_group():
    parts = [
        "Conv2D:Conv2D",
        "Conv2D_7:Conv2D",
        "transpose_15:Transpose",
        "ReverseV2_3:ReverseV2",
        "split_1:Split",
        "AddN:AddN",
    ]
    assert {operations.group_of(name) for name in parts} == {"conv2, kernel's gradient"}
    assert operations.group_of("functional/classifier/conv2/Conv2D:Conv2D") == "conv2"
    assert operations.group_of("AssignAddVariableOp_3:AssignAddVariableOp") == operations.REST


def test_a_step_on_a_gpu_takes_longer_than_what_it_has_to_do():
    """Of docs/scale.md: the committed measurement."""
    (step,) = speed.steps_on_a_gpu(ROOT / "figures" / "bench").itertuples()
    assert step.images_per_s == pytest.approx(1_024 / step.step_ms * 1_000) and step.batch == 1_024
    assert max(step.arithmetic_ms, step.traffic_ms) < step.step_ms
    assert 3.5 < step.step_ms / step.traffic_ms < 4  # "nearly four times as long"
