"""Whatever is given: a short error that names it, within seconds and without much memory."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paperlib.data import load

from .malformed import (
    class_folder,
    closed_folder,
    cut,
    file_of,
    flipped,
    header_bomb,
    image_in,
    large_batch,
    link_to_nothing,
    npy,
    npz,
    overwritten,
    pipe,
    png_bomb,
    png_of_size,
    refusal,
    tar,
    with_field,
)

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
    "a pipe": (pipe("data.npz"), "data.npz: a pipe, not a file"),
    "a pipe as an archive": (pipe("data.tar.gz"), "a pipe, not a file"),
    "a device": (lambda _: "/dev/zero", "/dev/zero: a device, not a file"),
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
    "a class that is no text": (class_folder(b"d\xffg"), "this name is not UTF-8, so that it cannot be written down"),
    "a pipe as an image": (image_in(os.mkfifo), "dog: no picture in this class folder"),
    "a folder as an image": (image_in(os.mkdir), "dog: no picture in this class folder"),
    "a link as an image": (image_in(lambda path: path.symlink_to("gone")), "in this class folder, but 1: a.png"),
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
    said = refusal(load, source, message, seconds=10)
    assert len(said) < 1_000
    if isinstance(source, Path):
        assert str(tmp_path) in said  # it names the file
