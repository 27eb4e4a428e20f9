"""Pictures say which records they were drawn from, so that a stale one is found without drawing it again."""

from PIL import Image

from paperlib import records

_KEYS = ("Source", "Table")  # of the PNG's text


def metadata(drawn_from, table_file=None):
    """What `Figure.savefig` is to write into a PNG: the digests of the records and of the CSV beside the picture."""
    texts = (stamp(drawn_from), records.file_digest(table_file) if table_file else "")
    return {"Software": None, **dict(zip(_KEYS, texts))}


def stamp(drawn_from):
    """Text that names records by all of their content, whatever their order and however often each is given."""
    hashes = sorted(set(map(records.content_hash, drawn_from)))
    return f"{len(hashes)} records {records.content_hash(hashes)}"


def problem(picture, drawn_from):
    """What is wrong with a picture (path of a PNG) that should show these records; None if nothing is."""
    if not picture.exists():
        return f"{picture}: missing"
    with Image.open(picture) as image:
        source, table = (image.text.get(key, "") for key in _KEYS)
    if source != stamp(drawn_from):
        return f"{picture}: stale: drawn from {source or 'unnamed records'}, but there are {stamp(drawn_from)}"
    csv = picture.with_suffix(".csv")
    if table and (not csv.exists() or records.file_digest(csv) != table):
        return f"{csv}: not the table that the picture was drawn from"
    return None
