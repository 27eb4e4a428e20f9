import keras
import numpy as np
import pytest

from paperlib import encoders, models, training

IMAGES = np.random.default_rng(0).integers(0, 256, (64, 24, 24, 1), np.uint8)


def trained(objective, **options):
    options = dict(embedding_size=18, steps=3, batch=16, precision="float32") | options
    return training.train_autoencoder(IMAGES, objective=objective, labels=np.arange(64) % 4, **options)


@pytest.mark.parametrize("objective", encoders.OBJECTIVES)
def test_embeddings_and_what_the_head_makes_of_them(objective):
    encoder, head, spread = encoders.build(objective, 18, classes=4, channels=1)
    embeddings = encoder(IMAGES / 255)
    assert embeddings.shape == (64, 18)
    assert head(embeddings).shape == ((64, 4) if objective == "labels" else (64, 24, 24, 1))
    assert (spread is not None) == (objective == "variational")


def test_the_papers_objective_is_the_papers_autoencoder():
    found, expected = encoders.build(seed=3), models.autoencoder(seed=3)
    for network, other in zip(found, expected):
        assert all(map(np.array_equal, network.get_weights(), other.get_weights()))


@pytest.mark.parametrize("objective", encoders.OBJECTIVES)
def test_each_objective_trains_the_encoder_and_repeats_itself(objective):
    before, once, again = trained(objective, steps=1), trained(objective), trained(objective)
    assert all(map(np.array_equal, once.encoder.get_weights(), again.encoder.get_weights()))
    moved = [np.abs(a - b).max() > 0 for a, b in zip(once.encoder.get_weights(), before.encoder.get_weights())]
    assert all(moved)  # batch-norm statistics among them


def test_labels_are_learned():
    images = np.zeros((64, 24, 24, 1), np.uint8)
    labels = np.arange(64) % 2
    images[labels == 1] = 255
    found = training.train_autoencoder(
        images, objective="labels", labels=labels, embedding_size=18, steps=40, batch=32, precision="float32"
    )
    logits = training.reproduce(found.decoder, training.embed(found.encoder, images))
    assert np.array_equal(logits.argmax(axis=1), labels)


def test_the_divergence_is_that_of_the_normal_distributions():
    """Against NumPy: 0 for the standard normal, by the textbook's formula elsewhere."""
    draw = np.random.default_rng(1)
    mean, log_variance = draw.normal(size=(2, 5, 7)).astype(np.float32)
    layer = encoders.Sampled(numbers=100, seed=0)
    layer([np.zeros((5, 7), np.float32)] * 2)
    assert float(layer.losses[0]) == 0
    layer = encoders.Sampled(numbers=100, seed=0)
    layer([mean, log_variance])
    divergence = -0.5 * (1 + log_variance - mean**2 - np.exp(log_variance)).sum(axis=1).mean()
    assert float(layer.losses[0]) == pytest.approx(2 * encoders.PIXEL_VARIANCE / 100 * divergence, rel=1e-5)


def test_samples_have_the_mean_and_the_variance_that_they_are_given():
    mean, log_variance = np.full((20_000, 2), [3, -1], np.float32), np.log(np.full((20_000, 2), [0.25, 4], np.float32))
    drawn = keras.ops.convert_to_numpy(encoders.Sampled(1, seed=0)([mean, log_variance]))
    assert drawn.mean(axis=0) == pytest.approx([3, -1], abs=0.06)
    assert drawn.std(axis=0) == pytest.approx([0.5, 2], rel=0.03)


def test_unknown_objectives_and_missing_labels_are_refused():
    with pytest.raises(ValueError, match="objective is 'contrast': choose from reconstruction, variational, labels"):
        encoders.build("contrast")
    with pytest.raises(ValueError, match="objective is 'labels', and there are none: give labels"):
        training.train_autoencoder(IMAGES, objective="labels", steps=1)
