"""What holds for every method."""

import inspect
import subprocess
import sys
import tracemalloc
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from paperlib.selection import DRAW, METHODS, REGISTRY, blocks, select

LOOK_AT_NOTHING = ("random", "random_balanced")

good = np.random.default_rng(2).normal(size=(8, 3))


def test_k_distinct_indices_of_all(method):
    embeddings = np.abs(np.random.default_rng(1).normal(size=(30, 4)))
    for k in (1, 7, 30):
        chosen = select(embeddings, k, method, labels=np.arange(30) % 3)
        assert chosen.shape == (k,) and chosen.dtype == np.int64
        assert len(set(chosen.tolist())) == k and chosen.min() >= 0 and chosen.max() < 30


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
    # Of two samples that are each other's nearest, facility location may take either: a tie.
    chosen = [select(embeddings, 20, method, labels=labels, seed=seed, ties="index").tolist() for seed in range(3)]
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
        with pytest.raises(
            ValueError, match="1 of [0-9]+ values in embeddings [04] to 7 are NaN or infinite: did training"
        ):
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
        ((good, 1.5), {}, "k is 1.5: expected a whole number"),
        ((good, True), {}, "k is True: expected a whole number"),
        ((good[0], 1), {}, r"\(3,\): expected real numbers"),
        ((good[:, :0], 1), {}, r"\(8, 0\): expected real numbers"),
        ((good.astype(complex), 1), {}, "complex128"),
        ((good.astype(str), 1), {}, "expected real numbers"),
        ((np.where(good > good.mean(), np.nan, good), 2), {}, "NaN or infinite"),
        ((np.vstack([good, [[np.inf, 0, 0]]]), 2), {}, "1 of 3 values in embeddings 8 to 8 are NaN or infinite"),
        (
            (good, 2, "best"),
            {},
            "method is 'best': unknown method, choose from random, random_balanced",
        ),
        ((good, 2, "random_balanced"), {}, "looks at classes: give labels"),
        ((good, 2), {"overlap": "both"}, "overlap is 'both': choose 'fill' or 'union'"),
        ((good, 2), {"by_class": True}, "no option by_class; it has overlap, penalty, pairs, pca, quota_per_class"),
        ((good, 2, "random"), {"overlap": "fill"}, "no option overlap; it has none"),
        ((good, 2), {"labels": np.zeros(3)}, r"labels are \(3,\)"),
        ((good, 2), {"labels": np.zeros((8, 1), int)}, r"labels are \(8, 1\): expected one per sample, \(8,\)"),
        ((good, 2), {"penalty": -1}, "penalty is -1: expected standard deviations from 0 to 1e\\+30"),
        ((good, 2), {"penalty": np.nan}, "penalty is nan"),
        ((good, 2), {"penalty": np.inf}, "penalty is inf"),
        ((good, 2), {"penalty": 1e300}, "penalty is 1e\\+300: expected standard deviations from 0 to 1e\\+30"),
        ((good, 2), {"penalty": "1"}, "penalty is '1': expected a number of standard deviations"),
        ((good, 2, "facility_location"), {"max_bytes": -1}, "max_bytes is -1: expected a whole number of bytes"),
        ((good, 2, ["random"]), {}, r"method is \['random'\]: unknown method, choose from random"),
        ((good, 2), {"ties": "last"}, "ties is 'last': choose 'seed' or 'index'"),
        ((np.ma.masked_array(good, good > 1), 2), {}, "embeddings are a masked array: its mask would be lost"),
        (([[1, 2], [3]], 1), {}, "embeddings are list, which is no array"),
        ((good.astype(np.longdouble), 2), {}, "give float64 or narrower"),
        ((good, 2), {"pca": "whiten"}, "pca is 'whiten': choose True or False"),
        ((good, 2, "k_means"), {"pca": "plain"}, "pca is 'plain': choose True or False"),
        ((good, 2), {"quota_per_class": True}, "looks at classes: give labels"),
        (
            (good, 2),
            {"quota_per_class": True, "overlap": "union", "labels": np.zeros(8, int)},
            "union has fewer than k: choose overlap='fill'",
        ),
        ((good[:, :1], 2), {"pairs": True}, "needs two elements that vary, and one does: leave pairs off"),
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


@pytest.mark.parametrize("seed", [-1, 1.5, "a", None, 2**32, True, np.nan])
def test_seeds_that_not_all_methods_take_are_refused_by_all(method, seed):
    with pytest.raises(ValueError, match="seed is .*: expected"):
        select(np.abs(good), 2, method, labels=np.arange(8) % 2, seed=seed)


@pytest.mark.parametrize(
    "labels",
    [
        [0.0, 1.0] * 4,
        [np.nan, 1.0] * 4,
        [None, "a"] * 4,
        [{}, "a"] * 4,
        np.array([1, "a"] * 4, object),
        np.array([np.nan, "a"] * 4, object),
        np.ma.masked_array([1, 2] * 4, [True, False] * 4),
    ],
)
def test_labels_that_name_no_class_are_refused(labels):
    with pytest.raises(ValueError, match="labels are .*(expected integers or strings|masked array)"):
        select(good, 2, "random_balanced", labels=labels)


