"""What a picture says, read from Matplotlib's objects."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.container import ErrorbarContainer

NOTE = "some data, profile small"


def said(figure):
    """All words of a picture."""
    figure.canvas.draw()  # tick labels are made then
    return " | ".join(text.get_text() for text in figure.findobj(plt.Text) if text.get_text() and text.get_visible())


def legend(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def intervals(axis):
    """Label -> [(x, y, low, high)] of what is drawn with error bars."""
    found = {}
    for container in axis.containers:
        if isinstance(container, ErrorbarContainer):
            segments = container.lines[2][0].get_segments()
            marks = container.lines[0].get_xydata()
            found[container.get_label()] = [(x, y, s[0][1], s[1][1]) for (x, y), s in zip(marks, segments)]
    return found


def runs(selection, split, accuracies, *, steps=(50, 50), clock=None):
    columns = {"selection": selection, "split": split, "seed": range(len(accuracies)), "accuracy": accuracies}
    return pd.DataFrame({**columns, "fast_steps": steps[0], "full_steps": steps[1], "time_share": clock})
