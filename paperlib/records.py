"""Records on disk: what was run and what came out, one JSON file each, written once and whole."""

import hashlib
import json
import os
import tempfile
from collections import namedtuple
from pathlib import Path

import numpy as np

_SPARE_BYTES = 4 << 20  # more than any record takes

DataSet = namedtuple("DataSet", "name fingerprint")  # all that plans look at of one


class RecordError(OSError):
    """A record that cannot be written or read; the message names the file and the way out."""


def content_hash(content):
    """12 hexadecimal digits that name plain data (dicts, lists, numbers, strings) by its content."""
    return _digest(content)[:12]


def _digest(content):
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def file_digest(path):
    """The SHA-256 of a file, in hexadecimal digits."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def check_writable(folder):
    """Raise RecordError unless `folder` exists (it is made) and takes a record: better before training than after."""
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


def write(path, record):
    """Write `record` (plain data) to `path`, all of it or nothing, with its digest; one that exists stays as it is.

    Raises RecordError where that fails; the message then says where the record was saved instead.
    """
    record = {**record, "digest": _digest(record)}
    sections = ",\n".join(f"{json.dumps(name)}: {json.dumps(section)}" for name, section in record.items())
    _write_once(path, lambda file: file.write(f"{{\n{sections}\n}}\n".encode()))  # one line a section: fit for diffs


def write_arrays(path, arrays):
    """Write a dict of arrays to the .npz `path`, as `write` does."""
    _write_once(path, lambda file: np.savez(file, **arrays))


def write_array(path, array):
    """Write one array to the .npy `path`, as `write` does."""
    _write_once(path, lambda file: np.save(file, array))


def read(path):
    """The record at `path`, without its digest. Raises RecordError for one that is damaged or was altered."""
    try:
        record = json.loads(Path(path).read_text())
        expected, stated = content_hash(record["run"]), record.pop("digest")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RecordError(f"{path}: not a readable record ({error}); delete it and run again") from error
    if record.get("hash") != expected:
        raise RecordError(
            f"{path}: its run has the hash {expected}, but it says {record.get('hash')}: it was altered; "
            "restore it, or delete it and run again"
        )
    if _digest(record) != stated:
        raise RecordError(
            f"{path}: its content does not have the digest {stated[:12]}… that it was written with: it was altered; "
            "restore it, or delete it and run again"
        )
    return record


def read_all(folder):
    """All records in `folder`, by file name."""
    return [read(path) for path in sorted(Path(folder).glob("*.json"))]


def data_set(found):
    """The data set (name, fingerprint) that records were made on; ValueError if they are of several."""
    named = {DataSet(record["run"]["dataset"], record["run"]["fingerprint"]) for record in found}
    if len(named) != 1:
        raise ValueError(f"records of {len(named)} data sets in one place, {sorted(named)}: keep a folder for each")
    return named.pop()


def without_times(record):
    """What two runs of the same thing must agree on: everything but clock readings and the machine's description."""
    return {key: value for key, value in record.items() if key not in ("times", "environment")}


def _write_once(path, write_to):
    path = Path(path)
    if path.exists():
        return
    part = path.with_name(path.name + ".part")
    try:
        _write_synced(part, write_to)
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise RecordError(f"{path}: cannot be written ({error.strerror or error}); {_rescue(path, write_to)}") from error


def _write_synced(path, write_to):
    with open(path, "wb") as file:
        write_to(file)
        file.flush()
        os.fsync(file.fileno())


def _rescue(path, write_to):
    """Save what could not be written in the folder for temporary files, and say what to do with it."""
    try:
        rescued = Path(tempfile.mkdtemp(prefix="paperlib-")) / path.name
        _write_synced(rescued, write_to)
    except OSError as error:
        return f"neither can the folder for temporary files ({error.strerror or error}): free some space and run again"
    return f"it was saved as {rescued} instead: move it to {path.parent} once there is room"