def test_labels_as_pandas_gives_them():
    for labels in (np.array(["a", "b"] * 4, object), np.array([3, 2**40] * 4, object)):
        chosen = select(good, 4, "random_balanced", labels=labels)
        assert sorted(labels[chosen].tolist()) == sorted(labels[:4].tolist())


@pytest.mark.parametrize("which", ["top_activations", "max_dispersion", "k_center", "k_means", "herding"])
def test_of_copies_the_seed_decides_and_not_their_order(which):
    """Of 40 copies of one sample, the first is chosen no more often than by chance."""
    embeddings = np.vstack([np.eye(3) * 0.5, np.repeat([[4.0, 5.0, 6.0]], 40, axis=0)])
    drawn = [select(embeddings, 4, which, seed=seed).tolist() for seed in range(60)]
    copies = [sample for chosen in drawn for sample in chosen if sample >= 3]
    assert len(set(copies)) > 20 and copies.count(3) < len(copies) / 8


@pytest.mark.parametrize("which", ["max_dispersion", "k_center", "herding", "k_means", "top_activations"])
@pytest.mark.parametrize("scale", [2.0**-1000, 2.0**-500, 2.0**500, 2.0**1000])
def test_very_small_and_very_large_values_are_chosen_from_as_others(which, scale):
    embeddings = np.random.default_rng(0).normal(size=(50, 4))
    expected = select(embeddings, 12, which).tolist()
    assert select(embeddings * scale, 12, which).tolist() == expected


def test_components_without_variance_in_float64_are_named():
    embeddings = np.full((6, 2), 2**64 - 1, np.uint64)
    embeddings[3] -= np.uint64(1)
    with pytest.raises(ValueError, match="pca=True finds no variance"):
        select(embeddings, 2, pca=True)


def test_help_names_every_method_and_option():
    for name, method in REGISTRY.items():
        assert f"    {name} " in select.__doc__
        for option in (*method.options, "ties", "seed", "labels"):
            assert f"    {option} : " in select.__doc__ and option in inspect.signature(select).parameters
            assert inspect.signature(select).parameters[option].annotation is not inspect.Parameter.empty


def test_nothing_heavy_is_imported():
    heavy = ("keras", "tensorflow", "sklearn", "scipy", "pandas")
    code = f"import sys, paperlib.selection; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


numbers = st.one_of(
    st.floats(width=32), st.sampled_from([0.0, 1.0, 5e-324, 1e-200, 1e200, 1.7e308, 3e38, -1.7e308, 1e16])
)
arrays = st.one_of(
    hnp.arrays(
        st.sampled_from([np.float64, np.float32, np.float16]),
        st.tuples(st.integers(0, 9), st.integers(0, 4)),
        elements=st.sampled_from([0.0, 1.0, -2.0, 0.5, 3.25]),
    ),
    hnp.arrays(np.float64, st.tuples(st.integers(1, 9), st.integers(1, 4)), elements=numbers),
    hnp.arrays(st.sampled_from([np.uint64, np.int8, np.bool_]), st.tuples(st.integers(1, 9), st.integers(1, 3))),
    hnp.arrays(np.dtype("U3"), (2, 2)),
    hnp.arrays(np.float64, st.integers(0, 4), elements=numbers),
)
anything = st.one_of(st.integers(-3, 12), st.floats(), st.booleans(), st.text(max_size=2), st.none(), st.just([1]))
ARGUMENTS = (
    "embeddings",
    "elements",
    "k is",
    "seed",
    "labels",
    "penalty",
    "overlap",
    "pairs",
    "pca",
    "quota_per_class",
)


@settings(max_examples=250, deadline=None)
@given(
    arrays,
    st.sampled_from([name for name in METHODS if name not in ("facility_location", "feature_based")]),
    st.data(),
)
def test_either_a_right_answer_or_an_error_that_names_the_argument(embeddings, method, data):
    k = data.draw(st.one_of(st.integers(1, max(1, len(embeddings))), anything))
    seed = data.draw(st.one_of(st.integers(0, 2**32 - 1), anything))
    labels = data.draw(
        st.one_of(
            st.none(),
            st.lists(st.integers(0, 2), min_size=len(embeddings), max_size=len(embeddings)),
            st.lists(anything, min_size=len(embeddings), max_size=len(embeddings)),
        )
    )
    options = {}
    if method == "top_activations":
        names = data.draw(st.sets(st.sampled_from(["overlap", "penalty", "pairs", "pca", "quota_per_class"])))
        good = {"overlap": ["fill", "union"], "penalty": [0, 0.5, 1e300]}
        options = {
            name: data.draw(st.one_of(st.sampled_from(good.get(name, [True, False])), anything))
            for name in sorted(names)
        }
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            chosen = select(embeddings, k, method, labels=labels, seed=seed, **options)
    except ValueError as error:
        assert any(name in str(error) for name in ARGUMENTS), error
        return
    assert chosen.dtype == np.int64 and chosen.ndim == 1 and len(set(chosen.tolist())) == len(chosen)
    assert len(chosen) == k or (options.get("overlap") == "union" and len(chosen) < k)
    assert chosen.min() >= 0 and chosen.max() < len(embeddings)
