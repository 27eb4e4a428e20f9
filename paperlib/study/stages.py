"""All runs of a profile, in the order in which they are trained: stages, each of which answers one question."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from paperlib.study import plans
from paperlib.study.plans import Named
from paperlib.study.profiles import Profile
from paperlib.study.runs import DEFAULT_READINGS, AnyRun, Readings, Run, cut_off


@dataclass(frozen=True)
class Stage:
    """Runs of a plan that answer one question together."""

    title: str
    runs: Sequence[AnyRun]


def in_order(
    profile: Profile, dataset: Named, union_size: int | None = None, readings: Readings = DEFAULT_READINGS
) -> list[Stage]:
    """Everything that the notebooks run, in the order that decides most first: a list of `Stage`s, each run in one.

    One seed after the other; then the rest of Fig. 5, and last whatever else the profile asks for.

    union_size : samples in the plain union of eq. 4, which only the embeddings tell; None: without what needs it.
    """
    splits = plans.split_runs(profile, dataset, readings)
    cuts = [cut_off(run) for run in splits]
    plan: list[tuple[str, list[Any]]] = []
    for seed in range(max(profile.runs_at_split.values())):
        plan += _of_seed(seed, splits, profile, dataset, readings)
    plan += [
        ("the other splits, and all cut-offs", splits + cuts),
        (
            "autoencoders as a factor",
            plans.autoencoder_runs(profile, dataset, readings) + plans.factor_runs(profile, dataset, readings),
        ),
        ("a subset ten times as large", plans.large_runs(profile, dataset, readings)),
        ("a fixed budget by the clock", plans.claim_runs(profile, dataset, readings)),
        ("alternative readings", plans.reading_runs(profile, dataset, readings)),
        ("why is random weak", list(chain(*plans.weak_random_runs(profile, dataset, readings).values()))),
        (
            "other encoders, and samples in between",
            plans.encoder_runs(profile, dataset, readings)
            + plans.embedding_runs(profile, dataset, readings)
            + plans.interpolation_runs(profile, dataset, readings),
        ),
        ("the riddle", plans.riddle_runs(profile, dataset, readings)),
        ("costs", plans.length_runs(profile, dataset, readings) + plans.feed_runs(profile, dataset, readings)),
        ("precision", plans.precision_runs(profile, dataset, readings)),
        ("controls", plans.control_runs(profile, dataset, union_size, readings)),
        ("methods", plans.selection_runs(profile, dataset, readings) + plans.method_runs(profile, dataset, readings)),
    ]
    seen, found = set(), []
    for title, runs in plan:
        new = [run for run in dict.fromkeys(runs) if run not in seen]
        seen.update(new)
        found += [Stage(title, new)] if new else []
    return found


def all_runs(
    profile: Profile, dataset: Named, union_size: int | None = None, readings: Readings = DEFAULT_READINGS
) -> list[AnyRun]:
    """The runs of all stages, `in_order`."""
    return [run for stage in in_order(profile, dataset, union_size, readings) for run in stage.runs]


def _of_seed(
    seed: int, splits: list[Run], profile: Profile, dataset: Named, readings: Readings
) -> list[tuple[str, list[Any]]]:
    """The stages of one seed of Fig. 5, first the arms whose gap is the paper's main claim: (title, runs) pairs.

    Random at 100 / 0 and at the late splits, eq. 4 at these, eq. 4 at 50 / 50 with its cut-off, the full set alone.
    What needs no autoencoder does not wait for it, so with seed 0 the full set comes before it. Random at 50 / 50, and
    what asks for the reason of loss spikes, follow once there are two seeds, the paper's n.
    """
    ours = [run for run in splits if run.seed == seed]
    late = sorted((run for run in ours if run.split >= 0.9), key=lambda run: -run.split)
    random, eq4 = ([run for run in late if run.selection == name] for name in ("random", "top_activations"))
    half = [run for run in ours if run.split == 0.5 and run.selection == "top_activations"]
    full = [run for run in ours if not run.split]
    random_stage = (f"seed {seed}: random, 100 / 0 and late splits", random)
    full_stage = (f"seed {seed}: the full set alone, and its cut-off", full + list(map(cut_off, full)))
    eq4_stages = [
        (f"seed {seed}: eq. 4, 100 / 0 and late splits", eq4),
        (f"seed {seed}: eq. 4, 50 / 50 and its cut-off", half + list(map(cut_off, half))),
    ]
    if seed == 0:
        autoencoder = ("the autoencoder", [plans.autoencoder_run(profile, dataset, readings)])
        return [random_stage, full_stage, autoencoder, *eq4_stages]
    if seed > 1:
        return [random_stage, *eq4_stages, full_stage]
    both = [run for run in splits if run.split == 0.5 and run.selection == "random" and run.seed <= seed]
    return [
        random_stage,
        *eq4_stages,
        full_stage,
        ("seeds 0 and 1: random, 50 / 50 and its cut-off", both + list(map(cut_off, both))),
        ("loss spikes in float32", plans.spike_runs(profile, dataset, readings)),
    ]
