"""Section IV-A: random crop, flip, brightness and contrast, drawn anew for every image, then standardization.

The strengths are the tutorial's (reading R3). Keras' own `RandomCrop` draws one crop for a whole batch,
which is why these layers exist. Each takes images (B, H, W, C); the draws follow `seed`.

Random brightness needs no code: it adds one number to all pixels of an image, and without clipping in between
(as in the tutorial) standardization subtracts it again.
"""

import keras
import numpy as np
from keras import ops

CONTRAST = (0.2, 1.8)  # factor on the distance of a pixel from its channel's mean


class _PerImage(keras.layers.Layer):
    """Changes images while training; what it does otherwise is the same for all."""

    def __init__(self, seed=0, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}


class RandomCropFlip(_PerImage):
    """A `size` x `size` window of each image, each position equally likely, mirrored left to right in every second
    image on average; the centre as it is when not training.
    """

    def __init__(self, size, seed=0, **kwargs):
        super().__init__(seed, **kwargs)
        self.size = size

    def get_config(self):
        return {**super().get_config(), "size": self.size}

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.size, self.size, input_shape[3])

    def call(self, images, training=True):
        if not training:
            return center_crop(images, self.size)
        _, height, width, channels = images.shape
        _check_size(height, width, self.size)
        batch = ops.shape(images)[0]

        def draw(numbers):  # (B, 1, 1), each of 0 to numbers - 1 equally likely
            return keras.random.randint((batch, 1, 1), 0, numbers, "int32", seed=self.seed_generator)

        offsets = ops.arange(self.size, dtype="int32")
        rows = draw(height - self.size + 1) + ops.reshape(offsets, (1, -1, 1))
        mirrored = ops.where(draw(2) == 1, ops.reshape(offsets[::-1], (1, 1, -1)), ops.reshape(offsets, (1, 1, -1)))
        columns = draw(width - self.size + 1) + mirrored
        image = ops.reshape(ops.arange(batch, dtype="int32"), (-1, 1, 1))
        pixels = ops.reshape(images, (-1, channels))  # one row a pixel, so that one gather does it all
        return ops.take(pixels, (image * height + rows) * width + columns, axis=0)


class RandomContrastStandardize(_PerImage):
    """Random contrast, one factor in [lower, upper) per image, then `standardize`; that alone when not training."""

    def __init__(self, lower=CONTRAST[0], upper=CONTRAST[1], by="deviation", seed=0, **kwargs):
        super().__init__(seed, **kwargs)
        self.lower = lower
        self.upper = upper
        self.by = by

    def get_config(self):
        return {**super().get_config(), "lower": self.lower, "upper": self.upper, "by": self.by}

    def call(self, images, training=True):
        if not training:
            return standardize(images, by=self.by)
        shape = (ops.shape(images)[0], 1, 1, 1)
        contrast = keras.random.uniform(shape, self.lower, self.upper, seed=self.seed_generator)
        return standardize(images, by=self.by, contrast=contrast)


def standardize(images, by="deviation", contrast=1.0):
    """Each image minus its own mean, divided by its own spread (Section IV-A1).

    images (B, H, W, C) of any number type -> (B, H, W, C) float32. `by="deviation"` divides by
    max(standard deviation, 1 / sqrt(H W C)); `by="variance"` takes the paper at its word (reading R4).
    contrast (B, 1, 1, 1): what to multiply each pixel's distance from its channel's mean by, before.
    """
    if by not in ("deviation", "variance"):
        raise ValueError(f"by is {by!r}: choose 'deviation' or 'variance'")
    images = ops.cast(images, "float32")
    height, width, channels = images.shape[1:]
    # Contrast leaves the channels' means as they are, so the spread after it is known before it is applied:
    # the images are read three times and written once. Means are laid out along whole rows of pixels, since
    # subtracting three numbers at a time takes twice as long.
    means = ops.mean(images, axis=(1, 2))[:, None]  # (B, 1, C)
    mean = ops.mean(means, axis=2, keepdims=True)  # (B, 1, 1)
    distances = ops.reshape(images, (-1, height, width * channels)) - ops.tile(means, (1, 1, width))
    within = ops.mean(ops.square(distances), axis=(1, 2), keepdims=True)  # variance inside the channels
    between = ops.mean(ops.square(means - mean), axis=2, keepdims=True)  # variance of their means
    contrast = ops.reshape(contrast, (-1, 1, 1))
    floor = (height * width * channels) ** -0.5
    spread = ops.maximum(ops.sqrt(within * contrast**2 + between), floor)
    spread = spread if by == "deviation" else ops.square(spread)
    results = distances * (contrast / spread) + ops.tile((means - mean) / spread, (1, 1, width))
    return ops.reshape(results, (-1, height, width, channels))


def center_crop(images, size):
    """The middle `size` x `size` pixels of images (B, H, W, C), for testing; any array with slices will do."""
    height, width = images.shape[1:3]
    _check_size(height, width, size)
    top, left = (height - size) // 2, (width - size) // 2
    return images[:, top : top + size, left : left + size]


def _check_size(height, width, size):
    if not 1 <= size <= min(height, width):
        raise ValueError(f"a window of {size} x {size} does not fit into images of {height} x {width}")


def augmentation(size=24, *, contrast=CONTRAST, standardize_by="deviation", seed=0):
    """The classifier's augmentation: uint8 (B, H, W, C) -> float32 (B, size, size, C)."""
    draws = [int(state) for state in np.random.SeedSequence(seed).generate_state(2)]  # independent streams
    return keras.Sequential(
        [RandomCropFlip(size, draws[0]), RandomContrastStandardize(*contrast, standardize_by, draws[1])],
        name="augmentation",
    )
