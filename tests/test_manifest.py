import json

import numpy as np
import pytest

from paperlib import manifest, own_data
from paperlib.explorer import Choice
from paperlib.records import RecordError, file_digest


@pytest.fixture
def choice():
    embeddings = np.random.default_rng(0).normal(size=(20, 3))
    labels, files = np.arange(20) % 2, tuple(f"{i}.png" for i in range(20))
    samples = own_data.Samples("mine", None, embeddings, labels, ("even", "ödd"), files)
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
            with pytest.raises(RecordError, match=name):
                manifest.read(folder)
        (folder / name).write_bytes(whole)
    manifest.read(folder)
    (folder / "selected.npy").unlink()
    with pytest.raises(RecordError, match="selected.npy: cannot be read"):
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
    with pytest.raises(RecordError, match="it was altered"):
        write(choice, tmp_path)


def test_indices_without_a_manifest_are_what_an_ended_run_left(choice, tmp_path):
    folder = write(choice, tmp_path)
    (folder / "selected.json").unlink()
    np.save(folder / "selected.npy", np.arange(3))
    assert write(choice, tmp_path) == folder
    assert np.array_equal(manifest.read(folder)[0], choice.indices)


def test_a_folder_that_cannot_be_written(choice, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RecordError, match="cannot be written"):
        write(choice, tmp_path / "file")


def test_names_outside_ascii_survive(choice, tmp_path):
    text = (write(choice, tmp_path) / "selected.json").read_text(encoding="ascii")
    assert json.loads(text)["result"]["classes"][1]["class"] == "ödd"
