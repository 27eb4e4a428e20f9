"""Whatever somebody's file or folder holds: samples, or a short error that names it, within seconds."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from paperlib.data import DataError
from paperlib.own_data.loading import load

from ..data.malformed import (
    cut,
    file_of,
    link_to_nothing,
    npy,
    pipe,
    png_bomb,
    png_of_size,
    refusal,
    with_field,
)


def npz(**arrays):
    def make(folder):
        np.savez(folder / "bad.npz", **arrays)
        return folder / "bad.npz"

    return make


def folder_with(write, name="b.png"):
    """A folder of one good picture and another that `write` makes at a path."""

    def make(folder):
        (folder / "photos").mkdir()
        Image.new("RGB", (9, 9)).save(folder / "photos" / "a.png")
        write(Path(os.fsdecode(os.path.join(os.fsencode(folder / "photos"), os.fsencode(name)))))
        return folder / "photos"

    return make


def half_a_picture(path):
    file = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(file, "PNG")
    path.write_bytes(file.getvalue()[: len(file.getvalue()) // 2])


def foreign_class(folder):
    os.mkdir(os.path.join(os.fsencode(folder), b"d\xffg"))
    for name in (b"d\xffg", b"cat"):
        os.makedirs(os.path.join(os.fsencode(folder), name), exist_ok=True)
        Image.new("RGB", (8, 8)).save(Path(os.fsdecode(os.path.join(os.fsencode(folder), name))) / "a.png")
    return folder


VECTORS = np.arange(12.0).reshape(6, 2)
MALFORMED = {
    "no path": (lambda _: None, "None is a NoneType"),
    "an empty path": (lambda _: " ", "the path is empty"),
    "the home of nobody": (lambda _: "~nosuchuser/x", "cannot be a path here"),
    "5,000 characters": (lambda _: "a" * 5_000, "5,000 characters"),
    "a zero byte": (lambda _: "a\0b", "cannot be a path here"),
    "a link to nothing": (link_to_nothing, "no such file or folder"),
    "a pipe": (pipe("data.npz"), "a pipe"),
    "a pipe as a table": (pipe("data.csv"), "a pipe"),
    "a device": (lambda _: "/dev/zero", "a device"),
    "an empty folder": (lambda folder: folder, "neither class folders nor pictures"),
    "half an .npz": (cut(0.5), "damaged or no .npz archive"),
    "text as .npz": (file_of("a.npz", b"no archive"), "damaged or no .npz archive"),
    "an empty .npz": (file_of("a.npz", b""), "damaged or no .npz archive"),
    "an encrypted .npz": (with_field(2, 1), "damaged or no .npz archive .*encrypted"),
    "an .npz of method 99": (with_field(4, 99), "damaged or no .npz archive .*compression"),
    "objects in an .npz": (npz(embeddings=np.array([{}, {}])), "pickled objects"),
    "labels of 2 to the 64": (npz(embeddings=VECTORS, labels=np.array([2**64 - 1] * 6, np.uint64)), "has the label"),
    "labels of NaN": (npz(embeddings=VECTORS, labels=np.full(6, np.nan)), "labels is float64"),
    "labels of no dimension": (npz(embeddings=VECTORS, labels=3), r"labels is int64 \(\)"),
    "classes of no dimension": (npz(embeddings=VECTORS, labels=[0, 1] * 3, classes="ab"), "but classes names 1"),
    "a class twice": (npz(embeddings=VECTORS, labels=[0, 1] * 3, classes=["a", "a"]), "more than once"),
    "embeddings of no dimension": (npz(embeddings=np.float64(3)), r"embeddings is float64 \(\)"),
    "embeddings without numbers": (npz(embeddings=VECTORS[:, :0]), r"embeddings is float64 \(6, 0\)"),
    "embeddings of text": (npz(embeddings=[["a"], ["b"]]), "embeddings is <U1"),
    "complex embeddings": (npz(embeddings=VECTORS * 1j), "complex128"),
    "infinite embeddings": (npz(embeddings=np.where(VECTORS == 4, np.inf, VECTORS)), "NaN or infinite"),
    "images without width": (npz(images=np.zeros((3, 8, 0), np.uint8)), "without a pixel"),
    "images of floats": (npz(images=np.zeros((3, 8, 8))), "expected uint8 images"),
    "text as .npy": (file_of("a.npy", b"no array"), "damaged or no .npy array"),
    "an empty .npy": (file_of("a.npy", b""), "damaged or no .npy array"),
    "a pickle as .npy": (file_of("a.npy", b"\x80\x04N."), "damaged or no .npy array"),
    "an .npy of objects": (file_of("a.npy", npy((2,), "|O", b"x" * 99)), "damaged or no .npy array"),
    "an .npy of 279 GiB": (file_of("a.npy", npy((300_000_000, 1000))), "damaged or no .npy array"),
    "code in an .npy header": (file_of("a.npy", npy("__import__('os').abort()")), "damaged or no .npy array"),
    "an .npy shape below 0": (file_of("a.npy", npy((-1, 8))), "damaged or no .npy array"),
    "an .npy with a nested header": (file_of("a.npy", npy("(" * 9_000)), "damaged or no .npy array"),
    "an empty table": (file_of("a.csv", b""), "damaged or no table"),
    "a table of text": (file_of("a.csv", b"a,b\nx,y\nz,w\n"), "no column of numbers"),
    "a table of header alone": (file_of("a.csv", b"a,b\n"), "has no rows"),
    "a table of bytes": (file_of("a.csv", bytes(range(128, 256)) * 9), "damaged or no table"),
    "a table with a gap": (file_of("a.csv", b"a,b\n1,2\n3,\n5,6\n"), "NaN or infinite"),
    "a ragged table": (file_of("a.csv", b"a,b\n1,2\n3,4,5,6\n"), "damaged or no table"),
    "a table without a label": (file_of("a.csv", b"a,label\n1,x\n2,\n"), "label is empty in row 1"),
    "text as .parquet": (file_of("a.parquet", b"no table"), "damaged or no table"),
    "an empty .parquet": (file_of("a.parquet", b""), "damaged or no table"),
    "another format": (file_of("a.xls", b"1"), "cannot tell what this is"),
    "half a picture": (folder_with(half_a_picture), "b.png: cannot be read as an image"),
    "a text that inflates": (folder_with(png_bomb), "b.png: cannot be read as an image"),
    "3 gigapixels": (folder_with(png_of_size(60_000, 50_000)), "b.png: cannot be read as an image"),
    "a picture of no pixel": (folder_with(png_of_size(0, 8)), "b.png: cannot be read as an image"),
    "16 bits": (folder_with(lambda path: Image.new("I;16", (8, 8)).save(path)), "more than 8 bits"),
    "a name that is no text": (
        folder_with(lambda path: Image.new("RGB", (8, 8)).save(path), b"\xff.png"),
        "not UTF-8",
    ),
    "a class that is no text": (foreign_class, "not UTF-8"),
    "a pipe among pictures": (folder_with(os.mkfifo), "nothing can be left out"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_what_is_malformed_is_told(tmp_path, case):
    make, message = MALFORMED[case]
    assert len(refusal(load, make(tmp_path), message, seconds=20)) < 1_500


def _bytes(write):
    file = io.BytesIO()
    write(file)
    return file.getvalue()


GOOD = {
    "npz": _bytes(lambda file: np.savez(file, embeddings=VECTORS, labels=[0, 1] * 3, classes=["a", "b"])),
    "npy": _bytes(lambda file: np.save(file, VECTORS)),
    "csv": b"a,b,label\n1,2,x\n3,4,y\n5,6,x\n",
    "png": _bytes(lambda file: Image.effect_noise((9, 9), 50).save(file, "PNG")),
    "jpg": _bytes(lambda file: Image.effect_noise((9, 9), 50).save(file, "JPEG")),
    "gif": _bytes(lambda file: Image.effect_noise((9, 9), 50).save(file, "GIF")),
    "bmp": _bytes(lambda file: Image.effect_noise((9, 9), 50).save(file, "BMP")),
    "tif": _bytes(lambda file: Image.effect_noise((9, 9), 50).save(file, "TIFF")),
    "webp": _bytes(lambda file: Image.effect_noise((9, 9), 50).save(file, "WEBP")),
}


@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    suffix=st.sampled_from(sorted(GOOD)),
    changes=st.lists(st.tuples(st.floats(0, 0.9999), st.binary(min_size=1, max_size=4)), max_size=4),
    end=st.floats(0.2, 1.5),
)
def test_any_damage_is_told_or_does_no_harm(tmp_path_factory, suffix, changes, end):
    content = bytearray(GOOD[suffix])
    for at, new in changes:
        content[int(at * len(content)) : int(at * len(content)) + len(new)] = new
    folder = tmp_path_factory.mktemp("fuzzed")
    source = path = folder / f"fuzzed.{suffix}"
    if suffix not in ("npz", "npy", "csv"):
        (folder / "good.png").write_bytes(GOOD["png"])
        source = folder
    path.write_bytes(content[: int(end * len(content)) if end < 1 else None])
    try:
        samples = load(source)
    except DataError as error:
        assert "fuzzed" in str(error)
        return
    assert len(samples) >= 2 and (samples.embeddings is None or np.isfinite(samples.embeddings).all())
