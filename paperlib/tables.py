"""Records -> tables (pandas): what figures are drawn from and what lies beside them as CSV."""

import numpy as np
import pandas as pd

AVERAGE = "warmup"  # whose accuracy is reported unless a reader asks for another (reading R5)


def runs(records, average=AVERAGE):
    """One row a classifier run. Accuracies in percent, times in seconds."""
    rows = []
    for record in records:
        run, result, times = record["run"], record["result"], record["times"]
        if average not in result["test"]:
            raise ValueError(f"average is {average!r}: the records have {', '.join(result['test'])}")
        rows.append(
            {
                "dataset": run["dataset"],
                "selection": run["selection"],
                "overlap": run["overlap"],
                "k": run["k"],
                "split": run["split"],
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
                "precision": record["precision"],
                "device": record["environment"]["device"],
                "record": record["hash"],
            }
        )
    return pd.DataFrame(rows)


def spread(table, by, column="accuracy"):
    """n, mean, standard deviation (n - 1), lowest and highest of a column for each group of rows."""
    groups = table.groupby(by, sort=False, dropna=False)[column]
    return groups.agg(n="count", mean="mean", sd="std", lowest="min", highest="max").reset_index()


def losses(records):
    """One row a recorded point of training: which run, step, seconds since the first step, and the mean loss since
    the point before."""
    columns = []
    for record in records:
        run, history = record["run"], record["history"]
        points = {"step": history["step"], "seconds": record["times"]["seconds_at_step"], "loss": history["loss"]}
        about = {"selection": run["selection"], "k": run["k"], "split": run["split"], "seed": run["seed"]}
        columns.append(pd.DataFrame({**about, **points, "fast_steps": record["result"]["phases"][0]}))
    return pd.concat(columns, ignore_index=True)


def layers(model):
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


def samples(chosen, labels, classes):
    """One row a class: samples chosen of it and samples it has. chosen: indices (k,); labels (N,)."""
    everything = np.bincount(labels, minlength=len(classes))
    kept = np.bincount(labels[chosen], minlength=len(classes))
    return pd.DataFrame({"class": classes, "chosen": kept, "available": everything})


def overlap(lists, samples):
    """How many samples are chosen by 1, 2, 3, ... elements. lists: (ranks, n) indices; samples: N."""
    times = np.bincount(np.ravel(lists), minlength=samples)
    counts = np.bincount(times)[1:]
    return pd.DataFrame({"elements": np.arange(1, len(counts) + 1), "samples": counts})
