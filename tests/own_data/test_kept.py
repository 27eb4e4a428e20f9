import errno
import os

import numpy as np
import pytest
from PIL import Image

from paperlib.data import DataError, image_files
from paperlib.own_data import kept, loading
from paperlib.storage.files import FileError

ARRAY = np.arange(12, dtype=np.float32).reshape(4, 3)
RUN = {"fingerprint": "x", "plan": {"steps": [1, 0.1]}}


def never():
    raise AssertionError("computed again")


def test_embeddings_are_computed_once(tmp_path):
    array, said, were_kept = kept.embeddings(tmp_path / "new", RUN, lambda: (ARRAY, {"rank": 2.0}))
    assert not were_kept
    array, said, were_kept = kept.embeddings(tmp_path / "new", RUN, never)
    assert were_kept and np.array_equal(array, ARRAY) and array.dtype == np.float32 and said == {"rank": 2.0}
    other = {**RUN, "plan": {"steps": [2, 0.1]}}
    assert not kept.embeddings(tmp_path / "new", other, lambda: (ARRAY, {}))[2]
    assert len(list((tmp_path / "new").glob("*.npy"))) == 2


@pytest.mark.parametrize("suffix", ["npy", "json"])
def test_what_was_altered_is_computed_again(tmp_path, suffix):
    kept.embeddings(tmp_path, RUN, lambda: (ARRAY, {}))
    (path,) = tmp_path.glob(f"*.{suffix}")
    content = path.read_bytes()
    for changed in (content[:-2], b"", content[:-3] + bytes([content[-3] ^ 1]) + content[-2:]):
        path.write_bytes(changed)
        array, _, were_kept = kept.embeddings(tmp_path, RUN, lambda: (ARRAY, {}))
        assert not were_kept and np.array_equal(array, ARRAY)
        assert kept.embeddings(tmp_path, RUN, never)[2]
    path.unlink()
    assert not kept.embeddings(tmp_path, RUN, lambda: (ARRAY, {}))[2]


def test_nothing_is_kept_of_what_was_interrupted(tmp_path):
    def interrupted(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kept.embeddings(tmp_path, RUN, interrupted)
    with pytest.raises(KeyboardInterrupt):
        kept.pixels(tmp_path, {}, (2, 3, 3, 1), interrupted)
    assert not list(tmp_path.iterdir())


def test_pictures_are_decoded_once_while_their_files_are_the_same(tmp_path, monkeypatch):
    photos, keep = tmp_path / "photos", tmp_path / "kept"
    for i in range(3):
        (photos / "a").mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (9, 9), (i, 0, 0)).save(photos / "a" / f"{i}.png")
    first = loading.load(photos, keep=keep)
    with monkeypatch.context() as patched:
        patched.setattr(image_files, "read", lambda *_, **__: never())
        again = loading.load(photos, keep=keep)
    assert again.fingerprint == first.fingerprint and again.files == first.files
    Image.new("RGB", (9, 9), (99, 0, 0)).save(photos / "a" / "1.png")
    assert loading.load(photos, keep=keep).images[1, 0, 0, 0] == 99
    assert loading.load(photos, 12, keep=keep).images.shape == (3, 12, 12, 3)


def test_embeddings_that_cannot_be_kept_are_used_all_the_same(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.warns(UserWarning, match="not kept .*another choice computes it again"):
        found, said, were_kept = kept.embeddings(tmp_path / "file", RUN, lambda: (ARRAY, {"rank": 2.0}))
    assert np.array_equal(found, ARRAY) and said == {"rank": 2.0} and not were_kept


def test_embeddings_for_which_there_is_no_room_leave_nothing_behind(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.warns(UserWarning, match="not kept .No space left on device."):
        found, *_ = kept.embeddings(tmp_path / "new", RUN, lambda: (ARRAY, {}))
    assert np.array_equal(found, ARRAY) and not list((tmp_path / "new").iterdir())


def test_a_full_disk_is_noticed_before_pictures_are_written(tmp_path, monkeypatch):
    """Writing to a mapped file without room would end the process."""

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with pytest.raises(FileError, match="cannot be written .No space left on device.; free some space"):
        kept.pixels(tmp_path, {}, (2, 3, 3, 1), lambda _: never())
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(image_files, "IN_MEMORY", 10)
    with pytest.raises(DataError, match="pictures of 0.0 GiB do not fit into .*No space left on device"):
        image_files.room((2, 3, 3, 1))


def test_what_a_killed_process_was_writing_is_removed_a_day_later(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        kept.pixels(tmp_path, {}, (2, 3, 3, 1), lambda _: _interrupted_leaving(tmp_path))
    recent, old = sorted(tmp_path.iterdir())
    os.utime(old, (0, 0))
    kept.pixels(tmp_path, {}, (2, 3, 3, 1), lambda out: out.fill(1))
    assert recent.exists() and not old.exists()


def _interrupted_leaving(folder):
    """As a process that is killed does: two files that it was writing stay."""
    (part,) = folder.iterdir()
    for name in ("1", "2"):
        part.with_name(part.name.replace(".part", f"{name}.part")).touch()
    raise KeyboardInterrupt
