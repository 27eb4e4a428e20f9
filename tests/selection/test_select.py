"""What holds for every method."""

import tracemalloc

import numpy as np
import pytest

from paperlib.selection import DRAW, blocks, select

LOOK_AT_NOTHING = ("random", "random_balanced")

good = np.random.default_rng(2).normal(size=(8, 3))


def test_k_distinct_indices_of_all(method):
    embeddings = np.abs(np.random.default_rng(1).normal(size=(30, 4)))
    for k in (1, 7, 30):
        chosen = select(embeddings, k, method, labels=np.arange(30) % 3)
        assert chosen.shape == (k,) and chosen.dtype == np.int64
        assert len(set(chosen.tolist())) == k and 0 <= chosen.min() and chosen.max() < 30


def test_k_distinct_indices_also_of_copies(method):
    embeddings = np.repeat([[0.0, 2.0], [1.0, 1.0], [3.0, 0.0]], 5, axis=0)
    for k in (2, 9, 15):
        chosen = select(embeddings, k, method, labels=np.arange(15) % 3)
        assert len(set(chosen.tolist())) == len(chosen) == k
    if method not in LOOK_AT_NOTHING:
        assert len(np.unique(embeddings[select(embeddings, 3, method)], axis=0)) > 1


def test_all_kinds_of_numbers(method):
    # Values that every kind holds exactly: the same choice whatever they are stored as.
    embeddings = np.random.default_rng(3).integers(0, 2, size=(40, 9))
    expected = select(embeddings.astype(np.float64), 6, method, labels=np.arange(40) % 2, seed=5)
    for dtype in (np.bool_, np.uint8, np.int64, np.float16, np.float32):
        chosen = select(embeddings.astype(dtype), 6, method, labels=np.arange(40) % 2, seed=5)
        if method != "k_means":  # which computes in the width that it is given
            assert chosen.tolist() == expected.tolist(), dtype
        assert len(set(chosen.tolist())) == 6


def test_the_same_arguments_give_the_same_indices(method):
    embeddings, labels = np.random.default_rng(1).random((60, 4), np.float32), np.arange(60) % 3
    once, again = (select(embeddings, 20, method, labels=labels, seed=1).tolist() for _ in range(2))
    assert once == again


def test_only_methods_that_draw_depend_on_the_seed(method):
    embeddings, labels = np.random.default_rng(1).random((60, 4), np.float32), np.arange(60) % 3
    chosen = [select(embeddings, 20, method, labels=labels, seed=seed).tolist() for seed in range(3)]
    assert (chosen[0] != chosen[1] or chosen[0] != chosen[2]) == (method in DRAW)


def test_embeddings_are_left_as_they_are(method):
    embeddings = np.random.default_rng(1).random((60, 4))
    embeddings.flags.writeable = False
    before = embeddings.copy()
    select(embeddings, 20, method, labels=np.arange(60) % 3)
    assert np.array_equal(embeddings, before)


def test_memory_mapped_embeddings(method, tmp_path):
    np.save(tmp_path / "e.npy", np.abs(good))
    mapped = np.load(tmp_path / "e.npy", mmap_mode="r")
    labels = np.arange(8) % 2
    assert select(mapped, 4, method, labels=labels).tolist() == select(np.abs(good), 4, method, labels=labels).tolist()


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("top_activations", {}),
        ("top_activations", {"penalty": 0.1, "quota_per_class": True}),
        ("top_activations", {"pairs": True}),
        ("k_center", {}),
        ("max_dispersion", {}),
        ("herding", {}),
    ],
)
def test_embeddings_larger_than_memory(method, options, tmp_path, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1 << 16)
    np.save(tmp_path / "e.npy", np.random.default_rng(0).random((80_000, 64), np.float32))
    mapped, labels = np.load(tmp_path / "e.npy", mmap_mode="r"), np.arange(80_000) % 10
    select(mapped[:50], 5, method, labels=labels[:50], **options)  # what is imported when first used
    tracemalloc.start()
    select(mapped, 30, method, labels=labels, **options)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < mapped.nbytes / 4


