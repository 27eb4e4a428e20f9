import itertools
import time

import keras
import numpy as np
import pytest

from paperlib.averaging import AveragedSGD
from paperlib.training.loop import DivergedError, Loop

SAMPLES = np.random.default_rng(0).normal(size=(64, 5)).astype(np.float32)
LABELS = (SAMPLES.sum(axis=1) > 0).astype(np.int64)


def batches():
    draw = np.random.default_rng(1)
    while True:
        chosen = draw.integers(0, 64, 8)
        yield SAMPLES[chosen], LABELS[chosen]


def loop(steps_per_execution, learning_rate=0.5, **options):
    """A small network with all kinds of variables that a step changes: weights, averages, statistics, draws."""
    layers = [keras.layers.BatchNormalization(), keras.layers.Dropout(0.5, seed=3), keras.layers.Dense(2)]
    model = keras.Sequential([keras.Input((5,), 8), *layers])
    model.set_weights([np.full(weight.shape, 0.1, weight.dtype) for weight in model.get_weights()])
    optimizer = AveragedSGD(learning_rate)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return model, optimizer, Loop(model, optimizer, loss, steps_per_execution=steps_per_execution, **options)


def values(model, optimizer):
    return model.get_weights() + optimizer.averaged("warmup")


def test_many_steps_at_once_are_those_one_by_one():
    calls, results = {1: 0, 5: 0}, []
    for together in calls:

        def count(together=together):
            calls[together] += 1

        model, optimizer, several = loop(together, on_step=count)
        source = batches()
        several.run(source, 7)  # one program and two single steps
        several.run(source, 17)
        results.append((several.history(), values(model, optimizer)))
    (one, ones), (five, fives) = results
    assert len(one.loss) == len(five.loss) == 17 and calls == {1: 17, 5: 17}
    assert np.allclose(one.loss, five.loss, rtol=1e-5) and len(set(one.loss)) == 17
    for a, b in zip(ones, fives, strict=True):
        assert np.allclose(a, b, rtol=1e-4, atol=1e-6)
    assert (np.diff(five.seconds) > 0).all() and five.seconds[0] == pytest.approx(0, abs=1e-9)
    assert five.first_step_seconds > 0


@pytest.mark.parametrize("steps_per_execution", [1, 4])
def test_a_loss_is_that_of_its_batch(steps_per_execution):
    """Of two batches in turn, with next to no learning. Keras reports the mean since the beginning."""
    model = keras.Sequential([keras.Input((5,), 8), keras.layers.Dense(2)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    several = Loop(model, AveragedSGD(1e-12), loss, steps_per_execution=steps_per_execution)
    several.run(itertools.cycle([(SAMPLES[:8], LABELS[:8]), (SAMPLES[8:16], LABELS[8:16])]), 4)
    first, second, third, fourth = several.history().loss
    assert first == pytest.approx(third) and second == pytest.approx(fourth) and abs(first - second) > 1e-3


def test_a_state_is_gone_back_to():
    model, optimizer, several = loop(2)
    several.run(batches(), 4)
    state, before = several.state(), [value.copy() for value in values(model, optimizer)]
    several.run(batches(), 9)
    first = several.history().loss
    assert not np.array_equal(values(model, optimizer)[0], before[0])
    several.restore(**state)
    assert several.steps == 4
    for a, b in zip(values(model, optimizer), before, strict=True):
        assert np.array_equal(a, b)
    several.run(batches(), 9)
    assert np.array_equal(several.history().loss, first)


def test_nothing_starts_after_the_deadline():
    _, _, several = loop(4, on_step=lambda: time.sleep(0.02))
    several.run(batches(), 4)  # the first ones compile
    deadline = several.history().seconds[-1] + 0.3
    several.run(batches(), deadline=deadline)
    seconds = several.history().seconds
    assert several.steps % 4 == 0 and seconds[-5] < deadline <= seconds[-1]
    taken = several.steps
    several.run(batches(), deadline=deadline)
    assert several.steps == taken


def test_pauses_take_no_time():
    _, _, several = loop(1)
    several.run(batches(), 3)
    with several.paused():
        time.sleep(0.5)
    several.run(batches(), 4)
    assert np.diff(several.history().seconds)[-1] < 0.4


@pytest.mark.parametrize("steps_per_execution", [1, 4])
def test_divergence_names_its_step(steps_per_execution):
    def spoilt():
        for number, (samples, labels) in enumerate(batches(), 1):
            yield (samples * np.float32("nan") if number == 7 else samples), labels

    _, _, several = loop(steps_per_execution)
    with pytest.raises(DivergedError, match="the loss is nan at step 7") as error:
        several.run(spoilt(), 12)
    assert error.value.step == 7
