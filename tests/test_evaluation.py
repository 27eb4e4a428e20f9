from itertools import combinations

import numpy as np
import pytest

from paperlib import evaluation


@pytest.fixture
def draw():
    return np.random.default_rng(0)


def test_reproductions_find_their_inputs(draw):
    originals = draw.random((700, 4, 4, 3), np.float32)
    assert evaluation.retrieval_rate(originals, originals) == 1
    assert evaluation.retrieval_rate(originals[::-1], originals) == 0
    half = np.concatenate([originals[:350], originals[:350]])
    assert evaluation.retrieval_rate(half, originals) == 0.5
    with pytest.raises(ValueError, match="give one for each"):
        evaluation.retrieval_rate(originals[:5], originals)


def test_the_rate_is_that_of_all_pairs(draw):
    originals = draw.random((50, 3, 3, 1), np.float32)
    reproductions = originals + draw.normal(0, 0.3, originals.shape).astype(np.float32)
    hits = [
        int(np.argmin([np.sum((one - other) ** 2) for other in originals])) == place
        for place, one in enumerate(reproductions)
    ]
    assert 0 < np.mean(hits) < 1
    assert evaluation.retrieval_rate(reproductions, originals) == np.mean(hits)


def test_common_variance_is_the_share_of_the_profile(draw):
    profile = draw.normal(0, 2, 300)
    embeddings = profile + draw.normal(0, 1, (4_000, 300))
    assert evaluation.common_variance(embeddings) == pytest.approx(profile.var() / (profile.var() + 1), abs=0.01)
    assert evaluation.common_variance(draw.normal(0, 1, (4_000, 300))) < 0.001
    assert evaluation.common_variance(np.tile(profile, (5, 1))) == pytest.approx(1)


def test_recurring_elements_are_counted_over_all_choices_of_images(draw):
    embeddings = draw.normal(0, 1, (9, 8)) + 2 * np.arange(8)
    counts = []
    for chosen in combinations(range(9), 3):
        ranks = embeddings[list(chosen)].argsort(axis=1).argsort(axis=1)
        counts.append((ranks < 2).all(axis=0).sum() + (ranks >= 6).all(axis=0).sum())
    assert evaluation.recurring_elements(embeddings, images=3) == pytest.approx(np.mean(counts))


def test_by_chance_hardly_any_element_recurs(draw):
    found = evaluation.fig_4(draw.normal(0, 1, (5_000, 216)), np.zeros((3, 2, 2, 1)), np.zeros((3, 2, 2, 1)))
    assert found["recurring"]["elements"] == pytest.approx(found["recurring"]["by_chance"], abs=0.02)
    assert found["recurring"]["by_chance"] == pytest.approx(2 * 216 / 4**6)
    assert found["recurring"]["images"] == 6 and found["retrieval"]["images"] == 3
    always = np.tile(np.arange(216.0), (10, 1))
    assert evaluation.recurring_elements(always) == 2 * 54


def test_a_classifier_is_measured_by_its_logits():
    found = evaluation.classification(
        np.array([[2.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 0.0]]), np.array([0, 0, 1, 1])
    )
    assert found["accuracy"] == 0.75 and found["accuracy_per_class"] == [1.0, 0.5]
    right, wrong = np.log1p(np.exp(-2)), np.log1p(np.exp(2))
    assert found["cross_entropy"] == pytest.approx((3 * right + wrong) / 4)


def test_reproductions_are_measured_beside_the_mean_image():
    originals = np.zeros((2, 2, 2, 1))
    found = evaluation.reconstruction(originals + 0.1, originals, np.full((2, 2, 1), 0.5))
    assert found["mse"] == {"reproduction": pytest.approx(0.01), "mean_image": 0.25}
    assert found["psnr_db"] == {"reproduction": pytest.approx(20), "mean_image": pytest.approx(10 * np.log10(4))}


def test_elements_that_do_not_vary_are_told(draw):
    embeddings = draw.normal(size=(100, 5)) * [1, 1, 1, 0, 1e-4]
    assert evaluation.live_elements(embeddings).tolist() == [True, True, True, False, False]
