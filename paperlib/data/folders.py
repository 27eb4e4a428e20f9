"""Folders of images: which lie in them, and of which classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paperlib.data import image_files
from paperlib.data.checks import checked_dataset
from paperlib.data.dataset import DataError, Dataset
from paperlib.data.image_files import file_names, suffixes
from paperlib.data.sources import check_name, shown

_NO_FOLDER = {"__MACOSX"}  # what macOS puts into archives


@dataclass(frozen=True)
class Found:
    """The pictures in a folder, in the order of their classes and names."""

    files: list[Path]  # N
    labels: NDArray[np.int64] | None = None  # (N,), where there are class folders
    classes: tuple[str, ...] = ()  # the name of each label
    passed_over: tuple[tuple[Path, str], ...] = ()  # pairs (path, why)


def image_folders(root: Path) -> Dataset:
    """The data set in train/<class>/ and test/<class>/; see `paperlib.data.load`."""
    for split in ("train", "test"):
        if not (root / split).is_dir():
            raise DataError(f"{root}: no folder {split}/; expected {root / split}/<class>/ with images")
    train, test = find(root / "train"), find(root / "test")
    if train.labels is None or test.labels is None:
        raise DataError(f"{root}: images of no class; move them into train/<class>/ and test/<class>/")
    if differ := sorted(set(train.classes) ^ set(test.classes)):
        raise DataError(f"{root}: train/ and test/ need the same class folders; in only one of them: {differ}")
    files = [*train.files, *test.files]
    sizes, channels = image_files.sizes_and_channels(files, exact=True)
    for file, size in zip(files, sizes):
        if size != sizes[0]:
            raise DataError(
                f"{file}: {size[0]} × {size[1]} pixels, but {files[0]} has {sizes[0][0]} × {sizes[0][1]}; resize one"
            )
    x_train, x_test = (image_files.read(one.files, (*sizes[0], channels), square=False) for one in (train, test))
    return checked_dataset(root, root.resolve().name, x_train, train.labels, x_test, test.labels, train.classes)


def find(root: Path, leave_out: Path | None = None) -> Found:
    """The pictures in a folder: in class folders, or all of no class.

    The folders directly below the top are the classes, and pictures in folders below these belong to them. A folder
    that holds no pictures and only one folder of folders is passed through, as archives often have it. Hidden files and
    folders do not count, nor does the folder `leave_out`; what else is no picture is passed over, and named in the
    answer.

    Raises DataError for pictures beside class folders, for class folders without pictures, and for names that are not
    UTF-8: they could not be written down later.
    """
    top, beside = root, list[tuple[Path, str]]()
    while True:
        folders, files, passed = listed(top, leave_out)
        if files or len(folders) != 1:
            break
        inner = listed(folders[0], leave_out)
        if not inner[0] or inner[1]:
            break
        top = folders[0]
        beside += passed
    passed = beside + passed
    if folders and files:
        raise DataError(f"{shown(files[0])}: lies beside class folders; move it into one of them, or out of {top}")
    labels: list[int] = []
    for label, folder in enumerate(folders):
        below, others = _below(folder, leave_out)
        passed += others
        if not below:
            why = f", but {_some(others)}" if others else ""
            raise DataError(
                f"{shown(folder)}: no picture in this class folder{why}; add some or remove the folder. "
                f"Formats: {_formats()}"
            )
        files += below
        labels += [label] * len(below)
    if not files:
        why = f" (passed over: {_some(passed)})" if passed else ""
        raise DataError(f"{top}: neither class folders nor pictures in it{why}; formats: {_formats()}")
    for path in [*folders, *files]:
        check_name(path)
    return Found(files, np.array(labels) if folders else None, tuple(f.name for f in folders), tuple(passed))


def said_of(passed: Sequence[tuple[Path, str]]) -> str | None:
    """A sentence on what was passed over: how many, why, and the first names; None if nothing was."""
    if not passed:
        return None
    reasons: dict[str, list[Path]] = {}
    for path, why in passed:
        reasons.setdefault(why, []).append(path)
    parts = [f"{len(paths):,} ({why}): {file_names(paths)}" for why, paths in reasons.items()]
    return f"Passed over: {len(passed):,} in all. " + "; ".join(parts) + "."


def listed(folder: Path, leave_out: Path | None) -> tuple[list[Path], list[Path], list[tuple[Path, str]]]:
    """(folders, pictures, passed over) directly in a folder, each sorted; hidden ones and `leave_out` do not count."""
    folders: list[Path] = []
    files: list[Path] = []
    passed: list[tuple[Path, str]] = []
    try:
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise DataError(f"{shown(folder)}: cannot be read ({error.strerror or error}); allow reading it") from error
    for entry in entries:
        if entry.is_dir():
            if entry.name not in _NO_FOLDER and not (leave_out and entry.resolve() == leave_out.resolve()):
                folders.append(entry)
        elif not entry.is_file():
            passed.append((entry, "not a regular file"))
        elif entry.suffix.lower() in suffixes():
            files.append(entry)
        else:
            passed.append((entry, f"{entry.suffix.lower() or 'no ending'}: not a format that is read"))
    return folders, files, passed


def _below(folder: Path, leave_out: Path | None) -> tuple[list[Path], list[tuple[Path, str]]]:
    """(pictures, passed over) in a folder and below. A link to a folder is not followed: it may lead back."""
    folders, files, passed = listed(folder, leave_out)
    for inner in folders:
        if inner.is_symlink():
            passed.append((inner, "a link to a folder"))
            continue
        more, others = _below(inner, leave_out)
        files += more
        passed += others
    return files, passed


def _some(passed: Sequence[tuple[Path, str]]) -> str:
    return f"{len(passed):,}: {file_names(path for path, _ in passed)}"


def _formats() -> str:
    return " ".join(sorted(suffixes()))
