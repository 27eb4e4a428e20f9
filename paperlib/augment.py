"""Section IV-A: random crop, flip, brightness and contrast, drawn for every image separately, then standardization.

The strengths are the tutorial's (reading R3). These layers exist because Keras' own `RandomCrop` draws one crop for a
whole batch. Each layer takes images (B, H, W, C) and draws from its `seed`.

Random brightness needs no code: it adds one number to all pixels of an image, and standardization subtracts it again
(there is no clipping in between, as in the tutorial). With clipping it would matter; `clip` is an option.
"""

from typing import Any

import keras
import numpy as np
from keras import ops

from paperlib.compute import Tensor

BRIGHTNESS = 63.0  # of 255, at most, to either side
CONTRAST = (0.2, 1.8)  # factor on the distance of a pixel from its channel's mean


class _PerImage(keras.layers.Layer):
    """A layer that draws for each image in training, and does the same to all images otherwise."""

    def __init__(self, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": self.seed}


class RandomCropFlip(_PerImage):
    """Random crop and random left-right flip, drawn for each image; the centre crop when not training.

    Images (B, H, W, C) -> (B, size, size, C) of the same type. All positions are equally likely, and a flip has
    probability 1/2.

    Parameters
    ----------
    size : int
        Side of the crop in pixels.
    seed : int
        Of the draws.
    **kwargs
        Handed on to `keras.layers.Layer`.
    """

    def __init__(self, size: int, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.size = size

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": self.size}

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (input_shape[0], self.size, self.size, input_shape[3])

    def call(self, images: Tensor, training: bool = True) -> Tensor:
        if not training:
            return center_crop(images, self.size)
        _, height, width, channels = images.shape
        _check_size(height, width, self.size)
        batch = ops.shape(images)[0]

        def draw(numbers: int) -> Tensor:  # (B, 1, 1), each of 0 to numbers - 1 equally likely
            return keras.random.randint((batch, 1, 1), 0, numbers, "int32", seed=self.seed_generator)

        offsets = ops.arange(self.size, dtype="int32")
        rows = draw(height - self.size + 1) + ops.reshape(offsets, (1, -1, 1))
        mirrored = ops.where(draw(2) == 1, ops.reshape(offsets[::-1], (1, 1, -1)), ops.reshape(offsets, (1, 1, -1)))
        columns = draw(width - self.size + 1) + mirrored
        image = ops.reshape(ops.arange(batch, dtype="int32"), (-1, 1, 1))
        pixels = ops.reshape(images, (-1, channels))  # one row a pixel: a single gather then does both
        return ops.take(pixels, (image * height + rows) * width + columns, axis=0)


class RandomContrastStandardize(_PerImage):
    """Random contrast, drawn for each image, then `standardize`; only the latter when not training.

    Images (B, H, W, C) of any number type -> (B, H, W, C) float32.

    Parameters
    ----------
    lower, upper : float
        The factor of the contrast is drawn from [lower, upper).
    by : {"deviation", "variance"}
        See `standardize`.
    seed : int
        Of the draws.
    **kwargs
        Handed on to `keras.layers.Layer`.
    """

    def __init__(
        self,
        lower: float = CONTRAST[0],
        upper: float = CONTRAST[1],
        by: str = "deviation",
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, **kwargs)
        self.lower = lower
        self.upper = upper
        self.by = by

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "lower": self.lower, "upper": self.upper, "by": self.by}

    def call(self, images: Tensor, training: bool = True) -> Tensor:
        if not training:
            return standardize(images, by=self.by)
        shape = (ops.shape(images)[0], 1, 1, 1)
        contrast = keras.random.uniform(shape, self.lower, self.upper, seed=self.seed_generator)
        return standardize(images, by=self.by, contrast=contrast)


class RandomBrightnessContrastClipped(_PerImage):
    """Random brightness and contrast, drawn for each image, with values kept within those of pixels.

    Images (B, H, W, C) of 0 to 255 -> (B, H, W, C) float32 of 0 to 255; unchanged when not training. Here brightness
    matters: what is clipped does not come back with standardization.

    Parameters
    ----------
    brightness : float
        What is added to all pixels of an image is drawn from [-brightness, brightness).
    lower, upper : float
        The factor on the distance of a pixel from its channel's mean is drawn from [lower, upper).
    seed : int
        Of the draws.
    **kwargs
        Handed on to `keras.layers.Layer`.
    """

    def __init__(
        self,
        brightness: float = BRIGHTNESS,
        lower: float = CONTRAST[0],
        upper: float = CONTRAST[1],
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, **kwargs)
        self.brightness = brightness
        self.lower = lower
        self.upper = upper

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "brightness": self.brightness, "lower": self.lower, "upper": self.upper}

    def call(self, images: Tensor, training: bool = True) -> Tensor:
        images = ops.cast(images, "float32")
        if not training:
            return images
        shape = (ops.shape(images)[0], 1, 1, 1)
        images += keras.random.uniform(shape, -self.brightness, self.brightness, seed=self.seed_generator)
        contrast = keras.random.uniform(shape, self.lower, self.upper, seed=self.seed_generator)
        mean = ops.mean(images, axis=(1, 2), keepdims=True)
        return ops.clip((images - mean) * contrast + mean, 0.0, 255.0)


