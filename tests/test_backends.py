import importlib.util
import os
import subprocess
import sys

import pytest

from .conftest import ROOT

_TRAINING = """
import importlib.abc
import sys

class NoTensorFlow(importlib.abc.MetaPathFinder):  # as on a machine that has none
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] == "tensorflow":
            raise ModuleNotFoundError("there is no TensorFlow here")

sys.meta_path.insert(0, NoTensorFlow())
import numpy as np
from paperlib import data, selection, training

digits = data.load("digits")
encoder = training.train_autoencoder(digits.x_train, embedding_size=18, steps=3, batch=16).encoder
subset = selection.select(training.embed(encoder, digits.x_train), 126)
trained = training.train_classifier(digits, subset, split=0.5, steps=6, batch=16, decay=0.5)
assert trained.phases == (3, 3), trained.phases
assert np.isfinite(trained.history.loss).all()
assert not np.array_equal(trained.weights["raw"][0], trained.weights["warmup"][0])
assert not np.array_equal(trained.weights["warmup"][0], trained.weights["constant"][0])
assert training.predict(trained.model, digits.x_test).shape == (360, 10)
import keras
assert "tensorflow" not in sys.modules
print("trained on", keras.backend.backend())
"""


def test_two_phases_on_jax_without_tensorflow():
    if not importlib.util.find_spec("jax"):
        pytest.skip("jax is not installed: pip install 'paperlib[jax]'")
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    done = subprocess.run([sys.executable, "-c", _TRAINING], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "trained on jax" in done.stdout


def test_one_module_imports_tensorflow():
    found = [file.name for file in (ROOT / "paperlib").glob("*.py") if "import tensorflow" in file.read_text()]
    assert found == ["kernels.py"]
