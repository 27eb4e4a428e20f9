"""Data sets as plain arrays: where they come from, what is checked, how they are named."""

import gzip
import hashlib
import math
import os
import pickle
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CIFAR10_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
CIFAR10_SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"

# Published MD5 digests of the pickled batches. Unpickling runs whatever a file says, so only these are unpickled.
CIFAR10_BATCHES = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
_BINARY_RECORD = 1 + 3 * 32 * 32  # bytes: a label, then the red, green and blue planes
_BATCH_SIZE = 10_000  # images in an official batch
_LARGEST_BATCH = 40 << 20  # bytes; the official ones have 31 million
_LARGEST_ARCHIVE = 1 << 30  # bytes when unpacked; the official ones have 186 million
_LONGEST_NAME = 1_000  # characters of a class
IMAGE_SUFFIXES = {".png", ".jpg", ".jpeg"}
SOURCES = "'digits', 'cifar10', an .npz file, the official CIFAR-10 archive or folder, or a folder of train/ and test/"


class DataError(ValueError):
    """A data set that is missing, damaged or not what it should be; the message names the file and the way out."""


@dataclass(frozen=True)
class Dataset:
    """A training and a test split.

    Attributes
    ----------
    name : str
        Of the source. Pictures, tables and records carry it.
    x_train, x_test : array of uint8, shape (N, H, W, C)
        Images with values from 0 to 255; C is 1 or 3.
    y_train, y_test : array of int64, shape (N,)
        Classes, as places in `classes`.
    classes : tuple of str
        Their names, all different. Each has an image in both splits.
    """

    name: str
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    classes: tuple[str, ...]

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits of the SHA-256 of all arrays: equal for equal data, whatever file they came from."""
        return fingerprint(self.x_train, self.y_train, self.x_test, self.y_test)


def fingerprint(*arrays: np.ndarray) -> str:
    """16 hexadecimal digits of the SHA-256 of arrays, of their types and of their shapes."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array))  # type: ignore[arg-type]
    return digest.hexdigest()[:16]


def load(source: str | PathLike) -> Dataset:
    """Load a data set.

    Nothing that a file says is run, and no more of it is read than is needed and fits into memory.

    Parameters
    ----------
    source : str or path
        "digits" (scikit-learn's handwritten digits, embedded); "cifar10" (downloaded once to Keras' cache); or the path
        of an .npz with x_train, y_train, x_test, y_test (and perhaps class names, `classes`), of the official archive
        (.tar.gz, python or binary version) or its extracted folder, or of a folder train/<class>/*.png|jpg,
        test/<class>/*.png|jpg.

    Returns
    -------
    Dataset

    Raises
    ------
    DataError
        When something is missing, damaged, of the wrong shape or type, or too large, or a class is empty.
    """
    if isinstance(source, str) and source == "digits":
        return _digits()
    if isinstance(source, str) and source == "cifar10":
        return _cifar10_from_keras_cache()
    path = located(source)
    try:
        if path.is_dir():
            if (path / "train").is_dir():
                return _image_folders(path)
            return _official(path, {p.name: p for p in path.iterdir() if p.is_file()}, _batch_bytes)
        if path.suffix == ".npz":
            return _npz(path)
        if path.name.endswith((".tar.gz", ".tgz", ".tar")):
            return _official_archive(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error}); allow reading it, or copy it again") from error
    raise DataError(f"{path}: cannot tell what this is; give {SOURCES}")


