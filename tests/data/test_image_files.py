import os
import socket

import numpy as np
import pytest
from PIL import Image, features

from paperlib.data import DataError, image_files
from paperlib.own_data.loading import load

ORIENTATION = 0x0112


def gradient(height, width):
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows * 255 // height, columns * 255 // width, np.full_like(rows, 90)], axis=2).astype(np.uint8)


def test_every_format_is_read_and_shows_the_same(tmp_path):
    picture = Image.fromarray(gradient(24, 24))
    suffixes = ["png", "bmp", "gif", "tiff", "ppm", "tga", "pcx", "sgi", "jpg", "JPEG", "webp"]
    suffixes += ["jp2"] if features.check("jpg_2000") else []
    for suffix in suffixes:
        lossless = {"lossless": True} if suffix == "webp" else {"quality": 98} if suffix in ("jpg", "JPEG") else {}
        picture.save(tmp_path / f"{suffix}.{suffix}", **lossless)
    samples = load(tmp_path)
    assert len(samples) == len(suffixes) and samples.passed_over is None
    for name, image in zip(samples.files, samples.images.astype(int)):
        assert np.abs(image - gradient(24, 24)).max() <= (40 if name.endswith("gif") else 16), name  # 256 colours


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "tiff", "webp"])
def test_orientation(tmp_path, orientation, suffix):
    """The upper left quarter of what a viewer shows is dark, wherever it lies in the file."""
    shown = Image.fromarray(np.pad(np.zeros((20, 15, 3), np.uint8), ((0, 20), (0, 15), (0, 0)), constant_values=255))
    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,  # a viewer turns it back by 270
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = shown.transpose(turn[orientation]) if orientation > 1 else shown
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    for name in "ab":
        stored.save(tmp_path / f"{name}.{suffix}", exif=exif)
    samples = load(tmp_path)
    assert samples.images.shape == (2, 40, 30, 3)
    assert samples.images[0, :18, :13].max() < 40 and samples.images[0, 22:, 17:].min() > 200
    assert samples.images[0, :18, 17:].min() > 200 and samples.images[0, 22:, :13].min() > 200


def test_a_large_photo_is_turned_too_and_scaled(tmp_path):
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    pixels = np.full((300, 400, 3), 255, np.uint8)
    pixels[:, :200] = 0  # left in the file: on top for a viewer
    for name in "ab":
        Image.fromarray(pixels).save(tmp_path / f"{name}.jpg", exif=exif)
    (image, _) = load(tmp_path).images
    assert image.shape == (64, 64, 3) and image[:30].max() < 10 and image[34:].min() > 245


def test_transparent_parts_are_white(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (16, 16, 4), dtype=np.uint8)
    noise[..., 3] = 0
    Image.fromarray(noise).save(tmp_path / "clear.png")
    noise[..., :3], noise[..., 3] = 100, 255
    Image.fromarray(noise).save(tmp_path / "opaque.png")
    palette = Image.fromarray(noise[..., 0]).convert("P")
    palette.info["transparency"] = palette.getpixel((0, 0))
    palette.save(tmp_path / "palette.gif", transparency=palette.getpixel((0, 0)))
    samples = load(tmp_path)
    assert dict(zip(samples.files, samples.images[:, 8, 8, 0].tolist())) == {
        "clear.png": 255,
        "opaque.png": 100,
        "palette.gif": 255,
    }


def test_grey_pictures_stay_grey(tmp_path):
    for name in "ab":
        Image.fromarray(gradient(20, 20)[..., 0]).save(tmp_path / f"{name}.png")
    samples = load(tmp_path)
    assert samples.images.shape == (2, 20, 20, 1) and np.array_equal(
        samples.images[0, ..., 0], gradient(20, 20)[..., 0]
    )


