"""Data sets as plain arrays: where they come from, what is checked, how they are named."""

from os import PathLike

from paperlib.data import cifar10
from paperlib.data.dataset import DataError as DataError
from paperlib.data.dataset import Dataset as Dataset
from paperlib.data.digits import handwritten_digits
from paperlib.data.folders import image_folders
from paperlib.data.npz import npz_dataset
from paperlib.data.sources import SOURCES, located


def load(source: str | PathLike) -> Dataset:
    """Load a data set.

    Nothing that a file says is run, and no more of it is read than is needed and fits into memory.

    Parameters
    ----------
    source : str or path
        "digits" (scikit-learn's handwritten digits, embedded); "cifar10" (downloaded once to Keras' cache); or the path
        of an .npz with x_train, y_train, x_test, y_test (and perhaps class names, `classes`), of the official archive
        (.tar.gz, python or binary version) or its extracted folder, or of a folder with images
        in train/<class>/ and test/<class>/, all of one size.

    Returns
    -------
    Dataset

    Raises
    ------
    DataError
        When something is missing, damaged, of the wrong shape or type, or too large, or a class is empty.
    """
    if isinstance(source, str) and source == "digits":
        return handwritten_digits()
    if isinstance(source, str) and source == "cifar10":
        return cifar10.downloaded()
    path = located(source)
    try:
        if path.is_dir():
            if (path / "train").is_dir():
                return image_folders(path)
            return cifar10.from_folder(path)
        if path.suffix == ".npz":
            return npz_dataset(path)
        if path.name.endswith((".tar.gz", ".tgz", ".tar")):
            return cifar10.from_archive(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error}); allow reading it, or copy it again") from error
    raise DataError(f"{path}: cannot tell what this is; give {SOURCES}")
