import mmap
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from paperlib.selection import blocks


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 100)


def test_blocks_hold_every_row_once_in_order():
    embeddings = np.arange(60.0).reshape(20, 3)
    # 4 rows are 96 bytes
    for at_least, lengths in ((0, [4] * 5), (1, [1, 1, 2, 4, 4, 4, 4]), (7, [7, 7, 6]), (50, [20])):
        starts, rows = zip(*blocks.blocks(embeddings, at_least))
        assert np.array_equal(np.concatenate(rows), embeddings)
        assert [len(part) for part in rows] == lengths
        assert list(starts) == np.cumsum([0, *lengths])[:-1].tolist()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int64, np.uint8, np.bool_])
def test_statistics_are_those_of_the_whole(dtype):
    embeddings = np.random.default_rng(0).integers(0, 2, size=(50, 4)).astype(dtype)
    embeddings[:, 2] = 1
    mean, deviation, live = blocks.statistics(embeddings)
    assert np.allclose(mean, embeddings.astype(float).mean(axis=0), rtol=1e-12)
    assert live.tolist() == [True, True, False, True]
    assert np.allclose(deviation[live], embeddings.astype(float).std(axis=0)[live], rtol=1e-12) and deviation[2] == 1


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int64])
@pytest.mark.parametrize("block_bytes", [100, 1 << 20])
def test_statistics_are_those_of_scikit_learn_to_the_bit(dtype, block_bytes, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", block_bytes)
    embeddings = (100 + 10 * np.random.default_rng(0).normal(size=(999, 7))).astype(dtype)
    embeddings[:, 3] = 4
    scaler = StandardScaler()
    for _, rows in blocks.blocks(embeddings):
        scaler.partial_fit(rows)
    mean, deviation, _ = blocks.statistics(embeddings)
    assert np.array_equal(mean, scaler.mean_) and np.array_equal(deviation, scaler.scale_)


def test_statistics_far_from_zero():
    embeddings = 1e7 + np.random.default_rng(0).normal(size=(500, 3))
    assert np.allclose(blocks.statistics(embeddings)[1], embeddings.std(axis=0), rtol=1e-6)


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e155, 1e300])
def test_statistics_of_very_small_and_very_large_values(scale):
    embeddings = np.random.default_rng(0).normal(size=(50, 3))
    mean, deviation, live = blocks.statistics(embeddings * scale)
    assert np.allclose(mean / scale, embeddings.mean(axis=0)) and live.all()
    assert np.allclose(deviation / scale, embeddings.std(axis=0))


def mapped_bytes():
    """Of this process, in pages of files."""
    return 1024 * int(re.search(r"RssFile:\s+(\d+)", Path("/proc/self/status").read_text())[1])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc to ask")
@pytest.mark.parametrize("mode", ["r", "r+"])
def test_pages_of_a_mapped_file_are_let_go(mode, tmp_path, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1 << 20)
    np.save(tmp_path / "e.npy", np.random.default_rng(0).random((100_000, 80), np.float32))
    mapped = np.load(tmp_path / "e.npy", mmap_mode=mode)
    before, most = mapped_bytes(), 0
    for _ in blocks.blocks(np.asarray(mapped)[777:]):
        most = max(most, mapped_bytes() - before)
    assert most < 8 << 20 < mapped.nbytes / 3
    assert mapped[50].any() and mapped[99_999].any()


def test_what_was_changed_in_a_mapping_stays(tmp_path):
    np.save(tmp_path / "e.npy", np.zeros((10 * mmap.PAGESIZE // 8, 2)))
    for mode in ("c", "r+"):
        mapped = np.load(tmp_path / "e.npy", mmap_mode=mode)
        mapped[:] = 3
        for _ in range(2):
            assert all((rows == 3).all() for _, rows in blocks.blocks(mapped))


def test_other_layouts_of_a_mapped_file(tmp_path):
    expected = np.random.default_rng(0).random((3000, 6))
    np.save(tmp_path / "columns.npy", np.asfortranarray(expected))
    np.save(tmp_path / "rows.npy", expected)
    columns, rows = (np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in ("columns", "rows"))
    for mapped, array in ((columns, expected), (rows[::-1], expected[::-1]), (rows[5:, 2:4], expected[5:, 2:4])):
        assert np.array_equal(np.concatenate([part for _, part in blocks.blocks(mapped)]), array)
