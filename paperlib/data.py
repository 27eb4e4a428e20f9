"""Data sets as plain arrays: where they come from, what is checked, how they are named."""

import hashlib
import pickle
import tarfile
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path

import numpy as np

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
IMAGE_SUFFIXES = {".png", ".jpg", ".jpeg"}
SOURCES = "'digits', 'cifar10', an .npz file, the official CIFAR-10 archive or folder, or a folder of train/ and test/"


class DataError(ValueError):
    """A data set that is missing, damaged or not what it should be; the message names the file and the way out."""


@dataclass(frozen=True)
class Dataset:
    """Images uint8 (N, H, W, C) and integer labels int64 (N,) of a training and a test split."""

    name: str
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    classes: tuple

    @cached_property
    def fingerprint(self):
        """16 hexadecimal digits of the SHA-256 of all arrays: equal for equal data, whatever file they came from."""
        return fingerprint(self.x_train, self.y_train, self.x_test, self.y_test)


def fingerprint(*arrays):
    """16 hexadecimal digits of the SHA-256 of arrays, of their types and of their shapes."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()[:16]


def load(source):
    """Load a `Dataset`.

    source: "digits" (scikit-learn's handwritten digits, embedded); "cifar10" (downloaded once to Keras' cache);
    or a path to an .npz with x_train, y_train, x_test, y_test (and perhaps class names, `classes`), to the
    official archive (.tar.gz, python or binary version) or its extracted folder, or to a folder
    train/<class>/*.png|jpg, test/<class>/*.png|jpg.

    Raises DataError when something is missing, truncated, of the wrong shape or type, or a class is empty.
    """
    if source == "digits":
        return _digits()
    if source == "cifar10":
        return _cifar10_from_keras_cache()
    if not isinstance(source, (str, PathLike)):
        raise DataError(f"{source!r} is a {type(source).__name__}, not a name or a path; give {SOURCES}")
    path = Path(source).expanduser()
    if not path.exists():
        raise DataError(f"{source}: no such file or folder, and no data set of that name; give {SOURCES}")
    if path.is_dir():
        if (path / "train").is_dir():
            return _image_folders(path)
        return _official(path, {p.name: p for p in path.iterdir() if p.is_file()}, Path.read_bytes)
    if path.suffix == ".npz":
        return _npz(path)
    if path.name.endswith((".tar.gz", ".tgz", ".tar")):
        return _official_archive(path)
    raise DataError(f"{path}: cannot tell what this is; give {SOURCES}")


def _dataset(path, name, x_train, y_train, x_test, y_test, classes):
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
    lowest, highest = min(y_train.min(), y_test.min()), max(y_train.max(), y_test.max())
    classes = tuple(map(str, classes if classes is not None else range(highest + 1)))
    if lowest < 0 or highest >= len(classes):
        raise DataError(f"{path}: labels from {lowest} to {highest}; expected 0 to {len(classes) - 1}")
    if len(classes) < 2:
        raise DataError(f"{path}: only one class, {classes[0]!r}; a classifier needs at least 2")
    for split, labels in (("train", y_train), ("test", y_test)):
        counts = np.bincount(labels, minlength=len(classes))
        if not counts.all():
            raise DataError(f"{path}: no {split} image of class {classes[counts.argmin()]!r}; add some or drop the class")
    return Dataset(name, x_train, y_train, x_test, y_test, classes)


def checked_images(path, key, images):
    """The array `key` of `path` as images uint8 (N, H, W, 1 or 3). Raises DataError for anything else."""
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] not in (1, 3)):
        raise DataError(
            f"{path}: {key} is {images.dtype} {images.shape}; expected uint8 images (N, H, W, 1 or 3) "
            "with values from 0 to 255, channels last"
        )
    if images.ndim == 3:  # grey images without a channel axis
        images = images[..., np.newaxis]
    return np.ascontiguousarray(images)


def checked_labels(path, key, labels, labelled, count):
    """The array `key` of `path` as labels int64 (`count`,) of what `labelled` says. Raises DataError for others."""
    if labels.ndim == 2 and labels.shape[1] == 1:  # the shape that Keras' own CIFAR-10 has
        labels = labels[:, 0]
    if not np.issubdtype(labels.dtype, np.integer) or labels.shape != (count,):
        raise DataError(
            f"{path}: {key} is {labels.dtype} {labels.shape}; expected one integer label for each of the {labelled}"
        )
    return labels.astype(np.int64)


def _digits():
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


def _cifar10_from_keras_cache():
    import keras

    try:
        archive = keras.utils.get_file("cifar-10-python.tar.gz", CIFAR10_URL, file_hash=CIFAR10_SHA256)
    except Exception as error:  # Keras raises a bare Exception when a download fails
        raise DataError(
            f"cifar10: downloading {CIFAR10_URL} failed ({error}); fetch it elsewhere and give the path to the archive"
        ) from error
    return _official_archive(Path(archive), name="cifar10")


def _npz(path):
    arrays = npz_arrays(path)
    missing = {"x_train", "y_train", "x_test", "y_test"} - set(arrays)
    if missing:
        raise DataError(f"{path}: lacks {', '.join(sorted(missing))}; it holds {', '.join(sorted(arrays)) or 'nothing'}")
    classes = arrays.get("classes", CIFAR10_CLASSES if path.stem.startswith("cifar10") else None)
    return _dataset(path, path.stem, *(arrays[key] for key in ("x_train", "y_train", "x_test", "y_test")), classes)


def npz_arrays(path):
    """All arrays of an .npz by name. Raises DataError for one that is damaged, and for pickled objects."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {key: archive[key] for key in archive.files}
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError, EOFError) as error:
        raise DataError(f"{path}: damaged or no .npz archive ({error}); write or copy it again") from error


def _image_folders(root):
    found = {}
    for split in ("train", "test"):
        if not (root / split).is_dir():
            raise DataError(f"{root}: no folder {split}/; expected {root / split}/<class>/*.png or *.jpg")
        found[split] = class_folders(root / split)
    if found["train"] != found["test"] or not found["train"]:
        differ = sorted(set(found["train"]) ^ set(found["test"]))
        raise DataError(f"{root}: train/ and test/ need the same class folders; in only one of them: {differ or 'none found'}")
    arrays = {}
    for split, classes in found.items():
        files, labels = labelled_files(root / split, classes)
        arrays[split] = read_images(files), labels
    return _dataset(root, root.resolve().name, *arrays["train"], *arrays["test"], classes)


def class_folders(root):
    """The names of the folders in `root` that are not hidden, sorted."""
    return sorted(p.name for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))


def image_files(folder):
    """The paths of the images in `folder` that are not hidden, sorted."""
    files = (p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES and not p.name.startswith("."))
    return sorted(files)


def labelled_files(root, classes):
    """The images in root/<class>/: paths, class after class, and labels (N,) int64. DataError for a class without."""
    files, labels = [], []
    for label, name in enumerate(classes):
        found = image_files(root / name)
        if not found:
            raise DataError(f"{root / name}: no .png or .jpg image in this class folder; add some or remove the folder")
        files += found
        labels += [label] * len(found)
    return files, np.array(labels)


def image_sizes(files):
    """(height, width) of each image file, of which only the beginning is read. Raises DataError as `read_images`."""
    sizes = []
    for file in files:
        with _opened(file) as image:
            sizes.append((image.height, image.width))
    return sizes


def read_images(files, side=None):
    """Images (N, H, W, 3) uint8 of files. Raises DataError for a file that is broken or of another size.

    side: cut each image to the square in its middle and scale that to side x side; None: take them as they are.
    """
    images = []
    for file in files:
        with _opened(file) as image:
            image = image.convert("RGB")
        pixels = np.asarray(image if side is None else fitted(image, side))
        if images and pixels.shape != images[0].shape:
            raise DataError(f"{file}: {pixels.shape}, but the images before it are {images[0].shape}; resize it")
        images.append(pixels)
    return np.stack(images)


def fitted(image, side):
    """The square in the middle of a Pillow image, scaled to side x side."""
    from PIL import ImageOps

    return ImageOps.fit(image, (side, side))


@contextmanager
def _opened(file):
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(file) as image:
            if image.mode.startswith(("I", "F")):  # Pillow would cut all values above 255 off
                raise OSError(f"its pixels have more than 8 bits, mode {image.mode!r}: save it with 8")
            yield image
    # SyntaxError is Pillow's word for a broken PNG.
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError) as error:
        raise DataError(f"{file}: cannot be read as an image ({error}); replace or remove it") from error


def _official_archive(path, name=None):
    try:
        with tarfile.open(path) as archive:
            # Members are read where they are; nothing is extracted, so their paths need not be trusted.
            members = {Path(m.name).name: archive.extractfile(m).read() for m in archive if m.isfile()}
    except (tarfile.TarError, zlib.error, OSError, EOFError) as error:
        raise DataError(f"{path}: damaged or no archive ({error}); download it again") from error
    return _official(path, members, lambda content: content, name)


def _official(path, files, read, name=None):
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


def _pickled_batch(path, batch, content):
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if digest != CIFAR10_BATCHES[batch]:
        raise DataError(
            f"{path}: {batch} has MD5 {digest}, the published one is {CIFAR10_BATCHES[batch]}; it was not unpickled. "
            "Download the archive again"
        )
    values = pickle.loads(content, encoding="bytes")
    return _planes_to_images(values[b"data"]), np.array(values[b"labels"])


def _binary_batch(path, batch, content):
    expected = _BATCH_SIZE * _BINARY_RECORD
    if len(content) != expected:
        raise DataError(f"{path}: {batch}.bin has {len(content):,} bytes instead of {expected:,}; download it again")
    records = np.frombuffer(content, np.uint8).reshape(-1, _BINARY_RECORD)
    return _planes_to_images(records[:, 1:]), records[:, 0].astype(np.int64)


def _planes_to_images(planes):
    return planes.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)  # (N, 3072) -> (N, 32, 32, 3)
