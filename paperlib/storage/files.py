"""Files that are written whole or not at all."""

import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

_SPARE_BYTES = 4 << 20  # more than any record takes
_PART = ".part"  # ends the name of a file that is being written


class FileError(OSError):
    """A file that cannot be written, or is not what was written; the message names it and the way out."""


def check_writable(folder: str | os.PathLike) -> None:
    """Find out whether a folder takes results: better before training than after. The folder is made.

    Raises
    ------
    FileError
        Where it does not.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_SPARE_BYTES))
            file.flush()
    except OSError as error:
        raise FileError(
            f"{folder}: results cannot be written there ({error.strerror or error}); free some space, allow writing, "
            "or choose another folder. Nothing was trained, and the records that exist are untouched"
        ) from error


def exists(path: str | os.PathLike) -> bool:
    """Whether a file is there.

    Raises
    ------
    FileError
        For a name that is taken by something else than a file, such as a link to nothing: no file could be written
        there, so this has to be known before training.
    """
    path = Path(path)
    if path.is_file():
        return True
    if os.path.lexists(path):
        raise FileError(f"{path}: {what_else(path)} has this name, not a file; remove it, or restore the file")
    return False


def what_else(path: Path) -> str:
    """What stands where a file should, in words."""
    if not os.path.lexists(path):
        return "nothing"
    if path.is_symlink() and not path.exists():
        return f"a link to nothing ({os.readlink(path)})"
    return "a folder" if path.is_dir() else "a pipe, socket or device"


@contextmanager
def replacing(path: str | os.PathLike, mark: str = "") -> Iterator[Path]:
    """A path to write to beside `path`, which takes its place when the block ends without an error.

    Parameters
    ----------
    path : path
        Of the file to write, or to replace.
    mark : str
        Begins the hidden name of what is being written, so that `remove_parts` finds what a killed process left.

    Raises
    ------
    OSError
        Where the file cannot be moved to its place.
    """
    path = Path(path)
    part = path.with_name(f".{mark}{secrets.token_hex(8)}{_PART}")  # nobody else's
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def remove_parts(folder: str | os.PathLike, mark: str, older_than: float = 0.0) -> None:
    """Remove what processes that were killed left in a folder while they were `replacing` files with this mark.

    older_than : seconds since something was last written to it; another process may be writing to what is younger.
    """
    for part in Path(folder).glob(f".{mark}*{_PART}"):
        if time.time() - part.stat().st_mtime >= older_than:
            part.unlink(missing_ok=True)


def reserve(file: BinaryIO, size: int) -> None:
    """Take room for a file on disk now, where the system can: writing to a mapped file on a full disk would end the
    process without a word. OSError where there is no room."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, size)


def write_text(path: str | os.PathLike, text: str) -> None:
    """Write text as UTF-8, in place of what was there."""
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8", newline="")


def write(path: str | os.PathLike, write_to: Callable[[BinaryIO], Any], *, replace: bool = False) -> bool:
    """Write a file, whole or not at all; one that exists stays as it is, unless `replace` says otherwise.

    Several processes may write to one folder. Of those that have the same file to write, the first succeeds and the
    others leave it as it is.

    Parameters
    ----------
    path : path
        Of the file.
    write_to : callable
        Writes the content to the open file that it is given.
    replace : bool
        Whether to write in place of a file that exists.

    Returns
    -------
    bool
        True if it was written, False if there was one.

    Raises
    ------
    FileError
        Where writing fails. The message then says where the content was saved instead.
    """
    path = Path(path)
    part = path.with_name(f".{secrets.token_hex(8)}{_PART}")
    try:
        if path.is_file() and not replace:
            return False
        try:
            _write_synced(part, write_to)
            if not replace:
                return _publish(part, path)
            os.replace(part, path)
            return True
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise FileError(f"{path}: cannot be written ({error.strerror or error}); {_rescue(path, write_to)}") from error


def _publish(part: Path, path: Path) -> bool:
    """Give a file that is whole its name, unless another process was faster."""
    try:
        os.link(part, path)  # fails if the name is taken, which `replace` does not
        return True
    except FileExistsError:
        if path.is_file():
            return False
        raise
    except OSError:  # some file systems have no links
        if path.is_file():
            return False
        os.replace(part, path)
        return True


def _write_synced(path: Path, write_to: Callable[[BinaryIO], Any]) -> None:
    with open(path, "xb") as file:
        write_to(file)
        file.flush()
        os.fsync(file.fileno())


def _rescue(path: Path, write_to: Callable[[BinaryIO], Any]) -> str:
    """Save what could not be written in the folder for temporary files, and say what to do with it."""
    try:
        rescued = Path(tempfile.mkdtemp(prefix="paperlib-")) / path.name
        _write_synced(rescued, write_to)
    except OSError as error:
        return f"neither can the folder for temporary files ({error.strerror or error}): free some space and run again"
    return f"it was saved as {rescued} instead: move it to {path.parent} once there is room"
