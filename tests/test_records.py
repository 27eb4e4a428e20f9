import json

import pytest

from paperlib import records
from paperlib.records import RecordError

RUN = {"kind": "Run", "seed": 1}
RECORD = {"run": RUN, "hash": records.content_hash(RUN), "result": {"accuracy": 0.5}, "times": {"total_s": 3.0}}


def test_a_record_is_read_as_it_was_written(tmp_path):
    records.write(tmp_path / "a.json", RECORD)
    assert records.read(tmp_path / "a.json") == RECORD
    assert records.read_all(tmp_path) == [RECORD]
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


def test_a_record_is_written_once(tmp_path):
    records.write(tmp_path / "a.json", RECORD)
    records.write(tmp_path / "a.json", {**RECORD, "result": {"accuracy": 0.9}})
    assert records.read(tmp_path / "a.json") == RECORD


def test_what_a_killed_writer_left_is_no_record(tmp_path):
    (tmp_path / "a.json.part").write_text('{"run"')
    assert records.read_all(tmp_path) == []
    records.write(tmp_path / "a.json", RECORD)
    assert records.read_all(tmp_path) == [RECORD]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"hash": "0"}'])
def test_damaged_records_are_named(tmp_path, content):
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(RecordError, match="a.json: not a readable record .* delete it and run again"):
        records.read(tmp_path / "a.json")


def test_an_altered_run_is_noticed(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({**RECORD, "run": {**RUN, "seed": 2}, "digest": ""}))
    with pytest.raises(RecordError, match="it was altered"):
        records.read(tmp_path / "a.json")


@pytest.mark.parametrize("section, value", [("result", {"accuracy": 0.6}), ("times", {"total_s": 2.0}), ("more", 1)])
def test_an_altered_result_is_noticed(tmp_path, section, value):
    records.write(tmp_path / "a.json", RECORD)
    content = json.loads((tmp_path / "a.json").read_text())
    (tmp_path / "a.json").write_text(json.dumps({**content, section: value}))
    with pytest.raises(RecordError, match="does not have the digest .* it was altered"):
        records.read(tmp_path / "a.json")


def test_a_full_disk_loses_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(records.tempfile, "tempdir", str(tmp_path))
    folder = tmp_path / "records"
    folder.mkdir()
    records.write(folder / "old.json", RECORD)
    (folder / "new.json.part").symlink_to("/dev/full")  # every write to it fails as on a full disk
    with pytest.raises(RecordError, match="new.json: cannot be written .*No space left.* saved as .*new.json instead") as caught:
        records.write(folder / "new.json", RECORD)
    rescued = str(caught.value).split("saved as ")[1].split(" instead")[0]
    assert records.read(rescued) == RECORD
    assert records.read_all(folder) == [RECORD]  # the old one, and no trace of the new


def test_a_full_or_read_only_disk_is_noticed_before_training(tmpfs):
    with pytest.raises(RecordError, match="results cannot be written there .*No space left.* Nothing was trained"):
        records.check_writable(tmpfs("size=64k"))
    with pytest.raises(RecordError, match="results cannot be written there .*Read-only file system"):
        records.check_writable(tmpfs("ro") / "records")


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RecordError, match="results cannot be written there"):
        records.check_writable(tmp_path / "file" / "records")


def test_the_hash_depends_on_the_content_alone():
    assert records.content_hash({"a": 1, "b": [2]}) == records.content_hash({"b": [2], "a": 1})
    assert records.content_hash({"a": 1}) != records.content_hash({"a": 2})
