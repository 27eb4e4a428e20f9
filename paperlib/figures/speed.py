"""How fast ours is: against others, where a step's time goes, and how selection grows."""

from pathlib import Path

import matplotlib.pyplot as plt

from paperlib.analysis.speed import comparisons, operations, scaling
from paperlib.figures.style import COLORS, STYLE, save


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
