"""What was computed of samples and may be needed again, in a folder: decoded pictures, and embeddings.

Each array lies beside a record of what it was computed from, and of the SHA-256 of its file, which is compared whenever
it is read: what was altered is computed again.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paperlib.data.image_files import IN_MEMORY
from paperlib.storage import records
from paperlib.storage.digests import content_hash, file_digest
from paperlib.storage.files import FileError, remove_parts, replacing, reserve

FOLDER = "kept"  # beside the folders of choices
_ABANDONED = 86_400.0  # seconds without a write after which an unfinished file is taken for that of a killed process
_READER = 1  # raised when pictures are decoded differently


def pixels(
    folder: str | os.PathLike,
    state: Any,
    shape: tuple[int, ...],
    fill: Callable[[NDArray[np.uint8]], object],
) -> NDArray[np.uint8]:
    """Pictures uint8 (N, H, W, C) = `shape` as they were kept, or as `fill(out)` makes them; those are then kept.

    state: plain data that is equal as long as the files are.
    """
    run = {"pictures": content_hash(state), "shape": list(shape), "reader": _READER}  # short: files are many
    path = _path(folder, "pictures", run)
    found, _ = _kept(path, run)
    if found is not None:
        return found
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        remove_parts(folder, path.stem, older_than=_ABANDONED)
        with replacing(path, mark=path.stem) as part:
            out = np.lib.format.open_memmap(part, "w+", np.uint8, shape)
            with open(part, "r+b") as file:
                reserve(file, part.stat().st_size)
            fill(out)
            out.flush()
            del out
    except OSError as error:
        raise FileError(f"{path}: cannot be written ({error.strerror or error}); free some space") from error
    _note(path, run, {})
    return _loaded(path)


def embeddings(
    folder: str | os.PathLike, run: Mapping[str, Any], compute: Callable[[], tuple[NDArray, dict[str, Any]]]
) -> tuple[NDArray, dict[str, Any], bool]:
    """Embeddings float32 (N, n) as they were kept, or as `compute()` gives them; those are then kept.

    run: plain data that names what they are computed from. compute: -> (embeddings, plain data that is said of them).
    Returns (embeddings, what is said of them, True if they were kept already). Where they cannot be kept, a warning
    says so.
    """
    path = _path(folder, "embeddings", run)
    found, said = _kept(path, run)
    if found is not None:
        return found, said, True
    found, said = compute()
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with replacing(path) as part, open(part, "wb") as file:
            np.save(file, found)
        _note(path, run, said)
    except OSError as error:  # the choice can be made without
        warnings.warn(f"{path}: not kept ({error.strerror or error}); another choice computes it again", stacklevel=2)
    return found, said, False


def _path(folder: str | os.PathLike, kind: str, run: Mapping[str, Any]) -> Path:
    return Path(folder) / f"{kind}-{content_hash(run)}.npy"


def _note(path: Path, run: Mapping[str, Any], said: Mapping[str, Any]) -> None:
    note = path.with_suffix(".json")
    note.unlink(missing_ok=True)
    result = {"sha256": file_digest(path), "said": said}
    records.write(note, {"hash": content_hash(run), "run": run, "result": result})


def _kept(path: Path, run: Mapping[str, Any]) -> tuple[NDArray | None, Any]:
    """(array, what is said of it) at `path`, or (None, None) if it is not there, not whole, or of something else."""
    try:
        record = records.read(path.with_suffix(".json"))
        if record["run"] == run and file_digest(path) == record["result"]["sha256"]:
            return _loaded(path), record["result"]["said"]
    except (FileError, OSError, KeyError, TypeError, ValueError):
        pass  # to be computed again
    return None, None


def _loaded(path: Path) -> NDArray:
    large = path.stat().st_size > IN_MEMORY
    return np.load(path, mmap_mode="r" if large else None, allow_pickle=False)
