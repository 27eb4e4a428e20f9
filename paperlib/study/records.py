"""Records on disk: what was run and what came out, one JSON file each, written once and whole."""

import hashlib
import json
import os
import re
import secrets
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

_SPARE_BYTES = 4 << 20  # more than any record takes
_LARGEST_BYTES = 64 << 20  # a file that is larger is no record
_PART = ".part"  # ends the name of a file that is being written

_NAMED = re.compile(r"-([0-9a-f]{12})\.json$")  # the name of a run's record ends in its hash
# What the result of each kind of run holds at least.
_RESULTS = {
    "AutoencoderRun": ("test",),
    "Run": ("phases", "test"),
    "SelectionRun": ("size", "indices"),
}
_DIGEST_BYTES = 32  # of a SHA-256, behind a sealed array


class DataSet(NamedTuple):
    """What records say of the data set that they were made on: all that `plans` need, without the samples."""

    name: str
    fingerprint: str


class RecordError(OSError):
    """A record that cannot be written or read; the message names the file and the way out."""


def content_hash(content: Any) -> str:
    """Name plain data by its content.

    Parameters
    ----------
    content : dict, list, str, int, float, bool or None
        Anything that JSON can say.

    Returns
    -------
    str
        12 hexadecimal digits.
    """
    return _digest(content)[:12]


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def file_digest(path: str | os.PathLike) -> str:
    """The SHA-256 of a file, in hexadecimal digits.

    Raises
    ------
    OSError
        Where the file is missing or cannot be read.
    """
    with open(path, "rb") as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def overall_digest(root: str | os.PathLike, folders: Iterable[str]) -> tuple[str, int]:
    """One digest for all records of several folders.

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
        The number of records.
    """
    files = [path for folder in sorted(folders) for path in sorted((Path(root) / folder).glob("*.json"))]
    lines = [f"{file_digest(path)}  {path.relative_to(root).as_posix()}\n" for path in files]
    return hashlib.sha256("".join(lines).encode()).hexdigest(), len(lines)


