import numpy as np
import pytest

from paperlib.own_data import quality
from paperlib.own_data.quality import Quality


def good(**changes):
    return Quality(**{
        "samples": 100, "distinct_images": 100, "distinct_embeddings": 100, "numbers": 9,
        "effective_rank": 5.0, "error": 0.01,
        "mean_image_error": 0.05, **changes,
    })  # fmt: skip


def test_effective_rank():
    draw = np.random.default_rng(0)
    assert quality.effective_rank(draw.normal(size=(20_000, 6))) == pytest.approx(6, rel=0.01)
    line = np.outer(draw.normal(size=50), draw.normal(size=6))
    assert quality.effective_rank(line) == pytest.approx(1)
    assert quality.effective_rank(np.ones((9, 3))) == 0
    # By hand: shares of variance 1/2, 1/4, 1/4 have the entropy 1.5 log 2.
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    assert quality.effective_rank(signs * np.sqrt([2, 1, 1])) == pytest.approx(2**1.5)


def test_what_is_measured():
    images = np.random.default_rng(0).integers(0, 256, (30, 12, 10, 1), dtype=np.uint8)
    images[1] = images[0]
    images[2] = images[3]
    images[2, 0, 0] ^= 1  # outside of the centre crop
    embeddings = np.arange(60.0).reshape(30, 2)
    embeddings[:9] = 1
    crops = quality.crops_as_in_training(images, 8)
    assert crops.shape == (30, 8, 8, 1) and 0 <= crops.min() < crops.max() <= 1
    found = quality.measure(embeddings, images, crops, crops + 0.5)
    assert (found.samples, found.distinct_images, found.distinct_embeddings) == (30, 28, 22)
    assert found.error == pytest.approx(0.25)
    assert found.mean_image_error == pytest.approx(crops.var(axis=0).mean())


def test_crops_are_windows_of_the_images_and_mirrored_ones():
    images = np.random.default_rng(1).integers(0, 256, (40, 9, 9, 3), dtype=np.uint8)
    mirrored = 0
    for image, crop in zip(images, quality.crops_as_in_training(images, 8)):
        windows = [image[y : y + 8, x : x + 8] for y in (0, 1) for x in (0, 1)]
        plain = any(np.allclose(crop * 255, window) for window in windows)
        turned = any(np.allclose(crop * 255, window[:, ::-1]) for window in windows)
        assert plain or turned
        mirrored += turned
    assert 8 < mirrored < 32


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"error": 0.046}, "0.92 times the error of the mean image"),
        ({"error": float("nan")}, "times the error"),
        ({"mean_image_error": 0.0}, "inf times the error"),
        ({"distinct_embeddings": 38}, "100 distinct images have 38 embeddings"),
        ({"effective_rank": 1.2}, "vary in 1.2 directions"),
    ],
)
def test_shortcomings(changes, said):
    assert good().shortcomings() == []
    (short,) = good(**changes).shortcomings()
    assert said in short


def test_copies_need_no_embeddings_of_their_own():
    assert good(distinct_images=20, distinct_embeddings=20).shortcomings() == []


def test_spread_is_the_variance_over_the_images():
    images = np.random.default_rng(2).integers(0, 256, (50, 9, 9, 3), dtype=np.uint8)
    assert quality.spread(images) == pytest.approx((images / 255).var(axis=0).mean(), rel=1e-5)
    assert quality.spread(np.full((5, 8, 8, 1), 7, np.uint8)) == pytest.approx(0, abs=1e-12)


def test_an_embedding_of_one_number_cannot_vary_in_more_directions():
    assert good(numbers=1, effective_rank=1.0).shortcomings() == []
