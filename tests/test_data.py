import gzip
import io
import os
import pickle
import struct
import tarfile
import time
import tracemalloc
import zipfile
import zlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from paperlib import data
from paperlib.data import DataError, load


def arrays(train=12, test=6, classes=3, shape=(8, 8, 3)):
    draw = np.random.default_rng(0)
    return {
        "x_train": draw.integers(0, 256, (train, *shape), dtype=np.uint8),
        "y_train": np.arange(train) % classes,
        "x_test": draw.integers(0, 256, (test, *shape), dtype=np.uint8),
        "y_test": np.arange(test) % classes,
    }


def saved(path, **changes):
    np.savez(path, **{key: value for key, value in {**arrays(), **changes}.items() if value is not None})
    return path


def test_digits(digits):
    assert digits.name == "digits"
    assert digits.x_train.shape == (1437, 32, 32, 3) and digits.x_test.shape == (360, 32, 32, 3)
    assert digits.x_train.dtype == np.uint8 and digits.x_train.max() == 255
    assert digits.y_train.dtype == np.int64 and len(digits.classes) == 10
    assert np.bincount(digits.y_test).min() >= 34  # stratified
    assert digits.fingerprint == load("digits").fingerprint == "d79af457052facbd"
    assert not digits.x_train[:, :4].any() and not digits.x_train[:, :, -4:].any()  # the centre crop loses nothing


def test_npz(tmp_path):
    dataset = load(saved(tmp_path / "mine.npz", y_train=np.arange(12).reshape(12, 1) % 3))
    assert dataset.name == "mine" and dataset.classes == ("0", "1", "2")
    assert dataset.y_train.shape == (12,) and dataset.y_train.dtype == np.int64
    assert load(saved(tmp_path / "named.npz", classes=["a", "b", "c"])).classes == ("a", "b", "c")
    assert load(str(saved(tmp_path / "again.npz"))).fingerprint == load(saved(tmp_path / "mine.npz")).fingerprint


def test_grey_images_without_a_channel_axis(tmp_path):
    grey = arrays(shape=(8, 8))
    assert load(saved(tmp_path / "grey.npz", **grey)).x_train.shape == (12, 8, 8, 1)


def written(path, changes):
    """An .npz of `arrays()` with these changes, whatever they are: arrays, or bytes that are no array."""
    with zipfile.ZipFile(path, "w") as archive:
        for key, value in {**arrays(), **changes}.items():
            if value is not None:
                file = io.BytesIO()
                if not isinstance(value, bytes):
                    np.lib.format.write_array(file, np.asarray(value))
                archive.writestr(f"{key}.npy", value if isinstance(value, bytes) else file.getvalue())
    return path


def npy(shape, descr="|u1", content=b"", version=b"\x01\x00"):
    """The bytes of an .npy file that declares whatever is said."""
    header = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (-len(header) - 11 % 64) + b"\n"
    return b"\x93NUMPY" + version + len(header).to_bytes(2, "little") + header + content


def npz(**changes):
    return lambda folder: written(folder / "bad.npz", changes)


def file_of(name, content):
    def make(folder):
        (folder / name).write_bytes(content)
        return folder / name

    return make


def cut(share):
    def make(folder):
        path = saved(folder / "cut.npz")
        path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
        return path

    return make


def overwritten(folder):
    np.savez_compressed(folder / "packed.npz", **arrays(train=300))
    packed = bytearray((folder / "packed.npz").read_bytes())
    packed[2_000:3_000] = bytes(1_000)  # in the middle of the compressed images
    (folder / "packed.npz").write_bytes(packed)
    return folder / "packed.npz"


def flipped(folder):
    """One bit of the stored pixels, which only the checksum tells."""
    path = saved(folder / "flipped.npz")
    content = bytearray(path.read_bytes())
    content[500] ^= 1
    path.write_bytes(content)
    return path


def with_field(offset, value):
    """An .npz with two bytes of each member's headers changed: flags, or the method of compression."""

    def make(folder):
        path = saved(folder / "bad.npz")
        content = bytearray(path.read_bytes())
        for mark, start in ((b"PK\x03\x04", 4), (b"PK\x01\x02", 6)):
            at = content.find(mark)
            while at >= 0:
                content[at + start + offset : at + start + offset + 2] = value.to_bytes(2, "little")
                at = content.find(mark, at + 4)
        path.write_bytes(content)
        return path

    return make