def located(source: str | PathLike, sources: str = SOURCES) -> Path:
    """The path of a file or folder that is there.

    Parameters
    ----------
    source : str or path
        A path; ~ is the home folder.
    sources : str
        What to give instead, for the message.

    Raises
    ------
    DataError
        For what is no path, for one where nothing is, and for pipes, sockets and devices, which have no end.
    """
    if not isinstance(source, (str, PathLike)):
        raise DataError(f"{source!r} is a {type(source).__name__}, not a name or a path; give {sources}")
    shown = str(source) if len(str(source)) <= 200 else f"{str(source)[:200]}… ({len(str(source)):,} characters)"
    try:
        path = Path(source).expanduser()
        path.lstat()
        there = path.exists()
    except FileNotFoundError:
        there = False
    # The home of nobody, a zero byte, a path of bytes; too long, or through something that is no folder.
    except (RuntimeError, ValueError, TypeError, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{shown}: cannot be a path here ({reason}); give {sources}") from error
    if not there:
        raise DataError(f"{shown}: no such file or folder, and no data set of that name; give {sources}")
    if not path.is_file() and not path.is_dir():
        raise DataError(f"{shown}: a pipe, socket or device, not a file; write its content to one, or give {sources}")
    return path


def _dataset(
    path: str | Path,
    name: str,
    x_train: np.ndarray,
    y_train: np.ndarray,
    x_test: np.ndarray,
    y_test: np.ndarray,
    classes: Iterable | None,
) -> Dataset:
    """Check what came from `path` and bring it to the types that `Dataset` promises."""
    splits = {}
    for split, images, labels in (("train", x_train, y_train), ("test", x_test, y_test)):
        images = checked_images(path, f"x_{split}", images)
        labels = checked_labels(path, f"y_{split}", labels, f"{len(images)} images of x_{split}", len(images))
        if not len(images):
            raise DataError(f"{path}: x_{split} is empty; both splits need images")
        splits[split] = images, labels
    (x_train, y_train), (x_test, y_test) = splits["train"], splits["test"]
    if x_train.shape[1:] != x_test.shape[1:]:
        raise DataError(f"{path}: images of {x_train.shape[1:]} in train but of {x_test.shape[1:]} in test")
    lowest, highest = int(min(y_train.min(), y_test.min())), int(max(y_train.max(), y_test.max()))
    if classes is None:
        if highest >= len(y_train):  # before a name is made for every number up to it
            raise DataError(
                f"{path}: labels from {lowest} to {highest} of {len(y_train)} images in train, so some class has none; "
                "number the classes 0, 1, 2, ..."
            )
        classes = map(str, range(highest + 1))
    classes = class_names(path, classes)
    if lowest < 0 or highest >= len(classes):
        raise DataError(f"{path}: labels from {lowest} to {highest}; expected 0 to {len(classes) - 1}")
    if len(classes) < 2:
        raise DataError(f"{path}: only one class, {classes[0]!r}; a classifier needs at least 2")
    for split, labels in (("train", y_train), ("test", y_test)):
        counts = np.bincount(labels, minlength=len(classes))
        if not counts.all():
            raise DataError(
                f"{path}: no {split} image of class {classes[counts.argmin()]!r}; add some or drop the class"
            )
    return Dataset(name, x_train, y_train, x_test, y_test, classes)


def checked_images(path: str | Path, key: str, images: np.ndarray) -> np.ndarray:
    """Images as all of this package takes them.

    Parameters
    ----------
    path, key : path, str
        Where they are from, for the message.
    images : array of uint8, shape (N, H, W), (N, H, W, 1) or (N, H, W, 3)

    Returns
    -------
    array of uint8, shape (N, H, W, 1) or (N, H, W, 3)

    Raises
    ------
    DataError
        For another type or shape, and for sides of 0.
    """
    _check_images(path, key, images.dtype, images.shape)
    if images.ndim == 3:  # grey images without a channel axis
        images = images[..., np.newaxis]
    return np.ascontiguousarray(images)


def _check_images(path: str | Path, key: str, dtype: np.dtype, shape: tuple[int, ...]) -> None:
    if dtype != np.uint8 or len(shape) not in (3, 4) or (len(shape) == 4 and shape[3] not in (1, 3)):
        raise DataError(
            f"{path}: {key} is {dtype} {shape}; expected uint8 images (N, H, W, 1 or 3) "
            "with values from 0 to 255, channels last"
        )
    if 0 in shape[1:3]:
        raise DataError(f"{path}: {key} is {shape}: images without a pixel; give some that have height and width")


def checked_labels(path: str | Path, key: str, labels: np.ndarray, labelled: str, count: int) -> np.ndarray:
    """Labels as all of this package takes them.

    Parameters
    ----------
    path, key : path, str
        Where they are from, for the message.
    labels : array of integers, shape (count,) or (count, 1)
    labelled : str
        What they are of, for the message.
    count : int
        How many of these there are.

    Returns
    -------
    array of int64, shape (count,)

    Raises
    ------
    DataError
        For another type or shape, and for numbers that int64 does not hold.
    """
    _check_labels(path, key, labels.dtype, labels.shape, labelled, count)
    labels = labels.reshape(count)
    if count and labels.max() > np.iinfo(np.int64).max:
        raise DataError(f"{path}: {key} has the label {labels.max()}; number the classes 0, 1, 2, ...")
    return labels.astype(np.int64)


def _check_labels(
    path: str | Path, key: str, dtype: np.dtype, shape: tuple[int, ...], labelled: str, count: int
) -> None:
    # (count, 1) is the shape that Keras' own CIFAR-10 has.
    if not np.issubdtype(dtype, np.integer) or shape not in ((count,), (count, 1)):
        raise DataError(f"{path}: {key} is {dtype} {shape}; expected one integer label for each of the {labelled}")


def class_names(path: str | Path, classes: Iterable) -> tuple[str, ...]:
    """The names of classes as text.

    Parameters
    ----------
    path : path
        Where they are from, for the message.
    classes : iterable of str, bytes or int, or an array of them, shape (K,)
        Bytes are read as UTF-8.

    Raises
    ------
    DataError
        For other types, names that are no text, and a name that several classes have.
    """
    if isinstance(classes, np.ndarray):
        if classes.ndim != 1 or classes.dtype.kind not in "USiu":
            raise DataError(f"{path}: classes is {classes.dtype} {classes.shape}; expected a list of names (K,)")
        classes = classes.tolist()
    names = []
    for name in classes:
        try:
            text = name.decode() if isinstance(name, bytes) else str(name)
            text.encode()
        except UnicodeError as error:
            raise DataError(f"{path}: the class name {name!r} is no UTF-8 text; give the class another name") from error
        names.append(text)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{path}: several classes are called {twice!r}; give each a name of its own")
    return tuple(names)


def _digits() -> Dataset:
    from sklearn.datasets import load_digits  # here, so that only who uses it waits for scikit-learn
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    grey = np.round(digits.images * 255 / 16).astype(np.uint8)  # (1797, 8, 8)
    large = grey.repeat(3, axis=1).repeat(3, axis=2)  # 24 x 24, what the centre crop keeps
    images = np.pad(large, ((0, 0), (4, 4), (4, 4)))[..., np.newaxis].repeat(3, axis=3)  # (1797, 32, 32, 3)
    x_train, x_test, y_train, y_test = train_test_split(
        images, digits.target, test_size=360, stratify=digits.target, random_state=0
    )
    return _dataset("digits", "digits", x_train, y_train, x_test, y_test, map(str, digits.target_names))


def _cifar10_from_keras_cache() -> Dataset:
    import keras

    try:
        archive = keras.utils.get_file("cifar-10-python.tar.gz", CIFAR10_URL, file_hash=CIFAR10_SHA256)
    except Exception as error:  # Keras raises a bare Exception when a download fails
        raise DataError(
            f"cifar10: downloading {CIFAR10_URL} failed ({error}); fetch it elsewhere and give the path to the archive"
        ) from error
    return _official_archive(Path(archive), name="cifar10")


def _npz(path: Path) -> Dataset:
    arrays = npz_arrays(path)
    needed = ("x_train", "y_train", "x_test", "y_test")
    if missing := sorted(set(needed) - set(arrays)):
        raise DataError(f"{path}: lacks {', '.join(missing)}; it holds {', '.join(sorted(arrays)) or 'nothing'}")
    # What the headers say is checked before anything is read: it could be large.
    heads = {key: arrays.header(key) for key in needed}
    for split in ("train", "test"):
        _check_images(path, f"x_{split}", *heads[f"x_{split}"])
        count = heads[f"x_{split}"][1][0]
        _check_labels(path, f"y_{split}", *heads[f"y_{split}"], f"{count} images of x_{split}", count)
    trained = heads["x_train"][1][0]
    classes: np.ndarray | Sequence[str] | None = None
    if "classes" in arrays:
        dtype, shape = arrays.header("classes")
        if dtype.kind not in "USiu" or len(shape) != 1 or dtype.itemsize > 4 * _LONGEST_NAME:
            raise DataError(
                f"{path}: classes is {dtype} {shape}; expected a list of names of up to {_LONGEST_NAME:,} characters"
            )
        if shape[0] > trained:
            raise DataError(f"{path}: {shape[0]:,} classes, but {trained:,} images in train, so some class has none")
        classes = arrays["classes"]
    elif _is_cifar10(path.stem, arrays):
        classes = CIFAR10_CLASSES
    x_train, y_train, x_test, y_test = (arrays[key] for key in needed)
    return _dataset(path, path.stem, x_train, y_train, x_test, y_test, classes)


def _is_cifar10(name: str, arrays: "NpzArrays") -> bool:
    """Whether an .npz without class names holds CIFAR-10: it is called so, and has its images' numbers and sizes."""
    shapes = [arrays.header(key)[1] for key in ("x_train", "x_test")]
    return name.split("-")[0] == "cifar10" and shapes == [(50_000, 32, 32, 3), (10_000, 32, 32, 3)]


def npz_arrays(path: str | PathLike) -> "NpzArrays":
    """The arrays of an .npz file by name.

    Raises
    ------
    DataError
        For one that is damaged, here or as soon as the damaged array is asked for.
    """
    return NpzArrays(path)


class NpzArrays(Mapping):
    """The arrays of an .npz file by name, each of which is read when it is asked for.

    Its header is looked at before: it has to be of numbers or text, as large as its file says, and to fit into memory.
    """

    def __init__(self, path: str | PathLike) -> None:
        self._path = Path(path)
        with self._archive() as archive:
            members = archive.infolist()
        self._members = {info.filename.removesuffix(".npy"): info for info in members if info.filename.endswith(".npy")}

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, key: object) -> bool:
        return key in self._members

    def header(self, key: str) -> tuple[np.dtype, tuple[int, ...]]:
        """The type and the shape of an array, of which no more is read."""
        member = self._members[key]
        with self._archive() as archive, archive.open(member) as file:
            return self._checked_header(key, file)

    def __getitem__(self, key: str) -> np.ndarray:
        member = self._members[key]
        with self._archive() as archive:
            with archive.open(member) as file:
                self._checked_header(key, file)
            with archive.open(member) as file:
                array = np.lib.format.read_array(file, allow_pickle=False)
                file.read(1)  # of nothing, but now the checksum is looked at
        return array

    def _checked_header(self, key: str, file: IO[bytes]) -> tuple[np.dtype, tuple[int, ...]]:
        version = np.lib.format.read_magic(file)
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"{key} is of version {version} of the .npy format, which numbers and text do not need")
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file)
        if dtype.hasobject:
            raise ValueError(f"{key} holds pickled objects; they are not read, for that would run what the file says")
        if min(shape, default=0) < 0:
            raise ValueError(f"{key} has the shape {shape}")
        declared, there = math.prod(shape) * dtype.itemsize, self._members[key].file_size - file.tell()
        if declared != there:
            raise ValueError(f"{key} declares {dtype} {shape}, which are {declared:,} bytes, but has {there:,}")
        available = _available_memory()
        if declared > available:
            raise DataError(
                f"{self._path}: {key} is {dtype} {shape}, which takes {declared / 2**30:,.1f} GiB of memory, and "
                f"{available / 2**30:,.1f} GiB are available; give fewer samples"
            )
        return dtype, shape

    @contextmanager
    def _archive(self) -> Iterator[zipfile.ZipFile]:
        try:
            with zipfile.ZipFile(self._path) as archive:
                yield archive
        except DataError:
            raise
        except Exception as error:  # what a foreign header, an encrypted member or a broken stream lead to has no end
            reason = str(error).partition("\n")[0][:200] or type(error).__name__
            raise DataError(f"{self._path}: damaged or no .npz archive ({reason}); write or copy it again") from error


