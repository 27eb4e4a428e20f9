import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from paperlib import selection
from paperlib.selection import METHODS, ranked_lists, select


def obvious(embeddings, k, overlap):
    """Eq. 4 as one would explain it: sort every element's samples, go down the ranks, element after element."""
    rows = [[float(value) for value in row] for row in embeddings]
    samples, elements = range(len(rows)), range(len(rows[0]))
    live = [j for j in elements if len({row[j] for row in rows}) > 1]
    lists = [sorted(samples, key=lambda i: (-rows[i][j], i)) for j in live]
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


@given(matrices, st.data(), st.sampled_from(["fill", "union"]))
def test_equals_the_obvious_implementation(embeddings, data, overlap):
    k = data.draw(st.integers(1, len(embeddings)))
    if all(len(set(column.tolist())) == 1 for column in embeddings.T):
        with pytest.raises(ValueError, match="none of the .* elements varies"):
            select(embeddings, k, overlap=overlap)
        return
    chosen = select(embeddings, k, overlap=overlap)
    assert chosen.tolist() == obvious(embeddings, k, overlap)
    assert chosen.dtype == np.int64
    assert len(set(chosen.tolist())) == len(chosen)
    assert len(chosen) == k or overlap == "union"


@given(matrices, st.data(), st.sampled_from(["fill", "union"]))
def test_the_size_of_blocks_does_not_show(embeddings, data, overlap):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selection, "_BLOCK_BYTES", 2 * embeddings[:1].nbytes)  # two rows
        test_equals_the_obvious_implementation.hypothesis.inner_test(embeddings, data, overlap)


def test_equals_the_obvious_implementation_on_many_samples(monkeypatch):
    embeddings = np.random.default_rng(0).normal(size=(400, 21)).astype(np.float32)
    monkeypatch.setattr(selection, "_BLOCK_BYTES", 8 * embeddings[:1].nbytes)  # 50 blocks
    for k in (1, 20, 200):
        assert select(embeddings, k).tolist() == obvious(embeddings, k, "fill")


def test_the_papers_sizes():
    embeddings = np.random.default_rng(0).normal(size=(50_000, 216)).astype(np.float32)
    assert len(select(embeddings, 4_320)) == 4_320
    lists, live = ranked_lists(embeddings, 20)  # |Y'| = k / n = 20 for each of 216 elements
    assert lists.shape == (20, 216) and live.all()
    assert set(select(embeddings, 4_320, overlap="union").tolist()) == set(lists.ravel().tolist())


def test_ties_take_the_lower_index_and_still_elements_are_passed_over():
    embeddings = np.array([[5, 1, 0], [5, 1, 2], [5, 3, 2], [5, 3, 1]])
    assert select(embeddings, 3).tolist() == [2, 1, 3]  # element 1: 2, 3, ...; element 2: 1, 2, ...


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


@pytest.mark.parametrize("method", list(METHODS))
def test_every_method_gives_k_distinct_indices_of_all(method):
    embeddings = np.random.default_rng(1).normal(size=(30, 4))
    for k in (1, 7, 30):
        chosen = select(embeddings, k, method, labels=np.arange(30) % 3)
        assert sorted(set(chosen.tolist())) == sorted(chosen.tolist()) and len(chosen) == k
        assert chosen.dtype == np.int64 and 0 <= chosen.min() and chosen.max() < 30


good = np.random.default_rng(2).normal(size=(8, 3))


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
        ((np.vstack([good, [[np.inf, 0, 0]]]), 2), {}, "1 of 27 values in embeddings 0 to 8 are NaN or infinite"),
        ((good, 2, "best"), {}, "unknown method 'best': choose from random, random_balanced, top_activations"),
        ((good, 2, "random_balanced"), {}, "looks at classes: give labels"),
        ((good, 2), {"overlap": "both"}, "overlap is 'both': choose 'fill' or 'union'"),
        ((good, 2), {"quota": 3}, "no option quota; it has overlap"),
        ((good, 2, "random"), {"overlap": "fill"}, "no option overlap; it has none"),
        ((good, 2), {"labels": np.zeros(3)}, r"labels are \(3,\)"),
        ((np.ones((5, 2)), 2), {}, "none of the 2 elements varies over the 5 samples"),
    ],
)
def test_bad_input_is_named(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        select(*arguments, **options)


def test_memory_mapped_embeddings(tmp_path):
    np.save(tmp_path / "e.npy", good)
    assert select(np.load(tmp_path / "e.npy", mmap_mode="r"), 4).tolist() == select(good, 4).tolist()
