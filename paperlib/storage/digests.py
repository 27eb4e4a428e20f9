"""Digests: they name plain data by its content, and show whether a file was altered."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

_BLOCK = 1 << 20  # bytes of a file that are held at a time


def content_hash(content: Any) -> str:
    """Name plain data by its content.

    Parameters
    ----------
    content : dict, list, str, int, float, bool or None
        Anything that JSON can say.

    Returns
    -------
    str
        12 hexadecimal digits, the first of its `content_digest`.
    """
    return content_digest(content)[:12]


def content_digest(content: Any) -> str:
    """The SHA-256 of plain data as JSON with sorted keys, in 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def array_digest(array: np.ndarray) -> bytes:
    """The SHA-256 of an array's dtype, shape and values, whatever their order in memory: 32 bytes."""
    digest = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    digest.update(np.ascontiguousarray(array))  # type: ignore[arg-type]
    return digest.digest()


def file_digest(path: str | os.PathLike) -> str:
    """The SHA-256 of a file, in 64 hexadecimal digits.

    Raises
    ------
    OSError
        Where the file is missing or cannot be read.
    """
    with open(path, "rb") as file:
        digest = hashlib.sha256()
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def overall_digest(root: str | os.PathLike, folders: Iterable[str]) -> tuple[str, int]:
    """One digest for all JSON files of several folders.

    It is what `cd ROOT && LC_ALL=C sha256sum FOLDER/*.json … | sha256sum` prints, with the folders in sorted order, so
    nobody needs this package to compute it.

    Parameters
    ----------
    root : path
        Where the folders are.
    folders : iterable of str
        Their paths from there, such as ``cpu/records``.

    Returns
    -------
    digest : str
        64 hexadecimal digits.
    count : int
        The number of files.
    """
    files = [path for folder in sorted(folders) for path in sorted((Path(root) / folder).glob("*.json"))]
    lines = [f"{file_digest(path)}  {path.relative_to(root).as_posix()}\n" for path in files]
    return hashlib.sha256("".join(lines).encode()).hexdigest(), len(lines)
