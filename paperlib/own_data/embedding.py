"""Samples of any size -> embeddings: how the autoencoder is built and trained for them, until it has learned them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from paperlib import environment, interruption
from paperlib.checkpoints import Checkpoints, steps_to_take
from paperlib.own_data import kept
from paperlib.own_data.loading import SHARE
from paperlib.selection import REGISTRY
from paperlib.storage.digests import content_hash

if TYPE_CHECKING:
    from paperlib.own_data.loading import Samples
    from paperlib.own_data.quality import Quality
    from paperlib.progress import Progress
    from paperlib.training import Autoencoder, DivergedError

BATCH = 64
LEARNING_RATE = 0.1  # the paper's
_PASSES = 5  # over the samples
_STEPS = 100, 5_000  # fewest and most: small data needs some steps at all, the cpu profile takes the most
_SIZE = 216  # numbers in the paper's embeddings
_FEWEST = 8
_RANKS = 7  # samples that each element may choose at least, as in the quick profile; the paper: 20
# What follows a training that did not work: this many times the first one's steps, at this share of its rate. All
# together take at most 12 times the first one's steps.
_ATTEMPTS = ((1, 1.0), (4, 1.0), (8, 0.3))
_RESIDENT = 1 << 30  # bytes of images; more are read from where they lie at every step
_EMBED_PIXELS = 500 * 24 * 24  # of the images that are embedded at once
STATES = "checkpoints"  # a folder, among what is kept, of the states of trainings under way


class NotLearnedError(ValueError):
    """The autoencoder learned too little of the images for a choice by its embeddings."""


@dataclass(frozen=True)
class Embedded:
    """Embeddings (N, n), and how they came about."""

    embeddings: NDArray
    # Steps, learning rate, attempts and quality, as plain data; None: nothing was trained.
    training: dict[str, Any] | None = None
    were_kept: bool = False  # whether an earlier call had computed them

    def describe(self) -> str:
        """What was trained, and how well it worked, in a line each."""
        if self.training is None:
            return "Nothing is trained."
        from paperlib.own_data.quality import Quality

        tried = "".join(
            f"Tried {a['steps']:,} steps at rate {a['learning_rate']:g}: {a['said']}.\n" for a in self.failed()
        )
        last = self.training["attempts"][-1]
        source = "kept from an earlier run" if self.were_kept else "trained"
        return (
            f"{tried}Autoencoder ({source}): {last['steps']:,} steps at rate {last['learning_rate']:g}. "
            f"{Quality(**self.training['quality']).describe()}"
        )

    def failed(self) -> list[dict[str, Any]]:
        assert self.training is not None  # whoever asks has looked
        return self.training["attempts"][:-1]


def crop_size(side: int) -> int:
    """The multiple of 8 nearest to 3/4 of the side, as 24 is of 32: what the autoencoder sees of an image."""
    nearest = 8 * int(side * 0.75 / 8 + 0.5)
    return max(8, min(nearest, side // 8 * 8))


def embedding_size(crop: int, k: float) -> int:
    """Numbers in an embedding: the paper's 216, fewer if k is below 7 times that, as a multiple of (crop / 8)^2.

    At least 8: through fewer, an autoencoder learns little.
    """
    places = (crop // 8) ** 2
    return places * max(-(-_FEWEST // places), round(min(_SIZE, k / _RANKS) / places))


def needed(method: str) -> bool:
    """Whether a method looks at embeddings at all."""
    return REGISTRY[method].uses_embeddings


def plan(
    samples: Samples,
    k: int,
    *,
    size: int = 0,
    steps: int = 0,
    learning_rate: float = 0.0,
    precision: str = "auto",
    seed: int = 0,
) -> dict[str, Any] | None:
    """How samples are embedded, as plain data; None if they come with embeddings.

    Parameters
    ----------
    size: numbers in an embedding, a multiple of (crop / 8)^2. 0: as many as suit the paper's share of the samples, so
        that the same embeddings serve every k; fewer if k is smaller than that.
    steps: of training, 64 samples each. 0: five passes over the samples, but 100 to 5,000 steps; if that did not work,
        4 times and then 8 times as many.
    learning_rate: 0: 0.1, and 0.03 in a last attempt.

    Where steps and rate are both given, there is one attempt.
    """
    if samples.embeddings is not None:
        return None
    assert samples.images is not None  # they have one or the other
    from paperlib.compute import precision as precisions

    crop = crop_size(min(samples.images.shape[1:3]))
    usual = embedding_size(crop, SHARE * len(samples))
    first = steps or int(np.clip(_PASSES * len(samples) / BATCH, *_STEPS))
    attempts = [
        [first if steps else first * times, learning_rate or LEARNING_RATE * share] for times, share in _ATTEMPTS
    ]
    return {
        "crop_size": crop,
        "embedding_size": size or (usual if k >= usual else embedding_size(crop, k)),
        "attempts": [one for place, one in enumerate(attempts) if one not in attempts[:place]],
        "batch": BATCH,
        "precision": precisions.resolve(precision),
        "feed": "resident" if samples.images.nbytes <= _RESIDENT else "streamed",
        "seed": seed,
    }


def budget(plan: Mapping[str, Any] | None) -> int:
    """The most steps that a plan takes, all attempts together; 0 where nothing is trained. Those of one rate are one
    training."""
    longest = {rate: steps for steps, rate in sorted(plan["attempts"])} if plan else {}
    return sum(longest.values())


def embed(
    samples: Samples, plan: Mapping[str, Any] | None, progress: Progress, *, keep: str | os.PathLike | None = None
) -> Embedded:
    """Embed `Samples`: their own embeddings where plan is None, else those of an autoencoder trained on them.

    It is trained as the plan says, again and longer if it did not work (see `paperlib.own_data.quality`), until it did.

    Parameters
    ----------
    plan: of `plan`. progress: a `paperlib.progress.Progress`.
    keep: a folder for the embeddings: with the same samples and plan, the next call takes them from there. A training
        under way keeps its state there, every four minutes and when it is interrupted: the next call goes on from it,
        to the same bits. Attempts at another rate that came before are made again.

    Returns `Embedded`. Raises ValueError for sizes that do not fit, NotLearnedError where no attempt worked,
    `paperlib.checkpoints.Interrupted` at SIGINT or SIGTERM while it trains.
    """
    if plan is None:
        assert samples.embeddings is not None  # or they would have a plan
        return Embedded(samples.embeddings)

    if keep is None:
        return Embedded(*_learned(samples, plan, progress, lambda ends, rate: None))
    run = {"fingerprint": samples.fingerprint, "plan": plan, "code": environment.CODE}

    def checkpoints(ends: Sequence[int], rate: float) -> Checkpoints:
        key = content_hash({**run, "attempts": [*ends, rate]})
        return Checkpoints([(0, steps) for steps in ends], Path(keep) / STATES, key)

    return Embedded(*kept.embeddings(keep, run, lambda: _learned(samples, plan, progress, checkpoints)))


def _learned(
    samples: Samples,
    plan: Mapping[str, Any],
    progress: Progress,
    checkpoints: Callable[[Sequence[int], float], Checkpoints | None],
) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """(embeddings, how they came about) of the first attempt that works.

    checkpoints: the steps of the attempts at one rate, and that rate -> where their states are kept; None: in memory.
    """
    from paperlib import training
    from paperlib.own_data import quality

    assert samples.images is not None  # a plan is one for images
    crops = quality.crops_as_in_training(samples.images, plan["crop_size"])
    tried: list[dict[str, Any]] = []
    if (spread := quality.spread(samples.images)) < quality.ALIKE:
        raise NotLearnedError(
            f"{samples.name}: the images hardly differ (mean squared distance from the mean image {spread:.1e}, values "
            "0 to 1), so that an autoencoder learns what they have in common and nothing to choose by. Give embeddings "
            "of another network, or choose the method 'random', which needs none"
        )
    for rate, attempts in groupby(plan["attempts"], itemgetter(1)):
        ends = [steps for steps, _ in attempts]  # of one training: a longer one goes on where the shorter one stood
        states = checkpoints(ends, rate)
        for steps, trained in zip(ends, _trainings(samples.images, plan, ends, rate, progress, states)):
            if isinstance(trained, training.DivergedError):
                said = str(trained)
            else:
                embeddings, found = _measured(trained, samples.images, crops)
                said = "; ".join(found.shortcomings())
            tried.append({"steps": steps, "learning_rate": rate, "said": said or "it worked"})
            if not said:
                break
        if states:
            for steps in ends:
                states.done((0, steps))
        if not said:
            return embeddings, {"attempts": tried, "quality": found.as_plain_data()}
    raise NotLearnedError(_advice(samples, plan, tried))


def _trainings(
    images: NDArray[np.uint8],
    plan: Mapping[str, Any],
    ends: Sequence[int],
    rate: float,
    progress: Progress,
    states: Checkpoints | None,
) -> Iterator[Autoencoder | DivergedError]:
    """The autoencoder after each of `ends` steps of one training, which goes on from where an interrupted one stood;
    the error that ended it, if it diverges."""
    from paperlib import training

    settings = training.AutoencoderSettings(
        embedding_size=plan["embedding_size"],
        image_size=plan["crop_size"],
        batch=plan["batch"],
        learning_rate=rate,
        precision=plan["precision"],
        feed=plan["feed"],
        seed=plan["seed"],
    )
    states = states or Checkpoints([(0, steps) for steps in ends])
    stop: Callable[[], bool] = bool  # False, as long as none is waited for
    watched: dict[str, Any] = dict(on_step=progress.step, should_stop=lambda: stop(), checkpoints=states)
    trainings = training.train_autoencoders(images, ends, settings, **watched)
    for steps in ends:
        left = steps_to_take([(0, steps)], states.positions)
        progress.start(left)
        progress.begin(f"autoencoder, rate {rate:g}", left)
        try:
            with interruption.on_signals() as stop:
                trained = next(trainings)
        except training.DivergedError as error:
            yield error
            return
        finally:
            progress.finish()
        yield trained


def _measured(
    trained: Autoencoder, images: NDArray[np.uint8], crops: NDArray[np.float32]
) -> tuple[NDArray[np.float32], Quality]:
    """The embeddings of images by a trained autoencoder, and their `Quality`."""
    from paperlib import training
    from paperlib.own_data import quality

    batch = max(1, _EMBED_PIXELS // crops.shape[1] ** 2)
    embeddings = training.embed(trained.encoder, images, batch=batch)
    parts = np.array_split(crops, -(-len(crops) // batch))
    seen = np.concatenate([trained.encoder.predict_on_batch(part) for part in parts])
    return embeddings, quality.measure(
        embeddings, images, crops, training.reproduce(trained.decoder, seen, batch=batch)
    )


def _advice(samples: Samples, plan: Mapping[str, Any], tried: Sequence[Mapping[str, Any]]) -> str:
    last, attempts = tried[-1], "1 attempt" if len(tried) == 1 else f"{len(tried)} attempts"
    return (
        f"{samples.name}: the autoencoder learned too little to choose by, in {budget(plan):,} steps "
        f"({attempts}; the last: {last['steps']:,} steps, rate {last['learning_rate']:g}: {last['said']}). "
        f"Give more steps than {last['steps']:,}, another learning rate or a larger image size; embeddings of another "
        "network; or the method 'random', which needs none"
    )
