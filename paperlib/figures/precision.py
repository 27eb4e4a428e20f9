"""Accuracy by numerical precision."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from paperlib.figures.style import COLORS, STYLE


def precisions(table: pd.DataFrame, note: str) -> Figure:
    """Accuracy of each run by precision, lines between the runs of a seed. table: of `tables.runs`."""
    with plt.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(6, 4))
        names = list(table["precision"].unique())
        place = {name: at for at, name in enumerate(names)}
        for _, pair in table.groupby("seed"):
            axis.plot(pair["precision"].map(place), pair["accuracy"], "o-", color=COLORS["full"], linewidth=1)
        for name, some in table.groupby("precision")["accuracy"]:
            label = "mean" if place[name] == 0 else ""
            axis.hlines(some.mean(), place[name] - 0.12, place[name] + 0.12, color="k", linewidth=2, label=label)
        n = table.groupby("precision")["accuracy"].count()
        axis.set_xticks(range(len(names)), [f"{name} (n = {n[name]})" for name in names])
        axis.set_xlim(-0.4, len(names) - 0.6)
        axis.set(ylabel="test accuracy (%)")
        axis.set_title(f"The baseline by precision; a line joins runs of the same seed\n{note}", fontsize=10)
        axis.legend()
    return figure