def pipe(name):
    def make(folder):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(folder / name)
        return folder / name

    return make


def link_to_nothing(folder):
    (folder / "link.npz").symlink_to(folder / "gone")
    return folder / "link.npz"


def closed_folder(folder):
    (folder / "file").touch()
    return folder / "file" / "data.npz"


def tar(**members):
    """A .tar.gz of members: name -> content, or a size that it only declares."""

    def make(folder):
        with gzip.open(folder / "bad.tar.gz", "wb", compresslevel=1) as file:
            for name, content in members.items():
                info = tarfile.TarInfo(name)
                info.size = content if isinstance(content, int) else len(content)
                file.write(info.tobuf() + (b"" if isinstance(content, int) else content + bytes(-len(content) % 512)))
            file.write(bytes(1024))
        return folder / "bad.tar.gz"

    return make


def header_bomb(folder):
    """A tar whose extended header says that it has three gigabytes."""
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 3 << 30
    (folder / "bomb.tar").write_bytes(info.tobuf() + bytes(10_240))
    return folder / "bomb.tar"


def large_batch(folder):
    for name in data.CIFAR10_BATCHES:
        with open(folder / name, "wb") as file:
            file.truncate(5 << 30)  # a hole, that takes no room
    return folder


def class_folder(name):
    def make(folder):
        for split in ("train", "test"):
            for each in (b"cat", name):
                (folder / "animals" / split).mkdir(parents=True, exist_ok=True)
                os.mkdir(os.path.join(os.fsencode(folder / "animals" / split), each))
                Image.new("RGB", (8, 8)).save(folder / "animals" / split / os.fsdecode(each) / "a.png")
        return folder / "animals"

    return make


def image_in(make):
    """Class folders with one image that `make` writes to a path."""

    def made(folder):
        root = class_folder(b"dog")(folder)
        (root / "train" / "dog" / "a.png").unlink()
        make(root / "train" / "dog" / "a.png")
        return root

    return made


def png_bomb(path):
    Image.new("RGB", (8, 8)).save(path)
    body = b"zTXt" + b"a\0\0" + zlib.compress(bytes(100_000_000))
    content = path.read_bytes()
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    path.write_bytes(content[:33] + chunk + content[33:])


def png_of_size(width, height):
    def make(path):
        Image.new("RGB", (8, 8)).save(path)
        content = bytearray(path.read_bytes())
        content[16:24] = struct.pack(">II", width, height)
        content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
        path.write_bytes(content)

    return make