def test_the_size_of_blocks_does_not_show(method, monkeypatch):
    embeddings, labels = np.random.default_rng(1).random((60, 4)), np.arange(60) % 3
    expected = select(embeddings, 20, method, labels=labels)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 3 * embeddings[:1].nbytes)  # three rows
    assert select(embeddings, 20, method, labels=labels).tolist() == expected.tolist()


def test_numbers_that_are_none_are_refused(method):
    if method in LOOK_AT_NOTHING:
        return
    for value in (np.nan, np.inf, -np.inf):
        embeddings = np.abs(good)
        embeddings[5, 1] = value
        with pytest.raises(ValueError, match="1 of [0-9]+ values in embeddings [04] to 7 are NaN or infinite: did training"):
            select(embeddings, 2, method)


def test_samples_that_are_all_the_same_are_refused(method):
    if method in LOOK_AT_NOTHING:
        return
    with pytest.raises(ValueError, match="none of the 2 elements varies over the 5 samples.*choose method='random'"):
        select(np.ones((5, 2)), 2, method)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((good, 0), {}, "k is 0: expected 1 to N = 8"),
        ((good, -2), {}, "k is -2"),
        ((good, 9), {}, "k is 9: expected 1 to N = 8"),
        ((good, 2.0), {}, "k is 2.0: expected a whole number"),
        ((good, True), {}, "k is True: expected a whole number"),
        ((good[0], 1), {}, r"\(3,\): expected real numbers"),
        ((good[:, :0], 1), {}, r"\(8, 0\): expected real numbers"),
        ((good.astype(complex), 1), {}, "complex128"),
        ((good.astype(str), 1), {}, "expected real numbers"),
        ((np.where(good > good.mean(), np.nan, good), 2), {}, "NaN or infinite"),
        ((np.vstack([good, [[np.inf, 0, 0]]]), 2), {}, "1 of 3 values in embeddings 8 to 8 are NaN or infinite"),
        ((good, 2, "best"), {}, "unknown method 'best': choose from random, random_balanced, top_activations"),
        ((good, 2, "random_balanced"), {}, "looks at classes: give labels"),
        ((good, 2), {"overlap": "both"}, "overlap is 'both': choose 'fill' or 'union'"),
        ((good, 2), {"quota": 3}, "no option quota; it has overlap, penalty, pairs, pca, quota_per_class"),
        ((good, 2, "random"), {"overlap": "fill"}, "no option overlap; it has none"),
        ((good, 2), {"labels": np.zeros(3)}, r"labels are \(3,\)"),
        ((good, 2), {"labels": np.zeros((8, 1))}, r"labels are \(8, 1\): expected one per sample, \(8,\)"),
        ((good, 2), {"penalty": -1}, "penalty is -1: expected standard deviations, 0 or more"),
        ((good, 2), {"penalty": np.nan}, "penalty is nan"),
        ((good, 2), {"penalty": np.inf}, "penalty is inf"),
        ((good, 2), {"pca": "whiten"}, "pca is 'whiten': choose True or False"),
        ((good, 2, "k_means"), {"pca": "plain"}, "pca is 'plain': choose True or False"),
        ((good, 2), {"quota_per_class": True}, "looks at classes: give labels"),
        (
            (good, 2),
            {"quota_per_class": True, "overlap": "union", "labels": np.zeros(8)},
            "union has fewer than k: choose overlap='fill'",
        ),
        ((good[:, :1], 2), {"pairs": True}, "needs two elements that vary, and one does: leave pairs off"),
        ((good * 1e160, 2, "k_center"), {}, "squared distances overflow; divide the embeddings"),
        ((good, 2, "feature_based"), {}, "the lowest activation is -.*: choose from_lowest=True"),
        (
            (good, 2, "facility_location"),
            {"max_bytes": 200},
            "8 x 8 similarities, .* max_bytes allows .* at most 5 samples, choose by_class=True, or method='k_center'",
        ),
    ],
)
def test_bad_input_is_named(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        select(*arguments, **options)
