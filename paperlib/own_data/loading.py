"""Anybody's images or embeddings -> samples to choose from. A selection needs no test split, and no labels."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paperlib import data
from paperlib.data import DataError, Dataset, folders, image_files
from paperlib.data.checks import checked_images, checked_labels
from paperlib.data.dataset import fingerprint
from paperlib.data.npz import NpzArrays
from paperlib.data.sources import located
from paperlib.own_data import kept, tables
from paperlib.selection.blocks import blocks

SHARE = 4_320 / 50_000  # of the samples that the paper keeps
SMALLEST, LARGEST = 8, 64  # sides of images: three poolings need 8 pixels, and time grows with the square
SOURCES = (
    "a folder of class folders with images (or of train/ with them, or of images alone), an .npz with images (x_train "
    "and perhaps y_train) or embeddings (embeddings and perhaps labels), an .npy with either, a .csv or .parquet with "
    "a row of numbers a sample, the official CIFAR-10 archive or folder, 'cifar10' or 'digits'"
)
_NAMED = ("digits", "cifar10")
_OTHER_SPLITS = {"test", "val", "valid", "validation"}  # names of folders
_ANNOUNCED = 500  # files from which on reading them has a progress bar
_SECONDS_BETWEEN_LINES = 15


@dataclass(frozen=True)
class Samples:
    """N samples to choose from: images, embeddings that were computed elsewhere, or both."""

    name: str
    images: NDArray[np.uint8] | None = None  # (N, H, W, C)
    embeddings: NDArray | None = None  # real numbers (N, n), all finite
    labels: NDArray[np.int64] | None = None  # (N,)
    classes: tuple[str, ...] | None = None  # the name of each label
    files: tuple[str, ...] | None = None  # N file names, where a sample is a file
    preparation: str = "taken as they are"  # what was done to the images
    passed_over: str | None = None  # what was found and is no sample, in a sentence

    def __len__(self) -> int:
        found = self.images if self.embeddings is None else self.embeddings
        assert found is not None  # there is one of them
        return len(found)

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits: equal for equal samples, whatever file they came from."""
        return fingerprint(*(x for x in (self.images, self.embeddings, self.labels) if x is not None))

    def describe(self) -> str:
        """What was found, in a sentence for each kind of thing."""
        found = [f"{self.name}: {len(self):,} samples, fingerprint {self.fingerprint}."]
        if self.images is not None:
            height, width, channels = self.images.shape[1:]
            kind = "grey" if channels == 1 else "colour"
            found.append(f"Images: {height} × {width}, {kind}, {self.preparation}.")
        if self.embeddings is not None:
            found.append(f"Embeddings: {self.embeddings.shape[1]:,} numbers each, computed elsewhere.")
        if self.labels is None or self.classes is None:  # there are both or neither
            found.append("No labels: methods that look at classes are not offered.")
        else:
            sizes = np.bincount(self.labels, minlength=len(self.classes))
            found.append(
                f"Classes: {len(self.classes):,}, of at least {sizes.min():,}, at most {sizes.max():,} samples."
            )
        if self.passed_over:
            found.append(self.passed_over)
        return "\n".join(found)


