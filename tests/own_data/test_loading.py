import os

import numpy as np
import pytest
from PIL import Image

from paperlib.data import DataError
from paperlib.own_data import embedding, loading
from paperlib.own_data.loading import load


def draw(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def save_image(path, height, width, mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(draw(height, width, 3)).convert(mode).save(path)


def vectors(samples=6, size=4):
    return np.random.default_rng(0).normal(size=(samples, size)).astype(np.float32)


def saved(path, **arrays):
    np.savez(path, **arrays)
    return path


def test_digits_are_the_training_split(digits):
    samples = load("digits")
    assert np.array_equal(samples.images, digits.x_train) and np.array_equal(samples.labels, digits.y_train)
    assert samples.classes == digits.classes and samples.files is None and len(samples) == 1437
    assert samples.preparation == "taken as they are"


def test_npz_with_a_training_split_alone_or_with_a_test_split_too(tmp_path):
    images, labels = draw(6, 32, 32, 3), np.arange(6) % 2
    alone = load(saved(tmp_path / "mine.npz", x_train=images, y_train=labels))
    both = load(saved(tmp_path / "both.npz", x_train=images, y_train=labels, x_test=images[:1], y_test=labels[:1]))
    assert alone.name == "mine" and alone.classes == ("0", "1") and np.array_equal(alone.images, images)
    assert alone.labels.tolist() == labels.tolist() and alone.labels.dtype == np.int64
    assert alone.fingerprint == both.fingerprint
    assert load(saved(tmp_path / "other.npz", x_train=images, y_train=1 - labels)).fingerprint != alone.fingerprint


@pytest.mark.parametrize("key", ["x_train", "images", "arr_0"])
def test_images_alone(tmp_path, key):
    samples = load(saved(tmp_path / "grey.npz", **{key: draw(5, 28, 28)}))
    assert samples.images.shape == (5, 28, 28, 1) and samples.labels is None and samples.classes is None
    assert "No labels" in samples.describe() and "28 × 28, grey, taken as they are" in samples.describe()
    np.save(tmp_path / "grey.npy", draw(5, 28, 28))
    assert load(tmp_path / "grey.npy").fingerprint == samples.fingerprint


def test_labels_may_be_names_or_any_whole_numbers(tmp_path):
    images = draw(4, 8, 8)
    named = load(saved(tmp_path / "named.npz", images=images, labels=["b", "ä", "b", "c"]))
    assert named.classes == ("b", "c", "ä") and named.labels.tolist() == [0, 2, 0, 1]
    numbered = load(saved(tmp_path / "numbered.npz", images=images, labels=[[7], [-1], [7], [900]]))
    assert numbered.classes == ("-1", "7", "900") and numbered.labels.tolist() == [1, 0, 1, 2]
    assert load(saved(tmp_path / "bytes.npz", images=images, labels=[b"a", b"b"] * 2)).classes == ("a", "b")
    large = saved(tmp_path / "large.npz", images=images, labels=np.array([2**64 - 1, 0] * 2, np.uint64))
    with pytest.raises(DataError, match=f"labels has the label {2**64 - 1}; number the classes"):
        load(large)
    given = load(saved(tmp_path / "given.npz", images=images, labels=[0, 2, 0, 2], classes=["x", "y", "z"]))
    assert given.classes == ("x", "y", "z") and given.labels.tolist() == [0, 2, 0, 2]


@pytest.mark.parametrize("top", ["", "train"])
def test_class_folders_with_or_without_splits(tmp_path, top):
    for name in ("dög", "猫"):
        for i in range(2):
            save_image(tmp_path / "tiere ü" / top / name / f"{i} é.png", 12, 16)
    if top:
        save_image(tmp_path / "tiere ü" / "test" / "dög" / "0.png", 5, 5)
    samples = load(tmp_path / "tiere ü")
    assert samples.name == "tiere ü" and samples.classes == ("dög", "猫") and samples.labels.tolist() == [0, 0, 1, 1]
    assert samples.images.shape == (4, 12, 16, 3)
    assert samples.files[3] == (f"{top}/" if top else "") + "猫/1 é.png"
    assert np.array_equal(samples.images[3], Image.open(tmp_path / "tiere ü" / samples.files[3]))


def test_a_class_may_be_called_train(tmp_path):
    for name in ("bus", "car", "train"):
        save_image(tmp_path / name / "1.png", 32, 32)
    assert load(tmp_path).classes == ("bus", "car", "train")
    save_image(tmp_path / "val" / "1.png", 32, 32)
    save_image(tmp_path / "train" / "2.png", 32, 32)
    assert load(tmp_path).files == ("train/1.png", "train/2.png")  # beside another split it is one


def test_an_npz_under_another_name(tmp_path):
    path = saved(tmp_path / "a.npz", x=vectors()).rename(tmp_path / "a.npy")
    with pytest.raises(DataError, match="a.npy: damaged or no .npy array"):
        load(path)


def test_images_of_different_sizes_become_squares(tmp_path):
    save_image(tmp_path / "photos" / "b" / "tall.jpg", 90, 20)
    save_image(tmp_path / "photos" / "b" / "grey.png", 33, 47, "L")
    Image.new("RGB", (300, 100), "red").save(tmp_path / "photos" / "b" / "red.png")
    save_image(tmp_path / "photos" / "a" / "palette.PNG", 64, 64, "P")
    samples = load(tmp_path / "photos")
    assert samples.images.shape == (4, 20, 20, 3)
    assert samples.preparation == (
        "made from 33 × 47 to 100 × 300 by cutting to the square in the middle and scaling (image_size)"
    )
    assert (samples.images[samples.files.index("b/red.png")] == (255, 0, 0)).all()
    assert load(tmp_path / "photos", 40).images.shape == (4, 40, 40, 3)


def test_large_and_tiny_images_are_scaled(tmp_path):
    large = load(saved(tmp_path / "large.npz", images=draw(2, 100, 80, 3)))
    assert large.images.shape == (2, 64, 64, 3) and large.preparation.startswith("made from 100 × 80 by cutting")
    assert load(saved(tmp_path / "tiny.npz", images=draw(2, 5, 7))).images.shape == (2, 8, 8, 1)
    assert load(saved(tmp_path / "small.npz", images=draw(2, 8, 8))).preparation == "taken as they are"


def test_300_classes_of_one_image(tmp_path):
    for i in range(300):
        save_image(tmp_path / "many" / f"class {i:03}" / "only.png", 8, 8)
    samples = load(tmp_path / "many")
    assert len(samples.classes) == 300 and samples.labels.tolist() == list(range(300))


def test_a_folder_of_images_has_no_labels_and_hidden_files_do_not_count(tmp_path):
    for i in range(3):
        save_image(tmp_path / "flat" / f"{i}.jpeg", 9, 9)
    (tmp_path / "flat" / "._0.jpeg").write_bytes(b"not an image")
    (tmp_path / "flat" / ".cache").mkdir()
    samples = load(tmp_path / "flat")
    assert samples.labels is None and samples.files == ("0.jpeg", "1.jpeg", "2.jpeg")


def test_embeddings_with_and_without_labels_images_and_files(tmp_path):
    np.save(tmp_path / "plain.npy", vectors())
    plain = load(tmp_path / "plain.npy")
    assert np.array_equal(plain.embeddings, vectors()) and plain.images is None and len(plain) == 6
    assert plain.labels is None and "4 numbers each" in plain.describe()
    assert load(saved(tmp_path / "plain.npz", embeddings=vectors())).fingerprint == plain.fingerprint
    full = saved(
        tmp_path / "full.npz",
        embeddings=vectors(),
        images=draw(6, 8, 8),
        labels=np.arange(6) // 3,
        classes=["a", "b"],
        files=list("uvwxyz"),
    )
    samples = load(full)
    assert samples.images.shape == (6, 8, 8, 1) and samples.classes == ("a", "b") and samples.files == tuple("uvwxyz")
    assert embedding.plan(samples, 3) is None
    assert embedding.embed(samples, None, None).embeddings is samples.embeddings


NAN = vectors()
NAN[4, 1] = np.nan


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"embeddings": NAN}, "embedding 4 of embeddings has values that are NaN or infinite"),
        ({"embeddings": vectors(), "labels": np.arange(5)}, r"labels is int64 \(5,\); expected one integer label"),
        ({"embeddings": vectors(), "labels": ["a"] * 5}, r"labels is \(5,\); expected one for each of the 6"),
        ({"embeddings": vectors(), "labels": np.arange(6.0)}, "labels is float64"),
        ({"embeddings": vectors(), "labels": np.arange(6), "classes": ["a"]}, "from 0 to 5, but classes names 1"),
        ({"embeddings": vectors(), "images": draw(5, 8, 8)}, "5 images but 6 embeddings"),
        ({"embeddings": vectors(), "files": ["a"]}, r"files is \(1,\); expected a name for each of the 6 samples"),
        ({"embeddings": vectors(1)}, r"embeddings is \(1, 4\), of which nothing can be left out"),
        ({"embeddings": vectors()[:, :, None]}, r"embeddings is float32 \(6, 4, 1\); expected embeddings \(N, n\)"),
        ({"images": draw(0, 8, 8)}, r"images is \(0, 8, 8\), of which nothing can be left out"),
        ({"images": draw(4, 0, 8)}, "images without a pixel"),
        ({"embeddings": vectors(), "labels": [0, 1] * 3, "classes": ["a", "a"]}, "classes names 'a' more than once"),
        ({"images": draw(4, 8, 8).astype(float)}, "images is float64 .* expected uint8 images"),
        ({"x": draw(4, 8, 8), "y": np.arange(4)}, "holds x, y; expected x_train or embeddings"),
        ({"images": np.array([{}, {}])}, "damaged or no .npz archive"),
    ],
)
def test_bad_arrays(tmp_path, arrays, message):
    path = saved(tmp_path / "bad.npz", **arrays)
    with pytest.raises(DataError, match=message) as caught:
        load(path)
    assert str(path) in str(caught.value)


