"""Tests of what is done otherwise under JAX. `test_backends.py` runs them in a process with KERAS_BACKEND=jax."""

import keras
import numpy as np
import pytest
from keras import layers

from paperlib.compute import kernels, steppers

jax = pytest.importorskip("jax")
assert keras.backend.backend() == "jax"


def pooled(images, weighting):
    """Maxima, and the gradient of their sum weighted by `weighting`, computed window by window with NumPy."""
    _, height, width, _ = images.shape
    padded = np.pad(images, ((0, 0), (0, 1), (0, 1), (0, 0)), constant_values=-np.inf)
    maxima, gradient = np.zeros_like(weighting), np.zeros_like(padded)
    for image, row, column, channel in np.ndindex(weighting.shape):
        window = padded[image, 2 * row : 2 * row + 3, 2 * column : 2 * column + 3, channel]
        y, x = np.unravel_index(np.argmax(window), (3, 3))  # the first where several are equal
        maxima[image, row, column, channel] = window[y, x]
        gradient[image, 2 * row + y, 2 * column + x, channel] += weighting[image, row, column, channel]
    return maxima, gradient[:, :height, :width]


def with_gradient(layer, images, weighting):
    return [np.asarray(part) for part in jax.jit(lambda x, g: _value_and_pullback(layer, x, g))(images, weighting)]


def _value_and_pullback(layer, images, weighting):
    outputs, pullback = jax.vjp(layer, images)
    return outputs, *pullback(weighting)


@pytest.fixture
def gpu(monkeypatch):
    """As if there were one; JAX computes on the processor all the same."""
    monkeypatch.setattr(keras.distribution, "list_devices", lambda: ["gpu:0"])


@pytest.mark.parametrize("shape", [(2, 8, 6, 3), (3, 2, 2, 1), (1, 12, 12, 4)])
@pytest.mark.parametrize("values", [3, 1000])  # few, so that most windows have several maxima
def test_pooling_takes_the_first_maximum_of_each_window(shape, values, gpu):
    draw = np.random.default_rng(0)
    images = draw.integers(-values, values, shape).astype(np.float32)
    weighting = draw.integers(-9, 9, (shape[0], shape[1] // 2, shape[2] // 2, shape[3])).astype(np.float32)
    for layer in (kernels.MaxPooling2D(3, 2, "same"), layers.MaxPooling2D(3, 2, "same")):
        for found, expected in zip(with_gradient(layer, images, weighting), pooled(images, weighting), strict=True):
            assert np.array_equal(found, expected)


@pytest.mark.parametrize(
    "shape, options", [((2, 7, 8, 3), (3, 2, "same")), ((2, 8, 8, 3), (2, 2, "same")), ((2, 8, 8, 3), (3, 2, "valid"))]
)
def test_other_pooling_is_keras_own(shape, options, gpu):
    images = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    ours, plain = kernels.MaxPooling2D(*options)(images), layers.MaxPooling2D(*options)(images)
    assert np.array_equal(ours, plain)


def test_products_of_float32_are_not_rounded_first():
    with kernels.full_precision_matmul():
        lowered = jax.jit(lambda a, b: a @ b).lower(np.ones((4, 4), np.float32), np.ones((4, 4), np.float32)).as_text()
    assert "HIGHEST" in lowered


def test_steps_share_a_program_on_a_gpu(gpu):
    assert steppers.steps_per_execution("resident") == 20
    assert steppers.steps_per_execution("streamed") == 1  # copies from Python at each step


def test_steps_are_taken_one_by_one_on_a_processor():
    assert steppers.steps_per_execution("resident") == 1


def test_training_as_on_a_gpu(gpu, monkeypatch):
    """Pooling and stretches of steps as there, and a fast phase that is no whole number of stretches."""
    from paperlib import data, training

    monkeypatch.setattr(steppers, "_IN_ONE_PROGRAM", 2)
    options = dict(split=0.75, steps=4, batch=4, precision="float32", seed=3)
    digits, subset = data.load("digits"), np.arange(100, 160)
    there = training.train_classifier(digits, subset, **options)
    monkeypatch.undo()
    here = training.train_classifier(digits, subset, **options)
    assert there.phases == here.phases == (3, 1)
    assert np.allclose(there.history.loss[:2], here.history.loss[:2], rtol=1e-3)
