import csv
import json
import sys
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paperlib.own_data import loading, manifest
from paperlib.own_data.explorer import Choice
from paperlib.storage.digests import file_digest
from paperlib.storage.files import FileError


@pytest.fixture
def choice():
    embeddings = np.random.default_rng(0).normal(size=(20, 3))
    labels, files = np.arange(20) % 2, tuple(f"{i}.png" for i in range(20))
    samples = loading.Samples("mine", None, embeddings, labels, ("even", "ödd"), files)
    return Choice(samples, embeddings, None).choose("top_activations", 5, {"penalty": 1.0})


def write(choice, root, indices=None):
    run = manifest.describe(
        choice.samples, method=choice.method, options=choice.options, k=choice.k, seed=choice.seed, embedding=None
    )
    return manifest.write(root, choice.indices if indices is None else indices, choice.samples, "mine.npz", run)


def test_what_a_manifest_says(choice, tmp_path):
    folder = write(choice, tmp_path)
    assert folder.name.startswith("mine-top_activations-5-")
    indices, found = manifest.read(folder)
    assert np.array_equal(indices, choice.indices) and indices.dtype == np.int64
    assert found["run"] == {
        "dataset": "mine",
        "fingerprint": choice.samples.fingerprint,
        "method": "top_activations",
        "options": {"penalty": 1.0},
        "k": 5,
        "seed": 0,
        "embedding": None,
    }
    result = found["result"]
    assert result["samples"] == 20 and result["chosen"] == 5
    assert result["sha256"] == file_digest(folder / "selected.npy")
    assert result["files"] == [f"{i}.png" for i in indices]
    odd = int((indices % 2).sum())
    assert result["classes"] == [
        {"class": "even", "chosen": 5 - odd, "available": 10},
        {"class": "ödd", "chosen": odd, "available": 10},
    ]
    assert found["about"]["source"] == "mine.npz"
    assert {"paperlib", "code"} <= set(found["environment"])


