import io
import pickle
import tarfile

import numpy as np
import pytest
from PIL import Image

from paperlib import data
from paperlib.data import DataError, load


def arrays(train=12, test=6, classes=3, shape=(8, 8, 3)):
    draw = np.random.default_rng(0)
    return {
        "x_train": draw.integers(0, 256, (train, *shape), dtype=np.uint8),
        "y_train": np.arange(train) % classes,
        "x_test": draw.integers(0, 256, (test, *shape), dtype=np.uint8),
        "y_test": np.arange(test) % classes,
    }


def saved(path, **changes):
    np.savez(path, **{key: value for key, value in {**arrays(), **changes}.items() if value is not None})
    return path


def test_digits(digits):
    assert digits.name == "digits"
    assert digits.x_train.shape == (1437, 32, 32, 3) and digits.x_test.shape == (360, 32, 32, 3)
    assert digits.x_train.dtype == np.uint8 and digits.x_train.max() == 255
    assert digits.y_train.dtype == np.int64 and len(digits.classes) == 10
    assert np.bincount(digits.y_test).min() >= 34  # stratified
    assert digits.fingerprint == load("digits").fingerprint == "d79af457052facbd"
    assert not digits.x_train[:, :4].any() and not digits.x_train[:, :, -4:].any()  # the centre crop loses nothing


def test_npz(tmp_path):
    dataset = load(saved(tmp_path / "mine.npz", y_train=np.arange(12).reshape(12, 1) % 3))
    assert dataset.name == "mine" and dataset.classes == ("0", "1", "2")
    assert dataset.y_train.shape == (12,) and dataset.y_train.dtype == np.int64
    assert load(saved(tmp_path / "named.npz", classes=["a", "b", "c"])).classes == ("a", "b", "c")
    assert load(str(saved(tmp_path / "again.npz"))).fingerprint == load(saved(tmp_path / "mine.npz")).fingerprint


def test_grey_images_without_a_channel_axis(tmp_path):
    grey = arrays(shape=(8, 8))
    assert load(saved(tmp_path / "grey.npz", **grey)).x_train.shape == (12, 8, 8, 1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_test": None}, "lacks x_test; it holds x_train, y_test, y_train"),
        ({"x_train": np.zeros((12, 8, 8, 3))}, r"x_train is float64 \(12, 8, 8, 3\); expected uint8 images"),
        ({"x_train": np.zeros((12, 3, 8, 8), np.uint8)}, "channels last"),
        ({"x_train": np.zeros((12, 8), np.uint8)}, r"\(12, 8\)"),
        ({"y_train": np.zeros(11, int)}, r"y_train is int64 \(11,\); expected one integer label for each of the 12"),
        ({"y_train": np.zeros(12)}, "y_train is float64"),
        ({"y_test": np.array([0, 1, 2, 0, 1, -1])}, "labels from -1 to 2; expected 0 to 2"),
        ({"classes": ["a", "b"]}, "labels from 0 to 2; expected 0 to 1"),
        ({"y_test": np.array([0, 1, 0, 1, 0, 1])}, "no test image of class '2'"),
        ({"classes": ["a", "b", "c", "d"]}, "no train image of class 'd'"),
        ({"x_test": np.zeros((6, 9, 9, 3), np.uint8)}, r"images of \(8, 8, 3\) in train but of \(9, 9, 3\) in test"),
        ({"x_test": np.zeros((0, 8, 8, 3), np.uint8), "y_test": np.zeros(0, int)}, "x_test is empty"),
        ({"y_train": np.zeros(12, int), "y_test": np.zeros(6, int)}, "only one class"),
        ({"x_train": np.array([{}] * 12)}, "damaged or no .npz archive .*allow_pickle"),
    ],
)
def test_bad_npz(tmp_path, changes, message):
    path = saved(tmp_path / "bad.npz", **changes)
    with pytest.raises(DataError, match=message) as caught:
        load(path)
    assert str(path) in str(caught.value)