def load(
    source: str | PathLike,
    image_size: int = 0,
    *,
    progress: str = "none",
    keep: str | PathLike | None = None,
    leave_out: str | PathLike | None = None,
) -> Samples:
    """Load `Samples` from what `SOURCES` lists. Where there are splits, only the training split is taken.

    Parameters
    ----------
    source: a path or a name. An .npz may also hold `classes` (names), `files` (names of the samples) and both
        `images` and `embeddings`: then the embeddings choose and the images are shown. Labels are whole numbers or
        names. Of folders see `paperlib.data.folders.find`, of tables `paperlib.own_data.tables.arrays`.
    image_size: side of the squares that all images are brought to, at least 8. 0: images stay as they are if all
        have one size with sides from 8 to 64; others become squares as large as the shortest side, within these bounds.
    progress: "bar", "lines" or "none", of reading many files.
    keep: a folder for the pictures of a folder once they are decoded: the next call with the same files, none of which
        was changed meanwhile, takes them from there. None: they are kept nowhere.
    leave_out: a folder whose pictures are no samples, such as the one for results, should it lie in the source.

    Raises DataError, which names the file and the way out, for what is missing, broken or does not fit together.
    """
    if isinstance(image_size, bool) or not isinstance(image_size, (int, np.integer)):
        raise DataError(f"image_size is {image_size!r}: give a whole number of pixels, or 0 to have it chosen")
    if image_size and image_size < SMALLEST:
        raise DataError(f"image_size is {image_size}: give at least {SMALLEST}, or 0 to have it chosen")
    check_exists(source)
    if isinstance(source, str) and source in _NAMED:
        return _dataset(data.load(source), image_size)
    path = located(source, SOURCES)
    if _is_official(path):
        return _dataset(data.load(path), image_size)
    if path.is_dir():
        return _folder(path, image_size, progress, keep, None if leave_out is None else Path(leave_out))
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return _arrays(path, NpzArrays(path), image_size)
    if suffix == ".npy":
        return _arrays(path, {"the array": _npy(path)}, image_size)
    if suffix in (".csv", ".parquet"):
        found, passed = tables.arrays(path)
        said = f"Columns passed over: {', '.join(map(repr, passed))}." if passed else None
        return _arrays(path, found, image_size, said)
    if re.fullmatch(r"\.(jpe?g|png|webp|bmp|gif|tiff?)", suffix):
        raise DataError(f"{path}: a single image, of which nothing can be left out; give the folder that it lies in")
    raise DataError(f"{path}: cannot tell what this is; give {SOURCES}")


def check_exists(source: str | PathLike) -> None:
    """Raise DataError, as `load` does, where there is nothing of that name."""
    if isinstance(source, str) and not source.strip():
        raise DataError(f"the path is empty; give {SOURCES}")
    if source not in _NAMED:
        located(source, SOURCES)


def samples_to_keep(samples: Samples, k: float | str) -> int:
    """How many samples `k` says: a number, a share such as 0.1, a percentage such as "10%"; 0: the paper's share.

    k may be text, as from a command line. Raises ValueError for anything else, and unless it makes 1 <= k <= N.
    """
    wanted = f"give 1 to {len(samples):,}, a share such as 0.1, a percentage such as 10%, or 0 for {SHARE:.2%}"
    text = str(k).strip()
    number = re.fullmatch(r"(\d+|\d*\.\d+|\d+\.\d*)(e[+-]?\d+)?\s*(%?)", text)
    if isinstance(k, bool) or not number:
        raise ValueError(f"k is {k!r}: {wanted}")
    if text.isdigit():
        count = int(text) or max(1, round(SHARE * len(samples)))
    else:
        share = float(text.rstrip("% ")) / (100 if number[3] else 1)
        if not 0 < share <= 1 or (share == 1 and not number[3]):
            raise ValueError(f"k is {k!r}: {wanted}")
        count = max(1, round(share * len(samples)))
    if not 1 <= count <= len(samples):
        raise ValueError(f"k is {k}: {samples.name} has {len(samples):,} samples; {wanted}")
    return count


def _is_official(path: Path) -> bool:
    if path.is_dir():
        return any((path / f"test_batch{suffix}").is_file() for suffix in ("", ".bin"))
    return path.name.endswith((".tar.gz", ".tgz", ".tar"))


def _dataset(dataset: Dataset, image_size: int) -> Samples:
    images, preparation = _brought_to_size(dataset.x_train, image_size)
    return Samples(dataset.name, images, None, dataset.y_train, dataset.classes, None, preparation)