# What is given, and what the message says of it. Each is told within seconds and without much memory.
MALFORMED = {
    "no path": (lambda _: None, "None is a NoneType, not a name or a path"),
    "a number": (lambda _: 5, "5 is a int, not a name or a path"),
    "a list": (lambda _: ["digits"], "is a list, not a name or a path"),
    "an array": (lambda _: np.zeros(3), "is a ndarray, not a name or a path"),
    "nothing there": (lambda _: "imagenet", "imagenet: no such file or folder, and no data set of that name"),
    "the home of nobody": (lambda _: "~nosuchuser/x", "~nosuchuser/x: cannot be a path here"),
    "5,000 characters": (lambda _: "a" * 5_000, "a… .5,000 characters.: cannot be a path .*too long"),
    "a long path": (lambda _: "a/" * 2_500, "5,000 characters.: cannot be a path here .File name too long"),
    "a zero byte": (lambda _: "a\0b.npz", "cannot be a path here .*null"),
    "through a file": (closed_folder, "data.npz: cannot be a path here .Not a directory"),
    "a link to nothing": (link_to_nothing, "link.npz: no such file or folder"),
    "a pipe": (pipe("data.npz"), "data.npz: a pipe, socket or device, not a file"),
    "a pipe as an archive": (pipe("data.tar.gz"), "a pipe, socket or device, not a file"),
    "a device": (lambda _: "/dev/zero", "/dev/zero: a pipe, socket or device"),
    "another format": (file_of("image.bmp", b"BM"), "image.bmp: cannot tell what this is"),
    "an empty folder": (lambda folder: folder, "lacks data_batch_1"),
    "half an .npz": (cut(0.5), "cut.npz: damaged or no .npz archive"),
    "an .npz without its end": (cut(0.99), "cut.npz: damaged or no .npz archive"),
    "text as .npz": (file_of("text.npz", b"no archive"), "text.npz: damaged or no .npz archive"),
    "an empty .npz": (file_of("empty.npz", b""), "empty.npz: damaged or no .npz archive"),
    "a folder called .npz": (lambda folder: (folder / "a.npz").mkdir() or folder / "a.npz", "lacks data_batch_1"),
    "an .npy called .npz": (file_of("a.npz", npy((3,), content=bytes(3))), "damaged or no .npz archive"),
    "a broken stream": (overwritten, "packed.npz: damaged or no .npz archive"),
    "a flipped bit": (flipped, "flipped.npz: damaged or no .npz archive .*CRC"),
    "encrypted": (with_field(2, 1), "damaged or no .npz archive .*encrypted"),
    "compressed by method 99": (with_field(4, 99), "damaged or no .npz archive .*compression"),
    "without x_test": (npz(x_test=None), "lacks x_test; it holds x_train, y_test, y_train"),
    "a member that is no array": (npz(x_train=b"text"), "damaged or no .npz archive .*magic"),
    "an empty member": (npz(x_train=b""), "damaged or no .npz archive"),
    "pickled objects": (npz(x_train=npy((12,), "|O", pickle.dumps([1]))), "pickled objects; they are not read"),
    "code in a header": (npz(x_train=npy("__import__('os').abort()")), "damaged or no .npz archive"),
    "a nested header": (npz(x_train=npy("(" * 9_000)), "damaged or no .npz archive"),
    "another version": (npz(x_train=npy((1,), version=b"\x07\x00")), "damaged or no .npz archive .*7"),
    "declared 279 GiB": (npz(x_train=npy((300_000_000, 32, 32, 1))), "declares uint8 .*, but has 0"),
    "a shape below 0": (npz(x_train=npy((-1, 8, 8, 3))), "has the shape .-1"),
    "a shape of 0 bytes": (npz(classes=npy((10**15,), "<U0")), "1,000,000,000,000,000 classes, but 12 images"),
    "labels without end": (npz(y_train=npy((10**15,), "|V0")), "y_train is .V0"),
    "more labels than images": (npz(y_train=np.zeros(11, int)), r"y_train is int64 \(11,\); expected one"),
    "images of floats": (npz(x_train=np.zeros((12, 8, 8, 3))), r"x_train is float64 \(12, 8, 8, 3\); expected uint8"),
    "channels first": (npz(x_train=np.zeros((12, 3, 8, 8), np.uint8)), "channels last"),
    "flat images": (npz(x_train=np.zeros((12, 8), np.uint8)), r"\(12, 8\)"),
    "a single number": (npz(x_train=np.uint8(3)), r"x_train is uint8 \(\)"),
    "images without height": (npz(x_train=np.zeros((12, 0, 8, 3), np.uint8)), "images without a pixel"),
    "images without width": (npz(x_test=np.zeros((6, 8, 0), np.uint8)), "images without a pixel"),
    "no images": (npz(x_test=np.zeros((0, 8, 8, 3), np.uint8), y_test=np.zeros(0, int)), "x_test is empty"),
    "two sizes": (
        npz(x_test=np.zeros((6, 9, 9, 3), np.uint8)), r"images of \(8, 8, 3\) in train but of \(9, 9, 3\) in test",
    ),
    "labels of floats": (npz(y_train=np.zeros(12)), "y_train is float64"),
    "labels of NaN": (npz(y_train=np.full(12, np.nan)), "y_train is float64"),
    "labels of booleans": (npz(y_train=np.zeros(12, bool)), "y_train is bool"),
    "a label below 0": (npz(y_test=np.array([0, 1, 2, 0, 1, -1])), "labels from -1 to 2; expected 0 to 2"),
    "label 2,000,000,000": (npz(y_test=np.array([0, 1, 2, 0, 1, 2 * 10**9])), "to 2000000000 of 12 images"),
    "label 2 to the 64 minus 1": (
        npz(y_train=np.array([2**64 - 1] * 12, np.uint64)), "y_train has the label 18446744073709551615",
    ),
    "fewer names than labels": (npz(classes=["a", "b"]), "labels from 0 to 2; expected 0 to 1"),
    "more names than labels": (npz(classes=["a", "b", "c", "d"]), "no train image of class 'd'"),
    "more names than images": (npz(classes=[str(i) for i in range(13)]), "13 classes, but 12 images in train"),
    "a class without a test image": (npz(y_test=np.array([0, 1, 0, 1, 0, 1])), "no test image of class '2'"),
    "one class": (npz(y_train=np.zeros(12, int), y_test=np.zeros(6, int)), "only one class"),
    "the same name twice": (npz(classes=["a", "b", "a"]), "several classes are called 'a'"),
    "names that are no text": (npz(classes=np.array([b"a", b"b", b"\xff"])), "is no UTF-8 text"),
    "names as one text": (npz(classes="abc"), r"classes is <U3 \(\); expected a list of names"),
    "names of numbers with a point": (npz(classes=[0.5, 1.5, 2.5]), "classes is float64"),
    "names without end": (npz(classes=["a" * 2_000, "b", "c"]), "expected a list of names of up to 1,000 characters"),
    "names in a table": (npz(classes=[["a", "b", "c"]]), r"classes is <U1 \(1, 3\)"),
    "an archive of nothing": (file_of("a.tar.gz", b""), "a.tar.gz: damaged or no archive"),
    "text as an archive": (file_of("a.tar", b"no archive" * 100), "a.tar: damaged or no archive"),
    "an archive without batches": (tar(readme=b"text"), "lacks data_batch_1"),
    "an archive of 3 GB": (tar(large=3 << 30, data_batch_1=b"x"), "unpacks to more than 1 GiB, at 'large'"),
    "a batch of 300 MB": (tar(data_batch_1=300 << 20), "data_batch_1 has 314,572,800 bytes, and the official one"),
    "a header of 3 GB": (header_bomb, "damaged or no archive .a block of 3,221,225,472 bytes"),
    "batches of 5 GiB": (large_batch, "data_batch_1 has 5,368,709,120 bytes"),
    "a class that is no text": (class_folder(b"d\xffg"), "is no UTF-8 text; give the class another name"),
    "a pipe as an image": (image_in(os.mkfifo), "a.png: cannot be read as an image .a folder, a pipe"),
    "a folder as an image": (image_in(os.mkdir), "a.png: cannot be read as an image .a folder, a pipe"),
    "a link as an image": (image_in(lambda path: path.symlink_to("gone")), "a.png: cannot be read as an image"),
    "a text that inflates": (image_in(png_bomb), "a.png: cannot be read as an image .*too large"),
    "an image of 3 gigapixels": (image_in(png_of_size(60_000, 50_000)), "a.png: cannot be read as an image"),
    "an image of no pixel": (image_in(png_of_size(0, 8)), "a.png: cannot be read as an image"),
    "an image of 16 bits": (
        image_in(lambda path: Image.new("I;16", (8, 8)).save(path)), "its pixels have more than 8 bits",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MALFORMED)
def test_what_is_malformed_is_told(tmp_path, case):
    make, message = MALFORMED[case]
    source = make(tmp_path)
    tracemalloc.start()
    started = time.monotonic()
    with pytest.raises(DataError, match=message) as caught:
        load(source)
    assert time.monotonic() - started < 10 and tracemalloc.get_traced_memory()[1] < 150 << 20
    tracemalloc.stop()
    assert len(str(caught.value)) < 1_000
    if isinstance(source, Path):
        assert str(tmp_path) in str(caught.value)  # it names the file


def test_what_does_not_fit_into_memory_is_not_read(tmp_path, monkeypatch):
    path = saved(tmp_path / "large.npz")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=1_000))
    with pytest.raises(DataError, match=r"large.npz: x_train is uint8 .* takes 0.0 GiB of memory, and 0.0 GiB are"):
        load(path)


