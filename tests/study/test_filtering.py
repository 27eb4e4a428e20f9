import numpy as np

from paperlib.study import filtering


def test_each_writing_is_timed_and_leaves_nothing(tmp_path):
    images, labels = np.zeros((100, 8, 8, 3), np.uint8), np.arange(100)
    seconds = filtering.seconds_to_write(images, labels, np.array([3, 5, 7]), repeats=3, folder=tmp_path)
    assert len(seconds) == 3 and min(seconds) > 0
    assert not list(tmp_path.iterdir())
