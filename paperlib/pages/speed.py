"""What `make bench` measured (figures/bench/*.csv) -> tables and a picture."""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

from paperlib.figures.style import COLORS, STYLE, save

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


def draw(folder: Path) -> None:
    """Write the picture speed.png (and PDF) of all three to `folder`."""
    with plt.rc_context(STYLE | {"axes.grid.axis": "x"}):
        table = comparisons(folder).dropna(subset=["times_as_fast"])[::-1]
        heights = (0.45 * len(table), 4, 3.5)  # inches; a row has two lines
        figure, (ratios, parts, sizes) = plt.subplots(3, 1, figsize=(8, sum(heights) + 1), height_ratios=heights)
        at, fast = range(len(table)), table["times_as_fast"]
        ratios.hlines(at, 1, fast, color=COLORS["random"], linewidth=1)  # from 1, as fast: a log axis has no 0
        errors = [fast - table["lowest"], table["highest"] - fast]
        ratios.errorbar(fast, at, xerr=errors, fmt="o", color=COLORS["random"], ecolor="k", capsize=3)
        ratios.axvline(1, color="k", linewidth=1)
        ratios.set_xscale("log")
        ratios.xaxis.set_major_formatter("{x:g}")
        ratios.set_yticks(
            range(len(table)), [f"{row.what}\nagainst {row.against}" for row in table.itertuples()], fontsize=7
        )
        ratios.set(xlabel="times as fast as the other: median, lowest to highest pair (log scale)")
        about = f"{table['device'].iloc[0]}, n = {table['n'].min():g} pairs or more"
        ratios.set_title(f"paperlib against others, in turn on one machine ({about})", fontsize=10)

        steps = operations(folder, 1_024)[::-1]
        parts.barh(steps["group"], steps["ms"], color=COLORS["full"], label="measured")
        limited = steps[steps["limit_ms"] > 0]
        parts.plot(limited["limit_ms"], limited["group"], "D", color="k", markersize=5,
                   label="the same arithmetic as one large bfloat16 matrix product")  # fmt: skip
        parts.set(xlabel="milliseconds in a step of 1,024 images")
        parts.set_title("Where a training step's time goes", fontsize=10)
        parts.tick_params(axis="y", labelsize=8)
        parts.legend(fontsize=8, loc="lower right")

        grown = scaling(folder)
        for name, some, color in (
            ("216 elements, more samples", grown[grown["elements"] == 216], COLORS["top_activations"]),
            ("100,000 samples, more elements", grown[grown["samples"] == 100_000], COLORS["large"]),
        ):
            numbers = some["samples"] * some["elements"]
            sizes.loglog(numbers, some["seconds"], "o-", color=color, label=name)
        numbers = grown["samples"] * grown["elements"]
        linear = grown["seconds"].max() / numbers.max()
        sizes.loglog([numbers.min(), numbers.max()], [linear * numbers.min(), linear * numbers.max()], ":", color="k",
                     label="in proportion")  # fmt: skip
        sizes.xaxis.set_major_formatter("{x:,.0f}")
        sizes.yaxis.set_major_formatter("{x:g}")
        sizes.set(xlabel="numbers in the matrix (samples × elements; log scales)", ylabel="seconds")
        sizes.set_title("Selection of 8.64 % (eq. 4, fill) from matrices of growing size, median of 3", fontsize=10)
        sizes.legend(fontsize=8)
    save(figure, folder, "speed")


def markdown(folder: Path) -> str:
    """The tables as Markdown, for the terminal and the README."""
    table = comparisons(folder)
    table["times as fast"] = [
        "–" if pd.isna(row.times_as_fast) else f"{row.times_as_fast:.2f} ({row.lowest:.2f} to {row.highest:.2f})"
        for row in table.itertuples()
    ]
    table["ours"], table["theirs"] = (
        ["–" if pd.isna(value) else f"{value:,.3g}" if value < 100 else f"{value:,.0f}" for value in table[column]]
        for column in ("ours_median", "other_median")
    )
    table["theirs"] = table["theirs"].where(table["n"] > 0, table["note"])
    table["unit"] = table["unit"].fillna("s")
    shown = table[["what", "against", "unit", "ours", "theirs", "times as fast", "n"]]
    parts = operations(folder, 1_024)
    total = parts[["ms", "share", "gflop", "limit_ms"]].sum()
    parts.loc[len(parts)] = ["all", *total]
    for column in ("ms", "share", "gflop", "limit_ms"):
        parts[column] = [f"{value:.1f}" if value else "" for value in parts[column]]
    names = ["operations", "ms", "%", "GFLOP", "ms at the matrix rate"]
    return "\n\n".join(
        rows.to_markdown(index=False, disable_numparse=True) for rows in (shown, parts.set_axis(names, axis=1))
    )
