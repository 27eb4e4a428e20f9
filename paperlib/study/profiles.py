"""How large the study is run: four sets of values for the same code."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

PAPER_STEPS = 10_000
PAPER_DECAY = 0.9999
PAPER_SAMPLES = 50_000  # of CIFAR-10's training split
PAPER_SECONDS = 736  # of its baseline, on one Tesla P100 (Section V)


@dataclass(frozen=True)
class Profile:
    """The sizes of a study. Steps and batches are the paper's words: a step trains on one batch."""

    name: str
    source: str  # default of `paperlib.data.load`
    embedding_size: int  # n
    k: int  # samples in the subset
    autoencoder_steps: int
    autoencoder_batch: int
    steps: int
    batch: int
    # Share of the steps in the fast phase (Fig. 5), 0 for the baseline -> runs a point, of seeds 0, 1, ...
    runs_at_split: dict[float, int]
    control_seeds: tuple[int, ...]  # of each control at the late splits
    baseline_seeds: tuple[int, ...]  # whose median time the budgets are shares of; also run in float32
    budget_seeds: tuple[int, ...]  # of each arm of Fig. 6
    large_seeds: tuple[int, ...]  # that the subset ten times as large is run with until the budget ends (Fig. 7)
    riddle_seeds: tuple[int, ...]  # of each candidate mechanism
    lengths: tuple[float, ...]  # shares of the steps that the cost of an accuracy is measured at
    length_seeds: tuple[int, ...]
    compared_sizes: tuple[int, ...]  # k of the selections that methods are compared at
    compared_seeds: tuple[int, ...]  # of each method, size and split
    # Of the autoencoders whose embeddings eq. 4 is tried with. Everything else uses those of the first.
    autoencoder_seeds: tuple[int, ...]
    snapshots: tuple[float, ...]  # shares of the autoencoder's steps after which its embeddings are tried, too
    factor_seeds: tuple[int, ...]  # of the runs with each of these autoencoders
    reading_seeds: tuple[int, ...]  # of the runs with each alternative reading
    encoder_seeds: tuple[int, ...]  # of the runs with each other encoder, and with samples in between
    hypothesis_seeds: tuple[int, ...]  # of the runs with each possible reason for the paper's weak random arm
    spike_seeds: tuple[int, ...] = ()  # of the runs in float32 that ask whether loss spikes are the number format's
    notebooks: tuple[str, ...] = ()  # how the names of its notebooks begin; all unless given

    @property
    def decay(self) -> float:
        """The constant average's decay: at the last step it holds as much of the initial weights as the paper's.

        0.9999 ^ 10,000 = 36.8 % of them. The average with warm-up is not bound by it in so few steps.
        """
        return PAPER_DECAY ** (PAPER_STEPS / self.steps)

    @property
    def large_k(self) -> int:
        """The subset of Fig. 7 that is ten times as large (86.40 % of CIFAR-10)."""
        return 10 * self.k


# Where a run takes hours: nothing that a clock decides, and what the smaller profiles answer is not asked again.
_BY_STEPS_ALONE: dict[str, Any] = dict(
    baseline_seeds=(),
    budget_seeds=(),
    riddle_seeds=(),
    lengths=(),
    length_seeds=(),
    compared_sizes=(),
    compared_seeds=(),
    reading_seeds=(),
    encoder_seeds=(),
    notebooks=("01", "02", "03", "04", "05", "06", "07", "11"),  # the paper's figures, controls and claims
)