def _available_memory() -> float:
    """Bytes that are available; all that there are where psutil is not installed, which selecting does without."""
    try:
        import psutil
    except ImportError:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else math.inf
    return psutil.virtual_memory().available


def _image_folders(root: Path) -> Dataset:
    found = {}
    for split in ("train", "test"):
        if not (root / split).is_dir():
            raise DataError(f"{root}: no folder {split}/; expected {root / split}/<class>/*.png or *.jpg")
        found[split] = class_folders(root / split)
    if found["train"] != found["test"] or not found["train"]:
        differ = sorted(set(found["train"]) ^ set(found["test"]))
        raise DataError(
            f"{root}: train/ and test/ need the same class folders; in only one of them: {differ or 'none found'}"
        )
    arrays = {}
    for split, classes in found.items():
        files, labels = labelled_files(root / split, classes)
        arrays[split] = read_images(files), labels
    return _dataset(root, root.resolve().name, *arrays["train"], *arrays["test"], classes)


def class_folders(root: Path) -> list[str]:
    """The names of the folders in `root` that are not hidden, sorted."""
    return sorted(p.name for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))


def image_files(folder: Path) -> list[Path]:
    """The paths of the images in `folder` that are not hidden, sorted."""
    files = (p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES and not p.name.startswith("."))
    return sorted(files)


