"""What an accuracy costs when everything is charged: autoencoder, embedding, selection, training."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from paperlib.analysis.arms import ARMS
from paperlib.analysis.statistics import new_highs


def parts(autoencoder: dict, classifiers: Iterable[dict]) -> dict[str, float]:
    """Seconds before the first step of a run on an embedding-based selection.

    Parameters
    ----------
    autoencoder : dict
        Its record.
    classifiers : iterable of dict
        Records of runs, of which those of eq. 4 tell the selection's time: the median.

    Returns
    -------
    dict
        Seconds of autoencoder, embedding and selection.
    """
    chosen = [r["times"]["select_s"] for r in classifiers if r["run"]["selection"] == "top_activations"]
    times = autoencoder["times"]
    training = times["first_step_s"] + times["train_s"]
    return {"autoencoder": training, "embedding": times["embed_s"], "selection": float(np.median(chosen))}


def curves(records: Iterable[dict], overhead: float) -> pd.DataFrame:
    """Accuracy and seconds of runs of several lengths.

    Parameters
    ----------
    records : iterable of dict
        Of classifiers: the full set alone, and subset first at 50 / 50.
    overhead : float
        Seconds charged to eq. 4; random needs none.

    Returns
    -------
    DataFrame
        One row a run: selection, arm, steps, fast_steps, full_steps, seed, accuracy (percent), training_s, and
        charged_s: seconds with all that it needs before.
    """
    rows = []
    for record in records:
        run = record["run"]
        seconds = record["times"]["first_step_s"] + record["times"]["train_s"]
        before = overhead if run["selection"] == "top_activations" else 0.0
        rows.append(
            {
                "selection": run["selection"],
                "arm": arm(run["selection"]),
                "steps": run["steps"],
                "fast_steps": record["result"]["phases"][0],
                "full_steps": record["result"]["phases"][1],
                "seed": run["seed"],
                "accuracy": 100 * record["result"]["test"]["warmup"]["accuracy"],
                "training_s": seconds,
                "charged_s": before + seconds,
            }
        )
    return pd.DataFrame(rows)


def arm(selection: str) -> str:
    """What an arm is called in tables and pictures."""
    return ARMS[selection].first if selection == "full" else f"{ARMS[selection].first} (50 / 50)"


def seconds_to(points: pd.DataFrame, accuracy: float) -> float:
    """Seconds of training until a mean curve reaches an accuracy, interpolated between its lengths.

    Infinite if it never does; NaN for an accuracy below that of the shortest length, whose time is not known.

    Parameters
    ----------
    points : DataFrame
        Rows of `curves` of one arm.
    accuracy : float
        In percent.
    """
    means = points.groupby("steps")[["training_s", "accuracy"]].mean()
    rising = means[new_highs(means["accuracy"].to_numpy())]  # a length that gained nothing costs no time
    if accuracy > rising["accuracy"].iloc[-1]:
        return float("inf")
    return float(np.interp(accuracy, rising["accuracy"], rising["training_s"], left=np.nan))


def break_even(table: pd.DataFrame, overhead: float) -> pd.DataFrame:
    """After how many trainings the selection pays, by the accuracy that is asked for.

    Parameters
    ----------
    table : DataFrame
        Of `curves`.
    overhead : float
        Seconds that are spent once.

    Returns
    -------
    DataFrame
        One row a length of the full-set runs: their mean accuracy; seconds until the full set alone, and eq. 4 first,
        reach it (of `seconds_to`); what a training saves; trainings until that makes up for `overhead` (infinite where
        nothing is saved).
    """
    full, subset = (table[table["selection"] == name] for name in ("full", "top_activations"))
    rows = []
    for accuracy in full.groupby("steps")["accuracy"].mean():
        seconds = [seconds_to(points, accuracy) for points in (full, subset)]
        saved = seconds[0] - seconds[1]
        trainings = saved if np.isnan(saved) else np.ceil(overhead / saved) if saved > 0 else float("inf")
        rows.append([accuracy, *seconds, saved, trainings])
    names = ["accuracy", "full_set_s", "subset_first_s", "saved_s", "trainings_to_break_even"]
    return pd.DataFrame(rows, columns=names)


def paces(records: Iterable[dict]) -> pd.DataFrame:
    """How long a step takes.

    Parameters
    ----------
    records : iterable of dict
        Of classifiers.

    Returns
    -------
    DataFrame
        One row a run: feed, batch, arm, seed, and milliseconds a step (the median between recorded points) in each
        phase; NaN for a phase that it does not have.
    """
    rows = []
    for record in records:
        steps, seconds = np.array(record["history"]["step"]), np.array(record["times"]["seconds_at_step"])
        pace = 1000 * np.diff(seconds) / np.diff(steps)
        fast = steps[1:] <= record["result"]["phases"][0]
        rows.append(
            {
                "feed": record["run"]["feed"],
                "batch": record["run"]["batch"],
                "arm": arm(record["run"]["selection"]),
                "seed": record["run"]["seed"],
                "on the subset (ms)": float(np.median(pace[fast])) if fast.any() else np.nan,
                "on the full set (ms)": float(np.median(pace[~fast])) if (~fast).any() else np.nan,
            }
        )
    return pd.DataFrame(rows)


def break_even_by_feed(table: pd.DataFrame, found: pd.DataFrame, overhead: float) -> pd.DataFrame:
    """`break_even` at the pace of each feed, one below the other, with a first column `feed`. found: of `paces`."""
    tables = {feed: break_even(paced(table, found, feed), overhead) for feed in found["feed"].unique()}
    return pd.concat(tables, names=["feed"]).reset_index(level=0)


def paced(table: pd.DataFrame, found: pd.DataFrame, feed: str) -> pd.DataFrame:
    """`curves` whose seconds are steps times the median pace of a feed, instead of the clock's.

    Both feeds give the same samples in the same order, so accuracies are the same; found: of `paces`.
    """
    pace = found[found["feed"] == feed][["on the subset (ms)", "on the full set (ms)"]].median() / 1000
    seconds = table["fast_steps"] * pace.iloc[0] + table["full_steps"] * pace.iloc[1]
    return table.assign(training_s=seconds, charged_s=table["charged_s"] - table["training_s"] + seconds)
