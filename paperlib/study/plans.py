"""What the paper ran, and what its claims need besides: profile and data set -> runs.

Of the data set only its name and fingerprint are looked at. `Readings` hold for a whole plan, except where a plan
compares their alternatives. Reading R7, `overlap`, is for the paper's figures (`split_runs`, `loss_runs` and those
made of them); all that goes beyond the paper is planned with `fill`.
"""

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain
from typing import Any, Protocol, get_args

from paperlib.selection import METHODS, REGISTRY
from paperlib.study.profiles import PAPER_STEPS, PROFILES, Profile
from paperlib.study.runs import (
    DEFAULT_READINGS,
    TIME_SHARE,
    AnyRun,
    AutoencoderRun,
    Feed,
    Overlap,
    Readings,
    Run,
    SelectionRun,
    cut_off,
    selection_of,
)

_REQUIRED = {name: method.study_options for name, method in REGISTRY.items() if method.study_options}

# Options of eq. 4: three that the paper's authors suggest, and ours. The penalty is in standard deviations.
VARIANTS = {"penalty": 0.5, "pairs": True, "pca": True, "quota_per_class": True}


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


def split_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """Fig. 5: every split for random and for embedding-based selection; split 0 is the baseline."""
    full = _full_run(profile, dataset, readings)
    subsets = [
        _subset(full, profile, dataset, method, profile.k, readings.overlap) for method in ("random", "top_activations")
    ]
    return [run for split in profile.runs_at_split for run in _at(split, subsets if split else [full], profile)]


def control_runs(
    profile: Profile, dataset: Named, union_size: int | None, readings: Readings = DEFAULT_READINGS
) -> list[Run]:
    """Where Fig. 5 shows a gap: which property of the subset makes it?

    Random with the same number per class; the plain union of eq. 4 (reading R7), and random at the union's size, which
    only the embeddings tell (None: without these); and at 100 / 0 the subset that is ten times as large.
    """
    full = _full_run(profile, dataset, readings)
    union = union_run(profile, dataset, readings)
    controls = [_subset(full, profile, dataset, "random_balanced", profile.k), union]
    controls += [_subset(full, profile, dataset, "random", union_size)] if union_size else []
    large = replace(_subset(full, profile, dataset, "top_activations", profile.large_k), split=1.0)
    late = [split for split in profile.runs_at_split if split >= 0.9]
    runs = [
        replace(arm, split=split, seed=seed) for split in late for arm in controls for seed in profile.control_seeds
    ]
    return runs + [replace(large, seed=seed) for seed in range(min(3, profile.runs_at_split[1.0]))]


