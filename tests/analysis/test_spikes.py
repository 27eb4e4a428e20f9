import numpy as np
import pytest

from paperlib.analysis import spikes


def record(losses, every=20, selection="random", split=1.0, seed=0, accuracy=0.6):
    """A run whose recorded losses are each the mean over `every` steps."""
    steps = every * np.arange(1, len(losses) + 1)
    return {
        "precision": "bfloat16",
        "run": {"selection": selection, "split": split, "seed": seed, "steps": int(steps[-1])},
        "history": {"step": steps.tolist(), "loss": list(losses)},
        "result": {"test": {"warmup": {"accuracy": accuracy}}},
    }


def falling(count=100):
    return np.linspace(2, 0.02, count)


def test_a_spike_is_a_rise_and_lasts_until_the_loss_is_back():
    losses = falling()
    losses[50:53] += 1  # one spike of three stretches
    losses[99] = 8  # and one at the very end
    (row,) = spikes.of_runs({"paper": [record(losses, accuracy=0.156)]}).itertuples()
    assert (row.profile, row.selection, row.seed, row.spikes) == ("paper", "random", 0, 2)
    assert row.highest_loss == 8 and row.accuracy == pytest.approx(15.6)
    assert row.share == pytest.approx(4 / 70)  # of the stretches after the first 30 %


def test_a_loss_that_falls_or_rises_a_little_has_none():
    wavy = falling() + 0.15 * (np.arange(100) % 2)
    assert spikes.of_runs({"paper": [record(falling()), record(wavy, seed=1)]})["spikes"].tolist() == [0, 0]


def test_what_happens_early_does_not_count():
    losses = falling()
    losses[10:12] += 5
    assert spikes.of_runs({"paper": [record(losses)]})["spikes"].item() == 0


def test_losses_recorded_more_often_are_averaged_over_twenty_steps():
    losses = np.tile([1.0, 3.0], 50)  # means over 10 steps each
    found = spikes.curves({"cpu": [record(losses, every=10)]})
    assert found["step"].tolist() == list(range(20, 1_001, 20)) and np.allclose(found["loss"], 2)


def test_only_runs_on_one_set_alone_are_looked_at():
    found = {"paper": [record(falling(), split=0.5), record(falling(), selection="full", split=0.0)]}
    assert spikes.of_runs(found)["selection"].tolist() == ["full"]
    assert set(spikes.curves(found)["selection"]) == {"full"}
    assert spikes.of_runs({}).empty and "spikes" in spikes.of_runs({})
