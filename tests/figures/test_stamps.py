import os

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from paperlib.figures import stamps
from paperlib.figures.style import save

SHOWN = [{"run": 1, "result": 0.5}, {"run": 2, "result": 0.6}]


def drawn(folder, drawn_from):
    figure, axis = plt.subplots(figsize=(1, 1))
    axis.plot([1, 2])
    save(figure, folder, "picture", pd.DataFrame({"a": [1, 2]}), drawn_from)
    plt.close(figure)
    return folder / "picture.png"


def test_a_picture_of_these_records_is_fine_in_any_order(tmp_path):
    assert stamps.problem(drawn(tmp_path, SHOWN), SHOWN[::-1] + SHOWN) is None


def test_a_picture_of_other_records_is_stale(tmp_path):
    picture = drawn(tmp_path, SHOWN)
    for there in (SHOWN[:1], [*SHOWN, {"run": 3}], [SHOWN[0], {"run": 2, "result": 0.7}]):
        assert "stale: drawn from 2 records" in stamps.problem(picture, there)


def test_a_table_that_was_changed_a_table_or_picture_that_is_missing(tmp_path):
    picture = drawn(tmp_path, SHOWN)
    csv = tmp_path / "picture.csv"
    csv.write_text(csv.read_text().replace("2", "3"))
    assert "not the table that the picture was drawn from" in stamps.problem(picture, SHOWN)
    csv.unlink()
    assert "not the table" in stamps.problem(picture, SHOWN)
    picture.unlink()
    assert "missing" in stamps.problem(picture, SHOWN)


def test_what_is_no_picture_is_a_problem_and_no_error(tmp_path):
    picture = drawn(tmp_path, SHOWN)
    whole = picture.read_bytes()
    for content in (b"", b"text", whole[:60], whole[:-200], b"\xff\xd8\xff\xe0" + whole[4:]):
        picture.write_bytes(content)
        assert "picture.png: cannot be read as a picture" in stamps.problem(picture, SHOWN)


@pytest.fixture
def outputs(tmp_path):
    """A folder with outputs, records and what does not count."""
    folder = tmp_path / "figures"
    for name in ("a.png", "b.csv", "notebooks/c.ipynb", "records/d.json", "records/d.embeddings.npy", ".hidden"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    stamps.write_digests(folder)
    return folder


def told(folder):
    return [text.removeprefix(f"{folder}/") for text in stamps.changed(folder)]


def test_outputs_that_are_as_they_were_are_fine(outputs):
    assert told(outputs) == []
    (outputs / ".hidden").unlink()
    (outputs / "records" / "d.embeddings.npy").write_text("computed again")
    (outputs / "a.png").touch()
    assert told(outputs) == []
    assert told(outputs.rename(outputs.with_name("elsewhere"))) == []


CHANGES = {
    "a.png: changed since it was made": lambda folder: (folder / "a.png").write_text("x"),
    "b.csv: missing": lambda folder: (folder / "b.csv").unlink(),
    "a.png: not a file": lambda folder: ((folder / "a.png").unlink(), (folder / "a.png").symlink_to("gone")),
    "b.csv: not a file": lambda folder: ((folder / "b.csv").unlink(), os.mkfifo(folder / "b.csv")),
    "notebooks/e.ipynb: not among what was made": lambda folder: (folder / "notebooks" / "e.ipynb").touch(),
    "records: not the records": lambda folder: (folder / "records" / "d.json").write_text("x"),
    "records: not the": lambda folder: (folder / "records" / "e.json").touch(),
    "records: not": lambda folder: (folder / "records" / "e.json").symlink_to("gone"),
    "digests.json: cannot be read": lambda folder: (folder / "digests.json").unlink(),
    "digests.json: cannot": lambda folder: (folder / "digests.json").write_text("[" * 200_000),
    "digests.json: cannot be": lambda folder: (folder / "digests.json").write_text('{"files": []}'),
}


@pytest.mark.parametrize("message", CHANGES)
def test_every_change_is_told(outputs, message):
    CHANGES[message](outputs)
    [text] = told(outputs)
    assert text.startswith(message)


def test_only_what_was_written_is_taken_for_made(outputs):
    """Neither what somebody changed before, nor what is no longer made, becomes right by running something else."""
    (outputs / "b.csv").write_text("by hand")
    (outputs / "more.csv").write_text("by hand")
    before = stamps.marks(outputs)
    os.replace(_written(outputs / "part", "a.png"), outputs / "a.png")  # the same again
    _written(outputs / "new.png", "new")
    stamps.write_digests(outputs, before, keep=True)
    assert told(outputs) == ["b.csv: changed since it was made", "more.csv: not among what was made"]
    stamps.write_digests(outputs, before)
    not_made = ["b.csv", "more.csv", "notebooks/c.ipynb"]
    assert told(outputs) == [f"{name}: not among what was made" for name in not_made]


def _written(path, text):
    path.write_text(text)
    return path
