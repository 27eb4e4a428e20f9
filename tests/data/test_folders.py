import numpy as np
import pytest
from PIL import Image

from paperlib.data import DataError, load


@pytest.fixture
def folders(tmp_path):
    root = tmp_path / "animals"
    draw = np.random.default_rng(0)
    for split in ("train", "test"):
        for name in ("cat", "dög"):
            (root / split / name).mkdir(parents=True)
            for i in range(3):
                pixels = draw.integers(0, 256, (8, 8, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(root / split / name / f"{i}.png")
    return root


def test_image_folders(folders):
    dataset = load(folders)
    assert dataset.name == "animals" and dataset.classes == ("cat", "dög")
    assert dataset.x_train.shape == (6, 8, 8, 3) and dataset.y_train.tolist() == [0, 0, 0, 1, 1, 1]
    assert np.array_equal(dataset.x_test[5], np.asarray(Image.open(folders / "test" / "dög" / "2.png")))


def test_bad_image_folders(folders):
    broken = folders / "train" / "cat" / "3.jpg"
    broken.write_bytes(b"no image")
    with pytest.raises(DataError, match="3.jpg: cannot be read as an image"):
        load(folders)
    Image.new("RGB", (9, 9)).save(broken)
    with pytest.raises(DataError, match=r"3.jpg: 9 × 9 pixels, but .*0.png has 8 × 8; resize one"):
        load(folders)
    broken.unlink()
    truncated = folders / "train" / "cat" / "0.png"
    truncated.write_bytes(truncated.read_bytes()[:60])
    with pytest.raises(DataError, match="0.png: cannot be read as an image"):
        load(folders)
    for file in (folders / "train" / "cat").iterdir():
        file.unlink()
    with pytest.raises(DataError, match="cat: no picture in this class folder"):
        load(folders)
    (folders / "train" / "cat").rmdir()
    with pytest.raises(DataError, match=r"in only one of them: \['cat'\]"):
        load(folders)
    for folder in sorted((folders / "test").rglob("*"), reverse=True):
        folder.unlink() if folder.is_file() else folder.rmdir()
    (folders / "test").rmdir()
    with pytest.raises(DataError, match="no folder test/"):
        load(folders)


def test_images_of_no_class_are_not_taken_for_a_data_set(folders):
    for split in ("train", "test"):
        for file in list((folders / split).rglob("*.png")):
            file.rename(folders / split / f"{file.parent.name}{file.name}")
        for name in ("cat", "dög"):
            (folders / split / name).rmdir()
    with pytest.raises(DataError, match=r"images of no class; move them into train/<class>/"):
        load(folders)


def test_a_photo_lies_as_a_viewer_shows_it(folders):
    """Here as for own data: one reader of files serves both."""
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down in the file
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[:4] = 255
    Image.fromarray(pixels).save(folders / "train" / "cat" / "0.png", exif=exif)
    assert not load(folders).x_train[0, :4].any() and load(folders).x_train[0, 4:].min() == 255
