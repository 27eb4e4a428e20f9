"""Draw the pictures that show all scales on record together: `python -m paperlib.pages.scales`."""

import sys
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import pandas as pd

from paperlib import study
from paperlib.analysis import learning, scaling, spikes, weights
from paperlib.claims import ledger
from paperlib.figures import stamps
from paperlib.figures.learning import learning_curves, scaling_curve
from paperlib.figures.spikes import loss_spikes
from paperlib.figures.style import save
from paperlib.figures.weights import gaps_by_weights
from paperlib.pages import predictions
from paperlib.storage import records
from paperlib.study import plans
from paperlib.study.profiles import PROFILES, Profile, profile
from paperlib.study.runs import DEFAULT_READINGS, Readings, Run

FOLDER = "scales"  # in figures/, beside the profiles'


def _alone_and_in_float32(setting: Profile, dataset: plans.Named, readings: Readings = DEFAULT_READINGS) -> list[Run]:
    """The runs of Fig. 5, and those that ask whether the precision makes loss spikes."""
    return [*plans.split_runs(setting, dataset, readings), *plans.spike_runs(setting, dataset, readings)]


_PICTURES: dict[str, Callable[..., list[Run]]] = {
    "learning_curves": plans.learning_runs,
    "scaling_curve": plans.prediction_runs,
    "gaps_by_weights": plans.split_runs,
    "loss_spikes": _alone_and_in_float32,
}


def draw(root: Path) -> Path:
    """Write the pictures `_PICTURES` and their tables to `root`/figures/scales, with digests -> that folder.

    Raises
    ------
    ValueError
        Where no profile but quick has records, or where they are of several data sets.
    """
    of = {picture: _on_record(root, plan) for picture, plan in _PICTURES.items()}
    found = of["scaling_curve"]
    if not found:
        raise ValueError("no profile has records: make records PROFILE=cpu DATA=... makes some")
    on = records.data_set(chain.from_iterable(found.values()))
    of_cifar10 = on.name.startswith("cifar10")
    folder = Path(root) / "figures" / FOLDER
    folder.mkdir(exist_ok=True)
    shown = {picture: list(chain.from_iterable(some.values())) for picture, some in of.items()}
    note = f"{on.name}, on record: profile{'s' if len(found) > 1 else ''} {', '.join(found)}"

    points = learning.stated(ledger.split_accuracies()) if of_cifar10 else None
    curves = learning.table(of["learning_curves"])
    save(learning_curves(curves, note, points), folder, "learning_curves", curves, shown["learning_curves"])

    tests = {name: scaling.tests(some) for name, some in found.items()}
    gaps_of = {name: scaling.gaps(some, profile(name)).assign(profile=name) for name, some in tests.items()}
    gaps = pd.concat([some for some in gaps_of.values() if len(some)] or list(gaps_of.values()))
    paper = profile("paper")
    epochs = paper.steps * paper.batch / paper.k
    whose = predictions.FROM if predictions.FROM in tests else max(tests, key=lambda name: profile(name).steps)
    curve = scaling.curve(tests[whose], profile(whose), epochs)
    written = pd.read_csv(predictions.path(root)).set_index("name") if predictions.path(root).exists() else None
    theirs = (epochs, ledger.ledger()["C6"]["paper"]) if of_cifar10 else None
    drawn = scaling_curve(gaps, curve, note, None if written is None else written.loc["gap"], theirs)
    save(drawn, folder, "scaling_curve", gaps, shown["scaling_curve"])

    by_weights = weights.gaps(of["gaps_by_weights"])
    save(gaps_by_weights(by_weights, note), folder, "gaps_by_weights", by_weights, shown["gaps_by_weights"])

    of_spikes = of["loss_spikes"]
    largest = max(of_spikes, key=lambda name: profile(name).steps * profile(name).batch)
    here = {largest: of_spikes[largest]}
    drawn = loss_spikes(spikes.curves(here), spikes.of_runs(here), f"{on.name}, profile {largest}")
    save(drawn, folder, "loss_spikes", spikes.of_runs(of_spikes), shown["loss_spikes"])
    stamps.write_digests(folder)
    return folder


def problems(root: Path) -> Iterator[str]:
    """What is wrong with the committed pictures of all scales: changed, or not of the records that are there."""
    folder = Path(root) / "figures" / FOLDER
    if not folder.is_dir():
        return
    yield from stamps.changed(folder)
    for name, plan in _PICTURES.items():
        shown = list(chain.from_iterable(_on_record(root, plan).values()))
        if problem := stamps.problem(folder / f"{name}.png", shown):
            yield problem


def _on_record(root: Path, plan: Callable[..., list[Run]]) -> dict[str, list[dict]]:
    """Profile -> records of its runs of a plan; the smallest scale first, and never quick."""
    found: dict[str, list[dict]] = {}
    for name, setting in PROFILES.items():
        folder = Path(root) / "figures" / name / "records"
        if name == "quick" or not any(folder.glob("*.json")):
            continue
        dataset = records.data_set(records.read_all(folder))
        some = study.on_record(plan(setting, dataset), folder)
        found |= {name: some} if some else {}
    return found


if __name__ == "__main__":
    try:
        print(draw(Path()))
    except (ValueError, OSError) as error:
        sys.exit(str(error))
