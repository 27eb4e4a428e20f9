"""The tables of docs/speed.md and docs/scale.md, from what `make bench` measured."""

from pathlib import Path

import pandas as pd

from paperlib.analysis.speed import comparisons, operations, steps_on_a_gpu


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


def gpu(folder: Path) -> str:
    """How long a training step takes on a GPU, beside what it takes at least, as a Markdown table."""
    table = steps_on_a_gpu(folder)
    shown = pd.DataFrame(
        {
            "device": table["device"],
            "samples a step": [f"{batch:,}" for batch in table["batch"]],
            "ms a step": [f"{milliseconds:.2f}" for milliseconds in table["step_ms"]],
            "images/s": [f"{rate:,.0f}" for rate in table["images_per_s"]],
            "arithmetic alone (ms)": [f"{milliseconds:.2f}" for milliseconds in table["arithmetic_ms"]],
            "memory traffic alone (ms)": [f"{milliseconds:.2f}" for milliseconds in table["traffic_ms"]],
        }
    )
    return shown.to_markdown(index=False, disable_numparse=True)
