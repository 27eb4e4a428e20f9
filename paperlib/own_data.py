"""Anybody's images or embeddings -> samples to choose from. A selection needs no test split, and no labels."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path

import numpy as np

from paperlib import data
from paperlib.data import DataError
from paperlib.selection.blocks import blocks

SHARE = 4_320 / 50_000  # of the samples that the paper keeps
SMALLEST, LARGEST = 8, 64  # sides of images: three poolings need 8 pixels, and time grows with the square
SOURCES = (
    "a folder of class folders with .png or .jpg images (or of train/ with them, or of images alone), an .npz with "
    "images (x_train and perhaps y_train) or embeddings (embeddings and perhaps labels), an .npy with either, the "
    "official CIFAR-10 archive or folder, 'cifar10' or 'digits'"
)


@dataclass(frozen=True)
class Samples:
    """N samples to choose from: images, embeddings that were computed elsewhere, or both."""

    name: str
    images: np.ndarray = None  # uint8 (N, H, W, C)
    embeddings: np.ndarray = None  # real numbers (N, n), all finite
    labels: np.ndarray = None  # int64 (N,)
    classes: tuple = None  # the name of each label
    files: tuple = None  # N file names, where a sample is a file
    preparation: str = "taken as they are"  # what was done to the images

    def __len__(self):
        return len(self.images if self.embeddings is None else self.embeddings)

    @cached_property
    def fingerprint(self):
        """16 hexadecimal digits: equal for equal samples, whatever file they came from."""
        return data.fingerprint(*(x for x in (self.images, self.embeddings, self.labels) if x is not None))

    def describe(self):
        """What was found, in a sentence for each kind of thing."""
        found = [f"{self.name}: {len(self):,} samples, fingerprint {self.fingerprint}."]
        if self.images is not None:
            height, width, channels = self.images.shape[1:]
            kind = "grey" if channels == 1 else "colour"
            found.append(f"Images: {height} × {width}, {kind}, {self.preparation}.")
        if self.embeddings is not None:
            found.append(f"Embeddings: {self.embeddings.shape[1]:,} numbers each, computed elsewhere.")
        if self.labels is None:
            found.append("No labels: methods that look at classes are not offered.")
        else:
            sizes = np.bincount(self.labels, minlength=len(self.classes))
            found.append(f"Classes: {len(self.classes):,}, of at least {sizes.min():,}, at most {sizes.max():,} samples.")
        return "\n".join(found)


def load(source, image_size=0):
    """Load `Samples` from what `SOURCES` lists. Where there are splits, only the training split is taken.

    source: a path or a name; an .npz may also hold `classes` (names), `files` (names of the samples) and both
    `images` and `embeddings`: then the embeddings choose and the images are shown. Labels are whole numbers or names.
    image_size: side of the squares that all images are brought to, at least 8. 0: images stay as they are if all
    have one size with sides from 8 to 64; others become squares as large as the shortest side, within these bounds.

    Raises DataError, which names the file and the way out, for what is missing, broken or does not fit together.
    """
    if image_size and image_size < SMALLEST:
        raise DataError(f"image_size is {image_size}: give at least {SMALLEST}, or 0 to have it chosen")
    if not isinstance(source, (str, PathLike)):
        raise DataError(f"{source!r} is a {type(source).__name__}, not a name or a path; give {SOURCES}")
    path = Path(source).expanduser()
    if source not in ("digits", "cifar10") and not path.exists():
        raise DataError(f"{source}: no such file or folder, and no data set of that name; give {SOURCES}")
    if source in ("digits", "cifar10") or _is_official(path):
        dataset = data.load(source)
        images, preparation = _brought_to_size(dataset.x_train, image_size)
        return Samples(dataset.name, images, None, dataset.y_train, dataset.classes, None, preparation)
    if path.is_dir():
        return _folder(path, image_size)
    if path.suffix == ".npz":
        return _arrays(path, data.npz_arrays(path), image_size)
    if path.suffix == ".npy":
        return _arrays(path, {"the array": _npy(path)}, image_size)
    if path.suffix.lower() in data.IMAGE_SUFFIXES:
        raise DataError(f"{path}: a single image, of which nothing can be left out; give the folder that it lies in")
    raise DataError(f"{path}: cannot tell what this is; give {SOURCES}")


def samples_to_keep(samples, k):
    """k, or for 0 the paper's share of the samples. Raises ValueError unless 1 <= k <= N."""
    k = k or max(1, round(SHARE * len(samples)))
    if not 1 <= k <= len(samples):
        raise ValueError(f"k is {k}: {samples.name} has {len(samples):,} samples; give 1 to that, or 0 for {SHARE:.2%}")
    return k


def _is_official(path):
    if path.is_dir():
        return any((path / f"test_batch{suffix}").is_file() for suffix in ("", ".bin"))
    return path.name.endswith((".tar.gz", ".tgz", ".tar"))


