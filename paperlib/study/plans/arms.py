"""The arms that plans are made of: runs of seed 0, each to be varied in its split, its seed and what a plan asks."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from paperlib.study.profiles import Profile
from paperlib.study.runs import DEFAULT_READINGS, AutoencoderRun, Overlap, Readings, Run

BOTH = ("random", "top_activations")  # the selections that the paper compares


class Named(Protocol):
    """All that plans look at of a data set."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...


def autoencoder_run(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> AutoencoderRun:
    """The one autoencoder whose embeddings all selections of a study use."""
    return AutoencoderRun(
        dataset.name,
        dataset.fingerprint,
        profile.embedding_size,
        profile.autoencoder_steps,
        profile.autoencoder_batch,
        precision=readings.precision,
    )


class Arms:
    """The arms of a profile on a data set, under one set of readings.

    autoencoder : whose embeddings eq. 4 looks at. full : the full set alone.
    """

    def __init__(self, profile: Profile, dataset: Named, readings: Readings) -> None:
        self._k = profile.k
        self.autoencoder = autoencoder_run(profile, dataset, readings)
        self.full = Run(
            dataset.name,
            dataset.fingerprint,
            steps=profile.steps,
            batch=profile.batch,
            decay=profile.decay,
            feed=readings.feed,
            precision=readings.precision,
        )

    def first(self, method: str = "top_activations", k: int = 0, overlap: Overlap = "fill", split: float = 0.0) -> Run:
        """A share `split` of the steps on a subset of k samples, the profile's k if none is given."""
        run = replace(self.full, selection=method, k=k or self._k, split=split)
        if method != "top_activations":
            return run
        return replace(run, overlap=overlap, autoencoder=self.autoencoder)

    def alone(self, method: str = "top_activations", k: int = 0, overlap: Overlap = "fill") -> Run:
        """All steps on a subset, 100 / 0."""
        return self.first(method, k, overlap, split=1.0)


def with_seeds(arms: Sequence[Run], seeds: Sequence[int]) -> list[Run]:
    """Each arm with each seed, arm after arm."""
    return [replace(arm, seed=seed) for arm in arms for seed in seeds]


def in_turn(arms: Sequence[Run], seeds: Sequence[int]) -> list[Run]:
    """Each arm with each seed, seed after seed: a machine that is slower for a while is so for all arms."""
    return [replace(arm, seed=seed) for seed in seeds for arm in arms]
