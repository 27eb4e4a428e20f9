import numpy as np
import pytest

from paperlib.selection import select


def error(embeddings, chosen):
    return np.linalg.norm(embeddings[chosen].mean(axis=0) - embeddings.mean(axis=0))


def test_equals_the_obvious_implementation():
    embeddings = np.random.default_rng(0).normal(size=(60, 4)) + 1
    mean, expected = embeddings.mean(axis=0), []
    for step in range(60):
        # w = (step + 1) mean - the sum of the chosen
        weights = (step + 1) * mean - sum((embeddings[i] for i in expected), np.zeros(4))
        left = [i for i in range(60) if i not in expected]
        expected.append(max(left, key=lambda i: weights @ embeddings[i]))
    assert select(embeddings, 60, "herding").tolist() == expected


def test_the_first_is_the_one_most_along_the_mean():
    embeddings = np.random.default_rng(1).normal(size=(50, 3)) + [1, 2, 3]
    assert select(embeddings, 1, "herding")[0] == np.argmax(embeddings @ embeddings.mean(axis=0))


def test_of_samples_of_one_length_the_first_is_the_nearest_to_the_mean():
    embeddings = np.random.default_rng(1).normal(size=(50, 3)) + [1, 2, 3]
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    nearest = np.argmin(np.linalg.norm(embeddings - embeddings.mean(axis=0), axis=1))
    assert select(embeddings, 1, "herding")[0] == nearest


@pytest.mark.parametrize("seed", range(3))
def test_the_mean_approaches_that_of_all_as_one_over_k(seed):
    embeddings = np.random.default_rng(seed).normal(size=(5_000, 6)).astype(np.float32)
    chosen = select(embeddings, 400, "herding")
    ks = np.array([25, 50, 100, 200, 400])
    errors = [error(embeddings, chosen[:k]) for k in ks]
    slope = np.polyfit(np.log(ks), np.log(errors), 1)[0]
    assert -1.4 < slope < -0.8  # 1 / k; that of random samples falls as its root
    for k, ours in zip(ks, errors):
        random = [error(embeddings, select(embeddings, int(k), "random", seed=draw)) for draw in range(20)]
        assert ours < min(random) and ours < np.median(random) / 2


def test_by_index_ties_take_the_lower_one():
    embeddings = np.array([[0, 1], [2, 1], [0, 1], [2, 1]])
    assert select(embeddings, 4, "herding", ties="index").tolist() == [1, 0, 3, 2]
