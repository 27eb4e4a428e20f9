import numpy as np
import pytest

from paperlib.storage import arrays
from paperlib.storage.digests import file_digest
from paperlib.storage.files import FileError

ARRAY = np.arange(60, dtype=np.float32).reshape(20, 3)


def test_a_sealed_array_is_read_as_it_was_written_and_by_numpy_too(tmp_path):
    for name, array in (("a", ARRAY), ("empty", ARRAY[:0]), ("fortran", np.asfortranarray(ARRAY))):
        arrays.write_sealed(tmp_path / f"{name}.npy", array)
        for read in (arrays.read_sealed, np.load):
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
    arrays.write_sealed(path, ARRAY)
    DAMAGES[damage](path)
    with pytest.raises(FileError, match="x.embeddings.npy: not the array that was saved here .*delete it"):
        arrays.read_sealed(path)
    with pytest.warns(UserWarning, match="x.embeddings.npy: not the array .* computed again"):
        assert np.array_equal(arrays.kept(path, lambda: ARRAY), ARRAY)
    assert np.array_equal(arrays.kept(path, lambda: pytest.fail("computed again")), ARRAY)


def test_the_order_in_memory_is_no_damage(tmp_path):
    arrays.write_sealed(tmp_path / "a.npy", ARRAY)
    in_fortran_order(tmp_path / "a.npy")
    assert np.array_equal(arrays.read_sealed(tmp_path / "a.npy"), ARRAY)


def test_weights_are_read_only_if_they_are_those_of_the_record(tmp_path):
    path = tmp_path / "w.npz"
    arrays.write_several(path, {"a": ARRAY, "b": ARRAY[0]})
    digest = file_digest(path)
    assert [np.array_equal(x, y) for x, y in zip(arrays.read_several(path, digest), (ARRAY, ARRAY[0]), strict=True)]
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(FileError, match="w.npz: not what its record was written with.* delete it together"):
        arrays.read_several(path, digest)
    path.write_bytes(b"")
    with pytest.raises(FileError, match="w.npz: cannot be read .*restore it"):
        arrays.read_several(path, file_digest(path))
    path.unlink()
    with pytest.raises(FileError, match="w.npz: cannot be read .No such file.*restore it"):
        arrays.read_several(path, digest)