def test_any_changed_byte_is_noticed(choice, tmp_path):
    folder = write(choice, tmp_path)
    for name in ("selected.npy", "selected.json"):
        whole = (folder / name).read_bytes()
        for place in (0, len(whole) // 2, len(whole) - 4):
            changed = bytearray(whole)
            changed[place] ^= 1
            (folder / name).write_bytes(changed)
            with pytest.raises(FileError, match=name):
                manifest.read(folder)
        (folder / name).write_bytes(whole)
    manifest.read(folder)
    (folder / "selected.npy").unlink()
    with pytest.raises(FileError, match="selected.npy: cannot be read"):
        manifest.read(folder)


def test_the_same_again_changes_nothing_and_another_selection_goes_elsewhere(choice, tmp_path):
    folder = write(choice, tmp_path)
    before = {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in folder.iterdir()}
    assert write(choice, tmp_path) == folder
    assert before == {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in folder.iterdir()}
    assert write(choice.choose("random", 5), tmp_path) != folder
    assert write(choice.choose("top_activations", 5), tmp_path) != folder  # other options
    choice.choose("top_activations", 5, {"penalty": 1.0})
    other = write(choice, tmp_path, choice.indices[::-1])  # as another machine may have trained
    assert np.array_equal(manifest.read(folder)[0], manifest.read(other)[0][::-1])
    np.save(folder / "selected.npy", np.arange(5))
    with pytest.raises(FileError, match="it was altered"):
        write(choice, tmp_path)


def test_indices_without_a_manifest_are_what_an_ended_run_left(choice, tmp_path):
    folder = write(choice, tmp_path)
    (folder / "selected.json").unlink()
    np.save(folder / "selected.npy", np.arange(3))
    assert write(choice, tmp_path) == folder
    assert np.array_equal(manifest.read(folder)[0], choice.indices)


def test_a_folder_that_cannot_be_written(choice, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FileError, match="cannot be written"):
        write(choice, tmp_path / "file")


def test_names_outside_ascii_survive(choice, tmp_path):
    text = (write(choice, tmp_path) / "selected.json").read_text(encoding="ascii")
    assert json.loads(text)["result"]["classes"][1]["class"] == "ödd"


def test_the_table_has_path_label_and_rank(choice, tmp_path):
    folder = write(choice, tmp_path)
    with open(folder / "selected.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["rank"]) for row in rows] == [1, 2, 3, 4, 5]
    assert [int(row["index"]) for row in rows] == choice.indices.tolist()
    assert [row["path"] for row in rows] == [f"{i}.png" for i in choice.indices]
    assert [row["label"] for row in rows] == [("even", "ödd")[i % 2] for i in choice.indices]


def test_a_long_name_is_shortened_in_the_folder_alone(tmp_path):
    for name in ("x" * 250, "猫" * 80):
        samples = loading.Samples(name, None, np.random.default_rng(0).normal(size=(20, 3)))
        folder = Choice(samples, samples.embeddings, None).choose("random", 5).write(tmp_path, "x.npz")
        assert manifest.read(folder)[1]["run"]["dataset"] == name and len(folder.name.encode()) < 255


def files_of(root):
    for name in ("a", "b"):
        (root / name).mkdir(parents=True)
        for i in range(4):
            Image.fromarray(np.full((9, 9, 3), 60 * i, np.uint8)).save(root / name / f"{i}.png")
    return loading.load(root)


def test_the_lines_to_paste_for_tensorflow_run(tmp_path, monkeypatch):
    pytest.importorskip("tensorflow")
    samples = files_of(tmp_path / "photos")
    folder = Choice(samples, np.arange(8.0)[:, None], None).choose("random", 3).write(tmp_path, tmp_path / "photos")
    code = (folder / "README.md").read_text().split("## TensorFlow")[1].split("```python\n")[1].split("```")[0]
    monkeypatch.chdir(folder)
    (folder / "DATA").symlink_to(tmp_path / "photos")
    found = {}
    exec(code, found)
    paths = [path.numpy().decode() for path, _ in found["dataset"]]
    assert paths == [f"DATA/{name}" for name in manifest.read(folder)[1]["result"]["files"]]
    assert [label.numpy().decode() for _, label in found["dataset"]] == [path.split("/")[1] for path in paths]


@pytest.mark.parametrize("below", ["", "train", "unpacked/photos"])
def test_the_lines_to_paste_for_pytorch_run(tmp_path, monkeypatch, below):
    """With stand-ins that have what the lines use, as torch is no part of the environment."""
    files_of(tmp_path / "photos" / below)
    samples = loading.load(tmp_path / "photos")
    folder = Choice(samples, np.arange(8.0)[:, None], None).choose("random", 3).write(tmp_path, tmp_path / "photos")
    code = (folder / "README.md").read_text().split("## PyTorch")[1].split("```python\n")[1].split("```")[0]

    class ImageFolder:  # lists files as torchvision's does
        def __init__(self, root):
            files = sorted(file for folder in Path(root).iterdir() for file in folder.iterdir())
            self.samples = [(str(file), file.parent.name) for file in files]

    class Subset:
        def __init__(self, dataset, indices):
            self.dataset, self.indices = dataset, indices

    for name in ("torch", "torch.utils", "torchvision"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, "torch.utils.data", types.SimpleNamespace(Subset=Subset))
    monkeypatch.setitem(sys.modules, "torchvision.datasets", types.SimpleNamespace(ImageFolder=ImageFolder))
    monkeypatch.chdir(folder)
    (folder / "DATA").symlink_to(tmp_path / "photos")
    found = {}
    exec(code, found)
    subset = found["subset"]
    chosen = {Path(subset.dataset.samples[i][0]).relative_to("DATA").as_posix() for i in subset.indices}
    assert chosen == set(manifest.read(folder)[1]["result"]["files"])


def test_what_was_renamed_is_another_choice(choice, tmp_path):
    """The lists of chosen files and classes would be those of before."""
    first = write(choice, tmp_path)
    for change in ({"files": tuple(f"new{i}.png" for i in range(20))}, {"classes": ("even", "odd")}):
        other = Choice(replace(choice.samples, **change), choice.embeddings, None)
        folder = write(other.choose("top_activations", 5, {"penalty": 1.0}), tmp_path)
        assert folder != first and (folder / "selected.csv").read_text() != (first / "selected.csv").read_text()


def test_names_in_a_table_are_no_files_of_a_folder(choice, tmp_path):
    """A table may name files, but where they lie it does not say: lines to paste go by index."""
    text = (write(choice, tmp_path) / "README.md").read_text()
    assert "np.load" in text and "DATA" not in text and "class by class" not in text


@pytest.mark.parametrize(
    ("files", "above"),
    [
        (("a/1.png", "b/2.png"), "root"),
        (("train/train/1.png", "train/x/2.png"), 'root + "/train"'),
        (("in/side/a/deep/1.png", "in/side/b/2.png"), 'root + "/in/side"'),
        (("1.png", "2.png"), None),
    ],
)
def test_where_the_class_folders_lie(files, above):
    classes = ("train", "x") if "x" in files[1] else ("a", "b")
    samples = loading.Samples("s", embeddings=np.eye(2), labels=np.arange(2), classes=classes, files=files)
    assert manifest._above_classes(samples) == above
