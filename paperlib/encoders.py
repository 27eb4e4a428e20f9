"""Encoders of the same size that learn by another objective than the paper's, to ask what the embedding contributes.

The paper leaves open which embedding is best (Section VI). The convolutions, and the n numbers of an embedding, are
those of the paper's autoencoder in all of them.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
from keras import layers, ops

from paperlib import models
from paperlib.compute import Tensor

OBJECTIVES = ("reconstruction", "variational", "labels")

# Of the reproductions, as the variational objective sees them: a standard deviation of 0.1 for pixels in [0, 1].
PIXEL_VARIANCE = 0.01


class Networks(NamedTuple):
    """An encoder and what it is trained together with.

    encoder : images (B, 24, 24, 3) in [0, 1] -> embeddings (B, n).
    head : embeddings -> reproductions (B, 24, 24, 3), or logits (B, classes).
    spread : images -> log variances (B, n) of the embeddings, for "variational"; else None.
    """

    encoder: keras.Model
    head: keras.Model
    spread: keras.Model | None = None


def build(
    objective: str = "reconstruction",
    embedding_size: int = 216,
    *,
    classes: int = 10,
    image_size: int = 24,
    channels: int = 3,
    last_activation: str = "relu",
    dtype: str = "float32",
    seed: int = 0,
) -> Networks:
    """Build the networks of an objective.

    Parameters
    ----------
    objective : {"reconstruction", "variational", "labels"}
        The paper's autoencoder; a variational one (Kingma and Welling, ICLR 2014); a classifier whose penultimate layer
        is the embedding.
    embedding_size, image_size, channels, last_activation, dtype, seed
        Those of `paperlib.models.autoencoder`.
    classes : int
        For "labels".

    Returns
    -------
    Networks

    Raises
    ------
    ValueError
        For an unknown objective, or sizes that do not fit.
    """
    if objective not in OBJECTIVES:
        raise ValueError(f"objective is {objective!r}: choose from {', '.join(OBJECTIVES)}")
    shape: dict[str, Any] = dict(image_size=image_size, channels=channels, dtype=dtype, seed=seed)
    encoder, decoder = models.autoencoder(embedding_size, last_activation=last_activation, **shape)
    if objective == "reconstruction":
        return Networks(encoder, decoder)
    if objective == "labels":
        logits = layers.Dense(classes, kernel_initializer=keras.initializers.GlorotUniform(seed), name="logits")
        return Networks(encoder, keras.Sequential([keras.Input((embedding_size,)), logits], name="head"))
    # The last convolution's normalization would fix the variance of the embeddings, which here is learned.
    shared = encoder.get_layer("norm2").output
    mean, log_variance = (_flat_convolution(shared, encoder, seed + number, dtype) for number in (1, 2))
    return Networks(
        keras.Model(encoder.inputs, mean, name="encoder"),
        decoder,
        keras.Model(encoder.inputs, log_variance, name="spread"),
    )


def _flat_convolution(features: Tensor, encoder: keras.Model, seed: int, dtype: str) -> Tensor:
    """A convolution and a pooling to as many numbers (B, n) as the encoder has, without an activation."""
    like = encoder.get_layer("conv3")
    draw = keras.initializers.GlorotUniform(seed)
    pooled = encoder.get_layer("pool3")
    maps = type(like)(like.filters, like.kernel_size, padding="same", kernel_initializer=draw, dtype=dtype)(features)
    maps = layers.AveragePooling2D(pooled.strides, padding="same", dtype=dtype)(maps)
    return layers.Activation("linear", dtype="float32")(layers.Flatten(dtype=dtype)(maps))


class Sampled(layers.Layer):
    """Draws embeddings from their distributions, and adds the divergence of these from the standard normal to the loss.

    Called with means (B, n) and log variances (B, n). The loss is the evidence lower bound's, divided by what makes its
    first part the mean squared error over `numbers` pixels and channels.
    """

    def __init__(self, numbers: int, seed: int, **options: Any) -> None:
        super().__init__(dtype="float32", **options)
        self._draw = keras.random.SeedGenerator(seed)
        self._weight = 2 * PIXEL_VARIANCE / numbers

    def call(self, distributions: list[Tensor]) -> Tensor:
        mean, log_variance = distributions
        divergence = ops.sum(ops.exp(log_variance) + ops.square(mean) - 1 - log_variance, axis=1) / 2
        self.add_loss(self._weight * ops.mean(divergence))
        return mean + ops.exp(log_variance / 2) * keras.random.normal(ops.shape(mean), seed=self._draw)


def trained_output(networks: Networks, crops: Tensor, seed: int) -> tuple[Tensor, Callable]:
    """What a training model gives for crops (B, 24, 24, 3) in [0, 1], and the loss of that.

    Reproductions come as their difference from the crops, whose squared mean is the loss; logits with the labels'
    cross-entropy.
    """
    encoder, head, spread = networks
    embeddings = encoder(crops)
    if spread is not None:
        numbers = int(crops.shape[1] * crops.shape[2] * crops.shape[3])
        embeddings = Sampled(numbers, seed, name="sampled")([embeddings, spread(crops)])
    output = head(embeddings)
    if len(output.shape) == 2:
        return output, keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return layers.Subtract(dtype="float32")([output, crops]), mean_square


def mean_square(_: Tensor, difference: Tensor) -> Tensor:
    """The mean of squares (B,) of differences (B, 24, 24, 3)."""
    return ops.mean(ops.square(difference), axis=(1, 2, 3))
