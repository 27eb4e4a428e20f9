"""Samples whose mean is the mean of all."""

import numpy as np

from paperlib.selection.blocks import inner_products, statistics


def herding(embeddings, k, *, labels, seed):
    """Kernel herding with the linear kernel: the mean of the chosen approaches the mean of all, about as 1 / k.

    Welling, "Herding dynamical weights to learn", ICML 2009: from w = mean, take the sample x that maximizes <w, x>,
    then w + mean - x in place of w: what the chosen lack comes in, what they have too much of goes out. Here each
    sample is taken once; the bound of 1 / k is proven for herding that may take it again, and holds as long as few are
    taken. w begins at the mean, so the choice depends on where the embeddings' 0 is.

    Ties take the lower index. O(k N n) time, k passes over the embeddings, O(N) memory besides. They may be a
    memory-mapped file; a `dask.array` is refused.
    """
    mean, _, _ = statistics(embeddings)
    weights, chosen = mean.copy(), np.empty(k, np.int64)
    for step in range(k):
        scores = inner_products(embeddings, weights)
        scores[chosen[:step]] = -np.inf
        chosen[step] = np.argmax(scores)
        weights += mean - embeddings[chosen[step]]
    return chosen
