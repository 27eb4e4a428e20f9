"""Records on disk: what was run and what came out, one JSON file each, written once and whole."""

import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from paperlib.storage import files
from paperlib.storage.digests import content_digest, content_hash
from paperlib.storage.files import FileError, what_else

_LARGEST_BYTES = 64 << 20  # a file that is larger is no record
_NAMED = re.compile(r"-([0-9a-f]{12})\.json$")  # the name of a run's record ends in its hash
# What the result of each kind of run holds at least.
_RESULTS = {
    "AutoencoderRun": ("test",),
    "Run": ("phases", "test"),
    "SelectionRun": ("size", "indices"),
}


class DataSet(NamedTuple):
    """What records say of the data set that they were made on: all that `plans` need, without the samples."""

    name: str
    fingerprint: str


def write(path: str | os.PathLike, record: Mapping[str, Any]) -> bool:
    """Write a record with its digest, once and whole: returns and raises what `paperlib.storage.files.write` does.

    Parameters
    ----------
    path : path
        Of the JSON file.
    record : dict
        Plain data. A section is one line of the file, which makes differences readable.
    """
    record = {**record, "digest": content_digest(record)}
    sections = ",\n".join(f"{json.dumps(name)}: {json.dumps(section)}" for name, section in record.items())
    return files.write(path, lambda file: file.write(f"{{\n{sections}\n}}\n".encode()))


def read(path: str | os.PathLike) -> dict[str, Any]:
    """A record, without its digest.

    Raises
    ------
    FileError
        For one that is missing, damaged, incomplete or altered, and for one under the name of another run.
    """
    path = Path(path)
    try:
        if not path.is_file():
            raise ValueError(f"{what_else(path)}, not a file")
        if path.stat().st_size > _LARGEST_BYTES:
            raise ValueError(f"{path.stat().st_size:,} bytes, more than any record has")
        record = json.loads(path.read_text(encoding="utf-8"))
        run, stated = record["run"], record.pop("digest")
        if not isinstance(run, dict) or not isinstance(stated, str):
            raise ValueError("its run or its digest is of the wrong type")
        expected, digest = content_hash(run), content_digest(record)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else error
        raise FileError(f"{path}: not a readable record ({reason}); delete it and run again") from error
    if record.get("hash") != expected:
        raise FileError(
            f"{path}: its run has the hash {expected}, but it says {record.get('hash')}: it was altered; "
            "restore it, or delete it and run again"
        )
    if digest != stated:
        raise FileError(
            f"{path}: its content does not have the digest {stated[:12]}… that it was written with: it was altered; "
            "restore it, or delete it and run again"
        )
    if (named := _NAMED.search(path.name)) and named[1] != expected:
        raise FileError(
            f"{path}: the record of another run, {expected}, under this name; give it its own name back, or delete it "
            "and run again"
        )
    result = record.get("result")
    needed = _RESULTS.get(str(run.get("kind")), ())
    lacking = [name for name in needed if name not in result] if isinstance(result, dict) else ["result"]
    if lacking:
        raise FileError(f"{path}: incomplete, lacks {', '.join(lacking)}; delete it and run again")
    return record


def read_all(folder: str | os.PathLike) -> list[dict[str, Any]]:
    """All records in a folder, by file name. Raises FileError as `read` does."""
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
