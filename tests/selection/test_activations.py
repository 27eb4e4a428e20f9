import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from paperlib.selection import blocks, ranked_lists, select
from paperlib.selection.ties import priority


def obvious(embeddings, k, overlap, order=None):
    """Eq. 4 as one would explain it: sort every element's samples, go down the ranks, element after element.

    Of samples with equal activations, the one with the lowest number in `order` (N,) comes first; by default the index.
    """
    order = range(len(embeddings)) if order is None else order
    rows = [[float(value) for value in row] for row in embeddings]
    samples, elements = range(len(rows)), range(len(rows[0]))
    live = [j for j in elements if len({row[j] for row in rows}) > 1]
    lists = [sorted(samples, key=lambda i: (-rows[i][j], order[i])) for j in live]
    chosen, choices = [], 0
    for rank in samples:
        for ranking in lists:
            if (choices if overlap == "union" else len(chosen)) == k:
                return chosen
            choices += 1
            if ranking[rank] not in chosen:
                chosen.append(ranking[rank])
    return chosen


shapes = st.tuples(st.integers(2, 25), st.integers(1, 6))
matrices = st.one_of(
    hnp.arrays(np.float32, shapes, elements=st.floats(-10, 10, width=32)),
    hnp.arrays(np.float64, shapes, elements=st.sampled_from([-1.0, 0.0, 0.5])),  # mostly ties, constant columns
    hnp.arrays(np.int64, shapes, elements=st.integers(-3, 3)),
    hnp.arrays(np.uint8, shapes, elements=st.integers(0, 255)),
    hnp.arrays(np.float64, shapes, elements=st.floats(-1e6, -1)),
    hnp.arrays(np.bool_, shapes),
)


@given(matrices, st.data(), st.sampled_from(["fill", "union"]), st.sampled_from(["seed", "index"]))
def test_equals_the_obvious_implementation(embeddings, data, overlap, ties):
    k = data.draw(st.integers(1, len(embeddings)))
    seed = data.draw(st.integers(0, 3))
    order = priority(ties, seed)(np.arange(len(embeddings))).tolist()
    if all(len(set(column.tolist())) == 1 for column in embeddings.T):
        with pytest.raises(ValueError, match="none of the .* elements varies"):
            select(embeddings, k, overlap=overlap)
        return
    chosen = select(embeddings, k, overlap=overlap, ties=ties, seed=seed)
    assert chosen.tolist() == obvious(embeddings, k, overlap, order)
    assert chosen.dtype == np.int64
    assert len(set(chosen.tolist())) == len(chosen)
    assert len(chosen) == k or overlap == "union"


@given(matrices, st.data(), st.sampled_from(["fill", "union"]), st.sampled_from(["seed", "index"]))
def test_the_size_of_blocks_does_not_show(embeddings, data, overlap, ties):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", 2 * embeddings[:1].nbytes)  # two rows
        test_equals_the_obvious_implementation.hypothesis.inner_test(embeddings, data, overlap, ties)


def test_equals_the_obvious_implementation_on_many_samples(monkeypatch):
    embeddings = np.random.default_rng(0).normal(size=(400, 21)).astype(np.float32)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 8 * embeddings[:1].nbytes)  # 50 blocks
    for k in (1, 20, 200):
        assert select(embeddings, k).tolist() == obvious(embeddings, k, "fill")


def test_the_papers_sizes():
    embeddings = np.random.default_rng(0).normal(size=(50_000, 216)).astype(np.float32)
    assert len(select(embeddings, 4_320)) == 4_320
    lists, live = ranked_lists(embeddings, 20)  # |Y'| = k / n = 20 for each of 216 elements
    assert lists.shape == (20, 216) and live.all()
    assert set(select(embeddings, 4_320, overlap="union").tolist()) == set(lists.ravel().tolist())


def test_by_index_ties_take_the_lower_one_and_still_elements_are_passed_over():
    embeddings = np.array([[5, 1, 0], [5, 1, 2], [5, 3, 2], [5, 3, 1]])
    assert select(embeddings, 3, ties="index").tolist() == [2, 1, 3]  # element 1: 2, 3, ...; element 2: 1, 2, ...


def shares(order, labels, k):
    """The first k of an order with the same number of each class, in rounds."""
    rounds = {}
    for place, sample in enumerate(order):
        turn = sum(labels[other] == labels[sample] for other in order[:place])
        rounds.setdefault(turn, []).append(sample)
    return [sample for turn in sorted(rounds) for sample in rounds[turn]][:k]


def standardized(embeddings):
    embeddings = embeddings[:, [len(set(column)) > 1 for column in embeddings.T.tolist()]]
    return (embeddings - embeddings.mean(axis=0)) / embeddings.std(axis=0)


@given(matrices, st.data())
def test_quota_per_class_equals_the_obvious_implementation(embeddings, data):
    if all(len(set(column.tolist())) == 1 for column in embeddings.T):
        return
    samples = len(embeddings)
    k = data.draw(st.integers(1, samples))
    labels = data.draw(hnp.arrays(np.int64, samples, elements=st.integers(-1, 2)))
    chosen = select(embeddings, k, labels=labels, quota_per_class=True, ties="index")
    assert chosen.tolist() == shares(obvious(embeddings, samples, "fill"), labels.tolist(), k)