def union_run(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> Run:
    """The first run on the plain union, whose size depends on how the elements' lists overlap."""
    full = _full_run(profile, dataset, readings)
    return replace(_subset(full, profile, dataset, "top_activations", profile.k, "union"), split=1.0)


def riddle_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """Reading R14: both arms of Fig. 6, cut off at the paper's share of the steps, by candidate mechanism.

    The learning rate as it is, with averages of which the statistics are their own (b), and raised until it
    diverges (d); and the full set alone after few steps (c). Mechanism (a) is in every record.
    """
    full = _full_run(profile, dataset, readings)
    half = replace(_subset(full, profile, dataset, "top_activations", profile.k), split=0.5)
    cut = round(profile.steps * TIME_SHARE)
    few = [steps for steps in (1, 3, 10, 30, 100, 300) if steps < cut]
    arms = [(arm, rate, cut) for rate in (0.1, 0.2, 0.3, 1.0, 3.0) for arm in (full, half)]
    arms += [(full, 0.1, steps) for steps in few]
    return [
        replace(arm, learning_rate=rate, stop=stop, seed=seed)
        for arm, rate, stop in arms
        for seed in profile.riddle_seeds
    ]


def length_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """Runs planned for a share of the steps: the full set alone, and 50 / 50 with either selection.

    The accuracy after so many steps is that of a run's last step, as everywhere.
    """
    full = _full_run(profile, dataset, readings)
    halves = [_subset(full, profile, dataset, method, profile.k) for method in ("random", "top_activations")]
    arms = [full, *(replace(half, split=0.5) for half in halves)]
    return [
        replace(arm, steps=round(profile.steps * share), seed=seed)
        for share in profile.lengths
        for arm in arms
        for seed in profile.length_seeds
    ]


def budget_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """Fig. 6: the full set alone, and half of the steps on the subset first, until the time is up (reading R9)."""
    runs = loss_runs(profile, dataset, readings)
    return [run for run in runs if run.k != profile.large_k]


def loss_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """Fig. 7: the runs of Fig. 6, and the same with a subset ten times as large.

    The arms take turns, so that a machine that is slower for a while is so for all of them.
    """
    full = _full_run(profile, dataset, readings)
    half, large = (
        replace(_subset(full, profile, dataset, "top_activations", k, readings.overlap), split=0.5)
        for k in (profile.k, profile.large_k)
    )
    return [
        replace(arm, time_share=TIME_SHARE, baseline_seeds=profile.baseline_seeds, seed=seed)
        for seed in profile.budget_seeds
        for arm in (full, half, *([large] if seed in profile.large_seeds else []))
    ]


def limited_runs(
    profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS, large: bool = True
) -> list[Run]:
    """What Fig. 6 shows, and with the `large` subset Fig. 7: until a clock says stop or, in a profile without one, cut
    off after the paper's share of the steps."""
    if profile.budget_seeds:
        return (loss_runs if large else budget_runs)(profile, dataset, readings)
    cuts = budget_cuts(profile, dataset, readings)
    return cuts + ([run for run in large_runs(profile, dataset, readings) if run.stop] if large else [])


def learning_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """Runs whose tests make learning curves: of Fig. 5 and of several lengths, and what they are on their way."""
    whole = split_runs(profile, dataset, readings) + length_runs(profile, dataset, readings)
    return list(dict.fromkeys([*whole, *map(cut_off, whole)]))


def claim_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[AnyRun]:
    """What the ledger measures claims with: the autoencoder and the runs of Fig. 5, 6 and 7."""
    classifiers = split_runs(profile, dataset, readings) + limited_runs(profile, dataset, readings)
    return [autoencoder_run(profile, dataset, readings), *dict.fromkeys(classifiers)]


def precision_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """The baseline in the machine's own precision and in float32, from the same seeds."""
    full = _full_run(profile, dataset, readings)
    formats = [replace(full, precision=precision) for precision in ("auto", "float32")]
    return [replace(run, seed=seed) for seed in profile.baseline_seeds for run in formats]


def spike_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """Random at 100 / 0 in float32: does the training loss spike as it does in the machine's own precision?"""
    full = _full_run(profile, dataset, readings)
    random = replace(_subset(full, profile, dataset, "random", profile.k), split=1.0, precision="float32")
    return [replace(random, seed=seed) for seed in profile.spike_seeds]


def feed_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """The full set alone and the 50 / 50 run with both feeds (reading R13), in turn: what does a step cost?"""
    arms = []
    for feed in get_args(Feed):
        full = _full_run(profile, dataset, replace(readings, feed=feed))
        half = replace(_subset(full, profile, dataset, "top_activations", profile.k), split=0.5)
        arms += [full, half]
    return [replace(arm, seed=seed) for seed in profile.length_seeds for arm in arms]


def method_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """All methods at several sizes, variants of eq. 4 at the paper's, each at 100 / 0 and 90 / 10; and the full set.

    Facility location chooses in each class by itself: over all of CIFAR-10 its similarities are 20 GB. The
    feature-based method counts activations from an element's lowest on: the autoencoder's are normalized.
    """
    full = _full_run(profile, dataset, readings)
    autoencoder = autoencoder_run(profile, dataset, readings)
    arms = []
    for k in sorted(profile.compared_sizes, key=lambda k: k != profile.k):  # the paper's first
        for method in METHODS:
            run = _subset(full, profile, dataset, method, k)
            if REGISTRY[method].uses_embeddings:
                run = replace(run, autoencoder=autoencoder)
            arms.append(_variant(run, **_REQUIRED[method]) if method in _REQUIRED else run)
    eq4 = _subset(full, profile, dataset, "top_activations", profile.k)
    arms += [_variant(eq4, **{name: value}) for name, value in VARIANTS.items()]
    runs = [
        replace(arm, split=split, seed=seed) for arm in arms for seed in profile.compared_seeds for split in (0.9, 1.0)
    ]
    return runs + [replace(full, seed=seed) for seed in profile.compared_seeds]


def large_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """The subset that is ten times as large (Fig. 7) in steps: 50 / 50 cut off, and 100 / 0 for up to three seeds."""
    full = _full_run(profile, dataset, readings)
    large = _subset(full, profile, dataset, "top_activations", profile.large_k, readings.overlap)
    first, alone = cut_off(replace(large, split=0.5)), replace(large, split=1.0)
    few = range(min(3, profile.runs_at_split[1.0]))
    return [replace(first, seed=seed) for seed in profile.large_seeds] + [replace(alone, seed=seed) for seed in few]


def budget_cuts(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """Fig. 6 in steps, whatever a machine's pace: the full set alone and 50 / 50 with either selection, cut off."""
    return [cut_off(run) for run in split_runs(profile, dataset, readings) if run.split in (0, 0.5)]


def autoencoder_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[AutoencoderRun]:
    """The autoencoders whose embeddings eq. 4 is tried with: seeds, snapshots of the first, a linear last layer."""
    first = autoencoder_run(profile, dataset, readings)
    seeds = [replace(first, seed=seed) for seed in profile.autoencoder_seeds]
    snapshots = [replace(first, steps=round(first.steps * share)) for share in profile.snapshots]
    linear = [replace(first, last_activation="linear")] if profile.reading_seeds else []
    return seeds + snapshots + linear


def encoder_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[AutoencoderRun]:
    """Encoders that learn by another objective than the paper's (`paperlib.encoders`), as long as its autoencoder."""
    if not profile.encoder_seeds:
        return []
    first = autoencoder_run(profile, dataset, readings)
    return [replace(first, objective="variational"), replace(first, objective="labels")]


def embedding_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """Eq. 4 at 100 / 0 with the embeddings of each of the `encoder_runs`."""
    full = _full_run(profile, dataset, readings)
    eq4 = replace(_subset(full, profile, dataset, "top_activations", profile.k), split=1.0)
    return [
        replace(eq4, autoencoder=encoder, seed=seed)
        for encoder in encoder_runs(profile, dataset, readings)
        for seed in profile.encoder_seeds
    ]


def interpolation_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """Either subset at 100 / 0 with half as many samples again: interpolated ones, and real ones."""
    full = _full_run(profile, dataset, readings)
    encoder, more = autoencoder_run(profile, dataset, readings), profile.k // 2
    arms = []
    for method in ("random", "top_activations"):
        subset = replace(_subset(full, profile, dataset, method, profile.k), split=1.0)
        arms += [replace(subset, autoencoder=encoder, interpolated=more), replace(subset, k=profile.k + more)]
    return [replace(arm, seed=seed) for arm in arms for seed in profile.encoder_seeds]


def factor_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """Eq. 4 at 100 / 0 with each of the `autoencoder_runs`: how much do seed, training and last layer matter?"""
    full = _full_run(profile, dataset, readings)
    eq4 = replace(_subset(full, profile, dataset, "top_activations", profile.k), split=1.0)
    return [
        replace(eq4, autoencoder=autoencoder, seed=seed)
        for autoencoder in autoencoder_runs(profile, dataset, readings)
        for seed in profile.factor_seeds
    ]


def prediction_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """Runs that say how accuracy on a subset grows with training: of Fig. 5, their cut-offs, and eq. 4 at 100 / 0 with
    each seed of the autoencoder."""
    whole = split_runs(profile, dataset, readings)
    first = autoencoder_run(profile, dataset, readings)
    alike = [replace(first, seed=seed) for seed in profile.autoencoder_seeds]
    factor = [run for run in factor_runs(profile, dataset, readings) if run.autoencoder in alike]
    return list(dict.fromkeys([*whole, *map(cut_off, whole), *factor]))


# Alternative readings -> what they change in a run. R6, the linear last layer, is an autoencoder's.
ALTERNATIVE_READINGS: dict[str, dict[str, Any]] = {
    "R2: 0.004 ‖w‖²": {"weight_decay": 0.008},
    "R4: divided by the variance": {"standardize_by": "variance"},
    "R3: brightness and contrast clipped": {"clip": True},
}


def reading_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """The full set alone, and 100 / 0 with either selection, under each alternative reading."""
    full = _full_run(profile, dataset, readings)
    subsets = [_subset(full, profile, dataset, method, profile.k) for method in ("random", "top_activations")]
    arms = [full, *(replace(subset, split=1.0) for subset in subsets)]
    return [
        replace(arm, **change, seed=seed)
        for change in ALTERNATIVE_READINGS.values()
        for seed in profile.reading_seeds
        for arm in arms
    ]


def open_question_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """What the paper leaves open (notebook 14): encoders, samples in between, readings; the usual runs beside them."""
    runs = [run for run in split_runs(profile, dataset, readings) if run.split in (0, 1)]
    for plan in (factor_runs, embedding_runs, interpolation_runs, reading_runs):
        runs += plan(profile, dataset, readings)
    others = chain(*weak_random_runs(profile, dataset, readings).values())
    runs += [run for run in others if run.clip or run.standardize_by != Run.standardize_by]  # readings R3 and R4
    return list(dict.fromkeys(runs))


_DECAY_EPOCHS = 350  # of the tutorial's schedule; on the paper's subset they are 1,476 of its 10,000 steps


def weak_random_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> dict[str, list[Run]]:
    """Why is the paper's random arm so weak (57.6 %)? Each possible reason alone, at 100 / 0, with both selections.

    Reasons that other plans test are not in here: longer training (profiles `steps` and `paper`), fewer samples
    (`method_runs`), raw weights (in every record).

    Returns
    -------
    dict of str to list of Run
        Reason -> its runs.
    """
    full = _full_run(profile, dataset, readings)
    subsets = (_subset(full, profile, dataset, method, profile.k) for method in ("random", "top_activations"))
    random, eq4 = (replace(subset, split=1.0) for subset in subsets)
    paper = PROFILES["paper"]
    # As large a share of the steps as at the paper's scale, where the schedule would have come from epochs.
    rate_steps = max(1, int(profile.steps / PAPER_STEPS * _DECAY_EPOCHS * paper.k / paper.batch))
    seeds, both = profile.hypothesis_seeds, (random, eq4)
    reasons = {
        "one subset, several initial weights": [
            replace(random, subset_seed=0, seed=seed) for seed in range(1, 5) if len(seeds) > 1
        ],
        "classes as unequal as eq. 4's": [
            replace(random, counts_of="top_activations", autoencoder=eq4.autoencoder, seed=seed) for seed in seeds
        ],
    }
    changes: dict[str, dict[str, Any]] = {
        "read by class, through a small buffer": {"order": "by_class"},
        "brightness and contrast clipped (R3)": {"clip": True},
        "images divided by their variance (R4)": {"standardize_by": "variance"},
        "learning rate falls with epochs of the subset": {"rate_steps": rate_steps},
    }
    for reason, change in changes.items():
        reasons[reason] = [replace(arm, **change, seed=seed) for seed in seeds for arm in both]
    return reasons


def selection_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[SelectionRun]:
    """Every selection that `method_runs` trains on, to measure it."""
    autoencoder = autoencoder_run(profile, dataset, readings)
    runs = [run for run in method_runs(profile, dataset, readings) if run.k]
    return list(dict.fromkeys(selection_of(replace(run, autoencoder=autoencoder)) for run in runs))


def _variant(run: Run, **options: Any) -> Run:
    return replace(run, variant=tuple(options.items()))


def _full_run(profile: Profile, dataset: Named, readings: Readings) -> Run:
    return Run(
        dataset.name,
        dataset.fingerprint,
        steps=profile.steps,
        batch=profile.batch,
        decay=profile.decay,
        feed=readings.feed,
        precision=readings.precision,
    )


def _at(split: float, arms: Iterable[Run], profile: Profile) -> list[Run]:
    return [replace(arm, split=split, seed=seed) for arm in arms for seed in range(profile.runs_at_split[split])]


def _subset(run: Run, profile: Profile, dataset: Named, method: str, k: int, overlap: Overlap = "fill") -> Run:
    if method != "top_activations":
        return replace(run, selection=method, k=k)
    autoencoder = autoencoder_run(profile, dataset, Readings(precision=run.precision))
    return replace(run, selection=method, k=k, overlap=overlap, autoencoder=autoencoder)
