import keras
import numpy as np
import pytest

from paperlib.averaging import AveragedSGD, decay_at


def test_averages_follow_a_hand_computed_series():
    variable = keras.Variable(np.array([1.0, -2.0], np.float32))
    optimizer = AveragedSGD(0.5, decay=0.6)
    optimizer.build([variable])
    for gradient in ([1.0, 0.0], [0.0, 2.0], [-2.0, 2.0], [4.0, 0.0]):
        optimizer.apply([keras.ops.convert_to_tensor(np.array(gradient, np.float32))], [variable])
    # weights after each step:   (0.5, -2)   (0.5, -3)   (1.5, -4)   (-0.5, -4)
    # warm-up min(0.6, (1+t)/(10+t)), t = 0..3: 1/10, 2/11, 3/12, 4/13
    # constant: 0.6, from (1, -2): 0.8, 0.68, 1.008, 0.4048 and -2, -2.4, -3.04, -3.424
    first, second = 1.0, -2.0
    for decay, (x, y) in zip((1 / 10, 2 / 11, 3 / 12, 4 / 13), ((0.5, -2), (0.5, -3), (1.5, -4), (-0.5, -4))):
        first, second = decay * first + (1 - decay) * x, decay * second + (1 - decay) * y
    assert np.allclose(variable, [-0.5, -4.0])
    assert np.allclose(optimizer.averaged("constant")[0], [0.4048, -3.424], atol=1e-6)
    assert np.allclose(optimizer.averaged("warmup")[0], [first, second], atol=1e-6)


def test_warmup_ends_at_the_decay():
    decays = [float(decay_at("warmup", step, 0.9999)) for step in (0, 90, 10_000, 100_000)]
    assert decays == pytest.approx([0.1, 0.91, 10_001 / 10_010, 0.9999])


def test_what_a_constant_decay_still_holds_of_the_initial_weights():
    """The candidate (a) for the paper's 10.4 %."""
    assert decay_at("constant", 5_707, 0.9999) ** 5_707 == pytest.approx(0.565, abs=5e-4)
    assert decay_at("constant", 10_000, 0.9999) ** 10_000 == pytest.approx(0.368, abs=5e-4)


@pytest.mark.parametrize(
    ("before", "after", "percent"), [(9_500, 10_000, 63), (9_000, 10_000, 39), (5_000, 5_707, 30), (5_000, 10_000, 0.2)]
)
def test_how_much_an_average_still_holds_of_the_phase_before(before, after, percent):
    """(before / after)⁹: what docs/results.md says of the late splits, of 5,000 + 707 steps, and of 50 / 50."""
    kept = np.prod([float(decay_at("warmup", step, 0.9999)) for step in range(before, after)])
    assert kept == pytest.approx((before / after) ** 9, rel=0.005)
    assert 100 * kept == pytest.approx(percent, abs=0.5 if percent > 1 else 0.05)


def test_unknown_average():
    with pytest.raises(ValueError, match="average is 'none'"):
        decay_at("none", 0, 0.9)