def test_truncated_or_foreign_files(tmp_path):
    whole = saved(tmp_path / "whole.npz").read_bytes()
    for name, content in (("cut.npz", whole[: len(whole) // 2]), ("text.npz", b"no archive"), ("empty.npz", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=f"{name}: damaged or no .npz archive"):
            load(tmp_path / name)
    np.savez_compressed(tmp_path / "packed.npz", **arrays(train=300))
    packed = bytearray((tmp_path / "packed.npz").read_bytes())
    packed[2_000:3_000] = bytes(1_000)  # in the middle of the compressed images
    (tmp_path / "packed.npz").write_bytes(packed)
    with pytest.raises(DataError, match="packed.npz: damaged or no .npz archive"):
        load(tmp_path / "packed.npz")
    (tmp_path / "image.bmp").write_bytes(b"BM")
    with pytest.raises(DataError, match="cannot tell what this is"):
        load(tmp_path / "image.bmp")
    with pytest.raises(DataError, match="no such file or folder, and no data set of that name"):
        load("imagenet")
    with pytest.raises(DataError, match="None is a NoneType, not a name or a path"):
        load(None)


@pytest.fixture
def folders(tmp_path):
    root = tmp_path / "animals"
    draw = np.random.default_rng(0)
    for split in ("train", "test"):
        for name in ("cat", "dög"):
            (root / split / name).mkdir(parents=True)
            for i in range(3):
                pixels = draw.integers(0, 256, (8, 8, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(root / split / name / f"{i}.png")
    return root


def test_image_folders(folders):
    dataset = load(folders)
    assert dataset.name == "animals" and dataset.classes == ("cat", "dög")
    assert dataset.x_train.shape == (6, 8, 8, 3) and dataset.y_train.tolist() == [0, 0, 0, 1, 1, 1]
    assert np.array_equal(dataset.x_test[5], np.asarray(Image.open(folders / "test" / "dög" / "2.png")))


def test_bad_image_folders(folders):
    broken = folders / "train" / "cat" / "3.jpg"
    broken.write_bytes(b"no image")
    with pytest.raises(DataError, match="3.jpg: cannot be read as an image"):
        load(folders)
    Image.new("RGB", (9, 9)).save(broken)
    with pytest.raises(DataError, match=r"3.jpg: \(9, 9, 3\), but the images before it are \(8, 8, 3\)"):
        load(folders)
    broken.unlink()
    truncated = folders / "train" / "cat" / "0.png"
    truncated.write_bytes(truncated.read_bytes()[:60])
    with pytest.raises(DataError, match="0.png: cannot be read as an image"):
        load(folders)
    for file in (folders / "train" / "cat").iterdir():
        file.unlink()
    with pytest.raises(DataError, match="cat: no .png or .jpg image in this class folder"):
        load(folders)
    (folders / "train" / "cat").rmdir()
    with pytest.raises(DataError, match=r"in only one of them: \['cat'\]"):
        load(folders)
    for folder in sorted((folders / "test").rglob("*"), reverse=True):
        folder.unlink() if folder.is_file() else folder.rmdir()
    (folders / "test").rmdir()
    with pytest.raises(DataError, match="no folder test/"):
        load(folders)


def planes():
    return np.random.default_rng(0).integers(0, 256, (10_000, 3_072), dtype=np.uint8)


def check_official(dataset, images):
    assert dataset.name == "cifar10" and dataset.classes[:2] == ("airplane", "automobile")
    assert dataset.x_train.shape == (50_000, 32, 32, 3) and dataset.x_test.shape == (10_000, 32, 32, 3)
    assert dataset.x_train[0, 2, 5].tolist() == images[0, [2 * 32 + 5, 1_024 + 2 * 32 + 5, 2_048 + 2 * 32 + 5]].tolist()
    assert np.array_equal(dataset.y_test, np.arange(10_000) % 10)


def test_official_binary_folder_and_archive(tmp_path):
    images = planes()
    batch = np.hstack([(np.arange(10_000) % 10).astype(np.uint8)[:, None], images]).tobytes()
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    for name in data.CIFAR10_BATCHES:
        (folder / f"{name}.bin").write_bytes(batch)
    check_official(load(folder), images)
    archive = tmp_path / "cifar-10-binary.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        tar.add(folder, "cifar-10-batches-bin")
    check_official(load(archive), images)
    (folder / "data_batch_3.bin").write_bytes(batch[:-1])
    with pytest.raises(DataError, match="data_batch_3.bin has 30,729,999 bytes instead of 30,730,000"):
        load(folder)
    (folder / "data_batch_3.bin").unlink()
    with pytest.raises(DataError, match="lacks data_batch_3.bin"):
        load(folder)
    archive.write_bytes(archive.read_bytes()[:1_000_000])
    with pytest.raises(DataError, match="damaged or no archive"):
        load(archive)


class Planted:
    """What an attacker would pickle."""

    def __reduce__(self):
        return (pytest.fail, ("a batch was unpickled without its published digest",))


def test_pickled_batches_are_read_only_with_the_published_digest(tmp_path, monkeypatch):
    images = planes()
    content = pickle.dumps({b"data": images, b"labels": (np.arange(10_000) % 10).tolist()})
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for name in data.CIFAR10_BATCHES:
        (folder / name).write_bytes(content)
    with pytest.raises(DataError, match="data_batch_1 has MD5 .* the published one is c99cafc152244af753f735de768cd75f"):
        load(folder)
    digest = data.hashlib.md5(content).hexdigest()
    monkeypatch.setattr(data, "CIFAR10_BATCHES", dict.fromkeys(data.CIFAR10_BATCHES, digest))
    check_official(load(folder), images)
    (folder / "test_batch").write_bytes(pickle.dumps(Planted()))
    with pytest.raises(DataError, match="test_batch has MD5 .* it was not unpickled"):
        load(folder)


def test_planted_pickles_in_an_archive_are_not_run(tmp_path):
    archive = tmp_path / "cifar-10-python.tar.gz"
    planted = pickle.dumps(Planted())
    with tarfile.open(archive, "w:gz") as tar:
        for name in data.CIFAR10_BATCHES:
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(planted)
            tar.addfile(member, io.BytesIO(planted))
    with pytest.raises(DataError, match="was not unpickled"):
        load(archive)


def test_cifar10_without_a_network_says_what_to_do(monkeypatch):
    import keras

    def refuse(*arguments, **options):
        raise Exception("URL fetch failure: no network")

    monkeypatch.setattr(keras.utils, "get_file", refuse)
    with pytest.raises(DataError, match="fetch it elsewhere and give the path to the archive"):
        load("cifar10")


def test_the_jpeg_copy_of_cifar10(cifar10_npz):
    dataset = load(cifar10_npz)
    assert dataset.name == "cifar10-jpeg" and dataset.classes[9] == "truck"
    assert dataset.x_train.shape == (50_000, 32, 32, 3) and dataset.x_test.shape == (10_000, 32, 32, 3)
    assert set(np.bincount(dataset.y_train)) == {5_000} and set(np.bincount(dataset.y_test)) == {1_000}
    assert dataset.fingerprint == "17c4c3d919590a41"  # that of the committed records
