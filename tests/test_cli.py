import csv
import json
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from paperlib import cli
from paperlib.checkpoints import Interrupted
from paperlib.own_data import embedding, manifest
from paperlib.selection import METHODS, select

from .conftest import ROOT


def run(*arguments):
    return CliRunner().invoke(cli.main, [str(argument) for argument in arguments], catch_exceptions=False)


@pytest.fixture
def vectors(tmp_path):
    embeddings = np.random.default_rng(0).normal(size=(40, 6))
    np.savez(tmp_path / "vectors.npz", embeddings=embeddings, labels=np.arange(40) % 4, classes=list("abcd"))
    return tmp_path / "vectors.npz", embeddings


def the_choice(out):
    (folder,) = (path for path in out.iterdir() if path.name != "kept")
    return folder, *manifest.read(folder)


def test_select_chooses_what_the_function_chooses(vectors, tmp_path):
    source, embeddings = vectors
    done = run("select", source, "-k", "25%", "-m", "k_center", "--out", tmp_path / "out", "--no-pictures")
    assert done.exit_code == 0, done.output
    folder, indices, found = the_choice(tmp_path / "out")
    assert np.array_equal(indices, select(embeddings, 10, "k_center"))
    assert found["run"]["k"] == 10 and "Chosen of each class: a " in done.stdout
    with open(folder / "selected.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["index"]) for row in rows] == indices.tolist()
    assert [row["label"] for row in rows] == ["abcd"[i % 4] for i in indices]
    assert "torch.utils.data import Subset" in done.stdout


def test_options_of_methods(vectors, tmp_path):
    source, embeddings = vectors
    options = ["-o", "penalty=1.5", "-o", "overlap=union", "-o", "pca=yes"]
    assert run("select", source, "-k", 12, *options, "--out", tmp_path / "out", "--no-pictures").exit_code == 0
    _, indices, found = the_choice(tmp_path / "out")
    assert found["run"]["options"] == {"penalty": 1.5, "overlap": "union", "pca": True}
    assert np.array_equal(indices, select(embeddings, 12, penalty=1.5, overlap="union", pca=True))


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["select", "nowhere", "-k", "3"], 1, "nowhere: no such file or folder"),
        (["select", ""], 1, "the path is empty"),
        (["select", "VECTORS", "-k", "41"], 1, "k is 41: vectors has 40 samples"),
        (["select", "VECTORS", "-k", "many"], 1, "k is 'many'"),
        (["select", "VECTORS", "-m", "best"], 1, "method is 'best': unknown method, choose from random,"),
        (["select", "VECTORS", "-o", "penalty"], 1, "has no option 'penalty': give overlap=fill, penalty=0.0"),
        (["select", "VECTORS", "-o", "penalty=high"], 1, "penalty is 'high': give a number"),
        (["select", "VECTORS", "-o", "pca=maybe"], 1, "pca is 'maybe': give true or false"),
        (["select", "VECTORS", "--seed", "-1"], 1, "seed is -1"),
        (["select", "VECTORS", "--copy"], 1, "its samples are no files of a folder"),
        (["select", "VECTORS", "--out", "VECTORS"], 1, "results cannot be written there"),
        (["select"], 2, "Missing argument 'DATA'"),
        (["select", "VECTORS", "--steps", "-5"], 2, "-5 is not in the range x>=0"),
        (["select", "VECTORS", "--learning-rate", "-1"], 2, "-1.0 is not in the range x>=0"),
        (["select", "VECTORS", "--fast"], 2, "No such option"),
        (["choose"], 2, "No such command"),
    ],
)
def test_errors_are_a_line_and_an_exit_code(vectors, tmp_path, monkeypatch, arguments, code, said):
    monkeypatch.chdir(tmp_path)
    done = run(*(vectors[0] if one == "VECTORS" else one for one in arguments))
    assert done.exit_code == code and said in done.stderr and "Traceback" not in done.output
    assert code == 2 or len(done.stderr.splitlines()) == 1
    assert "nowhere" not in arguments or not (tmp_path / "chosen").exists()


def test_help_lists_methods_and_options():
    done = run("select", "--help")
    assert done.exit_code == 0
    for name in METHODS:
        assert name in done.output
    for part in ("quota_per_class=False", "Exit codes", "--compare-with-random", "500, 0.1 or 10%", "8.64%"):
        assert part in done.output
    assert run("methods").output.count("\n") == len(METHODS)