def _folder(root: Path, image_size: int, progress: str, keep: str | PathLike | None, leave_out: Path | None) -> Samples:
    found = folders.find(_training_part(root, leave_out), leave_out)
    files = found.files
    if len(files) < 2:
        raise DataError(f"{files[0]}: the only image in {root}, so that nothing can be left out; add some")
    with _bar(progress, len(files), "looked at") as done:
        sizes, channels = image_files.sizes_and_channels(files, done)
    side = image_size or _chosen_side(sizes)
    shape = (*sizes[0], channels) if side is None else (side, side, channels)
    read = partial(image_files.read, files, shape, square=side is not None)
    names = [file.relative_to(root).as_posix() for file in files]

    def fill(out: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
        with _bar(progress, len(files), "read") as done:
            return read(out=out, on_done=done)

    images = fill() if keep is None else kept.pixels(keep, _state(files, names, shape), (len(files), *shape), fill)
    return Samples(
        name=root.resolve().name or "samples",
        images=images,
        labels=found.labels,
        classes=found.classes or None,
        files=tuple(names),
        preparation=_preparation(sizes, side),
        passed_over=folders.said_of([(path.relative_to(root), why) for path, why in found.passed_over]),
    )


def _training_part(root: Path, leave_out: Path | None) -> Path:
    """root/train where that is a split: alone, or beside another split. Beside other folders it is a class."""
    inside = {path.name for path in folders.listed(root, leave_out)[0]}
    is_split = "train" in inside and (len(inside) == 1 or not inside.isdisjoint(_OTHER_SPLITS))
    return root / "train" if is_split else root


def _state(files: Iterable[Path], names: Iterable[str], shape: tuple[int, ...]) -> dict[str, Any]:
    """What tells whether picture files are still those that were decoded: plain data."""
    stats = [file.stat() for file in files]
    return {"shape": shape, "files": [[n, s.st_size, s.st_mtime_ns] for n, s in zip(names, stats)]}


@contextmanager
def _bar(style: str, total: int, what: str) -> Iterator[Callable[[int], object] | None]:
    """A function that is told how many more files are done and shows it; None for few files."""
    if style == "none" or total < _ANNOUNCED:
        yield None
        return
    from tqdm import tqdm
    from tqdm.auto import tqdm as notebook_or_terminal_tqdm

    if style == "bar":
        bar = notebook_or_terminal_tqdm(total=total, unit="file", desc=what)
    else:
        line = f"  {{n_fmt}} of {{total_fmt}} files {what}, {{elapsed}} passed, {{remaining}} left\n"
        bar = tqdm(total=total, file=sys.stdout, mininterval=_SECONDS_BETWEEN_LINES, bar_format=line)
    with bar:
        yield bar.update


def _npy(path: Path) -> NDArray:
    try:
        return np.lib.format.open_memmap(path, mode="r")  # embeddings may be larger than memory
    except Exception as error:  # what a foreign header leads to has no end: SyntaxError, TokenError, MemoryError ...
        reason = str(error).partition("\n")[0][:200] or type(error).__name__
        raise DataError(f"{path}: damaged or no .npy array ({reason}); write or copy it again") from error


def _arrays(path: Path, arrays: Mapping[str, NDArray], image_size: int, passed_over: str | None = None) -> Samples:
    pixels, vectors = _taken(arrays, "x_train", "images"), _taken(arrays, "embeddings")
    numbers, names = _taken(arrays, "y_train", "labels"), _taken(arrays, "classes")
    if pixels is None and vectors is None and len(arrays) == 1:  # one array needs no name
        only = next(iter(arrays.items()))
        pixels, vectors = (None, only) if only[1].ndim == 2 else (only, None)
    if pixels is None and vectors is None:
        raise DataError(f"{path}: holds {', '.join(sorted(arrays)) or 'nothing'}; expected x_train or embeddings")
    for key, array in filter(None, (pixels, vectors)):
        if array.ndim and len(array) < 2:
            raise DataError(f"{path}: {key} is {array.shape}, of which nothing can be left out; give 2 samples or more")
    images, embeddings, preparation = None, None, Samples.preparation
    if pixels is not None:
        images = checked_images(path, *pixels)
        images, preparation = _brought_to_size(images, image_size)
    if vectors is not None:
        embeddings = _checked_embeddings(path, *vectors)
    samples = next(len(found) for found in (embeddings, images) if found is not None)
    if images is not None and len(images) != samples:
        raise DataError(f"{path}: {len(images)} images but {samples} embeddings; give one of each for a sample")
    files = arrays.get("files")
    if files is not None and files.shape != (samples,):
        raise DataError(f"{path}: files is {files.shape}; expected a name for each of the {samples} samples")
    labels, classes = None, None
    if numbers is not None:
        labels, classes = _checked_labels(path, *numbers, None if names is None else names[1], samples)
    named = None if files is None else _texts(files)
    return Samples(path.stem, images, embeddings, labels, classes, named, preparation, passed_over)


def _taken(arrays: Mapping[str, NDArray], *keys: str) -> tuple[str, NDArray] | None:
    """(key, array) of the first of the keys that is there, or None."""
    return next(((key, arrays[key]) for key in keys if key in arrays), None)


def _checked_embeddings(path: Path, key: str, embeddings: NDArray) -> NDArray:
    if embeddings.ndim != 2 or embeddings.shape[1] < 1 or embeddings.dtype.kind not in "buif":
        raise DataError(
            f"{path}: {key} is {embeddings.dtype} {embeddings.shape}; expected embeddings (N, n), real numbers, or "
            "images uint8 (N, H, W, 1 or 3)"
        )
    for start, rows in blocks(embeddings):
        finite = np.isfinite(rows).all(axis=1)
        if not finite.all():
            raise DataError(
                f"{path}: embedding {start + finite.argmin()} of {key} has values that are NaN or infinite, and later "
                "ones may, too; compute it again or remove the sample"
            )
    return embeddings


def _checked_labels(
    path: Path, key: str, labels: NDArray, classes: NDArray | None, samples: int
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Labels (N,) as places in the class names, and these names."""
    if labels.ndim == 2 and labels.shape[1] == 1:  # the shape that Keras' own CIFAR-10 has
        labels = labels[:, 0]
    if labels.dtype.kind in "US" and labels.shape != (samples,):
        raise DataError(f"{path}: {key} is {labels.shape}; expected one for each of the {samples} samples")
    if classes is None or labels.dtype.kind in "US":
        if labels.dtype.kind not in "US":
            checked_labels(path, key, labels, f"{samples} samples", samples)
        names, labels = np.unique(labels, return_inverse=True)  # before any change of type: no name shall change
        return labels.astype(np.int64), _texts(names)
    names = _texts(np.ravel(classes))
    if doubled := [name for name, times in Counter(names).items() if times > 1]:
        raise DataError(f"{path}: classes names {doubled[0]!r} more than once; give every class a name of its own")
    labels = checked_labels(path, key, labels, f"{samples} samples", samples)
    if labels.min() < 0 or labels.max() >= len(names):
        raise DataError(
            f"{path}: {key} has values from {labels.min()} to {labels.max()}, but classes names {len(names)}: "
            f"expected 0 to {len(names) - 1}"
        )
    return labels, names


def _texts(names: Iterable[Any]) -> tuple[str, ...]:
    """Names as text: bytes are taken for UTF-8."""
    return tuple(str(name, "utf-8", "backslashreplace") if isinstance(name, bytes) else str(name) for name in names)


def _brought_to_size(images: NDArray[np.uint8], image_size: int) -> tuple[NDArray[np.uint8], str]:
    """Images (N, H, W, C) uint8 in the size that `load` describes, and what was done to them."""
    sizes = [(images.shape[1], images.shape[2])]
    side = image_size or _chosen_side(sizes)
    if side is not None and sizes != [(side, side)]:
        from PIL import Image

        pixels = images[..., 0] if images.shape[3] == 1 else images  # Pillow's grey images have no channel axis
        squares = image_files.room((len(images), side, side, images.shape[3]))
        for place, image in enumerate(pixels):
            square = np.asarray(image_files.fitted(Image.fromarray(image), side))
            squares[place] = square.reshape(squares.shape[1:])
        images = squares
    return images, _preparation(sizes, side)


def _chosen_side(sizes: Sequence[tuple[int, int]]) -> int | None:
    """The side of the squares that images of these (height, width) are brought to; None: they stay as they are."""
    shortest, longest = min(map(min, sizes)), max(map(max, sizes))
    if len(set(sizes)) == 1 and shortest >= SMALLEST and longest <= LARGEST:
        return None
    return min(max(shortest, SMALLEST), LARGEST)


def _preparation(sizes: Iterable[tuple[int, int]], side: int | None) -> str:
    counts = Counter(sizes)
    if side is None or set(counts) == {(side, side)}:
        return "taken as they are"
    smallest, largest = min(counts, key=np.prod), max(counts, key=np.prod)
    found = " × ".join(map(str, smallest))
    if len(counts) > 1:
        found += f" to {' × '.join(map(str, largest))}"
    return f"made from {found} by cutting to the square in the middle and scaling (image_size)"
