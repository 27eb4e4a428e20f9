"""Loss spikes: sudden rises of the training loss, from which a run has to recover before it ends."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

AFTER = 0.3  # share of the steps after which spikes are looked for: before, the loss falls fast
RISE = 0.2  # nats by which a stretch in a spike is above the median of those before it
BEFORE = 25  # stretches
STRETCH = 20  # steps that a loss is the mean over, at least: of fewer, small batches make it noisy

_ROW = ("profile", "selection", "seed", "precision", "median_loss", "highest_loss", "spikes", "share", "accuracy")
_CURVE = ("profile", "selection", "seed", "precision", "step", "loss")


def curves(found: Mapping[str, Iterable[dict]]) -> pd.DataFrame:
    """Training loss by step, of runs on one set alone: on the full set, or on the subset at 100 / 0.

    Parameters
    ----------
    found : mapping of str to iterable of dict
        Profile -> records of Fig. 5, and of `plans.spike_runs`.

    Returns
    -------
    DataFrame
        profile, selection, seed, precision; step, where a stretch of at least `STRETCH` steps ended; loss, its mean
        (nats).
    """
    rows = []
    for profile, records in found.items():
        for record in records:
            run = record["run"]
            if run["split"] in (0, 1):
                for step, loss in _stretches(record["history"]):
                    rows.append((profile, run["selection"], run["seed"], record["precision"], step, loss))
    return pd.DataFrame(rows, columns=list(_CURVE))


def of_runs(found: Mapping[str, Iterable[dict]]) -> pd.DataFrame:
    """How often the training loss of runs on one set alone spikes, one row a run.

    Parameters
    ----------
    found : mapping of str to iterable of dict
        As for `curves`.

    Returns
    -------
    DataFrame
        profile, selection, seed, precision; over the steps after the first `AFTER` of the run: median_loss and
        highest_loss (nats), spikes (how many begin), share of the steps in one (0 to 1); accuracy of the last step
        (percent, with averaged weights).
    """
    rows = []
    for profile, records in found.items():
        for record in records:
            run = record["run"]
            if run["split"] not in (0, 1):
                continue
            steps, losses = np.array(_stretches(record["history"])).T
            first = int(np.argmax(steps > AFTER * run["steps"]))
            usual = np.array([np.median(losses[max(0, here - BEFORE) : here]) for here in range(first, len(losses))])
            losses = losses[first:]
            high = losses > usual + RISE
            begun = int(np.count_nonzero(high & ~np.append(False, high[:-1])))
            accuracy = 100 * record["result"]["test"]["warmup"]["accuracy"]
            about = (profile, run["selection"], run["seed"], record["precision"])
            rows.append((*about, np.median(losses), losses.max(), begun, high.mean(), accuracy))
    return pd.DataFrame(rows, columns=list(_ROW))


def _stretches(history: dict) -> list[tuple[int, float]]:
    """The recorded means as (last step, mean loss) of stretches of at least `STRETCH` steps; a rest is dropped."""
    found, begun, total, before = [], 0, 0.0, 0
    for step, loss in zip(history["step"], history["loss"], strict=True):
        total += (step - before) * loss
        before = step
        if step - begun >= STRETCH:
            found.append((step, total / (step - begun)))
            begun, total = step, 0.0
    return found
