"""What the paper leaves open: its autoencoder, other encoders, samples in between, readings, its weak random arm."""

from dataclasses import replace
from itertools import chain
from typing import Any

from paperlib.study.plans.arms import BOTH, Arms, Named, autoencoder_run, in_turn, with_seeds
from paperlib.study.plans.paper import split_runs
from paperlib.study.profiles import PAPER_STEPS, PROFILES, Profile
from paperlib.study.runs import DEFAULT_READINGS, AutoencoderRun, Readings, Run, cut_off

# Alternative readings -> what they change in a run. R6, the linear last layer, is an autoencoder's.
ALTERNATIVE_READINGS: dict[str, dict[str, Any]] = {
    "R2: 0.004 ‖w‖²": {"weight_decay": 0.008},
    "R4: divided by the variance": {"standardize_by": "variance"},
    "R3: brightness and contrast clipped": {"clip": True},
}

_DECAY_EPOCHS = 350  # of the tutorial's schedule; on the paper's subset they are 1,476 of its 10,000 steps


def autoencoder_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[AutoencoderRun]:
    """The autoencoders whose embeddings eq. 4 is tried with: seeds, snapshots of the first, a linear last layer."""
    first = autoencoder_run(profile, dataset, readings)
    seeds = [replace(first, seed=seed) for seed in profile.autoencoder_seeds]
    snapshots = [replace(first, steps=round(first.steps * share)) for share in profile.snapshots]
    linear = [replace(first, last_activation="linear")] if profile.reading_seeds else []
    return seeds + snapshots + linear


def factor_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """Eq. 4 at 100 / 0 with each of the `autoencoder_runs`: how much do seed, training and last layer matter?"""
    eq4 = Arms(profile, dataset, readings).alone()
    autoencoders = autoencoder_runs(profile, dataset, readings)
    return with_seeds([replace(eq4, autoencoder=autoencoder) for autoencoder in autoencoders], profile.factor_seeds)


def prediction_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """Runs that say how accuracy on a subset grows with training: of Fig. 5, their cut-offs, and eq. 4 at 100 / 0 with
    each seed of the autoencoder."""
    whole = split_runs(profile, dataset, readings)
    first = autoencoder_run(profile, dataset, readings)
    alike = [replace(first, seed=seed) for seed in profile.autoencoder_seeds]
    factor = [run for run in factor_runs(profile, dataset, readings) if run.autoencoder in alike]
    return list(dict.fromkeys([*whole, *map(cut_off, whole), *factor]))


def encoder_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[AutoencoderRun]:
    """Encoders that learn by another objective than the paper's (`paperlib.encoders`), as long as its autoencoder."""
    if not profile.encoder_seeds:
        return []
    first = autoencoder_run(profile, dataset, readings)
    return [replace(first, objective="variational"), replace(first, objective="labels")]


def embedding_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """Eq. 4 at 100 / 0 with the embeddings of each of the `encoder_runs`."""
    eq4 = Arms(profile, dataset, readings).alone()
    encoders = encoder_runs(profile, dataset, readings)
    return with_seeds([replace(eq4, autoencoder=encoder) for encoder in encoders], profile.encoder_seeds)


def interpolation_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """Either subset at 100 / 0 with half as many samples again: interpolated ones, and real ones."""
    arms = Arms(profile, dataset, readings)
    more, larger = profile.k // 2, []
    for method in BOTH:
        larger.append(replace(arms.alone(method), autoencoder=arms.autoencoder, interpolated=more))
        larger.append(arms.alone(method, profile.k + more))
    return with_seeds(larger, profile.encoder_seeds)


def reading_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """The full set alone, and 100 / 0 with either selection, under each alternative reading."""
    arms = Arms(profile, dataset, readings)
    usual = [arms.full, *map(arms.alone, BOTH)]
    runs = []
    for change in ALTERNATIVE_READINGS.values():
        runs += in_turn([replace(arm, **change) for arm in usual], profile.reading_seeds)
    return runs


def weak_random_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> dict[str, list[Run]]:
    """Why is the paper's random arm so weak (57.6 %)? Each possible reason alone, at 100 / 0, with both selections.

    Reasons that other plans test are not in here: longer training (profiles `steps` and `paper`), fewer samples
    (`method_runs`), raw weights (in every record).

    Returns
    -------
    dict of str to list of Run
        Reason -> its runs.
    """
    random, eq4 = both = tuple(map(Arms(profile, dataset, readings).alone, BOTH))
    paper, seeds = PROFILES["paper"], profile.hypothesis_seeds
    # As large a share of the steps as at the paper's scale, where the schedule would have come from epochs.
    rate_steps = max(1, int(profile.steps / PAPER_STEPS * _DECAY_EPOCHS * paper.k / paper.batch))
    unequal = replace(random, counts_of="top_activations", autoencoder=eq4.autoencoder)
    changes: dict[str, dict[str, Any]] = {
        "read by class, through a small buffer": {"order": "by_class"},
        "brightness and contrast clipped (R3)": {"clip": True},
        "images divided by their variance (R4)": {"standardize_by": "variance"},
        "learning rate falls with epochs of the subset": {"rate_steps": rate_steps},
    }
    return {
        "one subset, several initial weights": with_seeds(
            [replace(random, subset_seed=0)], range(1, 5) if len(seeds) > 1 else ()
        ),
        "classes as unequal as eq. 4's": with_seeds([unequal], seeds),
        **{reason: in_turn([replace(arm, **change) for arm in both], seeds) for reason, change in changes.items()},
    }


def open_question_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """What notebook 14 asks: encoders, samples in between, readings; the usual runs beside them."""
    runs = [run for run in split_runs(profile, dataset, readings) if run.split in (0, 1)]
    for plan in (factor_runs, embedding_runs, interpolation_runs, reading_runs):
        runs += plan(profile, dataset, readings)
    others = chain(*weak_random_runs(profile, dataset, readings).values())
    runs += [run for run in others if run.clip or run.standardize_by != Run.standardize_by]  # readings R3 and R4
    return list(dict.fromkeys(runs))
