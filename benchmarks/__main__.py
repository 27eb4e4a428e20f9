"""Measure ours against others: python -m benchmarks FOLDER PEERS_PYTHON [TOPIC ...]

Writes FOLDER/<topic>.csv (ratios), <topic>_runs.csv (every run) and speed.png; prints the tables. What a topic measured
is written when the topic ends, and topics that are not named stay as they are.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

from benchmarks.alternate import alternately, ratios
from benchmarks.matrices import matrix
from paperlib import environment
from paperlib.figures import stamps
from paperlib.figures.speed import draw
from paperlib.pages import speed

ROOT = Path(__file__).parents[1]
OURS = "paperlib"
PAPER = (50_000, 4_320)  # samples, k
IMAGENET = (1_281_167, 110_592)
ELEMENTS = 216


def training(python, peers, scratch):
    for batch, steps in ((128, 120), (1_024, 20)):
        commands = {
            OURS: [python, "-m", "benchmarks.training_ours", batch, steps],
            "Keras, float32": [python, "-m", "benchmarks.training_keras", batch, steps],
            "PyTorch, bfloat16": [peers, "-m", "benchmarks.training_pytorch", batch, steps],
        }
        yield f"training, batch {batch:,}", alternately(commands), "images_per_s", True


def embedding(python, peers, scratch):
    commands = {
        OURS: [python, "-m", "benchmarks.embedding_ours"],
        "Keras' predict": [python, "-m", "benchmarks.embedding_keras"],
    }
    yield "embedding of 50,000 images", alternately(commands), "seconds", False


def selection(python, peers, scratch):
    program = scratch / "select"
    subprocess.run(["g++", "-O3", "-pthread", "-o", program, ROOT / "benchmarks/select.cpp"], check=True)
    for samples, k in (PAPER, IMAGENET):
        file = matrix(scratch / f"{samples}.bin", samples, ELEMENTS)
        apricot = [peers, "-m", "benchmarks.selection_apricot", file, ELEMENTS, k]
        commands = {
            OURS: [python, "-m", "benchmarks.selection_ours", file, ELEMENTS, k, "union"],
            "C++, two threads": [program, file, ELEMENTS, k],
            "ours, overlap fill": [python, "-m", "benchmarks.selection_ours", file, ELEMENTS, k, "fill"],
            "apricot, feature-based": [*apricot, "feature"],
            "apricot, facility location": [*apricot, "facility"],
        }
        runs = alternately(commands, timeout=60)
        both = runs[runs["name"].isin([OURS, "C++, two threads"])]
        assert both["digest"].nunique() == 1, "ours and the C++ program choose differently"
        reading = runs.loc[runs["name"] == "C++, two threads", ["round", "reading_s"]]
        reading = reading.rename(columns={"reading_s": "seconds"}).assign(name="reading the matrix once, C++")
        yield f"selection of {k:,} from {samples:,}", pd.concat([runs, reading]), "seconds", False
        file.unlink()


def methods(python, peers, scratch):
    """The other methods at the size of the paper, against a plain NumPy loop and scikit-learn."""
    samples, k = PAPER
    file = matrix(scratch / f"{samples}.bin", samples, ELEMENTS)
    for method in ("k_center", "max_dispersion", "herding", "k_means"):
        command = [python, "-m", "benchmarks.selection_methods", file, ELEMENTS, k, method]
        other = "scikit-learn's clusters" if method == "k_means" else "a NumPy loop"
        runs = alternately({OURS: command, other: [*command, "plain"]}, timeout=120)
        assert method == "k_means" or runs["digest"].dropna().nunique() == 1, (
            f"{method} chooses as the plain loop does not"
        )
        yield f"{method}, {k:,} of {samples:,}", runs, "seconds", False


def scaling(python, peers, scratch):
    """No peer: how the time grows. The share kept is the paper's."""
    file = matrix(scratch / "large.bin", 10_000_000, ELEMENTS)
    sizes = [(samples, ELEMENTS) for samples in (10_000, 100_000, 1_000_000, 10_000_000)]
    sizes += [(100_000, elements) for elements in (27, 54, 108, 432, 864, 1_728)]
    ours = [python, "-m", "benchmarks.selection_ours", file]
    commands = {(n, m): [*ours, m, round(n * 0.0864), "fill", n] for n, m in sizes}
    runs = alternately(commands, rounds=3)
    runs["samples"], runs["elements"] = zip(*runs["name"])
    yield "selection", runs.drop(columns=["name", "digest"]), None, None


