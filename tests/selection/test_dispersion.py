from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.spatial.distance import cdist, pdist

from paperlib.selection import select


def obvious(embeddings, k):
    distances = cdist(embeddings, embeddings)
    chosen = [int(cdist(embeddings, embeddings.mean(axis=0)[None]).argmax())]
    while len(chosen) < k:
        left = [i for i in range(len(embeddings)) if i not in chosen]
        chosen.append(max(left, key=lambda i: distances[i, chosen].sum()))
    return chosen


def dispersion(embeddings, chosen):
    return pdist(embeddings[list(chosen)]).sum()


def test_equals_the_obvious_implementation():
    embeddings = np.random.default_rng(0).normal(size=(80, 5))
    assert select(embeddings, 80, "max_dispersion").tolist() == obvious(embeddings, 80)


@given(hnp.arrays(np.int64, st.tuples(st.integers(3, 9), st.integers(1, 3)), elements=st.integers(-9, 9)), st.data())
def test_has_at_least_half_of_the_largest_dispersion(embeddings, data):
    if (embeddings == embeddings[0]).all():
        return
    k = data.draw(st.integers(2, len(embeddings)))
    largest = max(dispersion(embeddings, some) for some in combinations(range(len(embeddings)), k))
    assert dispersion(embeddings, select(embeddings, k, "max_dispersion")) >= largest / 2 - 1e-9


def test_is_nearly_the_largest_where_samples_are_many():
    draw = np.random.default_rng(1)
    for _ in range(10):
        embeddings = draw.normal(size=(12, 3))
        largest = max(dispersion(embeddings, some) for some in combinations(range(12), 5))
        assert dispersion(embeddings, select(embeddings, 5, "max_dispersion")) > 0.9 * largest


def test_by_index_ties_take_the_lower_one():
    embeddings = np.array([[0, 0], [0, 4], [3, 0], [0, 4], [3, 0], [3, 4], [3, 4]])
    # Copies of a corner are as far as the corner itself. The mean is nearer to (3, 4) than to (0, 0).
    assert select(embeddings, 3, "max_dispersion", ties="index").tolist()[:2] == [0, 5]
