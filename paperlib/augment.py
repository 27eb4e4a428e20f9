"""Section IV-A2: random crop, flip, brightness and contrast, drawn anew for every image of a batch.

The strengths are the tutorial's (reading R3). Keras' own `RandomCrop` draws one crop for a whole batch,
which is why these layers exist. Each takes and returns images (B, H, W, C); the draws follow `seed`.
"""

import keras
import numpy as np
from keras import ops

BRIGHTNESS = 63.0  # of 255, added or subtracted at most
CONTRAST = (0.2, 1.8)  # factor on the distance of a pixel from its channel's mean


class _PerImage(keras.layers.Layer):
    """Changes images while training, passes them on otherwise."""

    def __init__(self, seed=0, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}

    def _uniform(self, images, low, high):
        """One number in [low, high) per image, (B, 1, 1, 1) float32."""
        shape = (ops.shape(images)[0], 1, 1, 1)
        return keras.random.uniform(shape, low, high, seed=self.seed_generator)


class RandomCrop(_PerImage):
    """A `size` x `size` window of each image, each position equally likely; the centre when not training."""

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

        def first(length):  # (B, 1, 1): where each window starts
            return keras.random.randint((batch, 1, 1), 0, length - self.size + 1, "int32", seed=self.seed_generator)

        rows = first(height) + ops.reshape(ops.arange(self.size, dtype="int32"), (1, -1, 1))
        columns = first(width) + ops.reshape(ops.arange(self.size, dtype="int32"), (1, 1, -1))
        image = ops.reshape(ops.arange(batch, dtype="int32"), (-1, 1, 1))
        pixels = ops.reshape(images, (-1, channels))  # one row a pixel, so that one gather takes all windows
        return ops.take(pixels, (image * height + rows) * width + columns, axis=0)


class RandomFlip(_PerImage):
    """Left and right exchanged in every second image on average."""

    def call(self, images, training=True):
        if not training:
            return images
        return ops.where(self._uniform(images, 0.0, 1.0) < 0.5, ops.flip(images, axis=2), images)


class RandomBrightness(_PerImage):
    """Adds one number from [-max_delta, max_delta) to all pixels of an image, on the scale of 0 to 255."""

    def __init__(self, max_delta=BRIGHTNESS, seed=0, **kwargs):
        super().__init__(seed, **kwargs)
        self.max_delta = max_delta

    def get_config(self):
        return {**super().get_config(), "max_delta": self.max_delta}

    def call(self, images, training=True):
        images = ops.cast(images, "float32")
        if not training:
            return images
        return images + self._uniform(images, -self.max_delta, self.max_delta)


class RandomContrast(_PerImage):
    """Multiplies each pixel's distance from its channel's mean by one factor per image."""

    def __init__(self, lower=CONTRAST[0], upper=CONTRAST[1], seed=0, **kwargs):
        super().__init__(seed, **kwargs)
        self.lower = lower
        self.upper = upper

    def get_config(self):
        return {**super().get_config(), "lower": self.lower, "upper": self.upper}

    def call(self, images, training=True):
        images = ops.cast(images, "float32")
        if not training:
            return images
        mean = ops.mean(images, axis=(1, 2), keepdims=True)
        return (images - mean) * self._uniform(images, self.lower, self.upper) + mean


class Standardize(keras.layers.Layer):
    """`standardize` as a layer, in training and testing alike."""

    def __init__(self, by="deviation", **kwargs):
        super().__init__(**kwargs)
        self.by = by

    def get_config(self):
        return {**super().get_config(), "by": self.by}

    def call(self, images):
        return standardize(images, by=self.by)


def standardize(images, by="deviation"):
    """Each image minus its own mean, divided by its own spread (Section IV-A1).

    images (B, H, W, C) of any number type -> (B, H, W, C) float32. `by="deviation"` divides by
    max(standard deviation, 1 / sqrt(H W C)); `by="variance"` takes the paper at its word (reading R4).
    """
    if by not in ("deviation", "variance"):
        raise ValueError(f"by is {by!r}: choose 'deviation' or 'variance'")
    images = ops.cast(images, "float32")
    height, width, channels = images.shape[1:]
    mean = ops.mean(images, axis=(1, 2, 3), keepdims=True)
    variance = ops.mean(ops.square(images - mean), axis=(1, 2, 3), keepdims=True)
    floor = (height * width * channels) ** -0.5
    spread = ops.maximum(ops.sqrt(variance), floor)
    return (images - mean) / (spread if by == "deviation" else ops.square(spread))


def center_crop(images, size):
    """The middle `size` x `size` pixels of images (B, H, W, C), for testing; any array with slices will do."""
    height, width = images.shape[1:3]
    _check_size(height, width, size)
    top, left = (height - size) // 2, (width - size) // 2
    return images[:, top : top + size, left : left + size]


def _check_size(height, width, size):
    if not 1 <= size <= min(height, width):
        raise ValueError(f"a window of {size} x {size} does not fit into images of {height} x {width}")


def augmentation(size=24, *, brightness=BRIGHTNESS, contrast=CONTRAST, standardize_by="deviation", seed=0):
    """The classifier's augmentation in the paper's order: uint8 (B, H, W, C) -> float32 (B, size, size, C).

    Without clipping between the steps, as in the tutorial, standardization takes back all of the brightness.
    """
    draws = [int(state) for state in np.random.SeedSequence(seed).generate_state(4)]  # independent streams
    return keras.Sequential(
        [
            RandomCrop(size, draws[0]),
            RandomFlip(draws[1]),
            RandomBrightness(brightness, draws[2]),
            RandomContrast(*contrast, draws[3]),
            Standardize(standardize_by),
        ],
        name="augmentation",
    )
