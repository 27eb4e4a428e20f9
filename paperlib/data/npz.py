"""NumPy archives: no more is read than fits into memory, and nothing that they say is run."""

import math
import os
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import IO

import numpy as np

from paperlib.data import cifar10
from paperlib.data.checks import check_images, check_labels, checked_dataset
from paperlib.data.dataset import DataError, Dataset

_LONGEST_NAME = 1_000  # characters of a class


def npz_dataset(path: Path) -> Dataset:
    """The data set in an .npz; see `paperlib.data.load`."""
    arrays = NpzArrays(path)
    needed = ("x_train", "y_train", "x_test", "y_test")
    if missing := sorted(set(needed) - set(arrays)):
        raise DataError(f"{path}: lacks {', '.join(missing)}; it holds {', '.join(sorted(arrays)) or 'nothing'}")
    # What the headers say is checked before anything is read: it could be large.
    heads = {key: arrays.header(key) for key in needed}
    for split in ("train", "test"):
        check_images(path, f"x_{split}", *heads[f"x_{split}"])
        count = heads[f"x_{split}"][1][0]
        check_labels(path, f"y_{split}", *heads[f"y_{split}"], f"{count} images of x_{split}", count)
    trained = heads["x_train"][1][0]
    classes: np.ndarray | Sequence[str] | None = None
    if "classes" in arrays:
        dtype, shape = arrays.header("classes")
        if dtype.kind not in "USiu" or len(shape) != 1 or dtype.itemsize > 4 * _LONGEST_NAME:
            raise DataError(
                f"{path}: classes is {dtype} {shape}; expected a list of names of up to {_LONGEST_NAME:,} characters"
            )
        if shape[0] > trained:
            raise DataError(f"{path}: {shape[0]:,} classes, but {trained:,} images in train, so some class has none")
        classes = arrays["classes"]
    elif _is_cifar10(path.stem, arrays):
        classes = cifar10.CLASSES
    x_train, y_train, x_test, y_test = (arrays[key] for key in needed)
    return checked_dataset(path, path.stem, x_train, y_train, x_test, y_test, classes)


def _is_cifar10(name: str, arrays: "NpzArrays") -> bool:
    """Whether an .npz without class names holds CIFAR-10: it is called so, and has its images' numbers and sizes."""
    shapes = [arrays.header(key)[1] for key in ("x_train", "x_test")]
    return name.split("-")[0] == "cifar10" and shapes == [(50_000, 32, 32, 3), (10_000, 32, 32, 3)]


class NpzArrays(Mapping):
    """The arrays of an .npz file by name, each of which is read when it is asked for.

    Its header is looked at before: it has to be of numbers or text, as large as its file says, and to fit into memory.
    """

    def __init__(self, path: str | PathLike) -> None:
        self._path = Path(path)
        with self._archive() as archive:
            members = archive.infolist()
        self._members = {info.filename.removesuffix(".npy"): info for info in members if info.filename.endswith(".npy")}

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, key: object) -> bool:
        return key in self._members

    def header(self, key: str) -> tuple[np.dtype, tuple[int, ...]]:
        """The type and the shape of an array, of which no more is read."""
        member = self._members[key]
        with self._archive() as archive, archive.open(member) as file:
            return self._checked_header(key, file)

    def __getitem__(self, key: str) -> np.ndarray:
        member = self._members[key]
        with self._archive() as archive:
            with archive.open(member) as file:
                self._checked_header(key, file)
            with archive.open(member) as file:
                array = np.lib.format.read_array(file, allow_pickle=False)
                file.read(1)  # of nothing, but now the checksum is looked at
        return array

    def _checked_header(self, key: str, file: IO[bytes]) -> tuple[np.dtype, tuple[int, ...]]:
        version = np.lib.format.read_magic(file)
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"{key} is of version {version} of the .npy format, which numbers and text do not need")
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file)
        if dtype.hasobject:
            raise ValueError(f"{key} holds pickled objects; they are not read, for that would run what the file says")
        if min(shape, default=0) < 0:
            raise ValueError(f"{key} has the shape {shape}")
        declared, there = math.prod(shape) * dtype.itemsize, self._members[key].file_size - file.tell()
        if declared != there:
            raise ValueError(f"{key} declares {dtype} {shape}, which are {declared:,} bytes, but has {there:,}")
        available = _available_memory()
        if declared > available:
            raise DataError(
                f"{self._path}: {key} is {dtype} {shape}, which takes {declared / 2**30:,.1f} GiB of memory, and "
                f"{available / 2**30:,.1f} GiB are available; give fewer samples"
            )
        return dtype, shape

    @contextmanager
    def _archive(self) -> Iterator[zipfile.ZipFile]:
        try:
            with zipfile.ZipFile(self._path) as archive:
                yield archive
        except DataError:
            raise
        except Exception as error:  # what a foreign header, an encrypted member or a broken stream lead to has no end
            reason = str(error).partition("\n")[0][:200] or type(error).__name__
            raise DataError(f"{self._path}: damaged or no .npz archive ({reason}); write or copy it again") from error


def _available_memory() -> float:
    """Bytes that are available; all that there are where psutil is not installed, which selecting does without."""
    try:
        import psutil
    except ImportError:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else math.inf
    return psutil.virtual_memory().available
