import os
import warnings

import numpy as np
import pytest

from paperlib.checkpoints import Checkpoint, Checkpoints, Interrupted, is_on_the_way, last_in_common
from paperlib.training import AutoencoderSettings, ClassifierSettings, train_autoencoders, train_classifiers

SUBSET = np.arange(100, 160)
SETTINGS = ClassifierSettings(batch=16, seed=3, decay=0.5)


def at(fast, full):
    return Checkpoint((fast, full), [np.full(3, fast + full, np.float32)], np.zeros(fast + full), np.zeros(2), 0.5)


def stopping(steps):
    """Options that stop a training after so many steps, or one more: it may have begun."""
    taken = []
    return dict(on_step=lambda: taken.append(1), should_stop=lambda: len(taken) >= steps)


@pytest.mark.parametrize("position", [(0, 0), (3, 0), (5, 0), (5, 2), (5, 4)])
def test_positions_on_the_way(position):
    assert is_on_the_way(position, (5, 4))


@pytest.mark.parametrize("position", [(6, 0), (3, 1), (5, 5), (0, 4)])
def test_positions_off_the_way(position):
    assert not is_on_the_way(position, (5, 4))


def test_the_last_position_in_common_is_on_both_ways_and_no_later_one_is():
    ends = [(fast, full) for fast in range(4) for full in range(4)]
    for one in ends:
        for other in ends:
            shared = {p for p in ends if is_on_the_way(p, one) and is_on_the_way(p, other)}
            assert last_in_common(one, other) == max(shared, key=sum)


@pytest.fixture(params=["memory", "folder"])
def store(request, tmp_path):
    return lambda *ends: Checkpoints(ends, tmp_path if request.param == "folder" else None, "key")


def test_a_run_starts_from_the_nearest_checkpoint_on_its_way(store):
    found = store((8, 0), (4, 4), (4, 1))
    assert found.furthest((4, 4)) is None
    assert found.branches((8, 0)) == {(4, 0)} and found.branches((4, 4)) == {(4, 0), (4, 1)}
    for position in ((4, 0), (6, 0), (4, 1)):
        assert found.write(at(*position))
    assert found.furthest((8, 0)).position == (6, 0)
    assert found.furthest((4, 4)).position == found.furthest((4, 1)).position == (4, 1)
    assert found.furthest((5, 5)) is None  # (4, 0) was dropped: no run of these would start from it any more
    assert np.array_equal(found.furthest((8, 0)).variables[0], at(6, 0).variables[0])


def test_what_no_run_needs_any_more_is_dropped(store):
    found = store((8, 0), (4, 4))
    found.write(at(4, 0))
    found.write(at(8, 0))
    found.done((8, 0))
    assert not found.holds((8, 0)) and found.holds((4, 0))
    found.done((4, 4))
    assert not found.holds((4, 0))


def test_another_keys_files_are_neither_read_nor_removed(tmp_path):
    theirs = Checkpoints([(8, 0)], tmp_path, "theirs")
    theirs.write(at(4, 0))
    ours = Checkpoints([(8, 0)], tmp_path, "ours")
    assert ours.furthest((8, 0)) is None
    ours.done((8, 0))
    assert theirs.holds((4, 0))
    os.rename(tmp_path / "theirs.4-0.npz", tmp_path / "ours.4-0.npz")
    with pytest.warns(UserWarning, match="ours.4-0.npz: not a usable checkpoint .it is of another run.; it is removed"):
        assert Checkpoints([(8, 0)], tmp_path, "ours").furthest((8, 0)) is None


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_truncated_file_is_removed_and_an_earlier_one_used(tmp_path, share):
    found = Checkpoints([(8, 0), (2, 2)], tmp_path, "key")
    found.write(at(2, 0))
    found.write(at(6, 0))
    file = tmp_path / "key.6-0.npz"
    file.write_bytes(file.read_bytes()[: int(share * file.stat().st_size)])
    with pytest.warns(UserWarning, match="key.6-0.npz: not a usable checkpoint"):
        assert found.furthest((8, 0)).position == (2, 0)
    assert not file.exists()