def labelled_files(root: Path, classes: Iterable[str]) -> tuple[list[Path], np.ndarray]:
    """The images in root/<class>/, class after class.

    Returns
    -------
    files : list of path
    labels : array of int64, shape (N,)

    Raises
    ------
    DataError
        For a class without an image.
    """
    files, labels = [], []
    for label, name in enumerate(classes):
        found = image_files(root / name)
        if not found:
            raise DataError(f"{root / name}: no .png or .jpg image in this class folder; add some or remove the folder")
        files += found
        labels += [label] * len(found)
    return files, np.array(labels)


def image_sizes(files: Iterable[Path]) -> list[tuple[int, int]]:
    """(height, width) of each image file, of which only the beginning is read. Raises DataError as `read_images`."""
    sizes = []
    for file in files:
        with _opened(file) as image:
            sizes.append((image.height, image.width))
    return sizes


def read_images(files: Iterable[Path], side: int | None = None) -> np.ndarray:
    """The pixels of image files.

    Parameters
    ----------
    files : iterable of path
    side : int, optional
        Cut each image to the square in its middle and scale that to side × side; None: take them as they are.

    Returns
    -------
    array of uint8, shape (N, H, W, 3)
        What is transparent shows white behind it.

    Raises
    ------
    DataError
        For a file that is broken or of another size.
    """
    images: list[np.ndarray] = []
    for file in files:
        with _opened(file) as image:
            image = _opaque(image)
        pixels = np.asarray(image if side is None else fitted(image, side))
        if images and pixels.shape != images[0].shape:
            raise DataError(f"{file}: {pixels.shape}, but the images before it are {images[0].shape}; resize it")
        images.append(pixels)
    return np.stack(images)


