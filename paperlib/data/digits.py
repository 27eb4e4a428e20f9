"""scikit-learn's handwritten digits, which need no download."""

import numpy as np

from paperlib.data.checks import checked_dataset
from paperlib.data.dataset import Dataset


def handwritten_digits() -> Dataset:
    """1,797 images of 32 x 32, of which 360 are the test split."""
    from sklearn.datasets import load_digits  # here, so that only who uses it waits for scikit-learn
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    grey = np.round(digits.images * 255 / 16).astype(np.uint8)  # (1797, 8, 8)
    large = grey.repeat(3, axis=1).repeat(3, axis=2)  # 24 x 24, what the centre crop keeps
    images = np.pad(large, ((0, 0), (4, 4), (4, 4)))[..., np.newaxis].repeat(3, axis=3)  # (1797, 32, 32, 3)
    x_train, x_test, y_train, y_test = train_test_split(
        images, digits.target, test_size=360, stratify=digits.target, random_state=0
    )
    return checked_dataset("digits", "digits", x_train, y_train, x_test, y_test, map(str, digits.target_names))
