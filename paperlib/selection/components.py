"""Principal components, the paper's suggested precursor to filtering (Section VI)."""

import numpy as np

from paperlib.selection.blocks import statistics


def principal_components(embeddings):
    """Whitened principal components (N, r) float64 of embeddings (N, n), most variance first.

    r is their rank: components without variance are left out, because whitening would blow up their rounding errors.
    The sign of a component is scikit-learn's: the element that weighs most in it has a positive weight.
    O(N n^2) time; O(N n) memory: all embeddings are loaded, as float64.
    """
    from sklearn.decomposition import PCA

    statistics(embeddings)  # refuses what is not finite and what does not vary
    embeddings = embeddings.astype(np.float64)
    pca = PCA(whiten=True, svd_solver="covariance_eigh").fit(embeddings)
    variance = pca.explained_variance_
    rank = np.count_nonzero(variance > variance[0] * len(variance) * np.finfo(np.float64).eps)
    return pca.transform(embeddings)[:, :rank]
