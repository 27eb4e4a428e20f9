"""The paper's two networks (Section IV): the classifier of Fig. 2 and the autoencoder of Fig. 3."""

from typing import Any

import keras
from keras import layers

from paperlib.compute.kernels import BatchNormalization, Conv2D, Conv2DTranspose, Dense, MaxPooling2D

# 0.004 x 1/2 |w|^2, as in the tutorial network (reading R2); `keras.regularizers.L2` has no factor 1/2.
WEIGHT_DECAY = 0.004


def _initializer(seed: keras.random.SeedGenerator) -> keras.Initializer:
    return keras.initializers.GlorotUniform(seed=seed)


def classifier(
    num_classes: int = 10,
    *,
    image_size: int = 24,
    channels: int = 3,
    weight_decay: float = WEIGHT_DECAY,
    dtype: str = "float32",
    seed: int = 0,
) -> keras.Sequential:
    """Build the classifier of Section IV-A (Fig. 2), with the widths of reading R1.

    Parameters
    ----------
    num_classes : int
        At least 2.
    image_size, channels : int
        The input has the shape (image_size, image_size, channels).
    weight_decay : float
        Factor of 1/2 |w|^2 on the two hidden dense layers (reading R2).
    dtype : str
        Keras dtype policy of the layers, "float32" or "mixed_bfloat16".
    seed : int
        Of the initial weights.

    Returns
    -------
    keras.Sequential
        From standardized images (B, 24, 24, 3) float32 to logits (B, num_classes) float32. With the defaults it has
        1,068,298 weights besides batch normalization.

    Raises
    ------
    ValueError
        If there are fewer than 2 classes, or the images are too small for two poolings.

    Examples
    --------
    >>> model = classifier()
    >>> model.input_shape, model.output_shape
    ((None, 24, 24, 3), (None, 10))
    >>> f"{sum(layer.count_params() for layer in model.layers if 'norm' not in layer.name):,}"
    '1,068,298'
    """
    if num_classes < 2:
        raise ValueError(f"num_classes is {num_classes}: a classifier needs at least 2 classes")
    if image_size < 4:
        raise ValueError(f"image_size is {image_size}: two poolings by 2 need at least 4 pixels")
    draw = keras.random.SeedGenerator(seed)  # one stream, so that no two layers start with the same weights
    # ReLU comes after pooling: the result is the same, from a quarter of the numbers.
    conv = dict(padding="same", dtype=dtype)
    hidden = dict(activation="relu", kernel_regularizer=keras.regularizers.L2(weight_decay / 2), dtype=dtype)
    return keras.Sequential(
        [
            keras.Input((image_size, image_size, channels), name="images"),  # 24 x 24 x 3
            layers.Conv2D(64, 5, kernel_initializer=_initializer(draw), name="conv1", **conv),  # 24 x 24 x 64
            MaxPooling2D(3, 2, padding="same", dtype=dtype, name="pool1"),  # 12 x 12 x 64
            layers.ReLU(dtype=dtype, name="relu1"),
            BatchNormalization(dtype=dtype, name="norm1"),
            Conv2D(64, 5, activation="relu", kernel_initializer=_initializer(draw), name="conv2", **conv),  # the same
            BatchNormalization(dtype=dtype, name="norm2"),
            MaxPooling2D(3, 2, padding="same", dtype=dtype, name="pool2"),  # 6 x 6 x 64
            layers.Flatten(dtype=dtype, name="flatten"),  # 2,304
            Dense(384, kernel_initializer=_initializer(draw), name="dense1", **hidden),
            Dense(192, kernel_initializer=_initializer(draw), name="dense2", **hidden),
            Dense(num_classes, kernel_initializer=_initializer(draw), dtype=dtype, name="dense3"),
            layers.Activation("linear", dtype="float32", name="logits"),
        ],
        name="classifier",
    )


