"""Eq. 3: samples far from one another."""

import numpy as np

from paperlib.selection.blocks import squared_distances, statistics


def max_dispersion(embeddings, k, *, labels, seed):
    """Eq. 3: k samples whose Euclidean distances from one another add up to much (max-sum dispersion inside Y).

    The optimum is NP-hard. This is the vertex greedy: it starts with the sample farthest from the mean, and takes the
    one whose distances to all chosen add up to most, again and again. For every metric its sum is at least half of the
    optimum's, from whatever sample it starts (Birnbaum and Goldman, Algorithmica 55, 2009; Ravi, Rosenkrantz and
    Tayi, Operations Research 42, 1994, who proposed it, had shown a quarter). The greedy of Hassin, Rubinstein and
    Tamir (Operations Research Letters 21, 1997), which takes the farthest pairs, has the bound of a half, too, but
    needs the distances of all pairs, O(N^2 n) time. Squared distances are no metric: the bound would not hold.

    Ties take the lower index. O(k N n) time, k passes over the embeddings, O(N) memory besides. They may be a
    memory-mapped file; a `dask.array` is refused.
    """
    mean, _, _ = statistics(embeddings)
    distances = squared_distances(embeddings)
    chosen = [np.argmax(distances(mean))]
    total = np.zeros(len(embeddings))  # of the distances to all chosen
    while len(chosen) < k:
        total += np.sqrt(distances(embeddings[chosen[-1]]))
        total[chosen[-1]] = -np.inf
        chosen.append(np.argmax(total))
    return np.array(chosen)
