"""What all figures share: colours, Matplotlib's settings, and how a figure is written to disk."""

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from paperlib.analysis.arms import ARMS
from paperlib.figures import stamps
from paperlib.storage.files import check_writable

# Load the backend now: loaded under `rc_context` below, the interactive mode that it switches on would be switched off
# with the style, and a notebook would show the first of its figures only.
plt.switch_backend(plt.get_backend())

# By arm, and of what else is drawn beside them.
COLORS = {**{key: arm.color for key, arm in ARMS.items()}, "large": "#009E73", "paper": "#000000"}

STYLE = {
    "figure.dpi": 110,
    "savefig.dpi": 160,
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": "#dddddd",
    "axes.axisbelow": True,
    "legend.frameon": False,
}


def error_lengths(value: ArrayLike, low: ArrayLike, high: ArrayLike) -> np.ndarray:
    """Lengths (2, points) of error bars below and above values; 0 where an interval is NaN."""
    value, low, high = (np.atleast_1d(np.asarray(one, float)) for one in (value, low, high))
    return np.nan_to_num(np.array([value - low, high - value]))


def range_text(counts: pd.Series) -> str:
    """The lowest and the highest of some counts as text.

    >>> range_text(pd.Series([5, 3, 4])), range_text(pd.Series([2, 2]))
    ('3 to 5', '2')
    """
    return f"{counts.min()}" if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"


def limits(values: Iterable[float], ends: Iterable[float], reach: float = 15) -> tuple[float, float]:
    """Limits of an axis that show all values, and of the ends of their intervals those within -reach and reach.

    The interval of two runs can be so wide that it would hide everything else; it is cut off at the axis.
    """
    values = list(values)
    shown = [*values, *np.clip([*ends], min(-reach, *values), max(reach, *values))]
    margin = 0.08 * max(float(np.ptp(shown)), 1.0)
    return float(min(shown) - margin), float(max(shown) + margin)


def save(
    figure: Figure,
    folder: str | Path,
    name: str,
    table: pd.DataFrame | None = None,
    drawn_from: Iterable[Mapping[str, Any]] = (),
) -> None:
    """Write a figure as PNG and PDF and the table behind it as CSV to `folder`, each whole or not at all.

    Parameters
    ----------
    figure
        The picture.
    folder, name
        Where the files go, and what they are called before .png, .pdf and .csv.
    table
        What the picture shows; without it there is no CSV.
    drawn_from
        The records that it shows, for `make verify` to tell whether it is stale.

    Raises
    ------
    FileError
        Where the folder cannot be written to.
    """
    folder = Path(folder)
    check_writable(folder)
    with tempfile.TemporaryDirectory(dir=folder) as made:
        part = Path(made)
        csv = None
        if table is not None:
            csv = part / f"{name}.csv"
            table.to_csv(csv, index=False, float_format="%.6g")
        figure.savefig(part / f"{name}.png", metadata=stamps.metadata(drawn_from, csv))
        figure.savefig(part / f"{name}.pdf", metadata={"CreationDate": None})
        for file in part.iterdir():
            os.replace(file, folder / file.name)
