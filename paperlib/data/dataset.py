"""A data set as plain arrays."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np


class DataError(ValueError):
    """A data set that is missing, damaged or not what it should be; the message names the file and the way out."""


@dataclass(frozen=True)
class Dataset:
    """A training and a test split.

    Attributes
    ----------
    name : str
        Of the source. Pictures, tables and records carry it.
    x_train, x_test : array of uint8, shape (N, H, W, C)
        Images with values from 0 to 255; C is 1 or 3.
    y_train, y_test : array of int64, shape (N,)
        Classes, as places in `classes`.
    classes : tuple of str
        Their names, all different. Each has an image in both splits.
    """

    name: str
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    classes: tuple[str, ...]

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits of the SHA-256 of all arrays: equal for equal data, whatever file they came from."""
        return fingerprint(self.x_train, self.y_train, self.x_test, self.y_test)


def fingerprint(*arrays: np.ndarray) -> str:
    """16 hexadecimal digits of the SHA-256 of arrays, of their types and of their shapes."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array))  # type: ignore[arg-type]
    return digest.hexdigest()[:16]
