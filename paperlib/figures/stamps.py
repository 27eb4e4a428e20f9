"""What shows that committed pictures, tables and notebooks are those that were made from the records.

A picture says which records it was drawn from, so that a stale one is found without drawing it again. The digests of
all outputs of a folder lie beside them, in `DIGESTS`, so that one that was changed later is found as well.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from paperlib.storage.digests import content_hash, file_digest, overall_digest
from paperlib.storage.files import write_text

DIGESTS = "digests.json"
_KEYS = ("Source", "Table")  # of the PNG's text
_RECORDED = ("records", "stale_checkpoint")  # folders of records, which have digests of their own


def metadata(drawn_from: Iterable[Mapping[str, Any]], table_file: str | os.PathLike | None = None) -> dict:
    """What `Figure.savefig` is to write into a PNG.

    Parameters
    ----------
    drawn_from : iterable of dict
        The records that the picture shows.
    table_file : path, optional
        The CSV beside the picture.

    Returns
    -------
    dict
        The stamp of the records and the digest of the CSV, for `problem` to read.
    """
    texts = (stamp(drawn_from), file_digest(table_file) if table_file else "")
    return {"Software": None, **dict(zip(_KEYS, texts))}


def stamp(drawn_from: Iterable[Mapping[str, Any]]) -> str:
    """Text that names records by all of their content, whatever their order and however often each is given."""
    hashes = sorted(set(map(content_hash, drawn_from)))
    return f"{len(hashes)} records {content_hash(hashes)}"


def problem(picture: str | os.PathLike, drawn_from: Iterable[Mapping[str, Any]]) -> str | None:
    """What is wrong with a picture.

    Parameters
    ----------
    picture : path
        Of a PNG.
    drawn_from : iterable of dict
        The records that it should show.

    Returns
    -------
    str or None
        None if nothing is wrong: it is readable, of these records, and its table is the one it was drawn from.
    """
    picture, expected = Path(picture), stamp(drawn_from)
    if not picture.is_file():
        return f"{picture}: missing"
    try:
        with Image.open(picture, formats=["PNG"]) as image:
            source, table = (image.text.get(key, "") for key in _KEYS)
    # SyntaxError is Pillow's word for a broken PNG, ValueError its word for texts that inflate to too much.
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        return f"{picture}: cannot be read as a picture ({error})"
    if source != expected:
        return f"{picture}: stale: drawn from {source[:60] or 'unnamed records'}, but there are {expected}"
    csv = picture.with_suffix(".csv")
    if table and (not csv.is_file() or file_digest(csv) != table):
        return f"{csv}: not the table that the picture was drawn from"
    return None


def marks(folder: str | os.PathLike) -> dict[str, tuple[int, int]]:
    """The outputs of a folder, before something writes more: name -> what changes if a file is written anew."""
    return {name: _mark(path) for name, path in _outputs(Path(folder)).items()}


def write_digests(
    folder: str | os.PathLike, before: Mapping[str, tuple[int, int]] | None = None, *, keep: bool = False
) -> None:
    """Write the digests of a folder's outputs, and the one of its records, to `DIGESTS` in it.

    Parameters
    ----------
    folder : path
        Such as ``figures/cpu``. Outputs are all files in it and below, except for its records.
    before : dict, optional
        What `marks` found before the outputs were made. Files that were not written since are left out: they were made
        by something else, perhaps by hand. Without it all files are taken.
    keep : bool
        Whether what `DIGESTS` says of files that were not written since stays: only a part of them was made.
    """
    folder = Path(folder)
    files = dict(_read_digests(folder)["files"]) if keep and (folder / DIGESTS).exists() else {}
    for name, path in _outputs(folder).items():
        if before is None or before.get(name) != _mark(path):
            files[name] = file_digest(path)
    content = {"records": _records_digest(folder), "files": dict(sorted(files.items()))}
    write_text(folder / DIGESTS, json.dumps(content, indent=1) + "\n")


def changed(folder: str | os.PathLike) -> Iterator[str]:
    """What is no longer as it was when `write_digests` was called, a text each; nothing is raised.

    Parameters
    ----------
    folder : path
        Such as ``figures/cpu``.

    Yields
    ------
    str
        An output that was changed, removed or added, or that the records were changed.
    """
    folder = Path(folder)
    try:
        stated = _read_digests(folder)
    except (OSError, ValueError, RecursionError) as error:
        yield f"{folder / DIGESTS}: cannot be read ({error}), so nothing says what its pictures and tables were"
        return
    there = _outputs(folder)
    for name, digest in stated["files"].items():
        if name not in there:
            yield f"{folder / name}: missing"
        elif not there[name].is_file():
            yield f"{folder / name}: not a file"
        elif file_digest(there[name]) != digest:
            yield f"{folder / name}: changed since it was made"
    for name in sorted(set(there) - set(stated["files"])):
        yield f"{folder / name}: not among what was made"
    if _records_digest(folder) != stated["records"]:
        yield f"{folder / 'records'}: not the records that pictures, tables and notebooks were made from"


def _outputs(folder: Path) -> dict[str, Path]:
    """By their names from the folder: all that is no folder, without hidden files, records and the digests."""
    found = {path.relative_to(folder): path for path in sorted(folder.rglob("*")) if not path.is_dir()}
    return {
        name.as_posix(): path
        for name, path in found.items()
        if name.parts[0] not in _RECORDED
        and name.as_posix() != DIGESTS
        and not any(p.startswith(".") for p in name.parts)
    }


def _mark(path: Path) -> tuple[int, int]:
    status = path.lstat()
    return status.st_ino, status.st_mtime_ns


def _records_digest(folder: Path) -> str:
    """The same wherever the folder is, and whatever its name."""
    try:
        return overall_digest(folder, ["records"])[0]
    except OSError:  # a link to nothing, a folder: no record, which is told where records are read
        return ""


def _read_digests(folder: Path) -> dict[str, Any]:
    """Raises OSError or ValueError for what cannot be read, and for what `write_digests` does not write."""
    content = json.loads((folder / DIGESTS).read_text(encoding="utf-8"))
    if not isinstance(content, dict) or not isinstance(content.get("files"), dict) or "records" not in content:
        raise ValueError("it has no records or no files")
    return content
