import pytest

from paperlib.storage.files import FileError, check_writable, exists, remove_parts, replacing, write, write_text


def test_a_full_or_read_only_disk_is_noticed_before_training(tmpfs):
    with pytest.raises(FileError, match="results cannot be written there .*No space left.* Nothing was trained"):
        check_writable(tmpfs("size=64k"))
    with pytest.raises(FileError, match="results cannot be written there .*Read-only file system"):
        check_writable(tmpfs("ro") / "records")


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match="results cannot be written there"):
        check_writable(tmp_path / "file" / "records")


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "table.csv"
    write_text(path, "a\né\n")
    assert path.read_bytes() == "a\né\n".encode()
    with pytest.raises(ValueError), replacing(path) as part:
        part.write_text("half of")
        raise ValueError
    assert path.read_text(encoding="utf-8") == "a\né\n"
    write_text(path, "b")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("table.csv", "b")]


def test_what_a_killed_process_left_is_removed_by_its_mark(tmp_path):
    for name in (".mine.0.part", ".other.0.part", "mine.part", ".mine.json"):
        (tmp_path / name).touch()
    remove_parts(tmp_path, "mine.")
    assert {file.name for file in tmp_path.iterdir()} == {".other.0.part", "mine.part", ".mine.json"}


def test_a_full_disk_leaves_the_old_file(tmpfs):
    folder = tmpfs("size=64k")
    write_text(folder / "a", "old")
    with pytest.raises(OSError, match="No space left"):
        write_text(folder / "a", "new" * 100_000)
    assert [(file.name, file.read_text()) for file in folder.iterdir()] == [("a", "old")]


def test_a_file_that_is_written_once_stays(tmp_path):
    assert write(tmp_path / "a", lambda file: file.write(b"first"))
    assert not write(tmp_path / "a", lambda file: file.write(b"second"))
    assert (tmp_path / "a").read_bytes() == b"first"
    assert write(tmp_path / "a", lambda file: file.write(b"third"), replace=True)
    assert (tmp_path / "a").read_bytes() == b"third" and len(list(tmp_path.iterdir())) == 1


def test_a_name_that_is_taken_by_no_file_is_told(tmp_path):
    assert not exists(tmp_path / "a")
    (tmp_path / "a").mkdir()
    with pytest.raises(FileError, match="a: a folder has this name.* remove it"):
        exists(tmp_path / "a")
