import hashlib
import io
import pickle
import tarfile

import numpy as np
import pytest

from paperlib.data import DataError, cifar10, load


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
    for name in cifar10.BATCHES:
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
    for name in cifar10.BATCHES:
        (folder / name).write_bytes(content)
    with pytest.raises(
        DataError, match="data_batch_1 has MD5 .* the published one is c99cafc152244af753f735de768cd75f"
    ):
        load(folder)
    digest = hashlib.md5(content).hexdigest()
    monkeypatch.setattr(cifar10, "BATCHES", dict.fromkeys(cifar10.BATCHES, digest))
    check_official(load(folder), images)
    (folder / "test_batch").write_bytes(pickle.dumps(Planted()))
    with pytest.raises(DataError, match="test_batch has MD5 .* it was not unpickled"):
        load(folder)


def test_planted_pickles_in_an_archive_are_not_run(tmp_path):
    archive = tmp_path / "cifar-10-python.tar.gz"
    planted = pickle.dumps(Planted())
    with tarfile.open(archive, "w:gz") as tar:
        for name in cifar10.BATCHES:
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
