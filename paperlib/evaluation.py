"""What is measured on the test split: accuracies of a classifier, errors of an autoencoder."""

import numpy as np
from scipy.special import log_softmax


def classification(logits, labels):
    """Accuracy, accuracy per class and mean cross-entropy of logits (N, classes) against labels (N,), as a dict."""
    right = logits.argmax(axis=1) == labels
    counts = np.bincount(labels, minlength=logits.shape[1])
    hits = np.bincount(labels[right], minlength=logits.shape[1])
    cross_entropy = -log_softmax(logits.astype(np.float64), axis=1)[np.arange(len(labels)), labels]
    return {
        "accuracy": float(right.mean()),
        "accuracy_per_class": (hits / counts).tolist(),
        "cross_entropy": float(cross_entropy.mean()),
    }


def reconstruction(reproductions, originals, mean_image):
    """Errors of reproductions (N, H, W, C) of originals in [0, 1], and of showing `mean_image` (H, W, C) instead.

    Mean squared errors, and peak signal-to-noise ratios 10 log10(1 / MSE) in decibels.
    """
    mse = {
        "reproduction": float(np.mean((reproductions - originals) ** 2)),
        "mean_image": float(np.mean((mean_image - originals) ** 2)),
    }
    return {"mse": mse, "psnr_db": {name: float(-10 * np.log10(value)) for name, value in mse.items()}}


def live_elements(embeddings, share=0.01):
    """Which elements of embeddings (N, n) vary: a standard deviation above `share` of the median element's, (n,) bool."""
    spread = embeddings.std(axis=0)
    return spread > share * np.median(spread)
