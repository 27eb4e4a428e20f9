import numpy as np
import pytest

from paperlib import models


def besides_normalization(model):
    return sum(layer.count_params() for layer in model.layers if not layer.name.startswith("norm"))


def test_classifier_has_the_weights_of_reading_r1():
    convolutions = (5 * 5 * 3 * 64 + 64) + (5 * 5 * 64 * 64 + 64)
    dense = (6 * 6 * 64 * 384 + 384) + (384 * 192 + 192) + (192 * 10 + 10)
    assert convolutions + dense == 1_068_298
    assert besides_normalization(models.classifier()) == 1_068_298


def test_classifier_shapes():
    model = models.classifier()
    assert model.input_shape == (None, 24, 24, 3) and model.output_shape == (None, 10)
    assert [layer.output.shape[1:] for layer in model.layers if "pool" in layer.name] == [(12, 12, 64), (6, 6, 64)]
    assert models.classifier(7, image_size=28, channels=1).output_shape == (None, 7)


def test_weight_decay_is_half_the_squared_weights_of_the_hidden_layers():
    model = models.classifier(weight_decay=0.004)
    hidden = [model.get_layer(name).kernel for name in ("dense1", "dense2")]
    expected = sum(0.004 / 2 * float((np.asarray(kernel) ** 2).sum()) for kernel in hidden)
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)
    assert len(model.losses) == 2


def test_autoencoder_has_an_embedding_of_216():
    encoder, decoder = models.autoencoder()
    assert encoder.input_shape == (None, 24, 24, 3) and encoder.output_shape == (None, 216)
    assert decoder.input_shape == (None, 216) and decoder.output_shape == (None, 24, 24, 3)
    pools = [layer.output.shape[1:] for layer in encoder.layers if "pool" in layer.name]
    assert pools == [(12, 12, 64), (6, 6, 64), (3, 3, 24)]
    deconvolutions = [layer.output.shape[1:] for layer in decoder.layers if "deconv" in layer.name]
    assert deconvolutions == [(6, 6, 64), (12, 12, 64), (24, 24, 3)]
    assert besides_normalization(encoder) == (75 * 64 + 64) + (1600 * 64 + 64) + (1600 * 24 + 24)


def test_other_sizes():
    encoder, decoder = models.autoencoder(32, image_size=32, channels=1)
    assert encoder.output_shape == (None, 32) and decoder.output_shape == (None, 32, 32, 1)


def test_reproductions_are_not_negative_unless_asked_for():
    embeddings = np.random.default_rng(0).normal(size=(4, 18)).astype(np.float32)
    for last, negative in (("relu", False), ("linear", True)):
        _, decoder = models.autoencoder(18, last_activation=last)
        assert bool((np.asarray(decoder(embeddings)) < 0).any()) == negative


def test_seed_decides_the_initial_weights():
    first, second, other = (models.classifier(seed=seed).get_weights() for seed in (0, 0, 1))
    assert all(np.array_equal(a, b) for a, b in zip(first, second))
    assert not np.array_equal(first[0], other[0])
    kernels = [w for w in models.classifier().get_weights() if w.ndim == 4]
    assert not np.array_equal(kernels[0].ravel()[:100], kernels[1].ravel()[:100])  # layers do not start alike


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: models.classifier(1), "num_classes is 1"),
        (lambda: models.classifier(image_size=3), "image_size is 3"),
        (lambda: models.autoencoder(215), "embedding_size is 215: .* multiple of 3 x 3 = 9"),
        (lambda: models.autoencoder(0), "embedding_size is 0"),
        (lambda: models.autoencoder(image_size=20), "image_size is 20: three poolings by 2 need a multiple of 8"),
    ],
)
def test_sizes_that_cannot_be(build, message):
    with pytest.raises(ValueError, match=message):
        build()
