import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

import pytest

from paperlib.storage import records
from paperlib.storage.digests import content_hash
from paperlib.storage.files import FileError, exists

RUN = {"kind": "Run", "seed": 1}
RESULT = {"phases": [0, 3], "test": {"raw": {"accuracy": 0.5}}}
RECORD = {"run": RUN, "hash": content_hash(RUN), "result": RESULT, "times": {"total_s": 3.0}}


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
    (tmp_path / ".0123456789abcdef.part").write_text('{"run"')
    assert records.read_all(tmp_path) == []
    records.write(tmp_path / "a.json", RECORD)
    assert records.read_all(tmp_path) == [RECORD]


def stated(**changes):
    """A record with the digest that belongs to it, as text; a change of None takes a section out."""
    record = {key: value for key, value in {**RECORD, **changes}.items() if value is not None}
    return json.dumps({**record, "digest": hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not a readable record"),
        ("{", "not a readable record"),
        ("[]", "not a readable record"),
        ("null", "not a readable record"),
        ("5", "not a readable record"),
        ('{"hash": "0"}', "not a readable record .no 'run'"),
        ("[" * 200_000, "not a readable record"),
        ('{"run": ' + "[" * 200_000, "not a readable record"),
        (b"\xff\xfe{}", "not a readable record"),
        (json.dumps({**RECORD, "digest": 5}), "digest is of the wrong type"),
        (json.dumps({**RECORD, "digest": None}), "digest is of the wrong type"),
        (json.dumps({**RECORD, "run": [1], "digest": ""}), "digest is of the wrong type"),
        (stated(hash="0" * 12), "but it says 000000000000: it was altered"),
        (stated(result=None), "incomplete, lacks result"),
        (stated(result=[1]), "incomplete, lacks result"),
        (stated(result={"phases": [1]}), "incomplete, lacks test"),
    ],
)
def test_damaged_records_are_named(tmp_path, content, message):
    (tmp_path / "a.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(FileError, match=f"a.json: .*{message}.* delete it and run again"):
        records.read(tmp_path / "a.json")


def test_what_is_no_file_is_no_record(tmp_path):
    (tmp_path / "link.json").symlink_to(tmp_path / "gone")
    (tmp_path / "folder.json").mkdir()
    os.mkfifo(tmp_path / "pipe.json")  # to open it would wait for ever
    for name, what in (("link", "a link to nothing"), ("folder", "a folder"), ("pipe", "a pipe"), ("none", "nothing")):
        with pytest.raises(FileError, match=f"{name}.json: not a readable record .{what}"):
            records.read(tmp_path / f"{name}.json")
        if name != "none":
            with pytest.raises(FileError, match=f"{what}.* has this name.* remove it"):
                exists(tmp_path / f"{name}.json")
    assert not exists(tmp_path / "none.json")
    with pytest.raises(FileError, match="link.json: cannot be written .* saved as"):  # not taken for one that is there
        records.write(tmp_path / "link.json", RECORD)


def test_a_record_under_the_name_of_another_run_is_refused(tmp_path):
    own, other = tmp_path / f"run-{RECORD['hash']}.json", tmp_path / "run-0123456789ab.json"
    records.write(own, RECORD)
    assert records.read(own) == RECORD
    shutil.copy(own, other)
    with pytest.raises(FileError, match=f"{other.name}: the record of another run, {RECORD['hash']}"):
        records.read(other)


def test_an_altered_run_is_noticed(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({**RECORD, "run": {**RUN, "seed": 2}, "digest": ""}))
    with pytest.raises(FileError, match="it was altered"):
        records.read(tmp_path / "a.json")


@pytest.mark.parametrize("section, value", [("result", {"accuracy": 0.6}), ("times", {"total_s": 2.0}), ("more", 1)])
def test_an_altered_result_is_noticed(tmp_path, section, value):
    records.write(tmp_path / "a.json", RECORD)
    content = json.loads((tmp_path / "a.json").read_text())
    (tmp_path / "a.json").write_text(json.dumps({**content, section: value}))
    with pytest.raises(FileError, match="does not have the digest .* it was altered"):
        records.read(tmp_path / "a.json")


def test_a_full_disk_loses_nothing(tmp_path, tmpfs, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = tmpfs("size=64k")
    records.write(folder / "old.json", RECORD)
    large = {**RECORD, "history": list(range(100_000))}
    with pytest.raises(
        FileError, match="new.json: cannot be written .*No space left.* saved as .*new.json instead"
    ) as caught:
        records.write(folder / "new.json", large)
    rescued = str(caught.value).split("saved as ")[1].split(" instead")[0]
    assert records.read(rescued) == large
    assert [file.name for file in folder.iterdir()] == ["old.json"]  # and no trace of the new
    assert records.read_all(folder) == [RECORD]


def test_a_name_that_is_too_long_is_told(tmp_path):
    with pytest.raises(FileError, match="cannot be written .*too long"):
        records.write(tmp_path / f"{'a' * 300}.json", RECORD)


_WRITER = """
import sys, time
from pathlib import Path
from paperlib.storage import digests, records
folder, me = Path(sys.argv[1]), sys.argv[2]
run = {"kind": "Other"}
record = {"run": run, "hash": digests.content_hash(run), "result": {"by": me}}
(folder / f"ready-{me}").touch()
while not (folder / "go").exists():
    pass
print(sum(records.write(folder / f"{i}.json", record) for i in range(200)))
"""


def test_two_processes_in_one_folder_both_finish(tmp_path):
    command = [sys.executable, "-c", _WRITER, tmp_path]
    writers = [subprocess.Popen([*command, me], stdout=subprocess.PIPE, text=True) for me in "ab"]
    while len(list(tmp_path.glob("ready-*"))) < 2:
        assert all(writer.poll() is None for writer in writers)
    (tmp_path / "go").touch()
    written = [int(writer.communicate(timeout=60)[0]) for writer in writers]
    assert not any(writer.returncode for writer in writers)
    by = [record["result"]["by"] for record in records.read_all(tmp_path)]
    assert len(by) == 200 and [by.count(me) for me in "ab"] == written  # each was written by one, who was told so
    assert not list(tmp_path.glob(".*"))
