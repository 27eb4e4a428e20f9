"""CIFAR-10 as its authors publish it: an archive or a folder of six batches, pickled or binary."""

import gzip
import hashlib
import pickle
import tarfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from paperlib.data.checks import checked_dataset
from paperlib.data.dataset import DataError, Dataset
from paperlib.data.sources import SOURCES

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"

# Published MD5 digests of the pickled batches. Unpickling runs whatever a file says, so only these are unpickled.
BATCHES = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
_BINARY_RECORD = 1 + 3 * 32 * 32  # bytes: a label, then the red, green and blue planes
_BATCH_SIZE = 10_000  # images in an official batch
_LARGEST_BATCH = 40 << 20  # bytes; the official ones have 31 million
_LARGEST_ARCHIVE = 1 << 30  # bytes when unpacked; the official ones have 186 million


def downloaded() -> Dataset:
    """The official archive, downloaded once to Keras' cache. Raises DataError where that fails."""
    import keras

    try:
        archive = keras.utils.get_file("cifar-10-python.tar.gz", URL, file_hash=SHA256)
    except Exception as error:  # Keras raises a bare Exception when a download fails
        raise DataError(
            f"cifar10: downloading {URL} failed ({error}); fetch it elsewhere and give the path to the archive"
        ) from error
    return from_archive(Path(archive))


def from_archive(path: Path) -> Dataset:
    """The data set in the official archive, packed or not. Raises DataError for what is no such archive."""
    wanted = {batch + suffix for batch in BATCHES for suffix in ("", ".bin")}
    members = {}
    try:
        with open(path, "rb") as start:
            packed = start.read(2) == b"\x1f\x8b"
        with (
            gzip.open(path, "rb") if packed else open(path, "rb") as file,
            tarfile.open(fileobj=cast(Any, _InBlocks(file)), mode="r:") as archive,
        ):
            # Members are read where they are; nothing is extracted, so their paths need not be trusted.
            for member in archive:
                if member.offset_data + member.size > _LARGEST_ARCHIVE:
                    raise DataError(
                        f"{path}: unpacks to more than {_LARGEST_ARCHIVE >> 30} GiB, at {member.name[:100]!r}; "
                        "CIFAR-10 has a fifth of that: download it again"
                    )
                short = Path(member.name).name
                if short in wanted and (content := archive.extractfile(member) if member.isfile() else None):
                    _check_batch_size(path, short, member.size)
                    members[short] = content.read()
    except (tarfile.TarError, zlib.error, OSError, EOFError, ValueError, OverflowError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path}: damaged or no archive ({error}); download it again") from error
    return _from_batches(path, members, lambda content: content)


def from_folder(path: Path) -> Dataset:
    """The data set in the folder that the official archive extracts to. Raises DataError for what is none."""
    return _from_batches(path, {file.name: file for file in path.iterdir() if file.is_file()}, _batch_bytes)


class _InBlocks:
    """A file that hands out no block larger than a batch: what a header in an archive asks for may be any number."""

    def __init__(self, file: IO[bytes] | gzip.GzipFile) -> None:
        self._file = file
        self.seek, self.tell, self.close = file.seek, file.tell, file.close

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _LARGEST_BATCH:
            raise tarfile.ReadError(f"a block of {size:,} bytes")
        return self._file.read(size)


def _batch_bytes(path: Path) -> bytes:
    _check_batch_size(path.parent, path.name, path.stat().st_size)
    return path.read_bytes()


def _check_batch_size(path: Path, name: str, size: int) -> None:
    if size > _LARGEST_BATCH:
        raise DataError(f"{path}: {name} has {size:,} bytes, and the official one 31 million; download it again")


def _from_batches(path: Path, files: Mapping[str, Any], read: Callable[[Any], bytes]) -> Dataset:
    """The six batches among `files` (name -> what `read` turns into bytes), pickled or binary."""
    suffix = ".bin" if "test_batch.bin" in files or "data_batch_1.bin" in files else ""
    missing = [batch + suffix for batch in BATCHES if batch + suffix not in files]
    if missing:
        raise DataError(f"{path}: lacks {', '.join(missing)}; give {SOURCES}")
    decode = _binary_batch if suffix else _pickled_batch
    batches = {batch: decode(path, batch, read(files[batch + suffix])) for batch in BATCHES}
    x_test, y_test = batches.pop("test_batch")
    x_train, y_train = (np.concatenate(parts) for parts in zip(*batches.values()))
    return checked_dataset(path, "cifar10", x_train, y_train, x_test, y_test, CLASSES)


def _pickled_batch(path: Path, batch: str, content: bytes) -> tuple[np.ndarray, np.ndarray]:
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if digest != BATCHES[batch]:
        raise DataError(
            f"{path}: {batch} has MD5 {digest}, the published one is {BATCHES[batch]}; it was not unpickled. "
            "Download the archive again"
        )
    values = pickle.loads(content, encoding="bytes")
    return _planes_to_images(values[b"data"]), np.array(values[b"labels"])


def _binary_batch(path: Path, batch: str, content: bytes) -> tuple[np.ndarray, np.ndarray]:
    expected = _BATCH_SIZE * _BINARY_RECORD
    if len(content) != expected:
        raise DataError(f"{path}: {batch}.bin has {len(content):,} bytes instead of {expected:,}; download it again")
    records = np.frombuffer(content, np.uint8).reshape(-1, _BINARY_RECORD)
    return _planes_to_images(records[:, 1:]), records[:, 0].astype(np.int64)


def _planes_to_images(planes: np.ndarray) -> np.ndarray:
    return planes.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)  # (N, 3072) -> (N, 32, 32, 3)
