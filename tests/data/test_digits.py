import numpy as np

from paperlib.data import load


def test_digits(digits):
    assert digits.name == "digits"
    assert digits.x_train.shape == (1437, 32, 32, 3) and digits.x_test.shape == (360, 32, 32, 3)
    assert digits.x_train.dtype == np.uint8 and digits.x_train.max() == 255
    assert digits.y_train.dtype == np.int64 and len(digits.classes) == 10
    assert np.bincount(digits.y_test).min() >= 34  # stratified
    assert digits.fingerprint == load("digits").fingerprint == "d79af457052facbd"
    assert not digits.x_train[:, :4].any() and not digits.x_train[:, :, -4:].any()  # the centre crop loses nothing