def _folder(root, image_size):
    top = root / "train" if (root / "train").is_dir() else root
    classes, files, labels = data.class_folders(top), data.image_files(top), None
    if classes and files:
        raise DataError(f"{files[0]}: lies beside class folders; move it into one of them, or out of {top}")
    if classes:
        files, labels = data.labelled_files(top, classes)
    if not files:
        raise DataError(f"{top}: neither class folders nor .png or .jpg images in it; give {SOURCES}")
    if len(files) < 2:
        raise DataError(f"{files[0]}: the only image in {top}, so that nothing can be left out; add some")
    sizes = data.image_sizes(files)
    side = image_size or _chosen_side(sizes)
    return Samples(
        name=root.resolve().name,
        images=data.read_images(files, side),
        labels=labels,
        classes=tuple(classes) or None,
        files=tuple(file.relative_to(root).as_posix() for file in files),
        preparation=_preparation(sizes, side),
    )


def _npy(path):
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)  # embeddings may be larger than memory
    except (ValueError, OSError, EOFError) as error:
        raise DataError(f"{path}: damaged or no .npy array ({error}); write or copy it again") from error


def _arrays(path, arrays, image_size):
    images, embeddings = _taken(arrays, "x_train", "images"), _taken(arrays, "embeddings")
    labels, classes = _taken(arrays, "y_train", "labels"), _taken(arrays, "classes")
    if images is None and embeddings is None and len(arrays) == 1:  # one array needs no name
        only = next(iter(arrays.items()))
        images, embeddings = (None, only) if only[1].ndim == 2 else (only, None)
    if images is None and embeddings is None:
        raise DataError(f"{path}: holds {', '.join(sorted(arrays)) or 'nothing'}; expected x_train or embeddings")
    for key, array in filter(None, (images, embeddings)):
        if array.ndim and len(array) < 2:
            raise DataError(f"{path}: {key} is {array.shape}, of which nothing can be left out; give 2 samples or more")
    preparation = Samples.preparation
    if images is not None:
        images, preparation = _brought_to_size(data.checked_images(path, *images), image_size)
    if embeddings is not None:
        embeddings = _checked_embeddings(path, *embeddings)
    samples = len(images if embeddings is None else embeddings)
    if images is not None and len(images) != samples:
        raise DataError(f"{path}: {len(images)} images but {samples} embeddings; give one of each for a sample")
    files = arrays.get("files")
    if files is not None and files.shape != (samples,):
        raise DataError(f"{path}: files is {files.shape}; expected a name for each of the {samples} samples")
    if labels is not None:
        labels, classes = _checked_labels(path, *labels, None if classes is None else classes[1], samples)
    else:
        classes = None
    files = None if files is None else tuple(map(str, files))
    return Samples(path.stem, images, embeddings, labels, classes, files, preparation)


def _taken(arrays, *keys):
    """(key, array) of the first of the keys that is there, or None."""
    return next(((key, arrays[key]) for key in keys if key in arrays), None)


def _checked_embeddings(path, key, embeddings):
    if embeddings.ndim != 2 or embeddings.shape[1] < 1 or embeddings.dtype.kind not in "uif":
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


def _checked_labels(path, key, labels, classes, samples):
    """Labels (N,) as places in the class names, and these names."""
    if classes is None or labels.dtype.kind in "US":
        if labels.dtype.kind not in "US":
            labels = data.checked_labels(path, key, labels, f"{samples} samples", samples)
        elif labels.shape != (samples,):
            raise DataError(f"{path}: {key} is {labels.shape}; expected one for each of the {samples} samples")
        names, labels = np.unique(labels, return_inverse=True)
        return labels.astype(np.int64), tuple(map(str, names))
    labels = data.checked_labels(path, key, labels, f"{samples} samples", samples)
    if labels.min() < 0 or labels.max() >= len(classes):
        raise DataError(
            f"{path}: {key} has values from {labels.min()} to {labels.max()}, but classes names {len(classes)}: "
            f"expected 0 to {len(classes) - 1}"
        )
    return labels, tuple(map(str, classes))


def _brought_to_size(images, image_size):
    """Images (N, H, W, C) uint8 in the size that `load` describes, and what was done to them."""
    sizes = [images.shape[1:3]]
    side = image_size or _chosen_side(sizes)
    if side is not None and sizes != [(side, side)]:
        from PIL import Image

        pixels = images[..., 0] if images.shape[3] == 1 else images  # Pillow's grey images have no channel axis
        squares = np.stack([np.asarray(data.fitted(Image.fromarray(image), side)) for image in pixels])
        images = squares.reshape(len(images), side, side, -1)
    return images, _preparation(sizes, side)


def _chosen_side(sizes):
    """The side of the squares that images of these (height, width) are brought to; None: they stay as they are."""
    shortest, longest = min(map(min, sizes)), max(map(max, sizes))
    if len(set(sizes)) == 1 and SMALLEST <= shortest and longest <= LARGEST:
        return None
    return min(max(shortest, SMALLEST), LARGEST)


def _preparation(sizes, side):
    counts = Counter(sizes)
    if side is None or set(counts) == {(side, side)}:
        return "taken as they are"
    smallest, largest = min(counts, key=np.prod), max(counts, key=np.prod)
    found = " × ".join(map(str, smallest))
    if len(counts) > 1:
        found += f" to {' × '.join(map(str, largest))}"
    return f"made from {found} by cutting to the square in the middle and scaling (image_size)"