def autoencoder(
    embedding_size: int = 216,
    *,
    image_size: int = 24,
    channels: int = 3,
    last_activation: str = "relu",
    dtype: str = "float32",
    seed: int = 0,
) -> tuple[keras.Sequential, keras.Sequential]:
    """Build the autoencoder of Section IV-B (Fig. 3), with the shapes of reading R6.

    Three poolings take 24 x 24 to 3 x 3; with 24 channels there, an embedding has 3 * 3 * 24 = 216 numbers.

    Parameters
    ----------
    embedding_size : int
        Numbers in an embedding, n; a multiple of (image_size / 8)^2.
    image_size : int
        Side of the input in pixels, a multiple of 8.
    channels : int
        Of the images.
    last_activation : {"relu", "linear"}
        Of the decoder; the paper's is ReLU.
    dtype : str
        Keras dtype policy of the layers, "float32" or "mixed_bfloat16".
    seed : int
        Of the initial weights.

    Returns
    -------
    encoder : keras.Sequential
        Images (B, 24, 24, 3) float32 in [0, 1] -> embeddings (B, n) float32.
    decoder : keras.Sequential
        Embeddings (B, n) -> reproductions (B, 24, 24, 3) float32.

    Raises
    ------
    ValueError
        If the sizes do not fit each other.

    Examples
    --------
    >>> encoder, decoder = autoencoder()
    >>> encoder.input_shape, encoder.output_shape, decoder.output_shape
    ((None, 24, 24, 3), (None, 216), (None, 24, 24, 3))
    """
    side = image_size // 8
    if image_size % 8 or not side:
        raise ValueError(f"image_size is {image_size}: three poolings by 2 need a multiple of 8")
    if embedding_size < 1 or embedding_size % side**2:
        raise ValueError(
            f"embedding_size is {embedding_size}: with images of {image_size} x {image_size} it must be a "
            f"multiple of {side} x {side} = {side**2}"
        )
    depth = embedding_size // side**2
    draw = keras.random.SeedGenerator(seed)

    def conv(width: int, name: str, kind: Any = Conv2D) -> layers.Layer:
        return kind(width, 5, padding="same", kernel_initializer=_initializer(draw), dtype=dtype, name=name)

    def deconv(width: int, name: str, activation: str = "relu") -> layers.Layer:
        return Conv2DTranspose(
            width, 5, 2, "same", activation=activation, kernel_initializer=_initializer(draw), dtype=dtype, name=name
        )

    def pool(name: str) -> layers.Layer:
        return MaxPooling2D(3, 2, padding="same", dtype=dtype, name=name)

    def relu(name: str) -> layers.Layer:  # after pooling, see `classifier`
        return layers.ReLU(dtype=dtype, name=name)

    def norm(name: str) -> layers.Layer:
        return BatchNormalization(dtype=dtype, name=name)

    encoder = keras.Sequential(
        [
            keras.Input((image_size, image_size, channels), name="images"),  # 24 x 24 x 3
            *(conv(64, "conv1", layers.Conv2D), pool("pool1"), relu("relu1"), norm("norm1")),  # 12 x 12 x 64
            *(conv(64, "conv2"), pool("pool2"), relu("relu2"), norm("norm2")),  # 6 x 6 x 64
            *(conv(depth, "conv3"), pool("pool3"), relu("relu3"), norm("norm3")),  # 3 x 3 x 24
            layers.Flatten(dtype=dtype, name="flatten"),  # 216
            layers.Activation("linear", dtype="float32", name="embeddings"),
        ],
        name="encoder",
    )
    decoder = keras.Sequential(
        [
            keras.Input((embedding_size,), name="embeddings"),  # 216
            layers.Reshape((side, side, depth), dtype=dtype, name="unflatten"),  # 3 x 3 x 24
            deconv(64, "deconv1"),  # 6 x 6 x 64
            deconv(64, "deconv2"),  # 12 x 12 x 64
            deconv(channels, "deconv3", last_activation),  # 24 x 24 x 3
            layers.Activation("linear", dtype="float32", name="reproductions"),
        ],
        name="decoder",
    )
    return encoder, decoder
