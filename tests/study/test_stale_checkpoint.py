"""What TensorFlow's own training session leaves on disk, on the digits."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from paperlib import evaluation, models, study, training
from paperlib.analysis import stale_sessions
from paperlib.storage.files import FileError
from paperlib.study import stale_checkpoint, tutorial_session
from paperlib.study.runs import Run
from paperlib.study.stale_checkpoint import ALONE, FIRST, SUBSET

tf = pytest.importorskip("tensorflow")


def averages(folder):
    """The averaged weights in the latest checkpoint: name -> array."""
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(str(folder)))
    names = [name for name in reader.get_variable_to_shape_map() if name.endswith("/ExponentialMovingAverage")]
    return {name.removesuffix("/ExponentialMovingAverage"): reader.get_tensor(name) for name in names}


def test_a_session_saves_at_creation_and_when_it_ends_by_itself(digits, tmp_path):
    everything, on_disk = np.arange(len(digits.x_train)), []
    tutorial_session.train(
        digits, everything, tmp_path, 2, batch=8, on_step=lambda: on_disk.append(tutorial_session.latest_step(tmp_path))
    )
    assert on_disk == [0, 0] and tutorial_session.latest_step(tmp_path) == 2
    saved = tf.train.latest_checkpoint(str(tmp_path)) + ".index"
    before, first = averages(tmp_path), Path(saved).stat().st_mtime_ns
    with pytest.raises(KeyboardInterrupt):  # as good as a kill
        tutorial_session.train(digits, everything, tmp_path, 9, batch=8, on_step=_interrupt)
    assert tutorial_session.latest_step(tmp_path) == 2
    assert Path(saved).stat().st_mtime_ns > first  # saved again at creation: what was restored
    assert all(np.array_equal(before[name], value) for name, value in averages(tmp_path).items())


def _interrupt():
    raise KeyboardInterrupt


def test_it_is_tested_as_the_keras_network_with_those_weights(digits, tmp_path):
    """The graph is the network of `paperlib.models`, and what is restored are averages, but raw statistics."""
    tutorial_session.train(digits, np.arange(len(digits.x_train)), tmp_path, 30, batch=32)
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(str(tmp_path)))
    model, averaged = models.classifier(), averages(tmp_path)
    parts = {"moving_mean": "mean", "moving_variance": "variance"}
    for weight in model.weights:
        if weight.name == "seed_generator_state":
            continue
        layer, name = weight.path.split("/")[-2:]
        weight.assign(reader.get_tensor(f"{layer}/{parts[name]}") if name in parts else averaged[f"{layer}/{name}"])
    logits = training.predict(model, digits.x_test)
    expected = evaluation.classification(logits, digits.y_test)["accuracy"]
    assert expected > 0.2  # more than guessing
    assert tutorial_session.accuracy(digits, tmp_path) == pytest.approx(expected, abs=1.5 / len(digits.y_test))


def test_an_empty_folder_has_nothing_to_test(digits, tmp_path):
    assert tutorial_session.latest_step(tmp_path) is None
    with pytest.raises(FileNotFoundError, match="train there first"):
        tutorial_session.accuracy(digits, tmp_path)


@pytest.fixture(scope="module")
def done(tmp_path_factory, digits):
    """A folder with the records of the smallest experiment, and those records."""
    from paperlib.progress import Progress
    from paperlib.study.profiles import profile

    tiny = replace(profile("quick"), autoencoder_steps=3, steps=14, batch=16)
    folder = tmp_path_factory.mktemp("stale")
    planned = stale_checkpoint.runs(tiny, digits)
    return planned, folder, stale_checkpoint.execute(planned, digits, folder, Progress("none"))


def test_what_is_left_is_the_beginning_or_the_subset_phase(done):
    planned, _, found = done
    assert planned[0].phases() == (7, 1)
    sessions = stale_sessions.table(found).set_index(["arm", "ended"])
    assert sessions["checkpoint"].to_dict() == {
        (ALONE, "by force"): 0,
        (ALONE, "by itself"): 8,
        (SUBSET, "by itself"): 7,
        (FIRST, "by force"): 7,
        (FIRST, "by itself"): 8,
    }
    assert sessions.loc[(FIRST, "by force"), "accuracy"] == sessions.loc[(SUBSET, "by itself"), "accuracy"]
    assert sessions["seconds"].notna().tolist() == [ended == "by force" for _, ended in sessions.index]
    assert len(stale_sessions.summary(stale_sessions.table(found))) == 5


def test_what_is_on_record_is_not_done_again(done, digits, silent, monkeypatch):
    planned, folder, found = done
    monkeypatch.setattr(study, "execute", None)
    monkeypatch.setattr(tutorial_session, "train", None)
    assert stale_checkpoint.execute(planned, digits, folder, silent) == found


def test_an_altered_record_is_found(done, tmp_path):
    planned, folder, _ = done
    path = stale_checkpoint.record_path(planned[0], tmp_path)
    path.parent.mkdir()
    content = json.loads(stale_checkpoint.record_path(planned[0], folder).read_text())
    content["result"]["sessions"][0]["accuracy"] = 0.5
    path.write_text(json.dumps(content))
    with pytest.raises(FileError, match="was altered"):
        stale_checkpoint.on_record(planned, tmp_path)


def test_without_tensorflow_it_says_so(done, digits, tmp_path, silent, monkeypatch, capsys):
    monkeypatch.setattr(stale_checkpoint.importlib.util, "find_spec", lambda name: None)
    assert stale_checkpoint.execute(done[0], digits, tmp_path, silent) == []
    assert "TensorFlow is not installed" in capsys.readouterr().out and not list(tmp_path.iterdir())


def test_a_session_that_fails_says_why(done, digits, tmp_path, silent):
    planned, folder, _ = done
    broken = replace(planned[0], batch=-1, seed=7)
    with pytest.raises(RuntimeError, match="(?s)ended by itself before it could be killed.*Traceback"):
        stale_checkpoint.execute([broken], digits, folder, silent)
    assert not stale_checkpoint.record_path(broken, folder).exists()


def test_large_profiles_are_cut_down_to_what_takes_minutes(digits):
    from paperlib.study.profiles import profile

    large = replace(profile("cpu"), steps=10_000, batch=1_024)
    run = stale_checkpoint.runs(large, digits)[0]
    assert (run.steps, run.batch, run.phases()) == (600, 128, (300, 42))


def test_the_papers_rate_and_decay_are_the_tutorials():
    assert (Run.learning_rate, Run.decay) == (tutorial_session.LEARNING_RATE, tutorial_session.EMA_DECAY)
