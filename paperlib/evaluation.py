"""What is measured on the test split: accuracies of a classifier, errors of an autoencoder."""

from typing import Any

import numpy as np
from scipy.special import log_softmax


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