def standardize(images: Tensor, by: str = "deviation", contrast: Tensor = 1.0) -> Tensor:
    """Subtract each image's mean and divide by its spread (Section IV-A1), after a change of contrast.

    Parameters
    ----------
    images : tensor or ndarray, shape (B, H, W, C)
        Of any number type.
    by : {"deviation", "variance"}
        "deviation" divides by max(standard deviation, 1 / sqrt(H W C)); "variance" by the square of that, as the paper
        has it (reading R4).
    contrast : float, or tensor of shape (B, 1, 1, 1)
        Before standardizing, each pixel's distance from the mean of its channel is multiplied by this.

    Returns
    -------
    tensor of float32, shape (B, H, W, C)

    Raises
    ------
    ValueError
        For another `by`.
    """
    if by not in ("deviation", "variance"):
        raise ValueError(f"by is {by!r}: choose 'deviation' or 'variance'")
    images = ops.cast(images, "float32")
    height, width, channels = images.shape[1:]
    # Contrast does not change the channels' means, so the spread after it can be computed before it is applied: the
    # images are read three times and written once. The means are repeated along whole rows of pixels, because
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


def center_crop(images: Tensor, size: int) -> Tensor:
    """Return the middle `size` x `size` pixels of images (B, H, W, C), for testing.

    Raises ValueError if they do not fit into the images.

    >>> import numpy as np
    >>> center_crop(np.zeros((5, 32, 32, 3), np.uint8), 24).shape
    (5, 24, 24, 3)
    """
    height, width = images.shape[1:3]
    _check_size(height, width, size)
    top, left = (height - size) // 2, (width - size) // 2
    return images[:, top : top + size, left : left + size]


def _check_size(height: int, width: int, size: int) -> None:
    if not 1 <= size <= min(height, width):
        raise ValueError(f"a window of {size} x {size} does not fit into images of {height} x {width}")


def augmentation(
    size: int = 24,
    *,
    contrast: tuple[float, float] = CONTRAST,
    standardize_by: str = "deviation",
    clip: bool = False,
    seed: int = 0,
) -> keras.Sequential:
    """Return the classifier's augmentation (Section IV-A): images (B, H, W, C) uint8 -> (B, size, size, C) float32.

    Parameters
    ----------
    size : int
        Side of the crops in pixels.
    contrast : (float, float)
        Range of the contrast's factor (reading R3).
    standardize_by : {"deviation", "variance"}
        Reading R4, see `standardize`.
    clip : bool
        Whether brightness and contrast leave no pixel below 0 or above 255 (reading R3).
    seed : int
        Of all draws.
    """
    draws = [int(state) for state in np.random.SeedSequence(seed).generate_state(2)]  # independent streams
    layers = [RandomCropFlip(size, draws[0])]
    if clip:
        layers.append(RandomBrightnessContrastClipped(BRIGHTNESS, *contrast, draws[1]))
        contrast = 1.0, 1.0
    layers.append(RandomContrastStandardize(*contrast, standardize_by, draws[1]))
    return keras.Sequential(layers, name="augmentation")