def test_what_is_not_needed_is_not_read(tmp_path):
    with zipfile.ZipFile(saved(tmp_path / "more.npz"), "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("more.npy", "w") as member:
            member.write(npy((200 << 20,)))
            for _ in range(200):
                member.write(bytes(1 << 20))
        archive.writestr("readme.txt", "no array")
    tracemalloc.start()
    assert load(tmp_path / "more.npz").name == "more"
    assert tracemalloc.get_traced_memory()[1] < 20 << 20
    tracemalloc.stop()
    arrays = data.npz_arrays(tmp_path / "more.npz")
    assert sorted(arrays) == ["more", "x_test", "x_train", "y_test", "y_train"] and "readme.txt" not in arrays
    assert arrays["more"].shape == (200 << 20,) and arrays.get("readme.txt") is None


_WHOLE = io.BytesIO()
np.savez_compressed(_WHOLE, **arrays(), classes=["a", "b", "c"])
_STORED = io.BytesIO()
np.savez(_STORED, **arrays(), classes=["a", "b", "c"])


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    whole=st.sampled_from([_WHOLE.getvalue(), _STORED.getvalue()]),
    changes=st.lists(st.tuples(st.floats(0, 0.9999), st.binary(min_size=1, max_size=4)), max_size=6),
    end=st.floats(0.5, 1),
)
def test_any_damage_to_an_npz_is_told_or_does_no_harm(tmp_path_factory, whole, changes, end):
    content = bytearray(whole)
    for at, new in changes:
        content[int(at * len(content)) : int(at * len(content)) + len(new)] = new
    path = tmp_path_factory.getbasetemp() / "fuzzed.npz"
    path.write_bytes(content[: int(end * len(content)) if end < 0.9 else None])
    try:
        dataset = load(path)
    except DataError as error:
        assert str(path) in str(error)
    else:
        assert dataset.x_train.dtype == np.uint8 and dataset.y_train.max() < len(dataset.classes)