def check_writable(folder: str | os.PathLike) -> None:
    """Find out whether a folder takes a record: better before training than after. The folder is made.

    Raises
    ------
    RecordError
        Where it does not.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_SPARE_BYTES))
            file.flush()
    except OSError as error:
        raise RecordError(
            f"{folder}: results cannot be written there ({error.strerror or error}); free some space, allow writing, "
            "or choose another folder. Nothing was trained, and the records that exist are untouched"
        ) from error


def exists(path: str | os.PathLike) -> bool:
    """Whether a record or an array is there.

    Raises
    ------
    RecordError
        For a name that is taken by something else than a file, such as a link to nothing: a record could not be
        written there, so this has to be known before training.
    """
    path = Path(path)
    if path.is_file():
        return True
    if os.path.lexists(path):
        raise RecordError(f"{path}: {_what_else(path)} has this name, not a file; remove it, or restore the record")
    return False


def write(path: str | os.PathLike, record: Mapping[str, Any]) -> bool:
    """Write a record with its digest, all of it or nothing; one that exists stays as it is.

    Several processes may write to one folder. Of those that have the same record to write, the first succeeds and the
    others leave it as it is.

    Parameters
    ----------
    path : path
        Of the JSON file.
    record : dict
        Plain data. A section is one line of the file, which makes differences readable.

    Returns
    -------
    bool
        True if it was written, False if there was one.

    Raises
    ------
    RecordError
        Where writing fails. The message then says where the record was saved instead.
    """
    record = {**record, "digest": _digest(record)}
    sections = ",\n".join(f"{json.dumps(name)}: {json.dumps(section)}" for name, section in record.items())
    return _write_once(path, lambda file: file.write(f"{{\n{sections}\n}}\n".encode()))


def write_arrays(path: str | os.PathLike, arrays: Mapping[str, np.ndarray]) -> bool:
    """Write a dict of arrays to an .npz file, as `write` does."""
    return _write_once(path, lambda file: np.savez(file, **arrays))  # type: ignore[arg-type]


def write_array(path: str | os.PathLike, array: np.ndarray) -> bool:
    """Write one array to an .npy file, as `write` does."""
    return _write_once(path, lambda file: np.save(file, array))


def write_sealed(path: str | os.PathLike, array: np.ndarray) -> bool:
    """Write one array to an .npy file, as `write` does, with a digest for `read_sealed`.

    The digest are the last 32 bytes of the file. They stand behind the array, where `numpy.load` does not look.
    """

    def write_to(file: BinaryIO) -> None:
        np.save(file, array)
        file.write(_array_digest(np.asarray(array)))

    return _write_once(path, write_to)


def read_sealed(path: str | os.PathLike) -> np.ndarray:
    """An array that `write_sealed` wrote, mapped into memory and read-only.

    Raises
    ------
    RecordError
        For a file that is missing, truncated, foreign or altered.
    """
    path = Path(path)
    try:
        if not path.is_file():
            raise ValueError(f"{_what_else(path)}, not a file")
        with open(path, "rb") as file:
            file.seek(-min(_DIGEST_BYTES, path.stat().st_size), os.SEEK_END)
            stated = file.read()
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        if not isinstance(array, np.ndarray) or _array_digest(array) != stated:
            raise ValueError("its content does not have the digest that it was written with")
    except (OSError, ValueError, EOFError, SyntaxError, zipfile.BadZipFile) as error:
        raise RecordError(
            f"{path}: not the array that was saved here ({error}); delete it, and it is computed again"
        ) from error
    return array


def kept_array(path: str | os.PathLike, make: Callable[[], np.ndarray]) -> np.ndarray:
    """An array that is computed once, and read from then on.

    Parameters
    ----------
    path : path
        Of the .npy file.
    make : callable
        Computes the array where the file is missing or damaged. Of a damaged one a warning tells, and the file is
        replaced.

    Returns
    -------
    array
        As `make` returned it, or mapped from the file.

    Raises
    ------
    RecordError
        Where it cannot be written.
    """
    path = Path(path)
    if os.path.lexists(path):
        try:
            return read_sealed(path)
        except RecordError as error:
            warnings.warn(f"{str(error).split('; delete it')[0]}; it is computed again", stacklevel=2)
            path.unlink(missing_ok=True)
    array = make()
    write_sealed(path, array)
    return array


def read_arrays(path: str | os.PathLike, digest: str) -> list[np.ndarray]:
    """The arrays of an .npz file, in the order in which they were written.

    Parameters
    ----------
    path : path
        Of the file.
    digest : str
        The SHA-256 that it must have (`file_digest`), in hexadecimal digits.

    Raises
    ------
    RecordError
        For a file that is missing or has another digest.
    """
    path = Path(path)
    way_out = "restore it, or delete it together with its record and run again"
    try:
        found = file_digest(path)
        if found != digest:
            raise RecordError(
                f"{path}: not what its record was written with: its SHA-256 is {found[:12]}…, not {digest[:12]}…; "
                f"{way_out}"
            )
        with np.load(path, allow_pickle=False) as saved:
            return [saved[name] for name in saved.files]
    except RecordError:
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise RecordError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error}); {way_out}") from error


def read(path: str | os.PathLike) -> dict[str, Any]:
    """A record, without its digest.

    Raises
    ------
    RecordError
        For one that is missing, damaged, incomplete or altered, and for one under the name of another run.
    """
    path = Path(path)
    try:
        if not path.is_file():
            raise ValueError(f"{_what_else(path)}, not a file")
        if path.stat().st_size > _LARGEST_BYTES:
            raise ValueError(f"{path.stat().st_size:,} bytes, more than any record has")
        record = json.loads(path.read_text(encoding="utf-8"))
        run, stated = record["run"], record.pop("digest")
        if not isinstance(run, dict) or not isinstance(stated, str):
            raise ValueError("its run or its digest is of the wrong type")
        expected, digest = content_hash(run), _digest(record)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else error
        raise RecordError(f"{path}: not a readable record ({reason}); delete it and run again") from error
    if record.get("hash") != expected:
        raise RecordError(
            f"{path}: its run has the hash {expected}, but it says {record.get('hash')}: it was altered; "
            "restore it, or delete it and run again"
        )
    if digest != stated:
        raise RecordError(
            f"{path}: its content does not have the digest {stated[:12]}… that it was written with: it was altered; "
            "restore it, or delete it and run again"
        )
    if (named := _NAMED.search(path.name)) and named[1] != expected:
        raise RecordError(
            f"{path}: the record of another run, {expected}, under this name; give it its own name back, or delete it "
            "and run again"
        )
    result = record.get("result")
    needed = _RESULTS.get(str(run.get("kind")), ())
    lacking = [name for name in needed if name not in result] if isinstance(result, dict) else ["result"]
    if lacking:
        raise RecordError(f"{path}: incomplete, lacks {', '.join(lacking)}; delete it and run again")
    return record


def read_all(folder: str | os.PathLike) -> list[dict[str, Any]]:
    """All records in a folder, by file name. Raises RecordError as `read` does."""
    return [read(path) for path in sorted(Path(folder).glob("*.json"))]


def data_set(found: Iterable[Mapping[str, Any]]) -> DataSet:
    """The data set that records were made on; ValueError if they are of several, or of none."""
    named = {DataSet(record["run"]["dataset"], record["run"]["fingerprint"]) for record in found}
    if len(named) != 1:
        raise ValueError(f"records of {len(named)} data sets in one place, {sorted(named)}: keep a folder for each")
    return named.pop()


def without_times(record: Mapping[str, Any]) -> dict[str, Any]:
    """What two runs of the same thing must agree on: everything but clock readings and the machine's description."""
    return {key: value for key, value in record.items() if key not in ("times", "environment")}


def _what_else(path: Path) -> str:
    """What stands where a file should."""
    if not os.path.lexists(path):
        return "nothing"
    if path.is_symlink() and not path.exists():
        return f"a link to nothing ({os.readlink(path)})"
    return "a folder" if path.is_dir() else "a pipe, socket or device"


def _array_digest(array: np.ndarray) -> bytes:
    digest = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    digest.update(np.ascontiguousarray(array))  # type: ignore[arg-type]
    return digest.digest()


def _write_once(path: str | os.PathLike, write_to: Callable[[BinaryIO], Any]) -> bool:
    path = Path(path)
    part = path.with_name(f".{secrets.token_hex(8)}{_PART}")  # nobody else's
    try:
        if path.is_file():
            return False
        try:
            _write_synced(part, write_to)
            return _publish(part, path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise RecordError(
            f"{path}: cannot be written ({error.strerror or error}); {_rescue(path, write_to)}"
        ) from error


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
