from itertools import combinations

import numpy as np
import pytest

from paperlib.analysis import autoencoders


@pytest.fixture
def draw():
    return np.random.default_rng(0)


def test_reproductions_find_their_inputs(draw):
    originals = draw.random((700, 4, 4, 3), np.float32)
    assert autoencoders.retrieval_rate(originals, originals) == 1
    assert autoencoders.retrieval_rate(originals[::-1], originals) == 0
    half = np.concatenate([originals[:350], originals[:350]])
    assert autoencoders.retrieval_rate(half, originals) == 0.5
    with pytest.raises(ValueError, match="give one for each"):
        autoencoders.retrieval_rate(originals[:5], originals)


def test_the_rate_is_that_of_all_pairs(draw):
    originals = draw.random((50, 3, 3, 1), np.float32)
    reproductions = originals + draw.normal(0, 0.3, originals.shape).astype(np.float32)
    hits = [
        int(np.argmin([np.sum((one - other) ** 2) for other in originals])) == place
        for place, one in enumerate(reproductions)
    ]
    assert 0 < np.mean(hits) < 1
    assert autoencoders.retrieval_rate(reproductions, originals) == np.mean(hits)


def test_common_variance_is_the_share_of_the_profile(draw):
    profile = draw.normal(0, 2, 300)
    embeddings = profile + draw.normal(0, 1, (4_000, 300))
    assert autoencoders.common_variance(embeddings) == pytest.approx(profile.var() / (profile.var() + 1), abs=0.01)
    assert autoencoders.common_variance(draw.normal(0, 1, (4_000, 300))) < 0.001
    assert autoencoders.common_variance(np.tile(profile, (5, 1))) == pytest.approx(1)


def test_recurring_elements_are_counted_over_all_choices_of_images(draw):
    embeddings = draw.normal(0, 1, (9, 8)) + 2 * np.arange(8)
    counts = []
    for chosen in combinations(range(9), 3):
        ranks = embeddings[list(chosen)].argsort(axis=1).argsort(axis=1)
        counts.append((ranks < 2).all(axis=0).sum() + (ranks >= 6).all(axis=0).sum())
    assert autoencoders.recurring_elements(embeddings, images=3) == pytest.approx(np.mean(counts))


def test_by_chance_hardly_any_element_recurs(draw):
    found = autoencoders.described(draw.normal(0, 1, (5_000, 216)), np.zeros((3, 2, 2, 1)), np.zeros((3, 2, 2, 1)))
    assert found["recurring"]["elements"] == pytest.approx(found["recurring"]["by_chance"], abs=0.02)
    assert found["recurring"]["by_chance"] == pytest.approx(2 * 216 / 4**6)
    assert found["recurring"]["images"] == 6 and found["retrieval"]["images"] == 3
    always = np.tile(np.arange(216.0), (10, 1))
    assert autoencoders.recurring_elements(always) == 2 * 54
