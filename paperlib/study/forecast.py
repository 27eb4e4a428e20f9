"""What of a plan is on record, what is under way, and how long the rest takes on this machine."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from tabulate import tabulate

from paperlib.data import Dataset
from paperlib.study import execution, recorded
from paperlib.study.outcomes import TEST_STEPS
from paperlib.study.runs import DEFAULT_READINGS, AnyRun, AutoencoderRun, Run, SelectionRun
from paperlib.study.stages import Stage

_STEPS = 8  # timed steps of a measurement of this machine's speed
_KINDS = 3  # of weights: raw and two averages
_FORWARD = 1 / 3  # of a training step's time: what testing a sample takes


class Way(NamedTuple):
    """In what runs differ that a step's time depends on."""

    kind: type[AnyRun]
    batch: int
    precision: str
    feed: str


def _way(run: AutoencoderRun | Run) -> Way:
    return Way(type(run), run.batch, run.precision, getattr(run, "feed", DEFAULT_READINGS.feed))


def speeds(runs: Iterable[AnyRun], dataset: Dataset) -> dict[Way, float]:
    """Samples a second that this machine trains on, by way of training: the median of a few steps."""
    from paperlib import training

    found: dict[Way, float] = {}
    for run in runs:
        if isinstance(run, SelectionRun) or _way(run) in found:
            continue
        way = _way(run)
        options: dict[str, Any] = dict(steps=_STEPS, batch=way.batch, precision=way.precision, feed=way.feed)
        if isinstance(run, AutoencoderRun):
            options |= dict(embedding_size=run.embedding_size)
            history = training.train_autoencoder(dataset.x_train, **options).history
        else:
            history = training.train_classifier(dataset, **options).history
        found[way] = way.batch / float(np.median(np.diff(history.seconds)))
    return found


def table(plan: list[Stage], folder: Path, speed: dict[Way, float], test_images: int) -> pd.DataFrame:
    """One row a stage: its title, runs planned and on record, and the hours that it still takes.

    speed : of `speeds`. Runs that a clock ends, and what they share, are counted with all of their steps; tests on the
    way, of so many `test_images`, are counted, embedding and selection are not.
    """
    rows = []
    everything = [run for stage in plan for run in stage.runs]
    for stage in plan:
        missing = [run for run in stage.runs if not recorded.is_recorded(run, folder)]
        later = everything[everything.index(stage.runs[-1]) + 1 :]
        hours = sum(_hours(group, folder, later, speed, test_images) for group in execution.together(missing))
        rows.append((stage.title, len(stage.runs), len(stage.runs) - len(missing), hours))
    return pd.DataFrame(rows, columns=["stage", "runs", "on record", "hours left"])


def _hours(
    group: tuple[AnyRun, ...],
    folder: Path,
    later: Sequence[AnyRun],
    speed: dict[Way, float],
    test_images: int,
) -> float:
    run = group[0]
    if isinstance(run, SelectionRun):
        return 0.0
    samples: float = execution.expected_steps(group, execution.checkpoints(group, folder, later)) * run.batch
    if isinstance(run, Run):
        steps = [sum(one.phases() or (one.steps,)) for one in group if isinstance(one, Run)]
        tests = sum(1 + sum(test < end for test in TEST_STEPS) for end in steps)
        samples += tests * _KINDS * _FORWARD * test_images
    return samples / speed[_way(run)] / 3600


def report(plan: list[Stage], dataset: Dataset, folder: Path) -> str:
    """A plan with what is on record and the hours that are left, as text; this machine's speed is measured for it."""
    missing = [run for stage in plan for run in stage.runs if not recorded.is_recorded(run, folder)]
    speed = speeds(missing, dataset)
    found = table(plan, folder, speed, len(dataset.x_test))
    lines = [tabulate(found, headers="keys", showindex=False, floatfmt=".1f")]
    states = folder / execution.STATES
    under_way = sorted(states.glob("*.npz"))
    lines += [f"Under way: {len(under_way)} saved states in {states}"] if under_way else []
    pace = ", ".join(f"{_in_words(way)}: {n:,.0f} samples/s" for way, n in speed.items())
    done, runs = found["on record"].sum(), found["runs"].sum()
    lines += [
        f"{done} of {runs} runs on record; {found['hours left'].sum():.1f} hours left on this machine ({pace or '-'})"
    ]
    return "\n".join(lines)


def _in_words(way: Way) -> str:
    named = "autoencoder" if way.kind is AutoencoderRun else "classifier"
    usual = (DEFAULT_READINGS.precision, DEFAULT_READINGS.feed)
    unusual = [of for of in (way.precision, way.feed) if of not in usual]
    return ", ".join([f"{named} in batches of {way.batch:,}", *unusual])
