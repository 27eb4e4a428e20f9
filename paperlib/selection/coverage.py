"""Samples to which all others are near."""

import numpy as np

from paperlib.selection.blocks import squared_distances, statistics
from paperlib.selection.components import principal_components


def k_center(embeddings, k, *, labels, seed):
    """Farthest first: every sample shall be near a chosen one, in Euclidean distance.

    Starts with the sample nearest to the mean, and takes the one farthest from its nearest chosen one, again and
    again. The largest distance left is at most twice the smallest possible (Gonzalez, Theoretical Computer Science
    38, 1985).

    Ties take the lower index. O(k N n) time, k passes over the embeddings, O(N) memory besides. They may be a
    memory-mapped file; a `dask.array` is refused.
    """
    mean, _, _ = statistics(embeddings)
    distances = squared_distances(embeddings)
    chosen = [np.argmin(distances(mean))]
    nearest = np.full(len(embeddings), np.inf)  # squared distance from the nearest chosen one
    while len(chosen) < k:
        np.minimum(nearest, distances(embeddings[chosen[-1]]), out=nearest)
        nearest[chosen[-1]] = -1  # below all others, also where only copies of the chosen are left
        chosen.append(np.argmax(nearest))
    return np.array(chosen)


def k_means(embeddings, k, *, labels, seed, pca=False):
    """The samples nearest to the centroids of k clusters, which the paper suggests in place of eq. 3 (Section VI).

    Clusters are those of scikit-learn's MiniBatchKMeans (Sculley, "Web-scale k-means clustering", WWW 2010), in its
    order. Where the nearest sample is taken already, the centroid gets the nearest that is not.

    pca=True clusters whitened principal components, the paper's suggested precursor. Without whitening they would be
    a rotation, which changes no distance.

    Ties take the lower index, up to rounding. About O(k B n) time a batch of B = max(1,024, k) samples, then O(k N n);
    O(N n) memory: all embeddings are loaded, but never their distances (N, k). A `dask.array` is refused.
    """
    from sklearn.cluster import MiniBatchKMeans
    from sklearn.metrics import pairwise_distances_argmin

    if pca:
        embeddings = principal_components(embeddings)
    statistics(embeddings)  # refuses what is not finite and what does not vary
    clusters = MiniBatchKMeans(k, batch_size=max(1024, k), n_init=1, random_state=seed).fit(embeddings)
    nearest = pairwise_distances_argmin(clusters.cluster_centers_, embeddings)
    distances = squared_distances(embeddings)
    chosen, taken = np.empty(k, np.int64), np.zeros(len(embeddings), bool)
    for place, sample in enumerate(nearest):
        if taken[sample]:
            sample = np.argmin(np.where(taken, np.inf, distances(clusters.cluster_centers_[place])))
        chosen[place], taken[sample] = sample, True
    return chosen
