import gc
import hashlib
import itertools
from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from paperlib import training
from paperlib.compute import feeds
from paperlib.data import Dataset
from paperlib.training import (
    AutoencoderSettings,
    ClassifierSettings,
    loop,
    train_autoencoder,
    train_autoencoders,
    train_classifier,
    train_classifiers,
)

SUBSET = np.arange(100, 160)


def weights_digest(weights):
    return hashlib.sha256(b"".join(weight.tobytes() for weight in weights)).hexdigest()


@pytest.fixture
def drawn(monkeypatch):
    """The indices of all batches that a training draws, in order."""
    seen = []
    batches = feeds.batches

    def noted(*arguments, **options):
        for fed, targets in batches(*arguments, **options):
            seen.append(fed)
            yield fed, targets

    monkeypatch.setattr(feeds, "batches", noted)
    return seen


@pytest.mark.parametrize(("split", "fast"), [(0.0, 0), (0.5, 4), (0.75, 6), (1.0, 8)])
def test_the_phase_changes_at_the_share_of_the_steps(digits, drawn, split, fast):
    trained = train_classifier(digits, SUBSET, split=split, steps=8, batch=40)
    assert trained.phases == (fast, 8 - fast)
    assert all(np.isin(batch, SUBSET).all() for batch in drawn[:fast])
    assert not any(np.isin(batch, SUBSET).all() for batch in drawn[fast:8])
    assert len(trained.history.loss) == len(trained.history.seconds) == 8


def test_the_papers_splits_in_steps():
    assert [training.split_steps(10_000, split) for split in (0, 0.5, 0.9, 0.95, 1)] == [0, 5_000, 9_000, 9_500, 10_000]


def test_same_seed_same_bits_other_seed_other_bits(digits):
    first, second, other = (
        train_classifier(digits, SUBSET, split=0.5, steps=6, batch=32, seed=seed) for seed in (3, 3, 4)
    )
    for name in ("raw", "warmup", "constant"):
        assert weights_digest(first.weights[name]) == weights_digest(second.weights[name])
        assert weights_digest(first.weights[name]) != weights_digest(other.weights[name])
    assert np.array_equal(first.history.loss, second.history.loss)


@pytest.mark.parametrize(
    ("ends", "taken"),  # steps that the ones before have not taken
    [
        ([(0, 8), (4, 1), (4, 4), (5, 0), (6, 2), (8, 0)], 8 + (4 + 1) + 3 + 1 + (1 + 2) + 2),
        ([(8, 0), (6, 2), (4, 4), (4, 1), (5, 0), (0, 8)], 8 + 2 + 4 + 0 + 0 + 8),  # the trunk first
    ],
)
def test_runs_with_a_common_beginning_are_what_each_is_alone(digits, drawn, ends, taken):
    options = dict(batch=32, seed=3, decay=0.5)
    steps = []
    for end, found in zip(
        ends,
        train_classifiers(digits, SUBSET, ends, ClassifierSettings(**options), on_step=lambda: steps.append(1)),
        strict=True,
    ):
        assert found.phases == end == (len(found.history.loss) - end[1], end[1])
        found.model.set_weights(found.weights["constant"])  # as one does to test it
        expected = train_classifier(digits, SUBSET, phases=end, **options)
        assert np.array_equal(found.history.loss, expected.history.loss)
        for name in ("raw", "warmup", "constant"):
            assert weights_digest(found.weights[name]) == weights_digest(expected.weights[name])
        assert (np.diff(found.history.seconds) > 0).all()
    assert len(steps) == taken


