import numpy as np
import pytest

from paperlib.selection import blocks
from paperlib.selection.points import Points


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 100)


def test_products():
    embeddings = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    vector = np.array([1.0, -2.0, 0.5, 3.0])
    assert np.allclose(Points(embeddings).products(vector), embeddings.astype(float) @ vector, rtol=1e-12)


@pytest.mark.parametrize("offset", [0, 1e7])
def test_squared_distances(offset):
    embeddings = offset + np.random.default_rng(0).normal(size=(50, 7))
    embeddings[40] = embeddings[11]
    points = Points(embeddings, embeddings[0])
    for point in (embeddings[11], embeddings[0], embeddings.mean(axis=0)):
        distances = points.squared_distances(points.placed(point))
        assert np.allclose(distances, ((embeddings - point) ** 2).sum(axis=1), rtol=1e-9)
    from_copy = points.squared_distances(points.placed(embeddings[11]))
    assert from_copy[11] == from_copy[40] == 0


@pytest.mark.parametrize("scale", [5e-324, 1e-200, 1e200, 1e308])
def test_products_of_very_small_and_very_large_values_are_finite(scale):
    points = Points(np.array([[1.0, 0.0], [0.0, 1.0]]) * scale)
    assert points.squares[0] == points.squares[1] > 0 and np.isfinite(points.squares).all()


def test_parts_hold_every_sample_once(monkeypatch):
    monkeypatch.setattr("paperlib.selection.points._THREADS_FROM", 1)
    monkeypatch.setattr("paperlib.selection.points.cores", lambda: 3)
    embeddings = np.arange(60.0).reshape(20, 3)  # blocks of 4 rows
    points = Points(embeddings)
    parts = points.parts()
    assert len(parts) == 3 and [part.start % 4 for part in parts] == [0, 0, 0]
    assert np.array_equal(np.concatenate([rows for part in parts for _, rows in points.blocks(part)]), embeddings)
    assert [start for part in parts for start, _ in points.blocks(part)] == [0, 4, 8, 12, 16]
