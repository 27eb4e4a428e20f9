"""Is a choice better than random, on these samples? A small classifier answers, on samples that no subset has."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from paperlib.selection import select
from paperlib.storage.files import write_text

if TYPE_CHECKING:
    from paperlib.own_data.explorer import Choice
    from paperlib.own_data.loading import Samples

REPEATS = 5  # times that samples are held out
HELD_OUT = 0.2  # of the samples, each time others
PIXELS = 16  # side of the grey pictures that the classifier sees
_MOST_TESTED = 5_000  # held-out samples at most, so that it takes seconds
_ALPHAS = tuple(10.0 ** np.arange(-1, 6))  # of the ridge; the training samples choose among them


@dataclass(frozen=True)
class Comparison:
    """Accuracies (R,) in percent, pairwise on the same held-out samples."""

    method: str
    chosen: list[float]  # by the method
    random: list[float]  # drawn
    k: int  # samples in each subset
    samples: int  # that the subsets were taken from
    tested: int  # held-out samples
    looks_at: str  # what the classifier sees


def check(samples: Samples) -> None:
    """Raise ValueError unless there are labels of two classes, and samples enough to hold some out."""
    if samples.labels is None:
        raise ValueError(f"{samples.name}: comparing with random needs labels; give class folders, or labels beside it")
    if len(np.unique(samples.labels)) < 2 or len(samples) < 10:
        raise ValueError(f"{samples.name}: comparing with random needs at least two classes and ten samples")


def announcement(choice: Choice) -> str:
    """What `compare` will do and about how long that takes, measured on one choice and one classifier of its size."""
    features, looks_at = _features(choice)
    assert choice.samples.labels is not None  # or there would be no features
    began = time.perf_counter()
    select(choice.embeddings, choice.k, choice.method, labels=choice.samples.labels, seed=choice.seed, **choice.options)
    _accuracy(features, choice.samples.labels, choice.indices, choice.indices[:10])
    seconds = 2 * REPEATS * (time.perf_counter() - began)
    return (
        f"Comparing with random: {REPEATS} times, {HELD_OUT:.0%} of the samples are held out, {choice.method} and a "
        f"draw choose from the rest, and a ridge classifier on {looks_at} is trained on each: about {seconds:.0f} s."
    )


def compare(choice: Choice) -> Comparison:
    """Compare a method with random draws of the same size, `REPEATS` times -> `Comparison`.

    Each time, a fifth of the samples (5,000 at most), the same share of every class as far as that goes, is held out.
    From the rest the method chooses again, the same share as `choice` has of all, and as many are drawn at random. A
    ridge classifier, its penalty chosen by leave-one-out on its own samples, is trained on either and tested on what
    is held out. It looks at 16 x 16 grey pixels, or at the embeddings where there are no images. (An autoencoder has
    been trained on all images, held-out ones too, but never saw a label.)

    Raises ValueError where there are no labels, or too few classes or samples.
    """
    samples = choice.samples
    features, looks_at = _features(choice)
    assert samples.labels is not None  # or there would be no features
    share = choice.k / len(samples)
    chosen, drawn = [], []
    for repeat in range(REPEATS):
        held_out, pool = _split(samples.labels, repeat)
        k = min(len(pool), max(2, round(share * len(pool))))
        labels = samples.labels[pool]
        by_method = select(choice.embeddings[pool], k, choice.method, labels=labels, seed=choice.seed, **choice.options)
        by_draw = select(choice.embeddings[pool], len(by_method), "random", seed=1_000 + repeat)
        chosen.append(_accuracy(features, samples.labels, pool[by_method], held_out))
        drawn.append(_accuracy(features, samples.labels, pool[by_draw], held_out))
    return Comparison(choice.method, chosen, drawn, len(by_method), len(pool), len(held_out), looks_at)


def sentence(found: Comparison) -> str:
    """The answer, no stronger than what was measured."""
    differences = np.subtract(found.chosen, found.random)
    if (differences > 0).all():
        verdict = f"better than random here, in all {len(differences)} repetitions"
    elif (differences < 0).all():
        verdict = f"worse than random here, in all {len(differences)} repetitions"
    else:
        more = int((differences > 0).sum())
        verdict = f"not clearly different from random here (better in {more} of {len(differences)} repetitions)"
    return (
        f"{found.method} is {verdict}: a ridge classifier on {found.looks_at}, trained on {found.k:,} of "
        f"{found.samples:,} samples, gets {np.mean(found.chosen):.1f} % of {found.tested:,} held-out ones right, on "
        f"{found.k:,} random ones {np.mean(found.random):.1f} % (difference {differences.mean():+.1f} points, standard "
        f"deviation {differences.std(ddof=1):.1f}). Another network may answer differently."
    )


def save(found: Comparison, folder: str | Path, *, pictures: bool = True) -> Path:
    """Write the accuracies, the sentence and a picture beside a choice. Returns the path of the .json."""
    path = Path(folder) / "compared_with_random.json"
    write_text(path, json.dumps({**asdict(found), "sentence": sentence(found)}, indent=1) + "\n")
    if pictures:
        import matplotlib.pyplot as plt
        import pandas as pd

        from paperlib.figures import own, style

        figure = own.compared_with_random(found.method, found.chosen, found.random, sentence(found).split(":")[0])
        table = pd.DataFrame({found.method: found.chosen, "random draw": found.random})
        style.save(figure, folder, "compared_with_random", table)
        plt.close(figure)
    return path


def _features(choice: Choice) -> tuple[NDArray[np.float32], str]:
    """(features (N, F) float32, what they are) for the classifier. ValueError without labels of two classes."""
    samples = choice.samples
    check(samples)
    if samples.images is None:
        return np.asarray(choice.embeddings, np.float32), "the embeddings"
    return _grey(samples.images), f"{PIXELS} × {PIXELS} grey pixels"


def _grey(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Images (N, H, W, C) uint8 as (N, 256) float32 grey pixels, each the mean of an area."""
    found = np.empty((len(images), PIXELS * PIXELS), np.float32)
    rows, columns = (np.arange(PIXELS) * size // PIXELS for size in images.shape[1:3])
    for place, image in enumerate(images):
        grey = image.mean(axis=2, dtype=np.float32)
        if min(grey.shape) < PIXELS:
            found[place] = grey[rows][:, columns].ravel()
            continue
        heights, widths = np.diff([*rows, grey.shape[0]]), np.diff([*columns, grey.shape[1]])
        sums = np.add.reduceat(np.add.reduceat(grey, rows, axis=0), columns, axis=1)
        found[place] = (sums / np.outer(heights, widths)).ravel()
    return found


def _split(labels: NDArray[np.int64], repeat: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(held out, the rest): indices. Of each class the same share; a class of one sample is never held out."""
    draw = np.random.default_rng(repeat)
    order = draw.permutation(len(labels))
    place = np.empty(len(labels), np.int64)  # of each sample in its class, in that order
    for name in np.unique(labels):
        of_class = order[labels[order] == name]
        place[of_class] = np.arange(len(of_class))
    sizes = np.bincount(labels)[labels]
    most = min(HELD_OUT, _MOST_TESTED / len(labels))
    held_out = place < np.floor(most * sizes + 0.5)
    held_out &= sizes > 1
    if not held_out.any():  # only tiny classes: whatever comes first
        held_out[order[: max(1, round(most * len(labels)))]] = True
    return np.flatnonzero(held_out), np.flatnonzero(~held_out)


def _accuracy(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    trained_on: NDArray[np.int64],
    tested_on: NDArray[np.int64],
) -> float:
    """Percent of the held-out samples that a ridge classifier gets right."""
    from sklearn.linear_model import RidgeClassifierCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if len(np.unique(labels[trained_on])) < 2:  # it can only say the class it knows
        return 100 * float(np.mean(labels[tested_on] == labels[trained_on][0]))
    classifier = make_pipeline(StandardScaler(), RidgeClassifierCV(alphas=_ALPHAS))
    classifier.fit(features[trained_on], labels[trained_on])
    return 100 * float(classifier.score(features[tested_on], labels[tested_on]))
