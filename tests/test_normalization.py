import keras
import numpy as np
import pytest

from paperlib import augment, models, normalization


def test_statistics_are_the_means_over_the_batches():
    images = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 3), np.uint8)
    model = models.classifier(3, image_size=8)
    before = [layer.momentum for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    normalization.recompute_batchnorm_statistics(model, images, batch=20)
    first = keras.Model(model.inputs, model.get_layer("relu1").output)  # what norm1 is given
    given = first.predict(augment.standardize(augment.center_crop(images, 8)), verbose=0)
    batches = np.split(given, 3)
    norm = model.get_layer("norm1")
    assert np.asarray(norm.moving_mean) == pytest.approx(given.mean((0, 1, 2)), rel=1e-4, abs=1e-5)
    variances = np.mean([some.var((0, 1, 2)) for some in batches], axis=0)
    assert np.asarray(norm.moving_variance) == pytest.approx(variances, rel=1e-3, abs=1e-6)
    assert before == [layer.momentum for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