def picture(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(gradient(9, 9)).save(path)


def test_nested_class_folders(tmp_path):
    for name in ("cats/1.png", "cats/old/2.png", "cats/old/older/3.webp", "dogs/1.png"):
        picture(tmp_path / "unpacked" / "photos" / name)
    samples = load(tmp_path)  # a folder of nothing but a folder of folders is passed through
    assert samples.classes == ("cats", "dogs") and samples.labels.tolist() == [0, 0, 0, 1]
    assert samples.files[2] == "unpacked/photos/cats/old/older/3.webp"
    assert len(load(tmp_path / "unpacked")) == len(load(tmp_path / "unpacked" / "photos")) == 4
    (tmp_path / "unpacked" / "LICENSE").write_text("text")
    again = load(tmp_path)  # also beside a file that is no picture
    assert again.classes == ("cats", "dogs") and "LICENSE" in again.passed_over


def test_the_size_of_a_large_png_that_is_turned(tmp_path):
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    Image.fromarray(gradient(80, 100)).save(tmp_path / "a.png", exif=exif)
    files = [tmp_path / "a.png"]
    assert image_files.sizes_and_channels(files, exact=True)[0] == [(100, 80)]


def test_what_is_passed_over_is_counted_and_named(tmp_path):
    picture(tmp_path / "a" / "0.png")
    picture(tmp_path / "b" / "0.png")
    (tmp_path / "a" / "notes.txt").write_text("text")
    (tmp_path / "a" / "photo.heic").write_text("text")
    (tmp_path / "b" / "LICENSE").write_text("text")
    (tmp_path / "labels.csv").write_text("a")
    (tmp_path / "a" / ".hidden").write_text("text")
    os.mkfifo(tmp_path / "a" / "pipe.png")  # would wait for a writer for ever
    (tmp_path / "b" / "loop").symlink_to(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(tmp_path / "b" / "socket.jpg"))
        samples = load(tmp_path)
    assert len(samples) == 2
    for part in (
        "7 in all",
        ".txt",
        "photo.heic",
        "LICENSE",
        "labels.csv",
        "pipe.png",
        "socket.jpg",
        "a link to a folder",
    ):
        assert part in samples.passed_over
    assert samples.passed_over in samples.describe() and "hidden" not in samples.passed_over


def test_names_that_are_no_text_are_refused_before_anything_is_read(tmp_path):
    for folder, name in ((b"caf\xe9", b"0.png"), (b"good", b"\xff.png")):
        top = tmp_path / folder.hex()
        path = os.path.join(os.fsencode(top), folder, name)
        os.makedirs(os.path.dirname(path))
        with open(path, "wb") as file:
            file.write(b"never looked at")
        with pytest.raises(DataError, match="not UTF-8, so that it cannot be written down; rename it") as caught:
            load(top)
        str(caught.value).encode()


def test_all_broken_files_are_named_at_once(tmp_path):
    for i in range(5):
        Image.fromarray(gradient(90, 90)).save(tmp_path / f"{i}.png")
    for i in (1, 3):
        (tmp_path / f"{i}.png").write_bytes((tmp_path / "0.png").read_bytes()[:200])
    (tmp_path / "4.png").write_bytes(b"<svg>")
    with pytest.raises(DataError, match="4.png: cannot be read as an image"):  # seen in the headers already
        load(tmp_path)
    Image.fromarray(gradient(90, 90)).save(tmp_path / "4.png")
    with pytest.raises(DataError, match=r"1.png: cannot be read .*; so are 1 others: 3.png; replace or remove them"):
        load(tmp_path)


def test_a_program_is_never_started_for_a_format(tmp_path):
    (tmp_path / "0.png").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n")
    picture(tmp_path / "1.png")
    with pytest.raises(DataError, match="0.png: cannot be read as an image"):
        load(tmp_path)
    assert ".eps" not in image_files.suffixes() and {".jpg", ".png", ".webp", ".gif"} <= image_files.suffixes()


def test_pictures_that_are_larger_than_memory_allows_lie_in_a_file(tmp_path, monkeypatch):
    for i in range(70):
        Image.fromarray(gradient(12, 12) + np.uint8(i)).save(tmp_path / f"{i:02}.png")
    in_memory = load(tmp_path).images
    monkeypatch.setattr(image_files, "IN_MEMORY", 1_000)
    in_file = load(tmp_path).images
    assert isinstance(in_file, np.memmap) and not isinstance(in_memory, np.memmap)
    assert np.array_equal(in_memory, in_file)


def test_progress_counts_every_file(tmp_path):
    for i in range(70):
        picture(tmp_path / f"{i}.png")
    counted = []
    image_files.read(sorted(tmp_path.iterdir()), (9, 9, 3), square=False, on_done=counted.append)
    assert sum(counted) == 70 and len(counted) == 3
