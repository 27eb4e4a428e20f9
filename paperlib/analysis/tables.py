"""Records -> tables (pandas): what figures are drawn from and what lies beside them as CSV."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from paperlib import environment
from paperlib.data import Dataset

if TYPE_CHECKING:
    from keras import Model

AVERAGES = ("warmup", "constant", "raw")  # whose accuracy is reported: the first, unless a reader asks (reading R5)

_TEXTS = ("dataset", "selection", "overlap", "variant", "asked", "precision", "device", "record")
_NUMBERS = (
    *("k", "autoencoder", "split", "steps", "stop", "seed", "time_share", "accuracy", "subset_size"),
    *("fast_steps", "full_steps", "batch", "train_s", "budget_s"),
)


def runs(records: Iterable[dict], average: str = AVERAGES[0]) -> pd.DataFrame:
    """One row a classifier run. Accuracies in percent, times in seconds.

    `autoencoder` is the seed of the one that its selection used (NaN for none), `variant` the names of further options
    of its method, `stop` the step that it was cut off at (NaN for none).
    """
    rows = []
    for record in records:
        run, result, times = record["run"], record["result"], record["times"]
        autoencoder = run.get("autoencoder") or {}
        rows.append(
            {
                "dataset": run["dataset"],
                "selection": run["selection"],
                "overlap": run["overlap"],
                "variant": ", ".join(name for name, _ in run.get("variant") or ()),
                "k": run["k"],
                "autoencoder": autoencoder.get("seed", np.nan),
                "split": run["split"],
                "steps": run["steps"],
                "stop": run.get("stop") or np.nan,
                "seed": run["seed"],
                "time_share": run["time_share"],
                "accuracy": 100 * result["test"][average]["accuracy"],
                **{f"accuracy_{name}": 100 * test["accuracy"] for name, test in result["test"].items()},
                "subset_size": result.get("subset", {}).get("size", 0),
                "fast_steps": result["phases"][0],
                "full_steps": result["phases"][1],
                "batch": run["batch"],
                "train_s": times["train_s"],
                "budget_s": times["budget_s"],
                "asked": run["precision"],
                "precision": record["precision"],
                "device": environment.devices([record]),
                "record": record["hash"],
            }
        )
    return pd.DataFrame(rows) if rows else _no_runs()


def _no_runs() -> pd.DataFrame:
    """An empty table; others also have one accuracy per kind of weights."""
    kinds = dict.fromkeys(_TEXTS, str) | dict.fromkeys(_NUMBERS, float)
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


def tests(record: dict, average: str = AVERAGES[0]) -> dict[int, float]:
    """The accuracies (percent) of a classifier's record, on its way and at its end: step -> accuracy."""
    result = record["result"]
    on_the_way = (result.get("curve") or {}).get("test", {}).get(average)
    steps = result["curve"]["step"] if on_the_way else []
    found = dict(zip(steps, on_the_way["accuracy"] if on_the_way else []))
    found[sum(result["phases"])] = result["test"][average]["accuracy"]
    return {step: 100 * accuracy for step, accuracy in found.items()}


def spread(table: pd.DataFrame, by: str | list[str], column: str = "accuracy") -> pd.DataFrame:
    """n, mean, standard deviation (n - 1), lowest and highest of a column for each group of rows."""
    groups = table.groupby(by, sort=False, dropna=False)[column]
    return groups.agg(n="count", mean="mean", sd="std", lowest="min", highest="max").reset_index()


def losses(records: Iterable[dict]) -> pd.DataFrame:
    """One row a recorded point of training: which run, step, seconds since the first step, and the mean loss since
    the point before."""
    columns = []
    for record in records:
        run, history = record["run"], record["history"]
        points = {"step": history["step"], "seconds": record["times"]["seconds_at_step"], "loss": history["loss"]}
        about = {"selection": run["selection"], "k": run["k"], "split": run["split"], "seed": run["seed"]}
        columns.append(pd.DataFrame({**about, **points, "fast_steps": record["result"]["phases"][0]}))
    return pd.concat(columns, ignore_index=True)


