import numpy as np

from paperlib.figures.images import chosen_samples

from .reading import NOTE, said

RNG = np.random.default_rng(0)


def test_chosen_samples_are_what_the_encoder_sees():
    images = RNG.integers(0, 255, (5, 32, 32, 3), dtype=np.uint8)
    figure = chosen_samples(images, np.array([[0, 1], [2, 3]]), NOTE, 24)
    sheet = figure.axes[0].images[0].get_array()
    assert np.array_equal(sheet[:24, :24], images[0, 4:28, 4:28])
    assert "24 × 24" in said(figure) and NOTE in said(figure)