def _opaque(image: "Image") -> "Image":
    """An image as it is seen on white: the colours under what is transparent are noise that nobody sees."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    from PIL import Image

    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def fitted(image: "Image", side: int) -> "Image":
    """The square in the middle of a Pillow image, scaled to side x side."""
    from PIL import ImageOps

    return ImageOps.fit(image, (side, side))


@contextmanager
def _opened(file: Path) -> Iterator["Image"]:
    from PIL import Image, UnidentifiedImageError

    try:
        if not Path(file).is_file():
            raise OSError("a folder, a pipe, or a link to nothing")
        with Image.open(file) as image:
            if image.mode.startswith(("I", "F")):  # Pillow would cut all values above 255 off
                raise OSError(f"its pixels have more than 8 bits, mode {image.mode!r}: save it with 8")
            yield image
    # SyntaxError is Pillow's word for a broken PNG, ValueError its word for texts in one that inflate to too much.
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        zlib.error,
    ) as error:
        raise DataError(f"{file}: cannot be read as an image ({error}); replace or remove it") from error


class _InBlocks:
    """A file that hands out no block larger than a batch: what a header in an archive asks for may be any number."""

    def __init__(self, file: IO[bytes] | gzip.GzipFile) -> None:
        self._file = file
        self.seek, self.tell, self.close = file.seek, file.tell, file.close

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _LARGEST_BATCH:
            raise tarfile.ReadError(f"a block of {size:,} bytes")
        return self._file.read(size)


def _official_archive(path: Path, name: str | None = None) -> Dataset:
    wanted = {batch + suffix for batch in CIFAR10_BATCHES for suffix in ("", ".bin")}
    members = {}
    try:
        with open(path, "rb") as start:
            packed = start.read(2) == b"\x1f\x8b"
        with (
            gzip.open(path, "rb") if packed else open(path, "rb") as file,
            tarfile.open(fileobj=cast(Any, _InBlocks(file)), mode="r:") as archive,
        ):
            # Members are read where they are; nothing is extracted, so their paths need not be trusted.
            for member in archive:
                if member.offset_data + member.size > _LARGEST_ARCHIVE:
                    raise DataError(
                        f"{path}: unpacks to more than {_LARGEST_ARCHIVE >> 30} GiB, at {member.name[:100]!r}; "
                        "CIFAR-10 has a fifth of that: download it again"
                    )
                short = Path(member.name).name
                if short in wanted and (content := archive.extractfile(member) if member.isfile() else None):
                    _check_batch_size(path, short, member.size)
                    members[short] = content.read()
    except (tarfile.TarError, zlib.error, OSError, EOFError, ValueError, OverflowError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path}: damaged or no archive ({error}); download it again") from error
    return _official(path, members, lambda content: content, name)


def _batch_bytes(path: Path) -> bytes:
    _check_batch_size(path.parent, path.name, path.stat().st_size)
    return path.read_bytes()


def _check_batch_size(path: Path, name: str, size: int) -> None:
    if size > _LARGEST_BATCH:
        raise DataError(f"{path}: {name} has {size:,} bytes, and the official one 31 million; download it again")


def _official(path: Path, files: Mapping[str, Any], read: Callable[[Any], bytes], name: str | None = None) -> Dataset:
    """CIFAR-10's six batches among `files` (name -> what `read` turns into bytes), pickled or binary."""
    suffix = ".bin" if "test_batch.bin" in files or "data_batch_1.bin" in files else ""
    missing = [batch + suffix for batch in CIFAR10_BATCHES if batch + suffix not in files]
    if missing:
        raise DataError(f"{path}: lacks {', '.join(missing)}; give {SOURCES}")
    decode = _binary_batch if suffix else _pickled_batch
    batches = {batch: decode(path, batch, read(files[batch + suffix])) for batch in CIFAR10_BATCHES}
    x_test, y_test = batches.pop("test_batch")
    x_train, y_train = (np.concatenate(parts) for parts in zip(*batches.values()))
    return _dataset(path, name or "cifar10", x_train, y_train, x_test, y_test, CIFAR10_CLASSES)


def _pickled_batch(path: Path, batch: str, content: bytes) -> tuple[np.ndarray, np.ndarray]:
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if digest != CIFAR10_BATCHES[batch]:
        raise DataError(
            f"{path}: {batch} has MD5 {digest}, the published one is {CIFAR10_BATCHES[batch]}; it was not unpickled. "
            "Download the archive again"
        )
    values = pickle.loads(content, encoding="bytes")
    return _planes_to_images(values[b"data"]), np.array(values[b"labels"])


def _binary_batch(path: Path, batch: str, content: bytes) -> tuple[np.ndarray, np.ndarray]:
    expected = _BATCH_SIZE * _BINARY_RECORD
    if len(content) != expected:
        raise DataError(f"{path}: {batch}.bin has {len(content):,} bytes instead of {expected:,}; download it again")
    records = np.frombuffer(content, np.uint8).reshape(-1, _BINARY_RECORD)
    return _planes_to_images(records[:, 1:]), records[:, 0].astype(np.int64)


def _planes_to_images(planes: np.ndarray) -> np.ndarray:
    return planes.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)  # (N, 3072) -> (N, 32, 32, 3)