PROFILES = {
    profile.name: profile
    for profile in (
        # make figures                        some minutes on two cores; shows that all of it runs.
        # scikit-learn's 8 x 8 digits: accuracies say nothing about the paper.
        Profile(
            name="quick",
            source="digits",
            embedding_size=18,
            k=126,  # 18 x 7 of 1,437 (8.77 %)
            autoencoder_steps=250,
            autoencoder_batch=32,
            steps=80,
            batch=32,
            runs_at_split={0.0: 2, 0.5: 2, 0.9: 2, 1.0: 2},
            control_seeds=(0, 1),
            baseline_seeds=(0, 1),
            budget_seeds=(0, 1, 2, 3),
            large_seeds=(0,),
            riddle_seeds=(0,),
            lengths=(0.5, 1.0),
            length_seeds=(0,),
            compared_sizes=(126,),
            compared_seeds=(0,),
            autoencoder_seeds=(0, 1),
            snapshots=(0.5,),
            factor_seeds=(0,),
            reading_seeds=(0,),
            encoder_seeds=(0,),
            hypothesis_seeds=(0,),
        ),
        # make figures PROFILE=cpu DATA=...   hours on two cores: make records PROFILE=cpu PLAN=1 says how many.
        # CIFAR-10 with 1/67 of the paper's samples seen: expect 60 to 70 % for the baseline.
        Profile(
            name="cpu",
            source="cifar10",
            embedding_size=216,
            k=4_320,
            autoencoder_steps=5_000,
            autoencoder_batch=128,
            steps=1_200,
            batch=128,
            runs_at_split={0.0: 5, 0.5: 5, 0.75: 5, 0.9: 5, 0.95: 5, 1.0: 5},
            control_seeds=(0, 1, 2, 3, 4),
            baseline_seeds=(0, 1, 2, 3),
            budget_seeds=(0, 1, 2, 3),
            large_seeds=(0, 1, 2, 3),
            riddle_seeds=(0, 1),
            lengths=(0.25, 0.5, 0.75, 1.0),
            length_seeds=(0, 1),
            compared_sizes=(1_080, 4_320, 8_640),  # 5, 20 and 40 an element
            compared_seeds=(0, 1, 2),
            autoencoder_seeds=(0, 1, 2, 3, 4),
            snapshots=(0.125, 0.25, 0.5),
            factor_seeds=(0, 1, 2),
            reading_seeds=(0,),
            encoder_seeds=(0, 1, 2, 3, 4),
            hypothesis_seeds=(0, 1, 2),
        ),
        # make records PROFILE=steps DATA=... the paper's own numbers of steps, with 1/8 of its batch: about 14 hours on
        # two cores with bfloat16 instructions, 30 without. Budgets are shares of the steps, not of the time.
        Profile(
            name="steps",
            source="cifar10",
            embedding_size=216,
            k=4_320,
            autoencoder_steps=40_000,
            autoencoder_batch=128,
            steps=PAPER_STEPS,
            batch=128,
            runs_at_split={0.0: 5, 0.1: 3, 0.25: 3, 0.5: 3, 0.75: 3, 0.9: 5, 0.95: 5, 1.0: 5},
            control_seeds=(0, 1, 2, 3, 4),
            large_seeds=(0, 1, 2, 3, 4),
            autoencoder_seeds=(0,),
            snapshots=(0.125, 0.25, 0.5),
            factor_seeds=(0, 1, 2),
            hypothesis_seeds=(0,),
            **_BY_STEPS_ALONE,
        ),
        # make records PROFILE=paper DATA=... the paper's own numbers: 25 to 160 minutes a run on two cores. The paper
        # has two runs a point and 83.3 % for the baseline.
        Profile(
            name="paper",
            source="cifar10",
            embedding_size=216,
            k=4_320,
            autoencoder_steps=40_000,
            autoencoder_batch=1_024,
            steps=PAPER_STEPS,
            batch=1_024,
            runs_at_split={0.0: 6, 0.1: 2, 0.25: 2, 0.5: 6, 0.75: 2, 0.9: 6, 0.95: 6, 1.0: 6},
            control_seeds=(0, 1, 2),
            large_seeds=(0, 1, 2, 3, 4, 5),
            autoencoder_seeds=(0, 1, 2),
            snapshots=(),
            factor_seeds=(0, 1),
            hypothesis_seeds=(),
            spike_seeds=(1,),
            **_BY_STEPS_ALONE,
        ),
    )
}


def profile(name: str, k: int = 0) -> Profile:
    """The profile of that name, with subsets of k samples if k is given; ValueError lists the names there are."""
    if name not in PROFILES:
        raise ValueError(f"unknown profile {name!r}: choose from {', '.join(PROFILES)}")
    if k < 0:
        raise ValueError(f"k is {k}: give the number of samples to keep, or 0 for the profile's, {PROFILES[name].k:,}")
    return replace(PROFILES[name], k=k) if k else PROFILES[name]


def committed(root: Path) -> list[str]:
    """The profiles that have records under `root`/figures; those of profile quick are never committed."""
    return [name for name in PROFILES if name != "quick" and (Path(root) / "figures" / name / "records").is_dir()]
