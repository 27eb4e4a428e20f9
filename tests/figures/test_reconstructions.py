import numpy as np

from paperlib.figures.reconstructions import embedding_spread, reconstructions

from .reading import NOTE, legend, said

RNG = np.random.default_rng(0)


def test_fig_4_has_a_row_a_place_and_says_what_recurs():
    images, embeddings = RNG.random((2, 24, 24, 3)), RNG.random((2, 216))
    figure = reconstructions(images, embeddings, images, NOTE, common_variance=0.53)
    shapes = [image.get_array().shape for axis in figure.axes for image in axis.images]
    assert shapes.count((9, 24)) == 2
    assert "53 %" in said(figure) and NOTE in said(figure) and "activation" in said(figure)
    assert np.allclose(figure.axes[2].images[0].get_array()[0], embeddings[0, :24])
    assert "recurs" not in said(reconstructions(images, embeddings, images, NOTE))


def test_fig_4_of_one_place_is_about_square():
    images, embeddings = RNG.random((1, 8, 8, 1)), RNG.random((1, 18))
    figure = reconstructions(images, embeddings, images, NOTE)
    assert (3, 6) in [image.get_array().shape for axis in figure.axes for image in axis.images]


def test_the_spread_of_elements_has_means_and_the_threshold():
    embeddings = RNG.normal(3, [1.0, 2.0, 0.001], (500, 3))
    figure = embedding_spread(embeddings, NOTE)
    assert legend(figure) == ["1 % of the median deviation: 1 of 3 elements vary less"]
    assert [axis.get_ylabel() for axis in figure.axes] == ["standard deviation", "mean activation"]