def test_a_full_disk_is_said_and_leaves_nothing_behind(tmpfs):
    folder = tmpfs("size=64k")
    found = Checkpoints([(8, 0)], folder, "key")
    large = Checkpoint((4, 0), [np.zeros(100_000)], np.zeros(4), np.zeros(4), 0.5)
    with pytest.warns(UserWarning, match="no checkpoint can be written .No space left on device.. The run goes on"):
        assert not found.write(large)
    assert not list(folder.iterdir())


@pytest.mark.parametrize("interrupted_at", [1, 3, 4, 5, 7])  # both phases, and the change between them
def test_an_interrupted_classifier_ends_with_the_same_bits(digits, tmp_path, interrupted_at):
    end, test = (4, 4), lambda model: float(model.get_weights()[0].sum())

    def train(**more):
        return next(train_classifiers(digits, SUBSET, [end], SETTINGS, test=test, test_at=(2, 6), **more))

    expected = train()
    with pytest.raises(Interrupted, match="stopped after . steps$") as caught:
        train(checkpoints=Checkpoints([end], tmp_path, "key"), **stopping(interrupted_at))
    done = sum(caught.value.position)
    assert done in (interrupted_at, interrupted_at + 1) and caught.value.saved
    steps = []
    found = train(checkpoints=Checkpoints([end], tmp_path, "key"), on_step=lambda: steps.append(1))
    assert len(steps) == sum(end) - done
    assert np.array_equal(found.history.loss, expected.history.loss) and found.tests == expected.tests
    for name, weights in expected.weights.items():
        assert all(map(np.array_equal, weights, found.weights[name]))
    assert (np.diff(found.history.seconds) > 0).all()
    assert np.diff(found.history.seconds).max() < 1  # the step that compiled again counts as a usual one


def test_interrupted_runs_with_a_common_beginning_end_with_the_same_bits(digits, tmp_path):
    ends = [(8, 0), (4, 1), (4, 4), (6, 2)]
    expected = [next(train_classifiers(digits, SUBSET, [end], SETTINGS)) for end in ends]
    found = []
    for _ in range(10):
        left = ends[len(found) :]
        store = Checkpoints(left, tmp_path, "key")
        try:
            for ended in train_classifiers(digits, SUBSET, left, SETTINGS, checkpoints=store, **stopping(3)):
                found.append(ended)
                store.done(ended.phases)
        except Interrupted:
            continue
        break
    assert [ended.phases for ended in found] == ends and not list(tmp_path.iterdir())
    for one, other in zip(expected, found, strict=True):
        assert np.array_equal(one.history.loss, other.history.loss)
        assert all(map(np.array_equal, one.weights["warmup"], other.weights["warmup"]))


def test_an_interrupted_autoencoder_ends_with_the_same_bits_and_so_do_its_snapshots(digits, tmp_path):
    settings = AutoencoderSettings(embedding_size=18, batch=16, seed=2)
    ends = [2, 5, 8]
    expected = list(train_autoencoders(digits.x_train, ends, settings))
    assert len({one.encoder.get_weights()[0].tobytes() for one in expected}) == 3
    positions = [(0, steps) for steps in ends]
    with pytest.raises(Interrupted):
        list(
            train_autoencoders(
                digits.x_train,
                ends,
                settings,
                checkpoints=Checkpoints(positions, tmp_path, "key"),
                **stopping(5),
            )
        )
    found = list(
        train_autoencoders(digits.x_train, ends, settings, checkpoints=Checkpoints(positions, tmp_path, "key"))
    )
    for one, other in zip(expected, found, strict=True):
        assert np.array_equal(one.history.loss, other.history.loss)
        assert all(map(np.array_equal, one.encoder.get_weights(), other.encoder.get_weights()))
        assert all(map(np.array_equal, one.decoder.get_weights(), other.decoder.get_weights()))


def test_training_goes_on_where_no_checkpoint_can_be_written(digits, tmpfs):
    store = Checkpoints([(4, 0), (2, 2)], tmpfs("size=64k"), "key")
    with pytest.warns(UserWarning, match="no checkpoint can be written"):
        found = next(train_classifiers(digits, SUBSET, [(4, 0)], SETTINGS, checkpoints=store))
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        expected = next(train_classifiers(digits, SUBSET, [(4, 0)], SETTINGS))
    assert np.array_equal(found.history.loss, expected.history.loss)
