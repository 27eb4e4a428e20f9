import keras
import numpy as np
import pytest

from paperlib import augment

IMAGES = np.random.default_rng(0).integers(0, 256, (64, 32, 32, 3), dtype=np.uint8)


def called(layer, images=IMAGES, training=True):
    return keras.ops.convert_to_numpy(layer(images, training=training))


def marked(count):
    """Images whose pixels say where they stood: row, column and image number."""
    rows, columns = np.mgrid[:32, :32]
    return np.stack([np.stack([rows, columns, np.full_like(rows, i)], axis=-1) for i in range(count)]).astype(np.uint8)


def test_crops_are_windows_drawn_per_image():
    images = marked(200)
    crops = called(augment.RandomCrop(24, seed=3), images)
    assert crops.shape == (200, 24, 24, 3) and crops.dtype == np.uint8
    corners = crops[:, 0, 0, :2].astype(int)
    for image, crop, (top, left) in zip(images, crops, corners):
        assert np.array_equal(crop, image[top : top + 24, left : left + 24])
    assert set(corners[:, 0]) == set(corners[:, 1]) == set(range(9))  # every position that fits
    assert len({tuple(corner) for corner in corners}) > 50


def test_flips_about_half_of_the_images():
    flipped = called(augment.RandomFlip(seed=1))
    turned = [np.array_equal(image[:, ::-1], result) for image, result in zip(IMAGES, flipped)]
    kept = [np.array_equal(image, result) for image, result in zip(IMAGES, flipped)]
    assert all(a != b for a, b in zip(turned, kept))
    assert 16 < sum(turned) < 48


def test_brightness_adds_one_number_per_image():
    changed = called(augment.RandomBrightness(63, seed=2))
    delta = (changed - IMAGES.astype(np.float32)).reshape(len(IMAGES), -1)
    assert np.allclose(delta, delta[:, :1], atol=1e-4)
    assert np.all(np.abs(delta) <= 63) and len(np.unique(delta[:, 0].round(3))) > 60
    assert delta.min() < -40 and delta.max() > 40


def test_contrast_scales_the_distance_from_each_channels_mean():
    changed = called(augment.RandomContrast(0.2, 1.8, seed=4))
    factors = []
    for image, result in zip(IMAGES.astype(np.float64), changed):
        mean = image.mean(axis=(0, 1))
        factor = (result[0, 0, 0] - mean[0]) / (image[0, 0, 0] - mean[0])
        assert np.allclose(result, mean + factor * (image - mean), atol=0.05)
        factors.append(factor)
    assert 0.2 <= min(factors) < 0.5 and 1.5 < max(factors) <= 1.8


@pytest.mark.parametrize("by", ["deviation", "variance"])
def test_standardize_equals_numpy_image_by_image(by):
    images = np.concatenate([IMAGES[:4], np.full((1, 32, 32, 3), 7, np.uint8)])  # the last one has no spread
    results = keras.ops.convert_to_numpy(augment.standardize(images, by=by))
    for image, result in zip(images.astype(np.float64), results):
        spread = max(image.std(), 1 / np.sqrt(image.size))
        expected = (image - image.mean()) / (spread if by == "deviation" else spread**2)
        assert np.allclose(result, expected, atol=1e-4)
    assert np.array_equal(results[4], np.zeros((32, 32, 3)))


def test_standardization_takes_back_the_brightness():
    plain = augment.augmentation(brightness=0.0, seed=5)
    bright = augment.augmentation(brightness=63.0, seed=5)
    assert np.allclose(called(plain), called(bright), atol=1e-3)


def test_augmentation_is_repeatable_from_its_seed_and_new_at_each_call():
    first, second, other = (augment.augmentation(seed=seed) for seed in (1, 1, 2))
    a, b = called(first), called(first)
    assert np.array_equal(a, called(second)) and not np.array_equal(a, b) and not np.array_equal(a, called(other))
    assert a.shape == (64, 24, 24, 3) and a.dtype == np.float32


def test_nothing_is_drawn_when_testing():
    tested = called(augment.augmentation(seed=1), training=False)
    expected = keras.ops.convert_to_numpy(augment.standardize(IMAGES[:, 4:28, 4:28]))
    assert np.allclose(tested, expected, atol=1e-5)


def test_center_crop():
    assert np.array_equal(augment.center_crop(IMAGES, 24), IMAGES[:, 4:28, 4:28])
    with pytest.raises(ValueError, match="33 x 33 does not fit into images of 32 x 32"):
        augment.center_crop(IMAGES, 33)


def test_unknown_spread():
    with pytest.raises(ValueError, match="by is 'range'"):
        augment.standardize(IMAGES, by="range")


@pytest.mark.parametrize(
    "layer",
    [
        augment.RandomCrop(24, 3),
        augment.RandomFlip(3),
        augment.RandomBrightness(10, 3),
        augment.RandomContrast(0.5, 1.5, 3),
        augment.Standardize("variance"),
    ],
)
def test_layers_can_be_saved(layer):
    config = layer.get_config()
    assert type(layer).from_config(config).get_config() == config
