"""What `make bench` measured (figures/bench/*.csv) -> tables."""

from pathlib import Path

import pandas as pd

_UNITS = {"images_per_s": "images/s", "seconds": "s"}


def comparisons(folder: Path) -> pd.DataFrame:
    """One row a peer: what both did, medians of ours and theirs, how many times as fast ours was (median, range), n,
    a note where the peer came to no end, and the device."""
    files = [Path(folder) / f"{topic}.csv" for topic in ("training", "embedding", "selection", "methods", "figures")]
    table = pd.concat([pd.read_csv(file) for file in files if file.exists()])
    table["unit"] = table["unit"].map(_UNITS)
    shown = [
        "what",
        "against",
        "unit",
        "ours_median",
        "other_median",
        "times_as_fast",
        "lowest",
        "highest",
        "n",
        "note",
    ]
    return table.reindex(columns=[*shown, "device"])


def operations(folder: Path, batch: int) -> pd.DataFrame:
    """One row a group of operations of a training step of `batch`: milliseconds (median of the rounds), share of all,
    arithmetic, and the milliseconds that a large bfloat16 matrix product with as much arithmetic takes."""
    runs = pd.read_csv(Path(folder) / "operations_runs.csv")
    runs = runs[runs["batch"] == batch]
    rows = runs.groupby("group", sort=False)[["ms", "gflop"]].median()
    rows["share"] = 100 * rows["ms"] / rows["ms"].sum()
    rows["limit_ms"] = rows["gflop"] / runs["matrix_tflops"].median()  # GFLOP / (TFLOP/s) = ms
    return rows.sort_values("ms", ascending=False).reset_index()[["group", "ms", "share", "gflop", "limit_ms"]]


def scaling(folder: Path) -> pd.DataFrame:
    """One row a size of selection: samples, elements, seconds (median of the rounds)."""
    runs = pd.read_csv(Path(folder) / "scaling_runs.csv")
    return runs.groupby(["samples", "elements"])["seconds"].median().reset_index()


def steps_on_a_gpu(folder: Path) -> pd.DataFrame:
    """One row a variant of a training step on a GPU: device, batch, variant, step_ms, images_per_s; and milliseconds
    that its arithmetic takes as one large bfloat16 matrix product (arithmetic_ms), and its reading and writing as one
    large copy (traffic_ms), both measured on that device."""
    runs = pd.read_csv(Path(folder) / "gpu_runs.csv")
    rows = runs[runs["variant"].notna()]
    rows = rows.assign(images_per_s=1_000 * rows["batch"] / rows["step_ms"])
    return rows[["device", "batch", "variant", "step_ms", "images_per_s", "arithmetic_ms", "traffic_ms"]]