def test_quota_per_class_takes_as_many_of_each():
    draw = np.random.default_rng(0)
    labels = np.repeat(["cat", "dog", "frog"], [200, 100, 5])
    embeddings = draw.normal(size=(305, 10)) + 3 * (labels == "cat")[:, None]  # cats activate everything most
    assert set(labels[select(embeddings, 30)]) == {"cat"}
    for k, counts in ((3, [1, 1, 1]), (15, [5, 5, 5]), (45, [20, 20, 5]), (46, [21, 20, 5]), (305, [200, 100, 5])):
        chosen = select(embeddings, k, labels=labels, quota_per_class=True)
        assert [int((labels[chosen] == name).sum()) for name in ("cat", "dog", "frog")] == counts
    assert (
        select(embeddings, 46, labels=labels.tolist(), quota_per_class=True).tolist()
        == select(embeddings, 46, labels=labels, quota_per_class=True).tolist()
    )


@pytest.mark.parametrize("penalty", [0.01, 0.3, 5.0])
def test_penalty_equals_the_obvious_implementation(penalty):
    embeddings = np.random.default_rng(4).gamma(0.3, size=(120, 12)) * np.arange(12)  # the first is constant
    scores = standardized(embeddings)
    scores = scores - penalty * np.sum(scores > 2, axis=1)[:, None]
    for overlap in ("fill", "union"):
        assert select(embeddings, 50, penalty=penalty, overlap=overlap).tolist() == obvious(scores, 50, overlap)


def test_penalty_passes_over_what_is_active_everywhere():
    embeddings = np.random.default_rng(5).random((100, 6))
    embeddings[13] = 3  # the most active sample of every element
    embeddings[[20, 21, 22, 23, 24, 25], range(6)] = 2.5  # and one that is active there alone
    assert 13 in select(embeddings, 6)
    assert set(select(embeddings, 6, penalty=1.0)) == {20, 21, 22, 23, 24, 25}


@pytest.mark.parametrize("elements", [2, 3, 4, 7])
@pytest.mark.parametrize("penalty", [0.0, 0.4])
def test_pairs_equal_the_obvious_implementation(elements, penalty):
    embeddings = np.random.default_rng(6).gamma(0.5, size=(90, elements + 1))
    embeddings[:, 1] = 7  # still
    scores = standardized(embeddings)
    scores = scores - penalty * np.sum(scores > 2, axis=1)[:, None]
    around = [(i, (i + offset) % elements) for offset in range(1, elements) for i in range(elements)]
    pairs = list(dict.fromkeys(tuple(sorted(pair)) for pair in around))
    assert len(pairs) == elements * (elements - 1) // 2
    lists = np.hstack([scores] + [scores[:, [i]] + scores[:, [j]] for i, j in pairs])
    for k in (1, 5, 40, 90):
        for overlap in ("fill", "union"):
            chosen = select(embeddings, k, pairs=True, penalty=penalty, overlap=overlap)
            assert chosen.tolist() == obvious(lists, k, overlap)


def test_pairs_use_every_element_equally_often():
    # Sample i activates element i most, and sample 20 + p the p-th pair.
    around = [(i, (i + offset) % 20) for offset in (1, 2) for i in range(20)]
    embeddings = np.zeros((20 + len(around) + 200, 20))
    embeddings[range(20), range(20)] = 3
    for sample, pair in enumerate(around, 20):
        embeddings[sample, list(pair)] = 2
    assert select(embeddings, 60, pairs=True, ties="index").tolist() == list(range(60))


def test_pca_ranks_by_principal_components():
    draw = np.random.default_rng(7)
    sources = draw.gamma(1.0, size=(300, 3)) * [9, 3, 1]
    mixed = sources @ np.linalg.qr(draw.normal(size=(3, 3)))[0]
    embeddings = np.hstack([mixed, mixed @ draw.normal(size=(3, 4)) * 1e-3, np.ones((300, 1))])  # rank 3 of 8
    centered = embeddings - embeddings.mean(axis=0)
    axes = np.linalg.svd(centered, full_matrices=False)[2][:3]
    axes *= np.sign(axes[range(3), np.abs(axes).argmax(axis=1)])[:, None]
    assert select(embeddings, 40, pca=True).tolist() == obvious(centered @ axes.T, 40, "fill")


def test_options_work_together():
    embeddings, labels = np.random.default_rng(8).random((200, 9)), np.arange(200) % 4
    plain = select(embeddings, 40).tolist()
    together = select(embeddings, 40, labels=labels, penalty=0.2, pairs=True, pca=True, quota_per_class=True)
    assert np.bincount(labels[together]).tolist() == [10, 10, 10, 10] and together.tolist() != plain


@pytest.mark.parametrize("overlap", ["fill", "union"])
def test_little_is_held_besides_the_embeddings(overlap):
    """As many as CIFAR-10 has: at most a tenth of them."""
    embeddings = np.random.default_rng(0).random((50_000, 216), np.float32)
    tracemalloc.start()
    select(embeddings, 4_320, overlap=overlap)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < embeddings.nbytes / 10
