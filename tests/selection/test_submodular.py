import sys

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from paperlib.selection import select


def assert_is_greedy(chosen, value, samples):
    """No other sample would have raised the value by more, at any step; ties are certain in facility location."""
    for step, sample in enumerate(chosen):
        before = chosen[:step]
        values = [value(before + [i]) for i in range(samples) if i not in before]
        assert value(before + [sample]) == pytest.approx(max(values), rel=1e-9)


def facility_value(embeddings):
    similarities = cdist(embeddings, embeddings, "sqeuclidean")
    similarities = similarities.max() - similarities
    return lambda chosen: similarities[:, chosen].max(axis=1).sum()


def feature_value(embeddings):
    return lambda chosen: np.sqrt(embeddings[chosen].sum(axis=0)).sum()


METHODS = {"facility_location": facility_value, "feature_based": feature_value}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("k", [1, 10, 50])
def test_every_choice_is_a_greedy_one(method, k):
    pytest.importorskip("apricot")
    embeddings = np.random.default_rng(0).gamma(0.7, size=(50, 5))
    chosen = select(embeddings, k, method).tolist()
    assert len(set(chosen)) == k
    assert_is_greedy(chosen, METHODS[method](embeddings), 50)


@pytest.mark.parametrize("method", METHODS)
def test_every_choice_is_a_greedy_one_among_copies(method):
    """Where gains of 0 follow each other while others are left."""
    pytest.importorskip("apricot")
    draw = np.random.default_rng(0)
    embeddings = np.repeat(draw.integers(0, 3, size=(15, 3)), 2, axis=0)[draw.permutation(30)].astype(float)
    chosen = select(embeddings, 30, method).tolist()
    assert len(set(chosen)) == 30
    assert_is_greedy(chosen, METHODS[method](embeddings), 30)


def test_many_classes_are_compiled_for_once():
    """apricot would compile for each of them, which takes two seconds."""
    apricot = pytest.importorskip("apricot")
    embeddings, labels = np.random.default_rng(0).gamma(0.7, size=(600, 3)), np.arange(600) % 200
    chosen = select(embeddings, 400, "facility_location", labels=labels, by_class=True)
    assert np.array_equal(np.bincount(labels[chosen]), np.full(200, 2))
    assert apricot.functions.facilityLocation.calculate_gains.cache_info().misses == 1


@pytest.mark.parametrize("method", METHODS)
def test_a_missing_library_is_named(method, monkeypatch):
    monkeypatch.setitem(sys.modules, "apricot", None)
    expected = rf"'{method}' needs the library apricot-select: pip install apricot-select"
    with pytest.raises(ImportError, match=expected):
        select(np.eye(4), 2, method)


def test_facility_location_as_large_as_allowed():
    pytest.importorskip("apricot")
    assert len(select(np.eye(8), 3, "facility_location", max_bytes=8 * 64)) == 3
    with pytest.raises(ValueError, match="100,000 x 100,000 similarities, 74.5 GiB, and max_bytes allows 4.0 GiB"):
        select(np.zeros((100_000, 1)), 3, "facility_location")


def test_facility_location_by_class_is_that_of_each_class():
    pytest.importorskip("apricot")
    draw = np.random.default_rng(0)
    embeddings, labels = draw.gamma(0.7, size=(61, 5)), np.repeat([7, 3, 5], [30, 30, 1])
    # By index: 31 and 59 are each other's nearest, a tie, which a seed breaks by all samples that are given.
    chosen = select(embeddings, 20, "facility_location", labels=labels, by_class=True, ties="index")
    assert len(set(chosen.tolist())) == 20
    assert np.array_equal(np.bincount(labels[chosen])[[3, 5, 7]], [10, 1, 9])  # the lone sample's share goes to others
    for name, share in ((7, 9), (3, 10)):
        of_class = np.flatnonzero(labels == name)
        assert np.array_equal(
            chosen[labels[chosen] == name],
            of_class[select(embeddings[of_class], share, "facility_location", ties="index")],
        )
    assert np.array_equal(labels[chosen[:6]], [3, 5, 7, 3, 7, 3])  # of each class one, then of each another
    assert len(select(embeddings, 20, "facility_location", labels=labels, by_class=True, max_bytes=8 * 900)) == 20
    with pytest.raises(ValueError, match="30 x 30 similarities.*choose by_class=True, or method='k_center'"):
        select(embeddings, 20, "facility_location", labels=labels, by_class=True, max_bytes=8 * 899)
    with pytest.raises(ValueError, match=r"by_class=True looks at classes: give labels \(N,\)"):
        select(embeddings, 20, "facility_location", by_class=True)


def test_feature_based_of_negative_embeddings_counts_from_the_lowest():
    pytest.importorskip("apricot")
    embeddings = np.random.default_rng(0).normal(size=(50, 5))
    with pytest.raises(ValueError, match="the lowest activation is -[0-9.]+: choose from_lowest=True, or give"):
        select(embeddings, 10, "feature_based")
    expected = select(embeddings - embeddings.min(axis=0), 10, "feature_based")
    assert np.array_equal(select(embeddings, 10, "feature_based", from_lowest=True), expected)
