"""Tables of embeddings, .csv or .parquet: a row a sample, a column a number, and perhaps labels and file names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from paperlib.data import DataError

if TYPE_CHECKING:
    import pandas as pd

LABELS = ("label", "labels", "class", "target", "y", "y_train")  # names of columns, in any case
FILES = ("path", "file", "files", "filename", "file_name", "image")
_COUNTERS = ("", "index", "id", "row")  # these count the rows and say nothing of a sample
LARGEST_LISTED = 5  # columns that a message names


def arrays(path: Path) -> tuple[dict[str, NDArray], list[str]]:
    """The arrays `embeddings`, `labels` and `files` of a table, as far as it has them, and the columns passed over.

    Columns of numbers are the embedding, in their order, or one column of lists of numbers is. A first row of numbers
    is a sample, unless it counts the columns from 0 on, as pandas writes it. Numbers with fractions are no labels.
    Raises DataError for a table that is damaged or has no numbers, ImportError without pandas.
    """
    import pandas as pd

    table = _read(path)
    table.columns = [str(name) for name in table.columns]
    if not len(table):
        raise DataError(f"{path}: has no rows; give 2 samples or more")
    found: dict[str, NDArray] = {}
    passed: list[str] = []
    numbers: list[pd.Series] = []
    for name in table.columns:
        column, plain = table[name], name.strip().lower()
        if plain in LABELS and "labels" not in found and not _has_fractions(column):
            found["labels"] = _labels(path, name, column)
        elif plain in LABELS and plain != "y":  # a number to be predicted is no part of an embedding; y is a coordinate
            passed.append(name)
        elif plain in FILES and "files" not in found and not pd.api.types.is_numeric_dtype(column):
            found["files"] = column.astype(str).to_numpy(dtype=str)
        elif plain in _COUNTERS or plain.startswith("unnamed:"):
            passed.append(name)
        elif pd.api.types.is_numeric_dtype(column):
            numbers.append(column)
        elif not numbers and any(isinstance(row, (list, tuple, np.ndarray)) for row in column):
            found["embeddings"] = _stacked(path, name, column)
        else:
            passed.append(name)
    if numbers and "embeddings" in found:
        passed += [column.name for column in numbers]
    elif numbers:
        found["embeddings"] = np.column_stack([column.to_numpy(dtype=float, na_value=np.nan) for column in numbers])
    if "embeddings" not in found:
        listed = ", ".join(map(repr, table.columns[:LARGEST_LISTED]))
        raise DataError(f"{path}: no column of numbers to choose by among {listed}; give one row a sample")
    return found, passed


def _read(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        if path.suffix.lower() == ".parquet":
            table = pd.read_parquet(path)
            return table if table.index.names == [None] else table.reset_index()
        # Looked at by themselves: as names of columns, equal numbers would be changed. A gap is no name.
        first = pd.read_csv(path, header=None, nrows=1, dtype=str).iloc[0].dropna().str.strip().tolist()
        counted = first == [str(number) for number in range(len(first))]
        table = pd.read_csv(path, header=None if all(map(_is_number, first)) and not counted else 0)
    except ImportError as error:
        raise ImportError(f"{path}: reading .parquet needs the library pyarrow: pip install pyarrow") from error
    except (ValueError, OSError, EOFError) as error:  # pandas' and pyarrow's own errors are kinds of these
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise DataError(f"{path}: damaged or no table ({reason}); write or copy it again") from error
    if not isinstance(table.index, pd.RangeIndex):  # pandas would take what is too much for the names of the rows
        raise DataError(
            f"{path}: rows have more fields than the first has names; separate columns by commas, write decimal "
            "points, and give every column a name"
        )
    if odd := next((name for name in map(str, table.columns) if ";" in name or "\t" in name), None):
        raise DataError(
            f"{path}: the column {odd!r} looks separated by something else than commas; save it with commas"
        )
    return table


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _has_fractions(column: pd.Series) -> bool:
    known = column.dropna()
    return bool(column.dtype.kind == "f" and (known != known.round()).any())


def _labels(path: Path, name: str, column: pd.Series) -> NDArray:
    if column.isna().any():
        raise DataError(f"{path}: {name} is empty in row {int(column.isna().argmax())}; give every sample a label")
    if column.dtype.kind in "iu":
        return column.to_numpy()
    if column.dtype.kind == "f" and (column == column.round()).all() and column.abs().max() < 2**53:
        return column.to_numpy().astype(np.int64)
    return column.astype(str).to_numpy(dtype=str)


def _stacked(path: Path, name: str, column: pd.Series) -> NDArray[np.float64]:
    lengths = {len(row) if isinstance(row, (list, tuple, np.ndarray)) else -1 for row in column}
    if len(lengths) != 1:
        raise DataError(f"{path}: {name} has lists of different lengths; give every sample as many numbers")
    try:
        return np.stack([np.asarray(row, float) for row in column])
    except (TypeError, ValueError) as error:
        raise DataError(f"{path}: {name} has lists of something else than numbers ({error})") from error
