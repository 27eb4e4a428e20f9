import os
import signal

import numpy as np
import pytest

from paperlib.checkpoints import Interrupted
from paperlib.own_data import embedding, loading, quality
from paperlib.selection import METHODS


@pytest.mark.parametrize(("side", "crop"), [(8, 8), (11, 8), (16, 16), (20, 16), (28, 24), (32, 24), (64, 48)])
def test_crops_are_multiples_of_8_that_fit(side, crop):
    assert embedding.crop_size(side) == crop
    size = embedding.embedding_size(crop, 4_320)
    assert size % (crop // 8) ** 2 == 0 and 190 < size < 240


def test_the_paper_s_sizes_are_the_default_for_its_data():
    samples = loading.Samples("like CIFAR-10", images=np.broadcast_to(np.uint8(0), (50_000, 32, 32, 3)))
    k = loading.samples_to_keep(samples, 0)
    plan = embedding.plan(samples, k)
    assert (k, plan["crop_size"], plan["embedding_size"]) == (4_320, 24, 216)
    assert plan["attempts"][0] == [5 * 50_000 // 64, 0.1]
    assert embedding.budget(plan) == 12 * (5 * 50_000 // 64)  # the first of three is the beginning of the second
    assert embedding.embedding_size(24, 20) == 9  # few samples to keep: few elements, so that each chooses some


def test_one_k_or_another_the_embeddings_are_the_same():
    samples = loading.Samples("mine", images=np.broadcast_to(np.uint8(0), (2_000, 32, 32, 3)))
    plans = [embedding.plan(samples, k) for k in (30, 200, 1_000)]
    assert plans[0] == plans[1] == plans[2]
    assert embedding.plan(samples, 5)["embedding_size"] == 9  # fewer than the others, so that few elements are left out


def test_what_is_given_is_tried_alone():
    samples = loading.Samples("mine", images=np.broadcast_to(np.uint8(0), (200, 8, 8, 1)))
    assert embedding.plan(samples, 9, steps=7, learning_rate=0.2)["attempts"] == [[7, 0.2]]
    assert embedding.plan(samples, 9, learning_rate=0.2)["attempts"] == [[100, 0.2], [400, 0.2], [800, 0.2]]
    assert [rate for _, rate in embedding.plan(samples, 9, steps=7)["attempts"]] == pytest.approx([0.1, 0.03])


def test_images_that_teach_nothing_are_refused_with_a_way_out(silent):
    """Noise has nothing in common that an embedding could hold; the images are not square, either."""
    images = np.random.default_rng(0).integers(0, 256, (10, 13, 18, 1), dtype=np.uint8)
    samples = loading.Samples("noise", images=images)
    plan = embedding.plan(samples, 5, size=6, steps=1, learning_rate=0.1)
    assert plan["crop_size"] == 8
    with pytest.raises(embedding.NotLearnedError) as caught:
        embedding.embed(samples, plan, silent)
    for part in ("noise: the autoencoder learned too little", "1 steps", "rate 0.1", "Give more steps", "'random'"):
        assert part in str(caught.value)


def test_a_rate_that_diverges_is_an_attempt_that_failed(silent):
    images = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 1), dtype=np.uint8)
    samples = loading.Samples("noise", images=images)
    plan = embedding.plan(samples, 5, steps=20, learning_rate=1e30)
    with pytest.raises(embedding.NotLearnedError, match="lower the learning rate"):
        embedding.embed(samples, plan, silent)


def test_methods_that_draw_need_no_embeddings():
    assert [name for name in METHODS if not embedding.needed(name)] == ["random", "random_balanced"]


def test_an_interrupted_training_goes_on(tmp_path, silent, monkeypatch):
    monkeypatch.setattr(quality, "MOST_ERROR", 10)  # so few steps will do
    samples = loading.load("digits")
    plan = embedding.plan(samples, 126, size=18, steps=40, learning_rate=0.1)
    undisturbed = embedding.embed(samples, plan, silent, keep=tmp_path / "undisturbed")
    steps, folder = [], tmp_path / "interrupted"

    def step(*_):
        steps.append(1)
        if len(steps) == 15:
            os.kill(os.getpid(), signal.SIGINT)

    silent.step = step
    with pytest.raises(Interrupted, match="^stopped after 1[56] steps$"):
        embedding.embed(samples, plan, silent, keep=folder)
    assert len(list((folder / embedding.STATES).iterdir())) == 1
    found = embedding.embed(samples, plan, silent, keep=folder)
    assert len(steps) == 40 and not found.were_kept and found.training == undisturbed.training
    assert np.array_equal(found.embeddings, undisturbed.embeddings)
    assert not list((folder / embedding.STATES).iterdir())


def test_a_longer_attempt_goes_on_where_the_shorter_one_stood(tmp_path, silent, monkeypatch):
    """It is what it would be alone; interrupted on the way, it is taken up where it stood."""
    samples = loading.load("digits")
    shortcomings, calls = quality.Quality.shortcomings, []

    def once(self):
        calls.append(shortcomings(self))
        return ["too early"] if len(calls) in (1, 2) else []

    monkeypatch.setattr(quality.Quality, "shortcomings", once)
    plan = embedding.plan(samples, 126, size=18) | {"attempts": [[10, 0.1], [30, 0.1]]}
    steps = []

    def step(*_):
        steps.append(1)
        if len(steps) == 20:
            os.kill(os.getpid(), signal.SIGINT)

    silent.step = step
    with pytest.raises(Interrupted):
        embedding.embed(samples, plan, silent, keep=tmp_path)
    found = embedding.embed(samples, plan, silent, keep=tmp_path)
    assert len(steps) == 30 and [attempt["said"] for attempt in found.training["attempts"]] == [
        "too early",
        "it worked",
    ]
    assert not list((tmp_path / embedding.STATES).iterdir())
    alone = embedding.embed(samples, plan | {"attempts": [[30, 0.1]]}, silent)
    assert np.array_equal(found.embeddings, alone.embeddings)
