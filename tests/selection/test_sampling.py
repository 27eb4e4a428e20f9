import numpy as np
import pytest

from paperlib.selection import select
from paperlib.selection.sampling import random_of_counts


def test_random_is_a_uniform_set_of_k():
    embeddings = np.zeros((10, 1))
    drawn = np.array([select(embeddings, 3, "random", seed=seed) for seed in range(2_000)])
    assert drawn.shape == (2_000, 3) and drawn.dtype == np.int64
    assert all(len(set(row)) == 3 for row in drawn.tolist())
    counts = np.bincount(drawn.ravel(), minlength=10)
    expected, deviation = 600, (2_000 * 0.3 * 0.7) ** 0.5
    assert np.all(np.abs(counts - expected) < 5 * deviation)
    assert select(embeddings, 3, "random", seed=7).tolist() == drawn[7].tolist()


def test_random_balanced_takes_as_many_of_each_class():
    labels = np.repeat([3, 5, 9], [50, 40, 4])
    embeddings = np.zeros((94, 1))
    for k, counts in ((9, [3, 3, 3]), (12, [4, 4, 4]), (20, [8, 8, 4]), (94, [50, 40, 4])):
        chosen = select(embeddings, k, "random_balanced", labels=labels, seed=k)
        assert [int((labels[chosen] == name).sum()) for name in (3, 5, 9)] == counts
    drawn = np.array([select(embeddings, 10, "random_balanced", labels=labels, seed=seed) for seed in range(2_000)])
    more = [int((labels[row] == 3).sum() == 4) for row in drawn]
    assert abs(np.mean(more) - 1 / 3) < 5 * (2 / 9 / 2_000) ** 0.5  # each class is as likely to have the tenth
    counts = np.bincount(drawn.ravel(), minlength=94)[:50]
    share = counts.sum() / 2_000 / 50
    assert np.all(np.abs(counts - 2_000 * share) < 5 * (2_000 * share * (1 - share)) ** 0.5)


def test_a_given_number_of_each_class_is_drawn():
    labels = np.repeat([0, 1, 2], [10, 20, 5])
    chosen = random_of_counts(labels, [3, 0, 5], seed=1)
    assert len(set(chosen.tolist())) == 8 and np.bincount(labels[chosen], minlength=3).tolist() == [3, 0, 5]
    assert chosen.tolist() == random_of_counts(labels, [3, 0, 5], seed=1).tolist()
    assert chosen.tolist() != random_of_counts(labels, [3, 0, 5], seed=2).tolist()
    with pytest.raises(ValueError, match="class 2 has 5 samples, and 6 are asked for"):
        random_of_counts(labels, [1, 1, 6])
