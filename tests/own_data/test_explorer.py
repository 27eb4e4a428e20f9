import matplotlib.pyplot as plt
import nbformat
import numpy as np
import papermill
import pytest

from paperlib import selection
from paperlib.own_data import explorer, loading, manifest, method_options
from paperlib.own_data.explorer import Choice

from ..conftest import ROOT


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def samples(count=60, classes=3, images=True, labels=True):
    draw = np.random.default_rng(0)
    return loading.Samples(
        "mine",
        images=draw.integers(0, 256, (count, 12, 12, 1), dtype=np.uint8) if images else None,
        embeddings=draw.normal(size=(count, 5)),
        labels=np.arange(count) % classes if labels else None,
        classes=tuple(f"${i}" for i in range(classes)) if labels else None,
    )


def choice(**options):
    found = samples(**options)
    return Choice(found, found.embeddings, None).choose("top_activations", 10)


def test_what_cannot_run_is_not_offered(monkeypatch):
    offered = choice().methods()
    assert list(offered) == list(selection.METHODS)
    assert [one.name for one in offered["feature_based"]] == ["from_lowest"] and offered["feature_based"][
        0
    ].default is True
    unlabelled = choice(labels=False).methods()
    need_labels = {name for name, method in selection.REGISTRY.items() if method.needs_labels}
    assert set(selection.METHODS) - set(unlabelled) == need_labels
    assert not {"quota_per_class", "by_class"} & {one.name for known in unlabelled.values() for one in known}
    for method in need_labels:
        with pytest.raises(ValueError, match="give labels"):
            selection.select(samples().embeddings, 3, method)
    monkeypatch.setattr(method_options, "find_spec", lambda name: None)
    assert set(offered) - set(choice().methods()) == {"facility_location", "feature_based"}


@pytest.mark.parametrize("labels", [True, False])
def test_everything_that_is_offered_runs(labels):
    some = choice(labels=labels)
    for method, known in some.methods().items():
        some.choose(method, 7, {one.name: one.default for one in known})
        assert len(set(some.indices.tolist())) == 7


def test_facility_location_is_not_offered_for_more_samples_than_it_has_memory_for():
    many = Choice(samples(), np.broadcast_to(np.float32(0), (30_000, 2)), None)
    assert "facility_location" not in many.methods() and "k_center" in many.methods()


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


def shown_by(box):
    """What the widgets show: method, k, options by name, and the message."""
    (method, k), fields, said, _ = box.children[0].children, *box.children[1:]
    return method.value, k.value, {field.description: field.value for field in fields.children}, said.value


def test_widgets_choose_again():
    some = choice()
    box = explorer.show(some, interactive=True)
    (method, k), fields = box.children[0].children, box.children[1]
    assert method.options == tuple(some.methods()) and (k.min, k.max, k.value) == (1, 60, 10)
    method.value = "random"
    assert some.method == "random" and len(some.indices) == 10 and fields.children == ()
    k.value = 25
    assert (some.k, len(some.indices)) == (25, 25)


def test_every_option_of_a_method_has_a_field():
    some = choice()
    box = explorer.show(some, interactive=True)
    method, fields = box.children[0].children[0], box.children[1]
    for name, known in some.methods().items():
        method.value = name
        assert [field.description for field in fields.children] == [one.name for one in known]
        assert shown_by(box) == (name, 10, {one.name: one.default for one in known}, "")
    method.value = "top_activations"
    kinds = {field.description: type(field).__name__ for field in fields.children}
    assert kinds["overlap"] == "Dropdown" and kinds["penalty"] == "FloatText" and kinds["pca"] == "Checkbox"
    next(field for field in fields.children if field.description == "penalty").value = 2.0
    expected = selection.select(some.embeddings, 10, penalty=2.0)
    assert np.array_equal(some.indices, expected) and some.options["penalty"] == 2.0
    method.value = "k_center"
    method.value = "top_activations"  # its options are as they were
    assert shown_by(box)[2]["penalty"] == 2.0 and np.array_equal(some.indices, expected)


def test_what_is_written_is_what_is_shown_also_after_a_method_refused(tmp_path):
    some = choice()
    box = explorer.show(some, interactive=True)
    method, fields = box.children[0].children[0], box.children[1]
    refusals = [("penalty", -1.0), ("overlap", "union")]
    for name, value in refusals:
        if name == "overlap":  # which quota_per_class does not go with
            next(field for field in fields.children if field.description == "quota_per_class").value = True
        before = some.indices
        next(field for field in fields.children if field.description == name).value = value
        shown = shown_by(box)
        assert shown[3].startswith("top_activations: ") and "Still chosen: mine, top_activations, 10 of 60" in shown[3]
        usual = {one.name: one.default for one in method_options.of("top_activations")}
        assert some.indices is before and shown[:3] == (some.method, some.k, usual | some.options)
        indices, found = manifest.read(some.save(tmp_path, "mine.npz"))
        assert np.array_equal(indices, before)
        assert (found["run"]["method"], found["run"]["k"], usual | found["run"]["options"]) == shown[:3]
    method.value = "k_center"
    assert shown_by(box)[0] == some.method == "k_center" and shown_by(box)[3] == ""


def test_counts_and_warnings():
    some = choice()
    some.indices = np.array([0, 3, 6])  # all of one class
    assert "$0 3 of 20, $1 0 of 20, $2 0 of 20" in some.describe()
    (warning,) = some.warnings()
    assert "2 of 3 classes lose all of their samples: $1, $2" in warning
    assert choice().choose("random_balanced", 9).warnings() == [] and choice(labels=False).warnings() == []
    many = choice(count=600, classes=300).choose("random", 30)
    assert "300 classes: 0 to" in many.counts() and "k is 30, less than the 300 classes" in many.warnings()[0]


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
    (folder,) = (path for path in (tmp_path / "own").iterdir() if path.name != "kept")
    indices, found = manifest.read(folder)
    assert len(indices) == 7 and found["run"]["method"] == "k_center" and found["about"]["source"] == str(source)
    pictures = {"classes.csv", "classes.png", "classes.pdf", "embeddings.png", "embeddings.pdf"}
    assert {file.name for file in folder.iterdir()} == pictures | {
        "selected.npy",
        "selected.json",
        "selected.csv",
        "README.md",
    }
