"""The pictures of runs: the notebook that draws each, and the runs that it shows.

Notebooks ask here what to train and to draw, the README what its tables are made of, and `make verify` which records a
picture has to be drawn from. Pictures of data, networks and selections are drawn from no records and not listed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from paperlib import study
from paperlib.analysis import riddle
from paperlib.study import plans, stale_checkpoint
from paperlib.study.plans import Named
from paperlib.study.profiles import Profile
from paperlib.study.runs import DEFAULT_READINGS, AnyRun, Readings, Run

Plan = Callable[[Profile, Named, Readings], Sequence[AnyRun]]


@dataclass(frozen=True)
class Picture:
    """A picture of runs.

    notebook : how the name of the notebook begins that draws it.
    plans : give the runs that it shows, one plan after the other.
    controls : whether those of `plans.control_runs` are among them, which need the size of the union.
    sessions : whether it also shows the records of `paperlib.study.stale_checkpoint`.
    """

    notebook: str
    plans: tuple[Plan, ...]
    controls: bool = False
    sessions: bool = False


def runs(
    name: str, profile: Profile, dataset: Named, readings: Readings = DEFAULT_READINGS, union_size: int | None = None
) -> list[AnyRun]:
    """The runs that a picture shows.

    Parameters
    ----------
    name : str
        One of `PICTURES`.
    profile, dataset, readings
        What the runs are planned for.
    union_size : int, optional
        Samples in the plain union of eq. 4, for the controls; without it, those that need it are left out.
    """
    picture = PICTURES[name]
    controls = plans.control_runs(profile, dataset, union_size, readings) if picture.controls else []
    return [*controls, *(run for plan in picture.plans for run in plan(profile, dataset, readings))]


def on_record(name: str, profile: Profile, dataset: Named, folder: Path) -> list[dict]:
    """The records that a picture in `folder`, such as figures/cpu, has to be drawn from."""
    size = union_size(profile, dataset, folder / "records")
    shown = study.on_record(runs(name, profile, dataset, union_size=size), folder / "records")
    sessions = stale_checkpoint.runs(profile, dataset) if PICTURES[name].sessions else []
    return [*shown, *stale_checkpoint.on_record(sessions, folder)]


def union_size(profile: Profile, dataset: Named, folder: Path) -> int | None:
    """The size of the plain union of eq. 4, from a record of a run on it in `folder`; None if there is none."""
    found = study.on_record([plans.union_run(profile, dataset)], folder)
    return found[0]["result"]["subset"]["size"] if found else None


def _autoencoder(profile: Profile, dataset: Named, readings: Readings) -> list[AnyRun]:
    return [plans.autoencoder_run(profile, dataset, readings)]


def _late_splits(profile: Profile, dataset: Named, readings: Readings) -> list[Run]:
    """The runs of Fig. 5 that the controls are compared with."""
    return [run for run in plans.split_runs(profile, dataset, readings) if run.split >= 0.9 or not run.split]


def _fixed_budget(profile: Profile, dataset: Named, readings: Readings) -> list[Run]:
    return plans.limited_runs(profile, dataset, readings, large=False)


PICTURES = {
    "fig4_reconstructions": Picture("02", (_autoencoder,)),
    "fig5_split_accuracies": Picture("04", (plans.split_runs,)),
    "fig6_fixed_budget": Picture("05", (_fixed_budget,)),
    "fig7_loss_curves": Picture("06", (plans.limited_runs,)),
    "learning_curves": Picture("06", (plans.learning_runs,)),
    "controls": Picture("07", (_late_splits,), controls=True),
    "riddle": Picture("08", (riddle.runs,), sessions=True),
    "cost": Picture("09", (plans.length_runs, plans.feed_runs)),
    "break_even": Picture("09", (plans.length_runs, plans.feed_runs)),
    "precision": Picture("10", (plans.precision_runs,)),
    "encoders": Picture("14", (plans.open_question_runs,)),
    "interpolated_samples": Picture("14", (plans.open_question_runs,)),
    "readings": Picture("14", (plans.open_question_runs,)),
    "methods_by_size": Picture("13", (plans.method_runs,)),
    "methods_against_random": Picture("13", (plans.method_runs,)),
    "methods_by_coverage": Picture("13", (plans.method_runs, plans.selection_runs)),
}


def shown(profile: Profile) -> list[str]:
    """The pictures that are drawn of a profile: those of its notebooks."""
    return [
        name for name, picture in PICTURES.items() if not profile.notebooks or picture.notebook in profile.notebooks
    ]
