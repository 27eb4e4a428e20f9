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
    crops = called(augment.RandomCropFlip(24, seed=3), images)
    assert crops.shape == (200, 24, 24, 3) and crops.dtype == np.uint8
    turned = crops[:, 0, 0, 1] > crops[:, 0, -1, 1]
    assert 60 < turned.sum() < 140  # about half of them are mirrored
    crops[turned] = crops[turned, :, ::-1]
    corners = crops[:, 0, 0, :2].astype(int)
    for image, crop, (top, left) in zip(images, crops, corners):
        assert np.array_equal(crop, image[top : top + 24, left : left + 24])
    assert set(corners[:, 0]) == set(corners[:, 1]) == set(range(9))  # every position that fits
    assert len({tuple(corner) for corner in corners}) > 50
    assert set(corners[turned, 1]) == set(corners[~turned, 1]) == set(range(9))


def augmented_by_the_book(image, delta, contrast, by):
    """The paper's steps, one after the other, for one image."""
    image = image.astype(np.float64) + delta
    means = image.mean(axis=(0, 1))
    image = (image - means) * contrast + means
    spread = max(image.std(), 1 / np.sqrt(image.size))
    return (image - image.mean()) / (spread if by == "deviation" else spread**2)


@pytest.mark.parametrize("by", ["deviation", "variance"])
def test_contrast_and_standardization_in_one_equal_the_steps_one_by_one_at_any_brightness(by):
    draw = np.random.default_rng(1)
    contrast = draw.uniform(0.2, 1.8, (64, 1, 1, 1)).astype(np.float32)
    results = keras.ops.convert_to_numpy(augment.standardize(IMAGES, by, contrast))
    for image, factor, result in zip(IMAGES, contrast.ravel(), results):
        assert np.allclose(result, augmented_by_the_book(image, draw.uniform(-63, 63), factor, by), atol=1e-4)


def test_contrast_is_drawn_per_image():
    varied = IMAGES.copy()
    varied[..., 0] //= 4  # so that the means of the channels differ, and with them what contrast changes
    layer = augment.RandomContrastStandardize(0.2, 1.8, seed=4)
    results = called(layer, varied)
    factors = []
    for image, result in zip(varied.astype(np.float64), results):
        means, shown = image.mean(axis=(0, 1)), result.mean(axis=(0, 1))
        within, between = (image - means)[..., 1].std(), means[1] - means[0]
        factors.append((result - shown)[..., 1].std() / (shown[1] - shown[0]) * between / within)
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
        augment.RandomCropFlip(24, 3),
        augment.RandomContrastStandardize(0.5, 1.5, "variance", 3),
        augment.RandomBrightnessContrastClipped(10.0, 0.5, 1.5, 3),
    ],
)
def test_layers_can_be_saved(layer):
    config = layer.get_config()
    assert type(layer).from_config(config).get_config() == config


def test_clipped_images_are_changed_per_image_and_stay_pixels():
    grey = np.broadcast_to(np.array([120, 130], np.uint8)[:, None, None], (64, 2, 24, 3)).copy()  # a mean of 125
    changed = called(augment.RandomBrightnessContrastClipped(seed=5), grey)
    brightness, contrast = changed.mean(axis=(1, 2, 3)) - 125, (changed[:, 1, 0, 0] - changed[:, 0, 0, 0]) / 10
    assert -63 <= brightness.min() < -50 and 50 < brightness.max() < 63  # nothing is clipped here
    assert 0.2 <= contrast.min() < 0.4 and 1.6 < contrast.max() < 1.8
    assert abs(np.corrcoef(brightness, contrast)[0, 1]) < 0.4  # two draws
    changed = called(augment.RandomBrightnessContrastClipped(seed=5))
    assert changed.min() == 0 and changed.max() == 255
    assert np.array_equal(called(augment.RandomBrightnessContrastClipped(), training=False), IMAGES)


def test_with_clipping_brightness_matters_and_without_it_is_as_before():
    plain, clipped = (called(augment.augmentation(24, clip=clip, seed=7)) for clip in (False, True))
    assert clipped.shape == plain.shape and not np.allclose(clipped, plain, atol=0.1)
    assert np.allclose(clipped.mean(axis=(1, 2, 3)), 0, atol=1e-4)
    assert np.allclose(clipped.std(axis=(1, 2, 3)), 1, atol=1e-3)
