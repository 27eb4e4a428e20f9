from itertools import islice

import keras
import numpy as np
import pytest

from paperlib.compute import feeds

IMAGES = np.random.default_rng(0).integers(0, 256, (20, 4, 4, 3), dtype=np.uint8)
LABELS = np.arange(20)


def drawn(indices, batch, steps, feed="resident", seed=0):
    return list(islice(feeds.batches(IMAGES, LABELS, indices, batch=batch, feed=feed, seed=seed), steps))


def test_every_pass_takes_every_index_once_in_a_new_order():
    order = np.concatenate([fed for fed, _ in drawn(np.arange(5, 15), 4, 5)])  # 20 = two passes of 10
    first, second = order[:10], order[10:]
    assert sorted(first) == sorted(second) == list(range(5, 15))
    assert first.tolist() != second.tolist()


def test_a_batch_may_be_larger_than_the_subset():
    fed, _ = drawn(np.array([3, 7]), 6, 1)[0]
    assert sorted(fed) == [3, 3, 3, 7, 7, 7]


def test_both_feeds_give_the_same_samples_in_the_same_order():
    _, resident = feeds.feed_input(IMAGES, "resident", 8)
    layer = feeds.Resident(IMAGES)
    for (indices, labels), (images, same) in zip(drawn(LABELS, 8, 4), drawn(LABELS, 8, 4, "streamed")):
        assert np.array_equal(np.asarray(layer(indices)), images) and np.array_equal(labels, same)
    assert resident.shape == (8, 4, 4, 3)


def test_resident_images_are_no_trained_weight():
    fed, images = feeds.feed_input(IMAGES, "resident", 8)
    model = keras.Model(fed, images)
    assert not model.trainable_variables and model.weights[0].dtype == "uint8"


def test_unknown_feed():
    with pytest.raises(ValueError, match="feed is 'tape': choose 'resident' or 'streamed'"):
        feeds.feed_input(IMAGES, "tape", 8)


def test_images_can_be_released():
    fed, images = feeds.feed_input(IMAGES, "resident", 8)
    model = keras.Model(fed, images)
    held = next(layer for layer in model.layers if isinstance(layer, feeds.Resident)).images
    assert np.asarray(held.value).size == IMAGES.size
    feeds.release(model)
    if keras.backend.backend() == "tensorflow":
        assert np.asarray(held.value).size == 0


def test_by_class_is_a_sorted_file_read_through_a_small_buffer():
    labels = np.tile(np.arange(10), 30)
    indices = np.arange(0, 300, 2)  # even classes alone, 30 samples each
    options = dict(batch=10, feed="resident", seed=1, order="by_class")
    drawn = [fed for fed, _ in islice(feeds.batches(IMAGES, labels, indices, **options), 30)]  # two passes
    assert set(np.concatenate(drawn).tolist()) <= set(indices.tolist())
    # The buffer holds 60 of 150: what comes first is of the first two classes and of those that follow them.
    assert set(labels[drawn[0]]) <= {0, 2, 4} and 8 not in labels[np.concatenate(drawn[:3])]
    counts = np.bincount(np.concatenate(drawn), minlength=300)[indices]
    assert counts.sum() == 300 and counts.max() <= 3  # two rounds of the file, less what is in the buffer
    again = islice(feeds.batches(IMAGES, labels, indices, **options, start=7), 3)
    assert all(np.array_equal(fed, usual) for (fed, _), usual in zip(again, drawn[7:10]))
    with pytest.raises(ValueError, match="order is 'sorted': choose 'shuffled' or 'by_class'"):
        next(feeds.batches(IMAGES, labels, indices, **{**options, "order": "sorted"}))
    with pytest.raises(ValueError, match="needs targets"):
        next(feeds.batches(IMAGES, None, indices, **options))


def test_no_samples_are_no_batches():
    with pytest.raises(ValueError, match="indices are empty"):
        next(feeds.batches(np.zeros((3, 8, 8, 1), np.uint8), None, np.arange(0), batch=2, feed="resident", seed=0))