def test_bad_folders(tmp_path):
    root = tmp_path / "photos"
    save_image(root / "a" / "0.png", 9, 9)
    with pytest.raises(DataError, match="0.png: the only image in .*photos, so that nothing can be left out"):
        load(root)
    save_image(root / "b" / "0.png", 9, 9)
    assert len(load(root)) == 2
    for content in (b"no image", (root / "b" / "0.png").read_bytes()[:90], b""):
        (root / "b" / "brökén.png").write_bytes(content)
        with pytest.raises(DataError, match="brökén.png: cannot be read as an image .* replace or remove it"):
            load(root)
    (root / "b" / "brökén.png").unlink()
    Image.fromarray(np.full((9, 9), 3_000, np.uint16)).save(root / "b" / "deep.png")
    with pytest.raises(DataError, match="deep.png: .*more than 8 bits"):
        load(root)
    (root / "b" / "deep.png").unlink()
    save_image(root / "stray.jpg", 9, 9)
    with pytest.raises(DataError, match="stray.jpg: lies beside class folders; move it"):
        load(root)
    with pytest.raises(DataError, match="stray.jpg: a single image"):
        load(root / "stray.jpg")
    (root / "stray.jpg").unlink()
    (root / "c").mkdir()
    with pytest.raises(DataError, match="c: no picture in this class folder"):
        load(root)
    with pytest.raises(DataError, match="c: neither class folders nor pictures in it"):
        load(root / "c")


