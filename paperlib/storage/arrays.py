"""Arrays on disk, with digests that show whether they were altered."""

import os
import warnings
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np

from paperlib.storage import files
from paperlib.storage.digests import array_digest, file_digest
from paperlib.storage.files import FileError, what_else

_DIGEST_BYTES = 32  # of a SHA-256, behind a sealed array


def write(path: str | os.PathLike, array: np.ndarray, *, replace: bool = False) -> bool:
    """Write one array to an .npy file, as `paperlib.storage.files.write` does."""
    return files.write(path, lambda file: np.save(file, array), replace=replace)


def write_sealed(path: str | os.PathLike, array: np.ndarray, *, replace: bool = False) -> bool:
    """Write one array to an .npy file, as `write` does, with a digest for `read_sealed`.

    The digest is the last 32 bytes of the file, behind the array; `numpy.load` ignores them.
    """

    def write_to(file: BinaryIO) -> None:
        np.save(file, array)
        file.write(array_digest(np.asarray(array)))

    return files.write(path, write_to, replace=replace)


def read_sealed(path: str | os.PathLike) -> np.ndarray:
    """An array that `write_sealed` wrote, mapped into memory and read-only.

    Raises
    ------
    FileError
        For a file that is missing, truncated, foreign or altered.
    """
    path = Path(path)
    try:
        if not path.is_file():
            raise ValueError(f"{what_else(path)}, not a file")
        with open(path, "rb") as file:
            file.seek(-min(_DIGEST_BYTES, path.stat().st_size), os.SEEK_END)
            stated = file.read()
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        if not isinstance(array, np.ndarray) or array_digest(array) != stated:
            raise ValueError("its content does not have the digest that it was written with")
    except (OSError, ValueError, EOFError, SyntaxError, zipfile.BadZipFile) as error:
        raise FileError(
            f"{path}: not the array that was saved here ({error}); delete it, and it is computed again"
        ) from error
    return array


def kept(path: str | os.PathLike, make: Callable[[], np.ndarray]) -> np.ndarray:
    """An array that is computed once, and read from then on.

    Parameters
    ----------
    path : path
        Of the .npy file.
    make : callable
        Computes the array where the file is missing or damaged. A damaged file raises a warning and is replaced.

    Returns
    -------
    array
        As `make` returned it, or mapped from the file.

    Raises
    ------
    FileError
        Where it cannot be written.
    """
    path = Path(path)
    if os.path.lexists(path):
        try:
            return read_sealed(path)
        except FileError as error:
            warnings.warn(f"{str(error).split('; delete it')[0]}; it is computed again", stacklevel=2)
    array = make()
    write_sealed(path, array, replace=True)
    return array


def write_several(path: str | os.PathLike, arrays: Mapping[str, np.ndarray], *, replace: bool = False) -> bool:
    """Write a dict of arrays to an .npz file, as `write` does."""
    return files.write(path, lambda file: np.savez(file, **arrays), replace=replace)  # type: ignore[arg-type]


def read_several(path: str | os.PathLike, digest: str) -> list[np.ndarray]:
    """The arrays of an .npz file, in the order in which they were written.

    Parameters
    ----------
    path : path
        Of the file.
    digest : str
        The SHA-256 that it must have (`paperlib.storage.digests.file_digest`), in hexadecimal digits.

    Raises
    ------
    FileError
        For a file that is missing or has another digest.
    """
    path = Path(path)
    way_out = "restore it, or delete it together with its record and run again"
    try:
        found = file_digest(path)
        if found != digest:
            raise FileError(
                f"{path}: not what its record was written with: its SHA-256 is {found[:12]}…, not {digest[:12]}…; "
                f"{way_out}"
            )
        with np.load(path, allow_pickle=False) as saved:
            return [saved[name] for name in saved.files]
    except FileError:
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise FileError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error}); {way_out}") from error
