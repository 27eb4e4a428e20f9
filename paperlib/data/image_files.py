"""What image files show, decoded on all cores into one array."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from paperlib.data.dataset import DataError
from paperlib.data.sources import shown
from paperlib.machine import cores
from paperlib.storage.files import reserve

if TYPE_CHECKING:
    from PIL.Image import Image

# Formats that Pillow decodes by itself. Not those for which it starts another program (EPS) or that only have a stub.
FORMATS = (
    *("AVIF", "BMP", "DIB", "GIF", "ICO", "JPEG", "JPEG2000", "PCX", "PNG", "PPM", "QOI", "SGI", "TGA"),
    *("TIFF", "WEBP"),
)
IN_MEMORY = 1 << 30  # bytes of pixels; more lie in a file
_GREY = {"1", "L", "LA"}  # Pillow's modes
_ROTATED = {5, 6, 7, 8}  # EXIF orientations that exchange height and width
_ORIENTATION = 0x0112
_SMALL = 64  # sides up to which all of a PNG is read to know its orientation
_AT_ONCE = 32  # files that a thread takes: few enough for a steady progress bar
_ENOUGH = 2  # times the side that is asked for: a JPEG is decoded no larger than that
_NAMED = 5  # files that a message names


@cache
def suffixes() -> frozenset[str]:
    """The file name endings of `FORMATS`, in lower case, as far as the installed Pillow decodes them."""
    from PIL import Image

    return frozenset(suffix for suffix, name in Image.registered_extensions().items() if name in _decoded())


@cache
def _decoded() -> frozenset[str]:
    """Those of `FORMATS` that the installed Pillow decodes."""
    from PIL import Image

    Image.init()
    return frozenset(name for name in FORMATS if name in Image.OPEN)


def sizes_and_channels(
    files: Sequence[Path], on_done: Callable[[int], object] | None = None, *, exact: bool = False
) -> tuple[list[tuple[int, int]], int]:
    """(height, width) of each file as it will be shown, and 1 where all are grey, else 3. Reads their headers only.

    The orientation of a PNG may come last in the file. It is read of small PNGs, and of all if `exact`.
    Raises DataError, which names all files that are no readable pictures.
    """
    found = [((0, 0), False)] * len(files)

    def look(place: int) -> None:
        with _opened(files[place]) as image:
            if 0 in image.size:
                raise OSError(f"it is {image.width} × {image.height}")
            height, width = image.height, image.width
            quick = image.format != "PNG" or max(image.size) <= _SMALL
            if image.format != "TIFF" and (quick or exact):  # of a TIFF, Pillow says the size after turning it
                turned = image.getexif().get(_ORIENTATION) in _ROTATED
                height, width = (width, height) if turned else (height, width)
            found[place] = (height, width), image.mode in _GREY

    _all(look, files, on_done)
    sizes, grey = zip(*found)
    return list(sizes), 1 if all(grey) else 3


def read(
    files: Sequence[Path],
    shape: tuple[int, int, int],
    *,
    square: bool,
    on_done: Callable[[int], object] | None = None,
    out: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]:
    """Pictures uint8 (N, H, W, C) of files, decoded on all cores, each straight to its place.

    shape: (H, W, C). square: whether each is cut to the square in its middle and scaled; else all have that size.
    out: the array to fill; without, one in memory, or in a temporary file if it has more bytes than `IN_MEMORY`.
    on_done: called with a number of files whenever that many are done.

    Pictures are turned as their EXIF orientation says, and laid on white where they are transparent; of several
    frames the first is taken. Raises DataError, which names all files that are broken.
    """
    out = room((len(files), *shape)) if out is None else out

    def decode(place: int) -> None:
        with _opened(files[place]) as image:
            pixels = _pixels(image, shape, square)
        if pixels.shape != shape:
            raise OSError(f"it is {pixels.shape[0]} × {pixels.shape[1]}, unlike the others")
        out[place] = pixels

    _all(decode, files, on_done)
    return out


def room(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """An array uint8 for pictures: in memory, or in a temporary file that goes when the array does."""
    if np.prod(shape, dtype=np.int64) <= IN_MEMORY:
        return np.empty(shape, np.uint8)
    size = int(np.prod(shape, dtype=np.int64))
    try:
        with tempfile.TemporaryFile() as file:
            reserve(file, size)
            return np.memmap(file, np.uint8, "r+", shape=shape)
    except OSError as error:
        raise DataError(
            f"pictures of {size / 2**30:.1f} GiB do not fit into {tempfile.gettempdir()} ({error.strerror or error}); "
            "free some space there, set TMPDIR to another folder, or give a smaller image size"
        ) from error


def fitted(image: Image, side: int) -> Image:
    """The square in the middle of a Pillow image, scaled to side x side."""
    from PIL import ImageOps

    return ImageOps.fit(image, (side, side))


def _pixels(image: Image, shape: tuple[int, int, int], square: bool) -> NDArray[np.uint8]:
    from PIL import Image, ImageOps

    if square:
        image.draft(None, (_ENOUGH * shape[1], _ENOUGH * shape[0]))  # a JPEG is decoded at 1/2, 1/4 or 1/8
    image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("L" if shape[2] == 1 else "RGB")
    image = fitted(image, shape[0]) if square else image
    return np.asarray(image).reshape(image.height, image.width, shape[2])


@contextmanager
def _opened(file: Path) -> Iterator[Image]:
    from PIL import Image

    with Image.open(file, formats=tuple(_decoded())) as image:
        if image.mode.startswith(("I", "F")):  # Pillow would cut all values above 255 off
            raise OSError(f"its pixels have more than 8 bits, mode {image.mode!r}: save it with 8")
        yield image


def _all(work: Callable[[int], object], files: Sequence[Path], on_done: Callable[[int], object] | None) -> None:
    """Call `work` with the place of every file, in as many threads as there are cores: Pillow lets them run."""
    from PIL import Image

    def some(start: int) -> tuple[int, list[tuple[Path, Exception]]]:
        broken: list[tuple[Path, Exception]] = []
        places = range(start, min(start + _AT_ONCE, len(files)))
        for place in places:
            try:
                work(place)
            # SyntaxError is Pillow's word for a broken PNG, ValueError its word for texts in one that inflate too far.
            except (OSError, SyntaxError, ValueError, EOFError, zlib.error, Image.DecompressionBombError) as error:
                broken.append((files[place], error))
        return len(places), broken

    broken: list[tuple[Path, Exception]] = []
    pool = ThreadPoolExecutor(cores())
    try:
        for done, bad in pool.map(some, range(0, len(files), _AT_ONCE)):
            broken += bad
            if on_done:
                on_done(done)
    finally:
        pool.shutdown(cancel_futures=True)  # an interrupt need not wait for all files
    if broken:
        first, error = broken[0]
        more = f"; so are {len(broken) - 1:,} others: {file_names(f for f, _ in broken[1:])}" if broken[1:] else ""
        what = "them" if more else "it"
        raise DataError(
            f"{shown(first)}: cannot be read as an image ({error}){more}; replace or remove {what}"
        ) from error


def file_names(paths: Iterable[Path]) -> str:
    """The first few names of files, for a message."""
    paths = list(paths)
    more = ", …" if len(paths) > _NAMED else ""
    return ", ".join(shown(Path(path).name) for path in paths[:_NAMED]) + more