_SCALARS = st.one_of(st.integers(-(2**70), 2**70), st.text(max_size=5), st.none(), st.booleans(), st.floats())
_SHAPES = st.one_of(_SCALARS, st.lists(_SCALARS, max_size=5).map(tuple))


@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    shape=_SHAPES,
    descr=st.one_of(st.sampled_from(["|u1", "<i8", "<U3", "|O", "|V0", "<f2", ">u8", "", "M8[ns]"]), _SHAPES),
    key=st.sampled_from(["x_train", "y_test", "classes"]),
)
def test_any_header_is_told_or_does_no_harm(tmp_path_factory, shape, descr, key):
    path = written(tmp_path_factory.getbasetemp() / "headed.npz", {key: npy(shape, descr, bytes(96))})
    with pytest.raises(DataError, match="headed.npz"):
        load(path)


def test_class_names(tmp_path):
    for names, expected in (
        (["a", "b", "ü"], ("a", "b", "ü")),
        (np.array(["a", "b", "ü".encode()], dtype="S2"), ("a", "b", "ü")),
        ([3, 1, 2], ("3", "1", "2")),
    ):
        assert load(written(tmp_path / "named.npz", {"classes": names})).classes == expected


def test_only_what_has_its_images_is_taken_for_cifar10(tmp_path):
    for name in ("cifar100", "cifar10_mine", "cifar10", "cifar10-mine"):
        assert load(saved(tmp_path / f"{name}.npz")).classes == ("0", "1", "2")


def test_what_is_transparent_shows_white(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 4), dtype=np.uint8)
    for alpha, expected in ((0, np.full((8, 8, 3), 255)), (255, pixels[..., :3])):
        pixels[..., 3] = alpha
        Image.fromarray(pixels).save(tmp_path / "a.png")
        assert np.array_equal(data.read_images([tmp_path / "a.png"])[0], expected)


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
    with pytest.raises(DataError, match=r"3.jpg: \(9, 9, 3\), but the images before it are \(8, 8, 3\)"):
        load(folders)
    broken.unlink()
    truncated = folders / "train" / "cat" / "0.png"
    truncated.write_bytes(truncated.read_bytes()[:60])
    with pytest.raises(DataError, match="0.png: cannot be read as an image"):
        load(folders)
    for file in (folders / "train" / "cat").iterdir():
        file.unlink()
    with pytest.raises(DataError, match="cat: no .png or .jpg image in this class folder"):
        load(folders)
    (folders / "train" / "cat").rmdir()
    with pytest.raises(DataError, match=r"in only one of them: \['cat'\]"):
        load(folders)
    for folder in sorted((folders / "test").rglob("*"), reverse=True):
        folder.unlink() if folder.is_file() else folder.rmdir()
    (folders / "test").rmdir()
    with pytest.raises(DataError, match="no folder test/"):
        load(folders)


