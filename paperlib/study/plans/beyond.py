"""What goes beyond the paper: controls, the riddle, costs, curves, number formats and other methods."""

from dataclasses import replace
from typing import get_args

from paperlib.selection import REGISTRY
from paperlib.study.plans.arms import BOTH, Arms, Named, autoencoder_run, in_turn, with_seeds
from paperlib.study.plans.paper import split_runs
from paperlib.study.profiles import Profile
from paperlib.study.runs import DEFAULT_READINGS, TIME_SHARE, Feed, Readings, Run, SelectionRun, cut_off, selection_of

# Options of eq. 4: three that the paper's authors suggest, and ours. The penalty is in standard deviations.
VARIANTS = {"penalty": 0.5, "pairs": True, "pca": True, "quota_per_class": True}


def control_runs(
    profile: Profile, dataset: Named, union_size: int | None, readings: Readings = DEFAULT_READINGS
) -> list[Run]:
    """Where Fig. 5 shows a gap: which property of the subset makes it?

    Random with the same number per class; the plain union of eq. 4 (reading R7), and random at the union's size, which
    only the embeddings tell (None: without these); and at 100 / 0 the subset that is ten times as large.
    """
    arms = Arms(profile, dataset, readings)
    runs = []
    for split in (split for split in profile.runs_at_split if split >= 0.9):
        controls = [arms.first("random_balanced", split=split), arms.first(overlap="union", split=split)]
        controls += [arms.first("random", union_size, split=split)] if union_size else []
        runs += with_seeds(controls, profile.control_seeds)
    return runs + with_seeds([arms.alone(k=profile.large_k)], range(min(3, profile.runs_at_split[1.0])))


def union_run(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> Run:
    """The first run on the plain union, whose size depends on how the elements' lists overlap."""
    return Arms(profile, dataset, readings).alone(overlap="union")


def riddle_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """Reading R14: both arms of Fig. 6, cut off at the paper's share of the steps, by candidate mechanism.

    The learning rate as it is, with averages of which the statistics are their own (b), and raised until it
    diverges (d); and the full set alone after few steps (c). Mechanism (a) is in every record.
    """
    arms = Arms(profile, dataset, readings)
    both, cut = (arms.full, arms.first(split=0.5)), round(profile.steps * TIME_SHARE)
    stopped = [replace(arm, learning_rate=rate, stop=cut) for rate in (0.1, 0.2, 0.3, 1.0, 3.0) for arm in both]
    few = [steps for steps in (1, 3, 10, 30, 100, 300) if steps < cut]
    stopped += [replace(arms.full, learning_rate=0.1, stop=steps) for steps in few]
    return with_seeds(stopped, profile.riddle_seeds)


def length_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """Runs planned for a share of the steps: the full set alone, and 50 / 50 with either selection.

    The accuracy after so many steps is that of a run's last step, as everywhere.
    """
    arms = Arms(profile, dataset, readings)
    alike = [arms.full, *(arms.first(method, split=0.5) for method in BOTH)]
    lengths = [round(profile.steps * share) for share in profile.lengths]
    return with_seeds([replace(arm, steps=steps) for steps in lengths for arm in alike], profile.length_seeds)


def learning_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """Runs whose tests make learning curves: of Fig. 5 and of several lengths, and what they are on their way."""
    whole = split_runs(profile, dataset, readings) + length_runs(profile, dataset, readings)
    return list(dict.fromkeys([*whole, *map(cut_off, whole)]))


def precision_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """The baseline in the machine's own precision and in float32, from the same seeds."""
    full = Arms(profile, dataset, readings).full
    return in_turn([replace(full, precision=precision) for precision in ("auto", "float32")], profile.baseline_seeds)


def spike_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """Random at 100 / 0 in float32: does the training loss spike as it does in the machine's own precision?"""
    random = Arms(profile, dataset, readings).alone("random")
    return with_seeds([replace(random, precision="float32")], profile.spike_seeds)


def feed_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """The full set alone and the 50 / 50 run with both feeds (reading R13), in turn: what does a step cost?"""
    of_feeds = [Arms(profile, dataset, replace(readings, feed=feed)) for feed in get_args(Feed)]
    return in_turn([arm for arms in of_feeds for arm in (arms.full, arms.first(split=0.5))], profile.length_seeds)


def method_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """All methods at several sizes, variants of eq. 4 at the paper's, each at 100 / 0 and 90 / 10; and the full set.

    Facility location chooses in each class by itself: over all of CIFAR-10 its similarities are 20 GB. The
    feature-based method counts activations from an element's lowest on: the autoencoder's are normalized.
    """
    arms = Arms(profile, dataset, readings)
    compared = []
    for k in sorted(profile.compared_sizes, key=lambda k: k != profile.k):  # the paper's first
        for name, method in REGISTRY.items():
            run = replace(arms.first(name, k), variant=tuple(method.study_options.items()))
            compared.append(replace(run, autoencoder=arms.autoencoder) if method.uses_embeddings else run)
    compared += [replace(arms.first(), variant=(option,)) for option in VARIANTS.items()]
    runs = [
        replace(arm, split=split, seed=seed)
        for arm in compared
        for seed in profile.compared_seeds
        for split in (0.9, 1.0)
    ]
    return runs + with_seeds([arms.full], profile.compared_seeds)


def selection_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[SelectionRun]:
    """Every selection that `method_runs` trains on, to measure it."""
    autoencoder = autoencoder_run(profile, dataset, readings)
    runs = [run for run in method_runs(profile, dataset, readings) if run.k]
    return list(dict.fromkeys(selection_of(replace(run, autoencoder=autoencoder)) for run in runs))
