import matplotlib.pyplot as plt
import nbformat
import numpy as np
import papermill
import pytest

from paperlib import explorer, manifest, own_data, selection
from paperlib.explorer import Choice

from .conftest import ROOT


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def samples(count=60, classes=3, images=True, labels=True):
    draw = np.random.default_rng(0)
    return own_data.Samples(
        "mine",
        images=draw.integers(0, 256, (count, 12, 12, 1), dtype=np.uint8) if images else None,
        embeddings=draw.normal(size=(count, 5)),
        labels=np.arange(count) % classes if labels else None,
        classes=tuple(f"${i}" for i in range(classes)) if labels else None,
    )


def choice(**options):
    found = samples(**options)
    return Choice(found, found.embeddings, None).choose("top_activations", 10)


def test_methods_that_need_labels_are_offered_where_there_are_labels():
    assert choice().methods() == list(selection.METHODS)
    assert set(selection.METHODS) - set(choice(labels=False).methods()) == selection.NEED_LABELS
    for method in selection.NEED_LABELS:
        with pytest.raises(ValueError, match="give labels"):
            selection.select(samples().embeddings, 3, method)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, ["kept", "classes"]),
        ({"labels": False}, ["kept"]),
        ({"images": False}, ["embeddings", "classes"]),
        ({"images": False, "labels": False}, ["embeddings"]),
    ],
)
def test_pictures_show_what_there_is(options, names):
    drawn = choice(**options).pictures()
    assert list(drawn) == names
    for figure, _ in drawn.values():
        assert "mine, top_activations, 10 of 60 samples" in figure.axes[0].get_title()


@pytest.mark.parametrize("k", [1, 13, 25, 60])
def test_any_k_has_pictures(k):
    some = choice().choose("random", k)
    some.pictures()["kept"][0].canvas.draw()
    plane = choice(images=False).choose("random", k).pictures()["embeddings"][0]
    assert [len(group.get_offsets()) for group in plane.axes[0].collections] == [60 - k, k]


def test_the_class_balance_is_that_of_the_choice():
    some = choice().choose("random_balanced", 9)
    figure, table = some.pictures()["classes"]
    assert table["chosen"].tolist() == [3, 3, 3] and table["available"].tolist() == [20, 20, 20]
    assert [bar.get_height() for bar in figure.axes[0].patches] == [15.0, 15.0, 15.0]
    figure.canvas.draw()  # a class name with $ is no mathematics
    many = choice(count=600, classes=300).pictures()["classes"][0].axes[0]
    assert many.get_xlabel() == "300 classes, sorted by their share"


def test_widgets_choose_again():
    some = choice()
    box = explorer.show(some, interactive=True)
    (method, k), shown = box.children[0].children, box.children[1]
    assert method.options == tuple(some.methods()) and (k.min, k.max, k.value) == (1, 60, 10)
    method.value = "random"
    assert some.method == "random" and len(some.indices) == 10
    k.value = 25
    assert (some.k, len(some.indices)) == (25, 25) and shown in box.children
    before = some.indices
    method.value = "feature_based"  # refuses values below 0, and the choice before it stays
    assert some.method == "random" and some.indices is before


def test_the_notebook_without_widgets(tmp_path):
    draw = np.random.default_rng(0)
    source = tmp_path / "vectors.npz"
    np.savez(source, embeddings=draw.normal(size=(40, 6)), labels=np.arange(40) % 4)
    done = papermill.execute_notebook(
        ROOT / "notebooks" / "12_your_own_data.ipynb",
        tmp_path / "done.ipynb",
        {"path": str(source), "k": 7, "method": "k_center", "figures": str(tmp_path), "progress": "none"},
        cwd=ROOT,
        progress_bar=False,
    )
    assert "jupyter.widget" not in nbformat.writes(done)
    assert sum("image/png" in output.get("data", {}) for cell in done.cells for output in cell.get("outputs", [])) == 2
    (folder,) = (tmp_path / "own").iterdir()
    indices, found = manifest.read(folder)
    assert len(indices) == 7 and found["run"]["method"] == "k_center" and found["about"]["source"] == str(source)
    pictures = {"classes.csv", "classes.png", "classes.pdf", "embeddings.png", "embeddings.pdf"}
    assert {file.name for file in folder.iterdir()} == pictures | {"selected.npy", "selected.json"}