@pytest.fixture
def photos(tmp_path):
    draw = np.random.default_rng(0)
    for name in ("cats", "dogs & co"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for i in range(6):
            path = tmp_path / "photos" / name / f"{i}, ü.png"
            Image.fromarray(draw.integers(0, 256, (9, 9, 3), dtype=np.uint8)).save(path)
    return tmp_path / "photos"


@pytest.mark.parametrize("how", ["copy", "link"])
def test_chosen_files_are_handed_over(photos, tmp_path, how):
    arguments = ["select", photos, "-k", "5", "-m", "random", f"--{how}", "--no-pictures", "--out", tmp_path / "out"]
    for _ in range(2):  # again: nothing changes
        done = run(*arguments)
        assert done.exit_code == 0 and "steps" not in done.output  # what draws needs no training
    folder, indices, found = the_choice(tmp_path / "out")
    files = sorted(path for path in (folder / "files").rglob("*") if not path.is_dir())
    assert sorted(file.relative_to(folder / "files").as_posix() for file in files) == sorted(found["result"]["files"])
    for file in files:
        assert file.is_symlink() == (how == "link")
        assert file.read_bytes() == (photos / file.relative_to(folder / "files")).read_bytes()


def test_a_copy_takes_the_place_of_links_and_links_that_of_a_copy(photos, tmp_path):
    for how in ("link", "copy", "link"):
        arguments = ["select", photos, "-k", "5", "-m", "random", "--no-pictures", "--out", tmp_path / "out"]
        assert run(*arguments, f"--{how}").exit_code == 0
        files = list(the_choice(tmp_path / "out")[0].rglob("*.png"))
        assert len(files) == 5 and {file.is_symlink() for file in files} == {how == "link"}


@pytest.mark.parametrize("below", ["", "cats"])
def test_results_may_lie_among_the_samples(photos, monkeypatch, below):
    """The folder that the command makes for its choices is no class of theirs."""
    monkeypatch.chdir(photos / below)
    for seed in (0, 1):
        done = run("select", ".", "-k", "4", "-m", "random", "--copy", "--no-pictures", "--seed", seed)
        assert done.exit_code == 0, done.output
        assert f"{6 if below else 12} samples" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--seed", 2**32], "seed is 4294967296: expected 0 to 2**32 - 1"),
        (["-m", "feature_based"], "from_lowest"),
        (["-m", "facility_location", "-o", "max_bytes=100"], "12 x 12 similarities"),
        (["-m", "top_activations", "-o", "penalty=-1"], "penalty is -1.0"),
    ],
)
def test_what_the_method_would_refuse_is_refused_before_training(photos, tmp_path, monkeypatch, arguments, said):
    monkeypatch.setattr(embedding, "embed", lambda *_, **__: pytest.fail("trained for nothing"))
    done = run("select", photos, "-k", 4, *arguments, "--out", tmp_path / "out", "--no-pictures")
    assert done.exit_code == 1 and said in done.stderr and len(done.stderr.splitlines()) == 1


def test_labels_are_asked_for_before_training(photos, tmp_path, monkeypatch):
    monkeypatch.setattr(embedding, "embed", lambda *_, **__: pytest.fail("trained for nothing"))
    for arguments in (["-m", "random_balanced"], ["-o", "quota_per_class=true"]):
        done = run("select", photos / "cats", "-k", 4, *arguments, "--out", tmp_path / "out", "--no-pictures")
        assert done.exit_code == 1 and "labels" in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_class_that_loses_all_its_samples_is_a_warning(vectors, tmp_path):
    done = run("select", vectors[0], "-k", 2, "--out", tmp_path / "out", "--no-pictures")
    assert done.exit_code == 0 and "of 4 classes lose all of their samples" in done.stderr


def test_embeddings_are_used_again_for_another_method_and_k(photos, tmp_path, monkeypatch):
    trained = []

    def learned(samples, plan, progress, checkpoints):
        trained.append(plan)
        quality = dict(
            samples=12,
            distinct_images=12,
            distinct_embeddings=12,
            numbers=4,
            effective_rank=3.0,
            error=0.1,
            mean_image_error=0.2,
        )
        said = {"attempts": [{"steps": 9, "learning_rate": 0.1, "said": "it worked"}], "quality": quality}
        return np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32), said

    monkeypatch.setattr(embedding, "_learned", learned)
    out = ["--out", tmp_path / "out", "--no-pictures", "--progress", "none"]
    assert "Autoencoder (trained): 9 steps" in run("select", photos, "-k", 3, *out).stdout
    done = run("select", photos, "-k", "50%", "-m", "k_center", *out)
    assert "kept from an earlier run" in done.stdout and "in 9 steps" not in done.stdout
    assert len(trained) == 1
    run("select", photos, "-k", 3, "--seed", 1, *out)
    assert len(trained) == 2


