"""A method of selection with paperlib, or what one would use in its place.

python -m benchmarks.selection_methods FILE ELEMENTS K METHOD [plain]

With `plain`, k_center, max_dispersion and herding are the loop that one would write with NumPy: a pass over all
embeddings a choice. k_means is then scikit-learn's, with the nearest sample of each centroid.
"""

import json
import sys
import time

import numpy as np

from benchmarks.matrices import load
from benchmarks.selection_ours import fnv
from paperlib.selection import select


def plain(embeddings, k, method):
    """Choose k of the embeddings (N, n) by the plain loop: indices (k,)."""
    if method == "k_means":
        from sklearn.cluster import MiniBatchKMeans
        from sklearn.metrics import pairwise_distances_argmin

        clusters = MiniBatchKMeans(k, batch_size=max(1024, k), n_init=1, random_state=0).fit(embeddings)
        return pairwise_distances_argmin(clusters.cluster_centers_, embeddings)
    points = embeddings.astype(np.float64)
    mean, chosen = points.mean(axis=0), []
    squares = (points**2).sum(axis=1)

    def squared_distances(point):
        return np.maximum(squares - 2 * points @ point + point @ point, 0)

    scores = points @ mean if method == "herding" else squared_distances(mean) * (-1 if method == "k_center" else 1)
    total, weights = np.full(len(points), np.inf if method == "k_center" else 0.0), mean.copy()
    while len(chosen) < k:
        scores[chosen] = -np.inf
        chosen.append(int(np.argmax(scores)))
        point = points[chosen[-1]]
        if method == "k_center":
            scores = np.minimum(total, squared_distances(point), out=total)
        elif method == "max_dispersion":
            scores = np.add(total, np.sqrt(squared_distances(point)), out=total)
        else:
            weights += mean - point
            scores = points @ weights
    return np.array(chosen)


if __name__ == "__main__":
    path, elements, k, method = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    embeddings = load(path, elements)
    choose = plain if sys.argv[5:] == ["plain"] else select
    choose(embeddings[:200], 3, method)  # what is imported when first used
    started = time.perf_counter()
    chosen = choose(embeddings, k, method)
    print(json.dumps({"seconds": time.perf_counter() - started, "digest": fnv(chosen.tolist())}))
