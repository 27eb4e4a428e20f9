"""Rows of images: what the data look like, and what augmentation makes of them."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from paperlib.data import Dataset
from paperlib.figures.style import STYLE


def class_samples(dataset: Dataset, count: int, note: str) -> Figure:
    """The first `count` training images of each class, a row a class."""
    rows = [dataset.x_train[dataset.y_train == label][:count] for label in range(len(dataset.classes))]
    return image_rows(dict(zip(dataset.classes, rows)), f"Training images, a row a class\n{note}")


def augmented_images(image: np.ndarray, count: int, note: str) -> Figure:
    """What augmentation makes of an image (H, W, C) uint8: crop and flip; brightness and contrast; standardized."""
    from paperlib import augment

    images = np.repeat(image[np.newaxis], count, axis=0)
    shown = {"as it is": augment.center_crop(images, 24)}
    images = np.asarray(augment.RandomCropFlip(24, 1)(images))
    shown["crop, flip"] = images
    standard = np.asarray(augment.RandomContrastStandardize(seed=4)(images))
    low, high = np.percentile(standard, [1, 99])
    shown["contrast,\nstandardized"] = (255 * np.clip((standard - low) / (high - low), 0, 1)).astype(np.uint8)
    return image_rows(shown, f"One training image, augmented {count} times\n{note}")


def image_rows(rows: Mapping[str, np.ndarray], title: str, ylabel: str = "", gap: int = 3) -> Figure:
    """Rows of images as one picture. rows: label -> uint8 (count, H, W, C), all of one size."""
    columns = max(map(len, rows.values()))
    height, width, channels = next(iter(rows.values())).shape[1:]
    sheet = np.full((len(rows) * (height + gap), columns * (width + gap), channels), 255, np.uint8)
    for row, images in enumerate(rows.values()):
        for column, image in enumerate(images):
            top, left = row * (height + gap), column * (width + gap)
            sheet[top : top + height, left : left + width] = image
    with plt.rc_context({**STYLE, "axes.grid": False}):
        figure, axis = plt.subplots(figsize=(0.75 * columns + 1.2, 0.75 * len(rows) + 0.8))
        axis.imshow(sheet.squeeze(), cmap="gray", vmin=0, vmax=255)
        axis.set_yticks(np.arange(len(rows)) * (height + gap) + height / 2, list(rows), fontsize=10)
        axis.set_xticks([])
        axis.tick_params(length=0)
        axis.spines[:].set_visible(False)
        axis.set_ylabel(ylabel)
        axis.set_title(title, fontsize=10, parse_math=False)  # names of folders may have a $
    return figure