def planes():
    return np.random.default_rng(0).integers(0, 256, (10_000, 3_072), dtype=np.uint8)


def check_official(dataset, images):
    assert dataset.name == "cifar10" and dataset.classes[:2] == ("airplane", "automobile")
    assert dataset.x_train.shape == (50_000, 32, 32, 3) and dataset.x_test.shape == (10_000, 32, 32, 3)
    assert dataset.x_train[0, 2, 5].tolist() == images[0, [2 * 32 + 5, 1_024 + 2 * 32 + 5, 2_048 + 2 * 32 + 5]].tolist()
    assert np.array_equal(dataset.y_test, np.arange(10_000) % 10)


def test_official_binary_folder_and_archive(tmp_path):
    images = planes()
    batch = np.hstack([(np.arange(10_000) % 10).astype(np.uint8)[:, None], images]).tobytes()
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    for name in data.CIFAR10_BATCHES:
        (folder / f"{name}.bin").write_bytes(batch)
    check_official(load(folder), images)
    archive = tmp_path / "cifar-10-binary.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        tar.add(folder, "cifar-10-batches-bin")
    check_official(load(archive), images)
    (folder / "data_batch_3.bin").write_bytes(batch[:-1])
    with pytest.raises(DataError, match="data_batch_3.bin has 30,729,999 bytes instead of 30,730,000"):
        load(folder)
    (folder / "data_batch_3.bin").unlink()
    with pytest.raises(DataError, match="lacks data_batch_3.bin"):
        load(folder)
    archive.write_bytes(archive.read_bytes()[:1_000_000])
    with pytest.raises(DataError, match="damaged or no archive"):
        load(archive)


class Planted:
    """What an attacker would pickle."""

    def __reduce__(self):
        return (pytest.fail, ("a batch was unpickled without its published digest",))


def test_pickled_batches_are_read_only_with_the_published_digest(tmp_path, monkeypatch):
    images = planes()
    content = pickle.dumps({b"data": images, b"labels": (np.arange(10_000) % 10).tolist()})
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for name in data.CIFAR10_BATCHES:
        (folder / name).write_bytes(content)
    with pytest.raises(
        DataError, match="data_batch_1 has MD5 .* the published one is c99cafc152244af753f735de768cd75f"
    ):
        load(folder)
    digest = data.hashlib.md5(content).hexdigest()
    monkeypatch.setattr(data, "CIFAR10_BATCHES", dict.fromkeys(data.CIFAR10_BATCHES, digest))
    check_official(load(folder), images)
    (folder / "test_batch").write_bytes(pickle.dumps(Planted()))
    with pytest.raises(DataError, match="test_batch has MD5 .* it was not unpickled"):
        load(folder)


def test_planted_pickles_in_an_archive_are_not_run(tmp_path):
    archive = tmp_path / "cifar-10-python.tar.gz"
    planted = pickle.dumps(Planted())
    with tarfile.open(archive, "w:gz") as tar:
        for name in data.CIFAR10_BATCHES:
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(planted)
            tar.addfile(member, io.BytesIO(planted))
    with pytest.raises(DataError, match="was not unpickled"):
        load(archive)


def test_cifar10_without_a_network_says_what_to_do(monkeypatch):
    import keras

    def refuse(*arguments, **options):
        raise Exception("URL fetch failure: no network")

    monkeypatch.setattr(keras.utils, "get_file", refuse)
    with pytest.raises(DataError, match="fetch it elsewhere and give the path to the archive"):
        load("cifar10")


def test_the_jpeg_copy_of_cifar10(cifar10_npz):
    dataset = load(cifar10_npz)
    assert dataset.name == "cifar10-jpeg" and dataset.classes[9] == "truck"
    assert dataset.x_train.shape == (50_000, 32, 32, 3) and dataset.x_test.shape == (10_000, 32, 32, 3)
    assert set(np.bincount(dataset.y_train)) == {5_000} and set(np.bincount(dataset.y_test)) == {1_000}
    assert dataset.fingerprint == "17c4c3d919590a41"  # that of the committed records