def test_training_that_does_not_work_has_its_own_exit_code(photos, tmp_path):
    """Noise cannot be learned."""
    out = ["--out", tmp_path / "out", "--progress", "none"]
    done = run("select", photos, "-k", 3, "--steps", 1, "--learning-rate", 0.1, *out)
    assert done.exit_code == cli.NOT_LEARNED and "learned too little" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [(KeyboardInterrupt(), ""), (Interrupted((0, 7), saved=True), "stopped after 7 steps; ")],
)
def test_an_interrupt_says_what_is_kept(photos, tmp_path, monkeypatch, error, said):
    def interrupted(*_, **__):
        raise error

    monkeypatch.setattr(embedding, "embed", interrupted)
    done = run("select", photos, "-k", 3, "--out", tmp_path / "out")
    assert done.exit_code == cli.INTERRUPTED and f" s: {said}the decoded pictures are kept in" in done.stderr
    assert "Traceback" not in done.output


def test_compared_with_random(tmp_path):
    """Two classes that a line divides: any subset will do, and the sentence says no more."""
    labels = np.arange(100) % 2
    np.savez(tmp_path / "easy.npz", embeddings=np.random.default_rng(0).normal(size=(100, 3)) + 9 * labels[:, None],
             labels=labels)  # fmt: skip
    done = run("select", tmp_path / "easy.npz", "-k", "20%", "-m", "random_balanced", "--compare-with-random",
               "--out", tmp_path / "out")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert done.stdout.index("about") < done.stdout.index("random_balanced is not clearly different from random here")
    folder, _, _ = the_choice(tmp_path / "out")
    found = json.loads((folder / "compared_with_random.json").read_text())
    assert found["chosen"] == found["random"] == [100.0] * 5 and (folder / "compared_with_random.png").exists()


# Before anything is imported: as if nothing were installed but what the package depends on.
LEAN = """
import sys

class Lean:
    def __init__(self, finder):
        self.finder = finder

    def __getattr__(self, name):  # the versions of packages are looked up by finders, too
        return getattr(self.finder, name)

    def find_spec(self, name, *more):
        there = sys.stdlib_module_names | {"numpy", "click", "threadpoolctl", "paperlib"}
        return self.finder.find_spec(name, *more) if name.partition(".")[0] in there else None

sys.meta_path[:] = map(Lean, sys.meta_path)
from paperlib.cli import main
main()
"""


def run_lean(*arguments):
    command = [sys.executable, "-c", LEAN, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


@pytest.mark.parametrize("suffix", [".npz", ".npy"])
def test_embeddings_need_only_what_the_package_depends_on(vectors, tmp_path, suffix):
    source, embeddings = vectors
    np.save(tmp_path / "vectors.npy", embeddings)
    options = ["-k", "5", "--out", tmp_path / "out"]
    done = run_lean("select", source.with_suffix(suffix), "-m", "k_center", *options)
    assert done.returncode == 0 and "No pictures: they need matplotlib" in done.stderr, done.stderr
    assert np.array_equal(the_choice(tmp_path / "out")[1], select(embeddings, 5, "k_center"))


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        (["VECTORS", "-m", "k_means"], "scikit-learn"),
        (["VECTORS", "-m", "facility_location"], "apricot-select"),
        (["PHOTOS", "-m", "random"], "pillow"),
        (["TABLE"], "pandas"),
        (["digits"], "scikit-learn"),
        (["VECTORS", "--compare-with-random", "--no-pictures"], "scikit-learn"),
    ],
)
def test_what_needs_more_says_so_in_a_line(vectors, photos, tmp_path, arguments, needed):
    places = {"VECTORS": vectors[0], "PHOTOS": photos, "TABLE": tmp_path / "table.csv"}
    places["TABLE"].write_text("1,2\n3,4\n5,6\n")
    given = [places.get(one, one) for one in arguments]
    done = run_lean("select", *given, "-k", "2", "--out", tmp_path / "out")
    assert done.returncode == cli.FAILED and "Traceback" not in done.stderr
    assert f"pip install {needed}" in done.stderr.splitlines()[-1]


def test_what_is_typed_says_so():
    with open(ROOT / "pyproject.toml") as file:
        assert 'paperlib = ["py.typed"]' in file.read() and (ROOT / "paperlib" / "py.typed").is_file()
