"""What is measured of trained networks: accuracies of a classifier; errors of an autoencoder, and what Fig. 4 shows."""

from typing import Any

import numpy as np
from scipy.special import log_softmax

IMAGES = 6  # as many as Fig. 4 shows
_SHARE = 0.25  # of an embedding's elements that count as its lowest, or its highest
_CHUNK = 500  # images whose distances to all others are held at once


def classification(logits: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """Measure a classifier.

    Parameters
    ----------
    logits : ndarray of float, shape (N, classes)
    labels : ndarray of int, shape (N,)

    Returns
    -------
    dict
        "accuracy" and "cross_entropy" (mean, in nats) as floats, "accuracy_per_class" as a list; accuracies are shares
        from 0 to 1.
    """
    right = logits.argmax(axis=1) == labels
    counts = np.bincount(labels, minlength=logits.shape[1])
    hits = np.bincount(labels[right], minlength=logits.shape[1])
    cross_entropy = -log_softmax(logits.astype(np.float64), axis=1)[np.arange(len(labels)), labels]
    return {
        "accuracy": float(right.mean()),
        "accuracy_per_class": (hits / counts).tolist(),
        "cross_entropy": float(cross_entropy.mean()),
    }


def reconstruction(
    reproductions: np.ndarray, originals: np.ndarray, mean_image: np.ndarray
) -> dict[str, dict[str, float]]:
    """Measure an autoencoder against the simplest reproduction there is, the mean image.

    Parameters
    ----------
    reproductions, originals : ndarray of float, shape (N, H, W, C)
        Originals have values in [0, 1].
    mean_image : ndarray of float, shape (H, W, C)
        Shown instead of every reproduction.

    Returns
    -------
    dict
        "mse" (mean squared error) and "psnr_db" (peak signal-to-noise ratio, 10 log10(1 / MSE), in decibels), each of
        "reproduction" and "mean_image".
    """
    mse = {
        "reproduction": float(np.mean((reproductions - originals) ** 2)),
        "mean_image": float(np.mean((mean_image - originals) ** 2)),
    }
    return {"mse": mse, "psnr_db": {name: float(-10 * np.log10(value)) for name, value in mse.items()}}


def live_elements(embeddings: np.ndarray, share: float = 0.01) -> np.ndarray:
    """Tell which embedding elements vary over the samples.

    Parameters
    ----------
    embeddings : ndarray of float, shape (N, n)
    share : float
        An element varies if its standard deviation is above this share of the median element's.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    spread = embeddings.std(axis=0)
    return spread > share * np.median(spread)


def fig_4(embeddings: np.ndarray, reproductions: np.ndarray, originals: np.ndarray) -> dict:
    """Measure what the paper says of its autoencoder by eye (Section V-A, Fig. 4): claims C14 and C15.

    Parameters
    ----------
    embeddings : ndarray, (N, n)
        Of the training images.
    reproductions, originals : ndarray, (M, H, W, C)
        Test images, as reproduced and as they are.

    Returns
    -------
    dict
        `retrieval`: rate (0 to 1) and images, of `retrieval_rate`. `common_variance`: 0 to 1. `recurring`: elements, by
        chance, and images, of `recurring_elements`.
    """
    elements = recurring_elements(embeddings)
    by_chance = 2 * embeddings.shape[1] * _SHARE**IMAGES
    return {
        "retrieval": {"rate": retrieval_rate(reproductions, originals), "images": len(originals)},
        "common_variance": common_variance(embeddings),
        "recurring": {"elements": elements, "by_chance": by_chance, "images": IMAGES},
    }


def retrieval_rate(reproductions: np.ndarray, originals: np.ndarray) -> float:
    """How often a reproduction is nearer to its own input than to any other (Euclidean distance of pixels).

    Parameters
    ----------
    reproductions, originals : ndarray, (M, H, W, C)

    Returns
    -------
    float
        0 to 1. Guessing gives 1 / M.

    Raises
    ------
    ValueError
        Where the shapes differ.
    """
    if reproductions.shape != originals.shape:
        raise ValueError(f"reproductions are {reproductions.shape}, their inputs {originals.shape}: give one for each")
    center = originals.mean(axis=0)  # products of what is left lose fewer digits
    shown, inputs = (
        np.asarray(images - center, np.float32).reshape(len(images), -1) for images in (reproductions, originals)
    )
    half = (inputs**2).sum(axis=1) / 2
    nearest = [(shown[at : at + _CHUNK] @ inputs.T - half).argmax(axis=1) for at in range(0, len(shown), _CHUNK)]
    return float(np.mean(np.concatenate(nearest) == np.arange(len(inputs))))


def common_variance(embeddings: np.ndarray) -> float:
    """The share of the embeddings' variance that all images have in common.

    That of the mean embedding over its elements, of the variance of all numbers in `embeddings` (N, n): 1 if all
    images have the same embedding, about 1 / N if the elements' means are alike.
    """
    embeddings = np.asarray(embeddings, np.float64)
    total = embeddings.var()
    return float(embeddings.mean(axis=0).var() / total) if total else 1.0


def recurring_elements(embeddings: np.ndarray, images: int = IMAGES, share: float = _SHARE) -> float:
    """How many elements stand out alike in a few random images.

    An element recurs if it is among the lowest `share` of an embedding's elements in all of the images, or among the
    highest in all of them. By chance it would be 2 n share^images elements: 0.1 of 216 in six images.

    Parameters
    ----------
    embeddings : ndarray, (N, n)
    images : int
        That are looked at together.
    share : float
        0 to 0.5.

    Returns
    -------
    float
        The mean number of elements over all choices of so many images, in closed form.
    """
    ranks = np.asarray(embeddings).argsort(axis=1).argsort(axis=1)
    total, n = ranks.shape
    count = round(share * n)
    recurring = 0.0
    for stands_out in (ranks < count, ranks >= n - count):
        times = stands_out.sum(axis=0)  # images in which each element does
        drawn = np.arange(images)
        recurring += float((np.maximum(times[:, None] - drawn, 0) / (total - drawn)).prod(axis=1).sum())
    return recurring