def layers(model: "Model") -> pd.DataFrame:
    """One row a layer of a Keras model: kind, output shape and number of weights."""
    rows = [
        {
            "layer": layer.name,
            "kind": type(layer).__name__,
            "output": " × ".join(map(str, layer.output.shape[1:])),
            "weights": layer.count_params(),
        }
        for layer in model.layers
    ]
    return pd.DataFrame(rows)


def samples(chosen: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> pd.DataFrame:
    """One row a class: samples chosen of it and samples it has. chosen: indices (k,); labels (N,)."""
    everything = np.bincount(labels, minlength=len(classes))
    kept = np.bincount(labels[chosen], minlength=len(classes))
    return pd.DataFrame({"class": classes, "chosen": kept, "available": everything})


def overlap(lists: np.ndarray, samples: int) -> pd.DataFrame:
    """How many samples are chosen by 1, 2, 3, ... elements. lists: (ranks, n) indices; samples: N."""
    times = np.bincount(np.ravel(lists), minlength=samples)
    counts = np.bincount(times)[1:]
    return pd.DataFrame({"elements": np.arange(1, len(counts) + 1), "samples": counts})


def splits(dataset: Dataset) -> pd.DataFrame:
    """One row a class: images in the training and in the test split."""
    size = len(dataset.classes)
    return pd.DataFrame(
        {
            "class": dataset.classes,
            "train": np.bincount(dataset.y_train, minlength=size),
            "test": np.bincount(dataset.y_test, minlength=size),
        }
    )


def stacked(named: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Tables below one another, the name of each in a first column."""
    return pd.concat(named, names=["selection"]).reset_index(level=0)


def paired_differences(table: pd.DataFrame) -> pd.DataFrame:
    """Embedding-based minus random accuracy in points, for each split and seed that both have."""
    some = table[table["selection"].isin(["top_activations", "random"])]
    wide = some.pivot_table("accuracy", ["split", "seed"], "selection").reindex(columns=["top_activations", "random"])
    difference = (wide["top_activations"] - wide["random"]).dropna()
    return difference.rename("difference").reset_index()


def precision_differences(table: pd.DataFrame) -> pd.DataFrame:
    """Accuracy of the machine's own precision minus that of float32 in points, for each seed that both have."""
    wide = table.assign(own=table["asked"] == "auto").pivot_table("accuracy", "seed", "own")
    return (wide[True] - wide[False]).dropna().rename("difference").reset_index()


def averages(table: pd.DataFrame) -> pd.DataFrame:
    """Mean accuracies under each kind of weights, a row a group of runs that differ in their seed. Runs that were cut
    off (`stop`) are a group of their own."""
    kinds = [column for column in table.columns if column.startswith("accuracy_")]
    groups = table.groupby(["selection", "k", "split", "time_share", "steps", "stop"], sort=False, dropna=False)
    return groups[kinds].mean().assign(n=groups.size()).reset_index()


def machines(records: Iterable[dict]) -> pd.DataFrame:
    """One row a machine and version that runs were made with. A run that went on elsewhere counts in several rows."""
    rows = [{**one, "precision": record["precision"]} for record in records for one in environment.of_record(record)]
    return pd.DataFrame(rows).value_counts(sort=False).rename("records").reset_index()


def reconstruction_errors(originals: np.ndarray, reproductions: np.ndarray) -> pd.DataFrame:
    """One row an image (B, H, W, C) in [0, 1]: mean squared error and PSNR of its reproduction."""
    mse = np.mean((reproductions - originals) ** 2, axis=(1, 2, 3))
    return pd.DataFrame({"image": range(1, len(mse) + 1), "mse": mse, "psnr_db": -10 * np.log10(mse)})


def reconstruction_quality(record: dict) -> pd.DataFrame:
    """Errors over the test split of an autoencoder's record, and of the mean training image instead."""
    test = record["result"]["test"]
    shown = {"reproduction": "autoencoder", "mean_image": "mean training image"}
    return pd.DataFrame(
        [{"shown": name, "mse": test["mse"][key], "psnr_db": test["psnr_db"][key]} for key, name in shown.items()]
    )


def element_spread(embeddings: np.ndarray) -> pd.DataFrame:
    """One row an element of embeddings (N, n): mean and standard deviation over the samples."""
    return pd.DataFrame(
        {"element": range(embeddings.shape[1]), "mean": embeddings.mean(axis=0), "sd": embeddings.std(axis=0)}
    )
