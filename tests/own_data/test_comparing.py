import numpy as np
import pytest

from paperlib.own_data import comparing, loading
from paperlib.own_data.comparing import Comparison
from paperlib.own_data.explorer import Choice


def choice(method="random", k=60):
    """Three classes of pictures that a line tells apart; eq. 4 on these embeddings takes one class alone."""
    labels = np.arange(300) % 3
    draw = np.random.default_rng(0)
    images = draw.integers(0, 100, (300, 20, 18, 3)) + 60 * (np.arange(18) // 6 == labels[:, None])[:, None, :, None]
    embeddings = (labels == 0)[:, None] + draw.random((300, 4))
    samples = loading.Samples("mine", images.astype(np.uint8), None, labels, ("a", "b", "c"))
    return Choice(samples, embeddings, None).choose(method, k)


def test_a_choice_of_one_class_is_worse_than_random():
    found = comparing.compare(choice("top_activations"))
    assert np.mean(found.chosen) < 50 < 90 < np.mean(found.random)
    assert (found.k, found.samples, found.tested) == (48, 240, 60)
    assert "top_activations is worse than random here, in all 5 repetitions" in comparing.sentence(found)
    assert "16 × 16 grey pixels" in comparing.announcement(choice())


def test_what_is_held_out_is_in_no_subset_and_of_all_classes():
    labels = np.repeat([0, 1, 2], (50, 10, 1))
    splits = [comparing._split(labels, repeat) for repeat in range(5)]
    for held_out, rest in splits:
        assert sorted([*held_out, *rest]) == list(range(61))
        assert np.bincount(labels[held_out], minlength=3).tolist() == [10, 2, 0]
    assert len({tuple(held_out) for held_out, _ in splits}) == 5
    held_out, rest = comparing._split(np.arange(20) // 2, 0)  # classes too small to share
    assert len(held_out) == 4 and len(rest) == 16


@pytest.mark.parametrize(
    ("differences", "said"),
    [([1, 2, 3, 1, 2], "better than random here, in all 5"), ([-1, -2, -1, -1, -1], "worse than random here, in all 5"),
     ([3, 2, 3, 1, -1], "not clearly different from random here (better in 4 of 5"), ([0] * 5, "(better in 0 of 5")],
)  # fmt: skip
def test_the_sentence_claims_no_more_than_was_measured(differences, said):
    found = Comparison("k_center", [50 + d for d in differences], [50] * 5, 9, 80, 20, "the embeddings")
    text = comparing.sentence(found)
    assert said in text and f"difference {np.mean(differences):+.1f} points" in text and "Another network" in text


def test_grey_pixels_are_means_of_areas():
    images = np.arange(2 * 32 * 48 * 3, dtype=np.uint64).reshape(2, 32, 48, 3).astype(np.uint8)
    expected = images.astype(float).mean(axis=3).reshape(2, 16, 2, 16, 3).mean(axis=(2, 4)).reshape(2, 256)
    assert np.allclose(comparing._grey(images), expected, atol=1e-3)
    small = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 1), dtype=np.uint8)
    assert np.array_equal(comparing._grey(small).reshape(2, 16, 16)[:, ::2, ::2], small[..., 0])


def test_without_labels():
    samples = loading.Samples("mine", None, np.ones((20, 2)))
    with pytest.raises(ValueError, match="mine: comparing with random needs labels"):
        comparing.check(samples)