def test_unknown_sources(tmp_path):
    (tmp_path / "table.xls").write_text("1,2")
    (tmp_path / "cut.npy").write_bytes(b"\x93NUMPY")
    os.mkfifo(tmp_path / "pipe")
    for source, message in (
        (tmp_path / "table.xls", "table.xls: cannot tell what this is; give a folder of class folders"),
        (tmp_path / "cut.npy", "cut.npy: damaged or no .npy array"),
        (tmp_path / "nowhere", "nowhere: no such file or folder"),
        (3, "3 is a int, not a name or a path"),
        ("", "the path is empty"),
        ("~nosuchuser/x", "~nosuchuser/x: cannot be a path here"),
        ("x" * 5_000, r"5,000 characters\): cannot be a path here"),
        (tmp_path / "pipe", "pipe: a pipe, not a file"),
    ):
        with pytest.raises(DataError, match=message):
            load(source)
    with pytest.raises(DataError, match="image_size is 5: give at least 8"):
        load("digits", image_size=5)
    with pytest.raises(DataError, match="image_size is '32': give a whole number"):
        load("digits", image_size="32")


def test_k():
    samples = loading.Samples("mine", embeddings=vectors(100))
    assert loading.samples_to_keep(samples, 0) == 9 and loading.samples_to_keep(samples, 100) == 100
    for k, count in ((0.1, 10), ("10%", 10), ("7.5 %", 8), ("0.5", 50), ("25", 25), ("100%", 100), (".004", 1)):
        assert loading.samples_to_keep(samples, k) == count
    for k in (-1, 101, 1.0, 1.5, True, "ten", "101%", "0%", "", None, float("nan")):
        with pytest.raises(ValueError, match=f"k is .*{k}.*: .*give 1 to 100"):
            loading.samples_to_keep(samples, k)