class Clock:
    """A clock that ticks whenever somebody looks at it, and can be put forward."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 0.001
        return self.now


@pytest.fixture
def clock(monkeypatch):
    found = Clock()
    monkeypatch.setattr(loop, "time", SimpleNamespace(perf_counter=found))
    return found


def test_tests_on_the_way_change_nothing_and_take_no_time(digits, clock):
    def slowly(model):
        clock.now += 100
        return float(model.get_weights()[0].sum())

    options = dict(phases=(4, 4), batch=16, decay=0.5)
    plain = train_classifier(digits, SUBSET, **options)
    tested = train_classifier(digits, SUBSET, **options, test=slowly, test_at=(2, 7, 100))
    assert [step for step, _ in tested.tests] == [2, 4, 5, 7, 8]  # those asked for, the change of phase, the last
    assert tested.tests[-1][1]["constant"] == pytest.approx(float(plain.weights["constant"][0].sum()))
    assert len({result["raw"] for _, result in tested.tests}) == 5
    assert np.array_equal(plain.history.loss, tested.history.loss)
    assert weights_digest(plain.weights["warmup"]) == weights_digest(tested.weights["warmup"])
    assert all(0 < step < 1 for step in np.diff(tested.history.seconds))


def test_a_run_that_a_clock_ends_is_tested_on_the_way_too(digits):
    options = dict(split=0.5, steps=8, seconds=60.0, batch=16)
    tested = train_classifier(digits, SUBSET, **options, test=lambda model: 0.0, test_at=(2, 6))
    assert tested.phases == (4, 4) and [step for step, _ in tested.tests] == [2, 4, 5, 6, 8]


def test_splits_are_phases(digits):
    split = train_classifier(digits, SUBSET, split=0.75, steps=8, batch=16)
    assert split.phases == (6, 2)
    again = train_classifier(digits, SUBSET, phases=(6, 2), batch=16)
    assert weights_digest(split.weights["raw"]) == weights_digest(again.weights["raw"])


def test_a_common_beginning_counts_in_every_runs_time_and_what_happens_between_in_none(digits, clock):
    for first in ((2, 2), (2, 0)):  # a branch, and a position on the way
        found = []
        for trained in train_classifiers(digits, SUBSET, [first, (4, 0)], ClassifierSettings(batch=16)):
            found.append(np.array(trained.history.seconds))
            clock.now += 100
        assert np.array_equal(found[0][:2], found[1][:2])
        assert 0 < found[1][-1] - found[1][1] < 1


def test_what_happens_between_snapshots_of_an_autoencoder_is_in_no_time(digits, clock):
    settings = AutoencoderSettings(embedding_size=18, batch=16)
    seconds = []
    for trained in train_autoencoders(digits.x_train, [2, 4], settings):
        seconds += trained.history.seconds.tolist()
        clock.now += 100
    assert len(seconds) == 2 + 4 and max(seconds) < 1


def test_a_process_that_trains_again_and_again_does_not_keep_the_images():
    images = np.random.default_rng(0).integers(0, 256, (60_000, 32, 32, 3), np.uint8)  # 184 MB
    many = Dataset("many", images, np.arange(60_000) % 2, images[:2], np.arange(2), ("a", "b"))
    sizes = []
    for _ in range(4):
        train_classifier(many, SUBSET, split=0.5, steps=2, batch=4)
        gc.collect()  # what waits for it is not kept: often one copy, under JAX
        sizes.append(psutil.Process().memory_info().rss)
    assert sizes[3] - sizes[1] < images.nbytes  # the second may still grow by what the first let the allocator keep


def test_runs_of_no_steps_are_refused(digits):
    with pytest.raises(ValueError, match="the sum of phases is 0"):
        next(train_classifiers(digits, SUBSET, [(0, 0), (2, 6)]))
    with pytest.raises(ValueError, match="there is no subset"):
        next(train_classifiers(digits, None, [(2, 6)]))


def test_both_feeds_train_alike(digits):
    resident, streamed = (
        train_classifier(digits, SUBSET, split=0.5, steps=4, batch=32, feed=feed, precision="float32")
        for feed in ("resident", "streamed")
    )
    assert np.allclose(resident.history.loss, streamed.history.loss, rtol=1e-4)


def test_averages_differ_from_the_raw_weights_and_keep_their_statistics(digits):
    trained = train_classifier(digits, steps=5, batch=32, decay=0.5)
    for name in ("warmup", "constant"):
        for weight, raw, average in zip(trained.model.weights, trained.weights["raw"], trained.weights[name]):
            assert np.array_equal(raw, average) != weight.trainable, weight.path


def test_a_time_budget_ends_the_run_and_its_steps_repeat_it(digits):
    timed = train_classifier(digits, SUBSET, split=0.5, seconds=1.0, batch=16)
    fast, full = timed.phases
    assert fast > 0 and full > 0
    ended = timed.history.seconds
    assert ended[-2] < 1.0 <= ended[-1]
    assert ended[fast - 2] < 0.5 <= ended[fast - 1]
    again = train_classifier(digits, SUBSET, phases=(fast, full), batch=16)
    assert again.phases == timed.phases
    assert weights_digest(again.weights["raw"]) == weights_digest(timed.weights["raw"])


def test_steps_end_a_run_before_its_time(digits):
    assert train_classifier(digits, SUBSET, split=0.5, steps=4, seconds=60, batch=16).phases == (2, 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps": 4, "split": 1.5}, "split is 1.5: expected a share from 0 to 1"),
        ({}, "training would never end"),
        ({"steps": 0}, "steps is 0: expected more than 0"),
        ({"seconds": -1.0}, "seconds is -1.0"),
        ({"steps": 4, "batch": 0}, "batch is 0"),
        ({"phases": (0, 0)}, "the sum of phases is 0"),
        ({"steps": 4, "split": 0.5}, "there is no subset"),
        ({"steps": 4, "split": 0.5, "subset": np.array([0, 1437])}, "expected 0 to 1436"),
        ({"steps": 4, "split": 0.5, "subset": np.array([0.5])}, "subset is float64"),
        ({"steps": 4, "split": 0.5, "subset": np.array([], int)}, r"subset is int64 \(0,\)"),
        ({"steps": 4, "feed": "tape"}, "feed is 'tape'"),
        ({"steps": 4, "order": "sorted"}, "order is 'sorted'"),
        ({"steps": 4, "rate_steps": 0}, "rate_steps is 0"),
        ({"steps": 4, "precision": "float8"}, "precision is 'float8': choose 'auto', 'float32', 'bfloat16'"),
    ],
)
def test_arguments_that_do_not_fit(digits, arguments, message):
    with pytest.raises(ValueError, match=message):
        train_classifier(digits, **arguments)


def test_the_learning_rate_falls_to_a_tenth_after_so_many_steps(digits):
    options = dict(batch=32, seed=3, precision="float32")
    plain, falling = ([train_classifier(digits, steps=n, **more, **options).weights["raw"] for n in (4, 5)]
                      for more in ({}, {"rate_steps": 4}))  # fmt: skip
    assert weights_digest(plain[0]) == weights_digest(falling[0])  # four steps at the full rate
    moved, tenth = (np.concatenate([(b - a).ravel() for a, b in zip(*two)]) for two in (plain, falling))
    trained = np.abs(moved - tenth) > 1e-7  # batch-norm statistics move by the same
    assert np.allclose(tenth[trained], moved[trained] / 10, atol=1e-5)
    assert trained.mean() > 0.5


def test_runs_with_a_falling_rate_go_on_from_a_shared_beginning(digits):
    settings = training.ClassifierSettings(batch=32, seed=3, rate_steps=3, order="by_class", clip=True)
    whole = [found.weights["raw"] for found in train_classifiers(digits, SUBSET, [(4, 0), (6, 0)], settings)]
    alone = train_classifier(digits, SUBSET, phases=(6, 0), **vars(settings)).weights["raw"]
    assert weights_digest(whole[1]) == weights_digest(alone)


def test_divergence_is_an_error(digits):
    with pytest.raises(training.DivergedError, match="the loss is (nan|inf) at step .*lower the learning rate"):
        train_classifier(digits, steps=30, batch=16, learning_rate=1e38, precision="float32")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"learning_rate": -0.1}, "learning_rate is -0.1: expected more than 0"),
        ({"learning_rate": float("nan")}, "learning_rate is nan"),
        ({"decay": 7}, "decay is 7: expected 0 or more, and less than 1"),
        ({"phases": (-2, 10)}, r"phases are \(-2, 10\): expected steps, none below 0"),
    ],
)
def test_numbers_that_train_nothing_are_refused(digits, options, message):
    with pytest.raises(ValueError, match=message):
        train_classifier(digits, SUBSET, **({} if "phases" in options else {"steps": 1}), **options, batch=16)


def test_images_are_bytes_with_channels(digits):
    scaled, grey = digits.x_train[:20] / np.float32(255), digits.x_train[:20, ..., 0]
    encoder = train_autoencoder(digits.x_train[:20], embedding_size=9, steps=1, batch=4).encoder
    for wrong, message in ((scaled, "float32 .*expected uint8 images"), (grey, "without channels")):
        with pytest.raises(ValueError, match=message):
            train_autoencoder(wrong, embedding_size=9, steps=1, batch=4)
        with pytest.raises(ValueError, match=message):
            training.embed(encoder, wrong)
    with pytest.raises(ValueError, match=r"labels are \(3,\): give labels \(20,\)"):
        train_autoencoder(digits.x_train[:20], steps=1, objective="labels", labels=np.zeros(3, int))


def test_autoencoder_learns_and_repeats(digits):
    calls = itertools.count()
    first = train_autoencoder(digits.x_train, embedding_size=18, steps=30, batch=32, on_step=lambda: next(calls))
    second = train_autoencoder(digits.x_train, embedding_size=18, steps=30, batch=32)
    assert next(calls) == 30
    assert first.history.loss[-5:].mean() < 0.8 * first.history.loss[0]
    assert weights_digest(first.encoder.get_weights()) == weights_digest(second.encoder.get_weights())
    embeddings = training.embed(first.encoder, digits.x_test)
    assert embeddings.shape == (360, 18) and embeddings.dtype == np.float32
    assert np.allclose(training.embed(first.encoder, digits.x_test[:7], batch=3), embeddings[:7], atol=1e-5)
    assert training.reproduce(first.decoder, embeddings).shape == (360, 24, 24, 3)


def test_embeddings_are_of_the_centre_crop_in_0_to_1(digits):
    trained = train_autoencoder(digits.x_train, embedding_size=9, steps=2, batch=32)
    crops = digits.x_test[:5, 4:28, 4:28].astype(np.float32) / 255
    expected = np.asarray(trained.encoder(crops, training=False))
    assert np.allclose(training.embed(trained.encoder, digits.x_test[:5]), expected, atol=1e-6)


def test_training_on_cifar10(cifar10_npz):
    """Twenty steps on real images: it learns, from the full set and from 4,320 samples alike."""
    from paperlib.data import load
    from paperlib.selection import select

    dataset = load(cifar10_npz)
    encoder = train_autoencoder(dataset.x_train, steps=20, batch=64).encoder
    embeddings = training.embed(encoder, dataset.x_train)
    subset = select(embeddings, 4_320)
    assert embeddings.shape == (50_000, 216) and len(set(subset.tolist())) == 4_320
    trained = train_classifier(dataset, subset, split=0.5, steps=40, batch=64)
    assert trained.phases == (20, 20)
    logits = training.predict(trained.model, dataset.x_test)
    assert (logits.argmax(axis=1) == dataset.y_test).mean() > 0.15
