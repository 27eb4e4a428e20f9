"""Did training on somebody's images work? What an autoencoder learned, measured against knowing nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_ERROR = 0.9  # of the mean image's: above, the reproductions show no more than what all images have in common
LEAST_DISTINCT = 0.9  # of the distinct images
LEAST_RANK = 1.5  # directions in which the embeddings vary; as many as this at least
ALIKE = 1e-4  # mean squared distance from the mean image, values 0 to 1: 0.01 is 2.5 of 255 grey levels
_IMAGES = 1_000  # that are looked at, drawn at random: enough for these numbers
_ROWS = 10_000  # of the embeddings, for their rank


@dataclass(frozen=True)
class Quality:
    """What is known of a trained autoencoder and of the embeddings (N, n) that it gives."""

    samples: int  # N
    distinct_images: int  # among the samples' centre crops
    distinct_embeddings: int
    numbers: int  # n
    effective_rank: float  # of the embeddings, from 1 to n
    error: float  # mean squared error of reproductions of crops as in training, values 0 to 1
    mean_image_error: float  # of one picture for all crops, their mean

    def shortcomings(self) -> list[str]:
        """What shows that training failed, in words; empty if it worked."""
        found = []
        if not self.error <= MOST_ERROR * self.mean_image_error:
            ratio = self.error / self.mean_image_error if self.mean_image_error else float("inf")
            found.append(f"reproductions have {ratio:.2g} times the error of the mean image")
        if self.distinct_embeddings < LEAST_DISTINCT * self.distinct_images:
            found.append(f"{self.distinct_images:,} distinct images have {self.distinct_embeddings:,} embeddings")
        if not self.effective_rank >= min(LEAST_RANK, self.numbers, self.distinct_images - 1):
            found.append(f"embeddings vary in {self.effective_rank:.2g} directions")
        return found

    def describe(self) -> str:
        """A sentence with all numbers."""
        return (
            f"{self.distinct_embeddings:,} distinct embeddings of {self.distinct_images:,} distinct images "
            f"({self.samples:,} samples), effective rank {self.effective_rank:.3g} of "
            f"{self.numbers}; reproductions have "
            f"{self.error / self.mean_image_error if self.mean_image_error else float('nan'):.2f} times the error of "
            "the mean image."
        )

    def as_plain_data(self) -> dict[str, Any]:
        return asdict(self)


def spread(images: NDArray[np.uint8]) -> float:
    """Mean squared distance of images (N, H, W, C) uint8, values 0 to 1, from their mean; of up to 1,000 of them."""
    some = images[np.sort(np.random.default_rng(0).permutation(len(images))[:_IMAGES])] / np.float32(255)
    return float(np.mean((some - some.mean(axis=0)) ** 2, dtype=np.float64))


def crops_as_in_training(images: NDArray[np.uint8], size: int, seed: int = 0) -> NDArray[np.float32]:
    """Random windows (M, size, size, C) float32 in [0, 1] of up to 1,000 images uint8; half are mirrored, by chance."""
    draw = np.random.default_rng(seed)
    chosen = np.sort(draw.permutation(len(images))[:_IMAGES])
    crops = np.empty((len(chosen), size, size, images.shape[3]), np.float32)
    rows = draw.integers(0, images.shape[1] - size + 1, len(chosen))
    columns = draw.integers(0, images.shape[2] - size + 1, len(chosen))
    for place, (sample, row, column) in enumerate(zip(chosen, rows, columns)):
        crop = images[sample, row : row + size, column : column + size]
        crops[place] = crop[:, ::-1] if draw.random() < 0.5 else crop
    return crops / np.float32(255)


def measure(
    embeddings: NDArray, images: NDArray[np.uint8], crops: NDArray[np.float32], reproductions: NDArray[np.float32]
) -> Quality:
    """The `Quality` of embeddings (N, n) of images (N, H, W, C) uint8, and of reproductions of crops (M, h, w, C)."""
    margin = [(total - part) // 2 for total, part in zip(images.shape[1:3], crops.shape[1:3])]
    window = tuple(slice(start, start + part) for start, part in zip(margin, crops.shape[1:3]))
    return Quality(
        samples=len(images),
        distinct_images=_distinct(image[window] for image in images),
        distinct_embeddings=_distinct(embeddings),
        numbers=embeddings.shape[1],
        effective_rank=effective_rank(embeddings),
        error=float(np.mean((reproductions - crops) ** 2, dtype=np.float64)),
        mean_image_error=float(np.mean((crops - crops.mean(axis=0)) ** 2, dtype=np.float64)),
    )


def _distinct(arrays: Iterable[NDArray]) -> int:
    """How many of the arrays differ; 16 bytes of memory for each."""
    contiguous = (np.ascontiguousarray(array) for array in arrays)
    return len({hashlib.blake2b(array, digest_size=16).digest() for array in contiguous})  # type: ignore[arg-type]


def effective_rank(embeddings: NDArray) -> float:
    """In how many directions embeddings (N, n) vary: exp of the entropy of the shares of variance.

    From 1, all along one line, to n, as much in every direction; 0 if all are equal (Roy and Vetterli, EUSIPCO 2007).
    Of more than 10,000 embeddings so many are drawn at random.
    """
    if len(embeddings) > _ROWS:
        embeddings = embeddings[np.sort(np.random.default_rng(0).permutation(len(embeddings))[:_ROWS])]
    rows = np.asarray(embeddings, np.float64)
    variances = np.linalg.svd(rows - rows.mean(axis=0), compute_uv=False) ** 2
    variances = variances[variances > variances.max(initial=0) * 1e-12]
    if not len(variances):
        return 0.0
    shares = variances / variances.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))
