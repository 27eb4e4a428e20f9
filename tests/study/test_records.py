import hashlib
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from paperlib.study import records
from paperlib.study.records import RecordError

RUN = {"kind": "Run", "seed": 1}
RESULT = {"phases": [0, 3], "test": {"raw": {"accuracy": 0.5}}}
RECORD = {"run": RUN, "hash": records.content_hash(RUN), "result": RESULT, "times": {"total_s": 3.0}}


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
    with pytest.raises(RecordError, match=f"a.json: .*{message}.* delete it and run again"):
        records.read(tmp_path / "a.json")


def test_what_is_no_file_is_no_record(tmp_path):
    (tmp_path / "link.json").symlink_to(tmp_path / "gone")
    (tmp_path / "folder.json").mkdir()
    os.mkfifo(tmp_path / "pipe.json")  # to open it would wait for ever
    for name, what in (("link", "a link to nothing"), ("folder", "a folder"), ("pipe", "a pipe"), ("none", "nothing")):
        with pytest.raises(RecordError, match=f"{name}.json: not a readable record .{what}"):
            records.read(tmp_path / f"{name}.json")
        if name != "none":
            with pytest.raises(RecordError, match=f"{what}.* has this name.* remove it"):
                records.exists(tmp_path / f"{name}.json")
    assert not records.exists(tmp_path / "none.json")
    with pytest.raises(
        RecordError, match="link.json: cannot be written .* saved as"
    ):  # not taken for one that is there
        records.write(tmp_path / "link.json", RECORD)


def test_a_record_under_the_name_of_another_run_is_refused(tmp_path):
    own, other = tmp_path / f"run-{RECORD['hash']}.json", tmp_path / "run-0123456789ab.json"
    records.write(own, RECORD)
    assert records.read(own) == RECORD
    shutil.copy(own, other)
    with pytest.raises(RecordError, match=f"{other.name}: the record of another run, {RECORD['hash']}"):
        records.read(other)


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


def test_a_full_disk_loses_nothing(tmp_path, tmpfs, monkeypatch):
    monkeypatch.setattr(records.tempfile, "tempdir", str(tmp_path))
    folder = tmpfs("size=64k")
    records.write(folder / "old.json", RECORD)
    large = {**RECORD, "history": list(range(100_000))}
    with pytest.raises(
        RecordError, match="new.json: cannot be written .*No space left.* saved as .*new.json instead"
    ) as caught:
        records.write(folder / "new.json", large)
    rescued = str(caught.value).split("saved as ")[1].split(" instead")[0]
    assert records.read(rescued) == large
    assert [file.name for file in folder.iterdir()] == ["old.json"]  # and no trace of the new
    assert records.read_all(folder) == [RECORD]


def test_a_name_that_is_too_long_is_told(tmp_path):
    with pytest.raises(RecordError, match="cannot be written .*too long"):
        records.write(tmp_path / f"{'a' * 300}.json", RECORD)


_WRITER = """
import sys, time
from pathlib import Path
from paperlib.study import records
folder, me = Path(sys.argv[1]), sys.argv[2]
run = {"kind": "Other"}
record = {"run": run, "hash": records.content_hash(run), "result": {"by": me}}
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


ARRAY = np.arange(60, dtype=np.float32).reshape(20, 3)


def test_a_sealed_array_is_read_as_it_was_written_and_by_numpy_too(tmp_path):
    for name, array in (("a", ARRAY), ("empty", ARRAY[:0]), ("fortran", np.asfortranarray(ARRAY))):
        records.write_sealed(tmp_path / f"{name}.npy", array)
        for read in (records.read_sealed, np.load):
            found = read(tmp_path / f"{name}.npy")
            assert found.dtype == array.dtype and np.array_equal(found, array)


def reversed_rows(path):
    digest = path.read_bytes()[-32:]
    np.save(path, np.load(path)[::-1])
    path.write_bytes(path.read_bytes() + digest)


def in_fortran_order(path):
    digest = path.read_bytes()[-32:]
    np.save(path, np.asfortranarray(np.load(path)))
    path.write_bytes(path.read_bytes() + digest)


DAMAGES = {
    "reversed": reversed_rows,
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-40]),
    "cut to its header": lambda path: path.write_bytes(path.read_bytes()[:20]),
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("no array"),
    "another array": lambda path: np.save(path, np.zeros((20, 3), np.float32)),
    "without a digest": lambda path: np.save(path, np.load(path)),
    "a link to nothing": lambda path: (path.unlink(), path.symlink_to("gone")),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_array_is_noticed_and_computed_again(tmp_path, damage):
    path = tmp_path / "x.embeddings.npy"
    records.write_sealed(path, ARRAY)
    DAMAGES[damage](path)
    with pytest.raises(RecordError, match="x.embeddings.npy: not the array that was saved here .*delete it"):
        records.read_sealed(path)
    with pytest.warns(UserWarning, match="x.embeddings.npy: not the array .* computed again"):
        assert np.array_equal(records.kept_array(path, lambda: ARRAY), ARRAY)
    assert np.array_equal(records.kept_array(path, lambda: pytest.fail("computed again")), ARRAY)


def test_the_order_in_memory_is_no_damage(tmp_path):
    records.write_sealed(tmp_path / "a.npy", ARRAY)
    in_fortran_order(tmp_path / "a.npy")
    assert np.array_equal(records.read_sealed(tmp_path / "a.npy"), ARRAY)


def test_weights_are_read_only_if_they_are_those_of_the_record(tmp_path):
    path = tmp_path / "w.npz"
    records.write_arrays(path, {"a": ARRAY, "b": ARRAY[0]})
    digest = records.file_digest(path)
    assert [np.array_equal(x, y) for x, y in zip(records.read_arrays(path, digest), (ARRAY, ARRAY[0]), strict=True)]
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(RecordError, match="w.npz: not what its record was written with.* delete it together"):
        records.read_arrays(path, digest)
    path.write_bytes(b"")
    with pytest.raises(RecordError, match="w.npz: cannot be read .*restore it"):
        records.read_arrays(path, records.file_digest(path))
    path.unlink()
    with pytest.raises(RecordError, match="w.npz: cannot be read .No such file.*restore it"):
        records.read_arrays(path, digest)


def test_anybody_can_compute_the_digest_of_all_records(tmp_path):
    for folder in ("a/records", "b/records"):
        (tmp_path / folder).mkdir(parents=True)
        records.write(tmp_path / folder / "x.json", RECORD)
    records.write(tmp_path / "a" / "records" / "Y.json", RECORD)
    found = records.overall_digest(tmp_path, ["b/records", "a/records"])
    command = "cd $0 && LC_ALL=C sha256sum a/records/*.json b/records/*.json | sha256sum"
    shell = subprocess.run(["sh", "-c", f"export LC_ALL=C; {command}", tmp_path], capture_output=True, text=True)
    assert found == (shell.stdout.split()[0], 3)
    (tmp_path / "b" / "records" / "x.json").write_text("{}")
    assert records.overall_digest(tmp_path, ["a/records", "b/records"])[0] != found[0]


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
