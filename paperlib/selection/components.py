"""Principal components, the paper's suggested precursor to filtering (Section VI)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from paperlib.selection.blocks import largest, safe_factor, statistics


def principal_components(embeddings: NDArray) -> NDArray[np.float64]:
    """Return whitened principal components of embeddings, most variance first.

    The sign of a component is scikit-learn's: the element that weighs most in it has a positive weight.
    O(N n^2) time; O(N n) memory: all embeddings are loaded, as float64.

    Parameters
    ----------
    embeddings : (N, n) real numbers

    Returns
    -------
    (N, r) float64
        r is their rank: components without variance are left out, because whitening would blow up their rounding
        errors.

    Raises
    ------
    ValueError
        If values are not finite or do not vary, or vary by less than float64 can tell.
    """
    from sklearn.decomposition import PCA

    statistics(embeddings)  # refuses what is not finite and what does not vary
    points = embeddings.astype(np.float64)
    if (factor := safe_factor(largest(embeddings))) != 1:
        points *= factor
    with np.errstate(divide="ignore", invalid="ignore"):  # of no variance; refused below
        pca = PCA(whiten=True, svd_solver="covariance_eigh").fit(points)
    variance = pca.explained_variance_
    if not (len(variance) and variance[0] > 0):
        raise ValueError(
            f"pca=True finds no variance: the embeddings, up to {largest(embeddings):.3g}, vary by less than float64 "
            "can tell; subtract their mean, or choose pca=False"
        )
    rank = np.count_nonzero(variance > variance[0] * len(variance) * np.finfo(np.float64).eps)
    return pca.transform(points)[:, :rank]