def operations(python, peers, scratch):
    """No peer: where a step's time goes, beside what its arithmetic would take as one large matrix product."""
    runs = alternately({batch: [python, "-m", "benchmarks.operations", batch] for batch in (128, 1_024)}, rounds=3)
    rows = [
        {"batch": run["name"], "round": run["round"], "step_ms": run["step_ms"], "group": group, "ms": ms,
         "gflop": run["gflop"].get(group, 0.0), "matrix_tflops": run["matrix_tflops"]["bfloat16"],
         "matrix_tflops_float32": run["matrix_tflops"]["float32"]}
        for run in runs.to_dict("records") for group, ms in run["operations_ms"].items()
    ]  # fmt: skip
    yield "operations", pd.DataFrame(rows), None, None


def figures(python, peers, scratch):
    """`make figures` as a whole process: everything trained, and again, when nothing has changed since."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    rows = []
    for number in range(3):
        copy = scratch / "figures"
        for name in filter(None, tracked.split("\0")):
            if not name.startswith("figures/"):
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, copy / name)
        timed = [python, "-m", "benchmarks.make_figures", copy, sys.prefix]
        for name in ("the first time", OURS):
            rows.append(alternately({name: timed}, rounds=1, timeout=600).assign(round=number))
        shutil.rmtree(copy)
    yield "make figures, quick profile, a second time", pd.concat(rows), "seconds", False


def gpu(python, peers, scratch):
    """With KERAS_BACKEND=jax on a machine that has one: against PyTorch, and against what the GPU can do at most."""
    ours = [python, "-m", "benchmarks.training_ours", 1_024, 4_000]
    commands = {OURS: ours, "PyTorch, bfloat16": [peers, "-m", "benchmarks.training_pytorch", 1_024, 1_000]}
    yield "training on a GPU, batch 1,024", alternately(commands, rounds=3), "images_per_s", True
    runs = alternately({"step": [python, "-m", "benchmarks.accelerator", 1_024, 1_000]}, rounds=1)
    yield "a step on a GPU", steps(runs), None, None


def steps(runs):
    """What `benchmarks.accelerator` found, one row a run and variant of the step."""
    return pd.DataFrame(
        {**run, "variant": variant, "step_ms": milliseconds}
        for run in runs.to_dict("records") for variant, milliseconds in run["step_ms"].items()
    )  # fmt: skip


_USUAL = (training, embedding, selection, methods, operations, scaling, figures)
TOPICS = {function.__name__: function for function in (*_USUAL, gpu)}


def measure(name, folder, peers):
    tables, runs = [], []
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        print(name, flush=True)
        for what, measured, column, more_is_better in TOPICS[name](sys.executable, peers, Path(scratch)):
            runs.append(measured.assign(what=what))
            if column:
                tables.append(ratios(measured, OURS, column, more_is_better).assign(what=what))
    device = {key: environment.describe()[key] for key in ("code", "device", "python", "keras", "backend")}
    pd.concat(runs).assign(**device).to_csv(folder / f"{name}_runs.csv", index=False, float_format="%.6g")
    if tables:
        pd.concat(tables).assign(**device).to_csv(folder / f"{name}.csv", index=False, float_format="%.6g")


if __name__ == "__main__":
    folder, peers, topics = Path(sys.argv[1]), sys.argv[2], sys.argv[3:] or [function.__name__ for function in _USUAL]
    if "selection" in topics and not shutil.which("g++"):
        sys.exit(
            "selection is measured against a C++ program: install g++, or name other topics: make bench TOPICS=..."
        )
    if unknown := set(topics) - set(TOPICS):
        sys.exit(f"unknown topic {', '.join(unknown)}: choose from {', '.join(TOPICS)}")
    folder.mkdir(parents=True, exist_ok=True)
    before = stamps.marks(folder)
    for topic in topics:
        measure(topic, folder, peers)
    draw(folder)
    stamps.write_digests(folder, before, keep=True)
    print(speed.markdown(folder))
