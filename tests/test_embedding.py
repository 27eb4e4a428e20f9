import numpy as np
import pytest

from paperlib import embedding, own_data


@pytest.mark.parametrize(("side", "crop"), [(8, 8), (11, 8), (16, 16), (20, 16), (28, 24), (32, 24), (64, 48)])
def test_crops_are_multiples_of_8_that_fit(side, crop):
    assert embedding.crop_size(side) == crop
    size = embedding.embedding_size(crop, 4_320)
    assert size % (crop // 8) ** 2 == 0 and 190 < size < 240


def test_the_paper_s_sizes_are_the_default_for_its_data():
    samples = own_data.Samples("like CIFAR-10", images=np.broadcast_to(np.uint8(0), (50_000, 32, 32, 3)))
    k = own_data.samples_to_keep(samples, 0)
    plan = embedding.plan(samples, k)
    assert (k, plan["crop_size"], plan["embedding_size"]) == (4_320, 24, 216)
    assert plan["steps"] == 5 * 50_000 // 64
    assert embedding.embedding_size(24, 20) == 9  # few samples to keep: few elements, so that each chooses some


def test_images_that_are_not_square_are_embedded(silent):
    images = np.random.default_rng(0).integers(0, 256, (10, 13, 18, 1), dtype=np.uint8)
    samples = own_data.Samples("odd", images=images)
    plan = embedding.plan(samples, 5, size=6, steps=1)
    assert plan["crop_size"] == 8
    embeddings = embedding.embed(samples, plan, silent)
    assert embeddings.shape == (10, 6) and np.isfinite(embeddings).all() and embeddings.std() > 0
