"""Files and folders that are not what they should be. Each function gives one that writes it to a folder."""

import gzip
import io
import os
import struct
import tarfile
import time
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from paperlib.data import DataError, cifar10


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
    for name in cifar10.BATCHES:
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


def refusal(load, source, message, *, seconds):
    """What `load` says of a source that it has to refuse: with this message, so soon, and without much memory."""
    tracemalloc.start()
    started = time.monotonic()
    try:
        with pytest.raises(DataError, match=message) as caught:
            load(source)
        assert time.monotonic() - started < seconds and tracemalloc.get_traced_memory()[1] < 150 << 20
    finally:
        tracemalloc.stop()
    return str(caught.value)
