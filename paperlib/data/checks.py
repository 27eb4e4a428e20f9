"""What arrays have to be to become a data set."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from paperlib.data.dataset import DataError, Dataset


def checked_dataset(
    path: str | Path,
    name: str,
    x_train: np.ndarray,
    y_train: np.ndarray,
    x_test: np.ndarray,
    y_test: np.ndarray,
    classes: Iterable | None,
) -> Dataset:
    """Check what came from `path` and bring it to the types that `Dataset` promises."""
    splits = {}
    for split, images, labels in (("train", x_train, y_train), ("test", x_test, y_test)):
        images = checked_images(path, f"x_{split}", images)
        labels = checked_labels(path, f"y_{split}", labels, f"{len(images)} images of x_{split}", len(images))
        if not len(images):
            raise DataError(f"{path}: x_{split} is empty; both splits need images")
        splits[split] = images, labels
    (x_train, y_train), (x_test, y_test) = splits["train"], splits["test"]
    if x_train.shape[1:] != x_test.shape[1:]:
        raise DataError(f"{path}: images of {x_train.shape[1:]} in train but of {x_test.shape[1:]} in test")
    lowest, highest = int(min(y_train.min(), y_test.min())), int(max(y_train.max(), y_test.max()))
    if classes is None:
        if highest >= len(y_train):  # before a name is made for every number up to it
            raise DataError(
                f"{path}: labels from {lowest} to {highest} of {len(y_train)} images in train, so some class has none; "
                "number the classes 0, 1, 2, ..."
            )
        classes = map(str, range(highest + 1))
    classes = class_names(path, classes)
    if lowest < 0 or highest >= len(classes):
        raise DataError(f"{path}: labels from {lowest} to {highest}; expected 0 to {len(classes) - 1}")
    if len(classes) < 2:
        raise DataError(f"{path}: only one class, {classes[0]!r}; a classifier needs at least 2")
    for split, labels in (("train", y_train), ("test", y_test)):
        counts = np.bincount(labels, minlength=len(classes))
        if not counts.all():
            raise DataError(
                f"{path}: no {split} image of class {classes[counts.argmin()]!r}; add some or drop the class"
            )
    return Dataset(name, x_train, y_train, x_test, y_test, classes)


def checked_images(path: str | Path, key: str, images: np.ndarray) -> np.ndarray:
    """Images as all of this package takes them.

    Parameters
    ----------
    path, key : path, str
        Where they are from, for the message.
    images : array of uint8, shape (N, H, W), (N, H, W, 1) or (N, H, W, 3)

    Returns
    -------
    array of uint8, shape (N, H, W, 1) or (N, H, W, 3)

    Raises
    ------
    DataError
        For another type or shape, and for sides of 0.
    """
    check_images(path, key, images.dtype, images.shape)
    if images.ndim == 3:  # grey images without a channel axis
        images = images[..., np.newaxis]
    return np.ascontiguousarray(images)


def check_images(path: str | Path, key: str, dtype: np.dtype, shape: tuple[int, ...]) -> None:
    """Raise DataError for a type or a shape that images cannot have; before any of them is read."""
    if dtype != np.uint8 or len(shape) not in (3, 4) or (len(shape) == 4 and shape[3] not in (1, 3)):
        raise DataError(
            f"{path}: {key} is {dtype} {shape}; expected uint8 images (N, H, W, 1 or 3) "
            "with values from 0 to 255, channels last"
        )
    if 0 in shape[1:3]:
        raise DataError(f"{path}: {key} is {shape}: images without a pixel; give some that have height and width")


def check_pixels(images: np.ndarray) -> None:
    """Raise DataError unless these are images uint8 (N, H, W, 1 or 3), which networks need: floats from 0 to 1 would be
    scaled a second time, and little would be learned from them."""
    check_images("images", "the array", images.dtype, images.shape)
    if images.ndim == 3:
        raise DataError(f"images: the array is {images.shape}, without channels; give images[..., np.newaxis]")


def checked_labels(path: str | Path, key: str, labels: np.ndarray, labelled: str, count: int) -> np.ndarray:
    """Labels as all of this package takes them.

    Parameters
    ----------
    path, key : path, str
        Where they are from, for the message.
    labels : array of integers, shape (count,) or (count, 1)
    labelled : str
        What they are of, for the message.
    count : int
        How many of these there are.

    Returns
    -------
    array of int64, shape (count,)

    Raises
    ------
    DataError
        For another type or shape, and for numbers that int64 does not hold.
    """
    check_labels(path, key, labels.dtype, labels.shape, labelled, count)
    labels = labels.reshape(count)
    if count and labels.max() > np.iinfo(np.int64).max:
        raise DataError(f"{path}: {key} has the label {labels.max()}; number the classes 0, 1, 2, ...")
    return labels.astype(np.int64)


def check_labels(
    path: str | Path, key: str, dtype: np.dtype, shape: tuple[int, ...], labelled: str, count: int
) -> None:
    """Raise DataError for a type or a shape that so many labels cannot have; before any of them is read."""
    # (count, 1) is the shape that Keras' own CIFAR-10 has.
    if not np.issubdtype(dtype, np.integer) or shape not in ((count,), (count, 1)):
        raise DataError(f"{path}: {key} is {dtype} {shape}; expected one integer label for each of the {labelled}")


def class_names(path: str | Path, classes: Iterable) -> tuple[str, ...]:
    """The names of classes as text.

    Parameters
    ----------
    path : path
        Where they are from, for the message.
    classes : iterable of str, bytes or int, or an array of them, shape (K,)
        Bytes are read as UTF-8.

    Raises
    ------
    DataError
        For other types, names that are no text, and a name that several classes have.
    """
    if isinstance(classes, np.ndarray):
        if classes.ndim != 1 or classes.dtype.kind not in "USiu":
            raise DataError(f"{path}: classes is {classes.dtype} {classes.shape}; expected a list of names (K,)")
        classes = classes.tolist()
    names = []
    for name in classes:
        try:
            text = name.decode() if isinstance(name, bytes) else str(name)
            text.encode()
        except UnicodeError as error:
            raise DataError(f"{path}: the class name {name!r} is no UTF-8 text; give the class another name") from error
        names.append(text)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{path}: several classes are called {twice!r}; give each a name of its own")
    return tuple(names)
