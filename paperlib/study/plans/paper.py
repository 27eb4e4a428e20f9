"""What the paper ran: its Fig. 5, 6 and 7, and what its claims are measured with."""

from dataclasses import replace

from paperlib.study.plans.arms import BOTH, Arms, Named, autoencoder_run, in_turn, with_seeds
from paperlib.study.profiles import Profile
from paperlib.study.runs import DEFAULT_READINGS, TIME_SHARE, AnyRun, Readings, Run, cut_off


def split_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """Fig. 5: every split for random and for embedding-based selection; split 0 is the baseline."""
    arms = Arms(profile, dataset, readings)
    runs = []
    for split, count in profile.runs_at_split.items():
        at_split = [arms.first(method, overlap=readings.overlap, split=split) for method in BOTH]
        runs += with_seeds(at_split if split else [arms.full], range(count))
    return runs


def budget_cuts(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """Fig. 6 in steps, whatever a machine's pace: the full set alone and 50 / 50 with either selection, cut off."""
    return [cut_off(run) for run in split_runs(profile, dataset, readings) if run.split in (0, 0.5)]


def budget_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """Fig. 6: the full set alone, and half of the steps on the subset first, until the time is up (reading R9)."""
    return [run for run in loss_runs(profile, dataset, readings) if run.k != profile.large_k]


def loss_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """Fig. 7: the runs of Fig. 6, and the same with a subset ten times as large, in turn."""
    arms = Arms(profile, dataset, readings)
    half, large = (arms.first(k=k, overlap=readings.overlap, split=0.5) for k in (profile.k, profile.large_k))
    timed = [
        replace(arm, time_share=TIME_SHARE, baseline_seeds=profile.baseline_seeds) for arm in (arms.full, half, large)
    ]
    runs = in_turn(timed, profile.budget_seeds)
    return [run for run in runs if run.k != profile.large_k or run.seed in profile.large_seeds]


def large_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """The subset that is ten times as large (Fig. 7) in steps: 50 / 50 cut off, and 100 / 0 for up to three seeds."""
    arms, large = Arms(profile, dataset, readings), profile.large_k
    half = cut_off(arms.first(k=large, overlap=readings.overlap, split=0.5))
    few = range(min(3, profile.runs_at_split[1.0]))
    return with_seeds([half], profile.large_seeds) + with_seeds([arms.alone(k=large, overlap=readings.overlap)], few)


def limited_runs(
    profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS, large: bool = True
) -> list[Run]:
    """What Fig. 6 shows, and with the `large` subset Fig. 7: until a clock says stop or, in a profile without one, cut
    off after the paper's share of the steps."""
    if profile.budget_seeds:
        return (loss_runs if large else budget_runs)(profile, dataset, readings)
    cuts = budget_cuts(profile, dataset, readings)
    return cuts + ([run for run in large_runs(profile, dataset, readings) if run.stop] if large else [])


def claim_runs(profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS) -> list[AnyRun]:
    """What the ledger measures claims with: the autoencoder and the runs of Fig. 5, 6 and 7."""
    classifiers = split_runs(profile, dataset, readings) + limited_runs(profile, dataset, readings)
    return [autoencoder_run(profile, dataset, readings), *dict.fromkeys(classifiers)]
