import numpy as np
import pytest

from paperlib import data, interpolation, models

EMBEDDINGS = np.random.default_rng(0).normal(size=(40, 6))
LABELS = np.arange(40) % 4
CHOSEN = np.array([0, 4, 8, 1, 5, 2])  # three of class 0, two of class 1, one of class 2


def test_points_lie_between_two_chosen_samples_of_their_class():
    points, classes = interpolation.between(EMBEDDINGS, LABELS, CHOSEN, 50, seed=1)
    assert points.shape == (50, 6) and points.dtype == np.float32 and set(classes) == {0, 1}
    for point, name in zip(points, classes):
        ends = EMBEDDINGS[CHOSEN[LABELS[CHOSEN] == name]]
        pairs = [(a, b) for i, a in enumerate(ends) for b in ends[:i]]
        # On a line between two points, the distances to both add up to theirs.
        detours = [np.linalg.norm(a - point) + np.linalg.norm(b - point) - np.linalg.norm(a - b) for a, b in pairs]
        assert min(detours) < 1e-5


def test_the_seed_draws_the_points():
    one, same, other = (interpolation.between(EMBEDDINGS, LABELS, CHOSEN, 9, seed=seed)[0] for seed in (0, 0, 1))
    assert np.array_equal(one, same) and not np.array_equal(one, other)


def test_without_two_samples_of_a_class_there_is_nothing_between():
    with pytest.raises(ValueError, match="3 chosen samples, no two of one class"):
        interpolation.between(EMBEDDINGS, LABELS, np.array([0, 1, 2]), 5)


def test_decoded_points_are_images_of_the_data_sets_size():
    _, decoder = models.autoencoder(18, image_size=24, channels=1)
    images = interpolation.decoded(decoder, np.random.default_rng(0).normal(size=(3, 18)), 32)
    assert images.shape == (3, 32, 32, 1) and images.dtype == np.uint8
    assert np.array_equal(images[:, 3, 4:28], images[:, 4, 4:28])  # mirrored at the border


def test_an_extended_data_set_keeps_its_samples():
    digits = data.load("digits")
    images, labels = digits.x_train[:5][:, ::-1], digits.y_train[:5]
    larger, subset = interpolation.extended(digits, np.array([7, 9]), images, labels)
    assert np.array_equal(larger.x_train[:-5], digits.x_train) and larger.x_test is digits.x_test
    assert np.array_equal(larger.x_train[subset[2:]], images) and np.array_equal(larger.y_train[subset[2:]], labels)
    assert subset[:2].tolist() == [7, 9]
