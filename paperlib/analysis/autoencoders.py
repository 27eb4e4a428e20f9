"""What the paper says of its autoencoder by eye (Section V-A, Fig. 4), in numbers: from arrays to shares."""

import numpy as np

IMAGES = 6  # as many as Fig. 4 shows
_SHARE = 0.25  # of an embedding's elements that count as its lowest, or its highest
_CHUNK = 500  # images whose distances to all others are held at once


def described(embeddings: np.ndarray, reproductions: np.ndarray, originals: np.ndarray) -> dict:
    """What the record of an autoencoder says for claims C14 and C15, to be joined to its `result`.

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
