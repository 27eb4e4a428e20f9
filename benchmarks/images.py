"""What all contenders are given: made-up images in CIFAR-10's shape. No time measured depends on what they show."""

import numpy as np

from paperlib.data import Dataset


def images(count=50_000):
    """uint8 images (N, 32, 32, 3) and labels (N,): ten patterns under noise, so that training converges."""
    draw = np.random.default_rng(0)
    patterns = draw.integers(64, 192, (10, 4, 4, 3)).repeat(8, axis=1).repeat(8, axis=2).astype(np.uint8)
    labels = draw.integers(0, 10, count)
    return patterns[labels] + draw.integers(0, 64, (count, 32, 32, 3), dtype=np.uint8), labels


def dataset():
    """The same as a data set, of which nothing is tested."""
    x, y = images()
    return Dataset("patterns", x, y, x[:1], y[:1], tuple(map(str, range(10))))


def images_per_second(ended, batch, warm_up=5):
    """From the clock readings at the ends of steps; the first steps compile and warm up."""
    return batch * (len(ended) - 1 - warm_up) / (ended[-1] - ended[warm_up])
