"""Samples of any size -> embeddings: how the autoencoder is built and trained for them."""

import numpy as np

from paperlib import precision as precisions, training

BATCH = 64
_PASSES = 5  # over the samples
_STEPS = 100, 5_000  # fewest and most: small data needs some steps at all, the cpu profile takes the most
_SIZE = 216  # numbers in the paper's embeddings
_RANKS = 7  # samples that each element may choose at least, as in the quick profile; the paper: 20


def crop_size(side):
    """The multiple of 8 nearest to 3/4 of the side, as 24 is of 32: what the autoencoder sees of an image."""
    nearest = 8 * int(side * 0.75 / 8 + 0.5)
    return max(8, min(nearest, side // 8 * 8))


def embedding_size(crop, k):
    """Numbers in an embedding: the paper's 216, fewer if k is below 7 times that, as a multiple of (crop / 8)^2."""
    places = (crop // 8) ** 2
    return places * max(1, round(min(_SIZE, k / _RANKS) / places))


def plan(samples, k, *, size=0, steps=0, learning_rate=training.LEARNING_RATE, precision="auto", seed=0):
    """How samples are embedded, as plain data; None if they come with embeddings.

    size: numbers in an embedding, a multiple of (crop / 8)^2; steps: of training. 0: see `embedding_size`; five
    passes over the samples, but 100 to 5,000 steps of 64.
    """
    if samples.embeddings is not None:
        return None
    crop = crop_size(min(samples.images.shape[1:3]))
    return {
        "crop_size": crop,
        "embedding_size": size or embedding_size(crop, k),
        "steps": steps or int(np.clip(_PASSES * len(samples) / BATCH, *_STEPS)),
        "batch": BATCH,
        "learning_rate": learning_rate,
        "precision": precisions.resolve(precision),
        "seed": seed,
    }


def embed(samples, plan, progress):
    """Embeddings (N, n) of `Samples`: their own where plan is None, else those of an autoencoder trained on them.

    progress: a `paperlib.progress.Progress`. Raises ValueError for sizes that do not fit, DivergedError.
    """
    if plan is None:
        return samples.embeddings
    progress.start(plan["steps"])
    progress.begin("autoencoder", plan["steps"])
    trained = training.train_autoencoder(
        samples.images,
        embedding_size=plan["embedding_size"],
        image_size=plan["crop_size"],
        steps=plan["steps"],
        batch=plan["batch"],
        learning_rate=plan["learning_rate"],
        precision=plan["precision"],
        seed=plan["seed"],
        on_step=progress.step,
    )
    progress.finish()
    return training.embed(trained.encoder, samples.images)
