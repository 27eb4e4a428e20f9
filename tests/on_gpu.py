"""What only a GPU can show: `KERAS_BACKEND=jax DATA=cifar10-jpeg.npz python -m pytest tests/on_gpu.py`.

On a processor these pass as well, but take minutes and show less.
"""

import json
import os

import numpy as np
import pytest

from paperlib import data, training

from .conftest import ROOT
from .first_steps import error, measured


@pytest.fixture(scope="module")
def cifar10():
    return data.load(os.environ["DATA"])


def test_first_steps_are_as_near_to_float64_as_tensorflows_on_a_processor(cifar10):
    usual, exact = json.loads((ROOT / "tests" / "first_steps_cifar10.json").read_text()).values()
    assert (cifar10.name, cifar10.fingerprint) == (exact["dataset"], exact["fingerprint"])
    found = measured(cifar10, exact["batch"], exact["learning_rate"], "float32")
    print(found["environment"]["device"], error(found, usual, exact))
    assert error(found, usual, exact) < 5


def test_same_seed_same_bits_in_bfloat16(cifar10):
    """Not so in float32, with or without XLA's deterministic operations: after the change to the full set, the losses
    of two trainings differed from the seventh digit on (H100, JAX 0.11.2)."""
    options = dict(phases=(41, 4), batch=256, seed=3, precision="bfloat16")
    first, second = (training.train_classifier(cifar10, np.arange(4_320), **options) for _ in range(2))
    assert np.array_equal(first.history.loss, second.history.loss)
    for name in ("raw", "warmup", "constant"):
        for a, b in zip(first.weights[name], second.weights[name], strict=True):
            assert np.array_equal(a, b)
