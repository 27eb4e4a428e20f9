import numpy as np
import pandas as pd
from matplotlib.container import ErrorbarContainer

from paperlib.figures.selection import chosen_samples, class_counts, overlap

from .reading import NOTE, legend, said


def test_chosen_samples_are_what_the_encoder_sees():
    images = np.random.default_rng(0).integers(0, 255, (5, 32, 32, 3), dtype=np.uint8)
    figure = chosen_samples(images, np.array([[0, 1], [2, 3]]), NOTE, 24)
    sheet = figure.axes[0].images[0].get_array()
    assert np.array_equal(sheet[:24, :24], images[0, 4:28, 4:28])
    assert "24 × 24" in said(figure) and NOTE in said(figure)


def test_one_random_draw_is_called_one_and_has_the_spread_of_draws():
    table = pd.DataFrame({"class": ["a", "b"], "chosen": [4, 6], "available": [50, 50]})
    figure = class_counts({"top_activations": table, "random": table}, NOTE)
    assert "random, one draw" in legend(figure) and any("95 of 100" in label for label in legend(figure))
    (bars,) = [c for c in figure.axes[0].containers if isinstance(c, ErrorbarContainer)]
    low, high = bars.lines[2][0].get_segments()[0][:, 1]
    assert (low, high) == (2, 8)  # 10 of 50 + 50: hypergeometric
    assert NOTE in said(figure)


def test_overlap_is_on_a_log_scale_with_every_number():
    figure = overlap(pd.DataFrame({"elements": [1, 2, 3, 4], "samples": [2087, 562, 0, 1]}), NOTE)
    assert figure.axes[0].get_yscale() == "log"
    assert [text.get_text() for text in figure.axes[0].texts] == ["2,087", "562", "1"]
    assert "563 of 2,650" in said(figure) and "log scale" in said(figure)
