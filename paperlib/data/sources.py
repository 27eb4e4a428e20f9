"""Where data come from: names and paths."""

from os import PathLike
from pathlib import Path

from paperlib.data.dataset import DataError

SOURCES = "'digits', 'cifar10', an .npz file, the official CIFAR-10 archive or folder, or a folder of train/ and test/"
_LONGEST = 200  # characters of a path that a message gives


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
        For what is no path, for one where nothing is or that is not UTF-8, and for pipes, sockets and devices, which
        have no end.
    """
    if not isinstance(source, (str, PathLike)):
        raise DataError(f"{source!r} is a {type(source).__name__}, not a name or a path; give {sources}")
    text = shown(source)
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}… ({len(text):,} characters)"
    try:
        path = Path(source).expanduser()
        path.lstat()
        there = path.exists()
    except FileNotFoundError:
        there = False
    # The home of nobody, a zero byte, a path of bytes; too long, or through something that is no folder.
    except (RuntimeError, ValueError, TypeError, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{text}: cannot be a path here ({reason}); give {sources}") from error
    if not there:
        raise DataError(f"{text}: no such file or folder, and no data set of that name; give {sources}")
    check_name(path)
    if not path.is_file() and not path.is_dir():
        kind = "pipe" if path.is_fifo() else "socket" if path.is_socket() else "device"
        raise DataError(f"{text}: a {kind}, not a file; write its content to one, or give {sources}")
    return path


def check_name(path: Path) -> None:
    """Raise DataError for a path that is not UTF-8."""
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise DataError(
            f"{shown(path)}: this name is not UTF-8, so that it cannot be written down; rename it"
        ) from error


def shown(path: object) -> str:
    """A path as text that any terminal takes, whatever bytes its name has."""
    return str(path).encode("utf-8", "backslashreplace").decode()
