"""A selection on disk: the indices, a table of what was chosen, how it came about, and how to go on with it."""

from __future__ import annotations

import csv
import io
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from paperlib import environment
from paperlib.data.sources import shown
from paperlib.storage import arrays, records
from paperlib.storage.digests import content_hash, file_digest
from paperlib.storage.files import FileError, replacing, write_text

if TYPE_CHECKING:
    from paperlib.own_data.loading import Samples

INDICES, MANIFEST, TABLE, README, FILES = "selected.npy", "selected.json", "selected.csv", "README.md", "files"
_LONGEST = 60  # characters of the samples' name in the folder's: the rest of it needs room, too
_HANDED_OVER = ("copy", "link")


def describe(
    samples: Samples,
    *,
    method: str,
    options: Mapping[str, Any],
    k: int,
    seed: int,
    embedding: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """What decides which samples are chosen, as plain data. embedding: of `embedding.plan`."""
    return {
        "dataset": samples.name,
        "fingerprint": samples.fingerprint,
        "method": method,
        "options": options,
        "k": k,
        "seed": seed,
        "embedding": embedding,
    }


def write(
    root: str | os.PathLike,
    indices: NDArray[np.int64],
    samples: Samples,
    source: str | os.PathLike,
    run: Mapping[str, Any],
    *,
    training: Mapping[str, Any] | None = None,
) -> Path:
    """Write indices (k,) int64 and their manifest to a folder of their own in `root` -> path of that folder.

    run: of `describe`. training: of `embedding.Embedded`. The folder is named after the run and after the table, since
    other machines and versions may train differently, and files and classes may be renamed: another selection goes
    elsewhere, and the same again changes nothing. Raises FileError where that fails, and if the folder was altered.
    """
    text = table(indices, samples)
    name = content_hash([run, text])
    dataset = run["dataset"] if len(run["dataset"].encode()) <= _LONGEST else f"{run['dataset'][: _LONGEST // 4]}…"
    folder = Path(root) / f"{dataset}-{run['method']}-{run['k']}-{name}"
    if (folder / MANIFEST).exists():
        read(folder)  # refuses what was altered
        return folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / INDICES).unlink(missing_ok=True)  # left by a run that was ended between the two files
        write_text(folder / TABLE, text)
        write_text(folder / README, readme(indices, samples, source, run))
    except OSError as error:
        raise FileError(f"{folder}: cannot be written ({error.strerror or error}); choose another folder") from error
    arrays.write(folder / INDICES, indices)
    result = {
        "samples": len(samples),
        "chosen": len(indices),
        "sha256": file_digest(folder / INDICES),
        "classes": None if samples.labels is None else class_counts(samples, indices),
        "files": None if samples.files is None else [samples.files[i] for i in indices],  # in the order of the indices
        "training": training,
    }
    manifest = {
        "hash": content_hash(run),
        "run": run,
        "about": {"source": str(source), "preparation": samples.preparation},
        "result": result,
        "environment": environment.describe() if training else environment.describe_without_keras(),
    }
    records.write(folder / MANIFEST, manifest)
    return folder


def class_counts(samples: Samples, indices: NDArray[np.int64]) -> list[dict[str, Any]]:
    """A dict a class: its name, how many samples were chosen, and how many there are."""
    assert samples.labels is not None and samples.classes is not None  # whoever asks has looked
    count = len(samples.classes)
    chosen = np.bincount(samples.labels[indices], minlength=count).tolist()
    available = np.bincount(samples.labels, minlength=count).tolist()
    return [
        {"class": name, "chosen": some, "available": all_of_it}
        for name, some, all_of_it in zip(samples.classes, chosen, available)
    ]


def table(indices: NDArray[np.int64], samples: Samples) -> str:
    """The choice as CSV text: rank from 1, index, path and label, as far as samples have them; a row a sample."""
    columns: dict[str, Sequence[Any]] = {"rank": range(1, len(indices) + 1), "index": indices.tolist()}
    if samples.files is not None:
        columns["path"] = [samples.files[i] for i in indices]
    if samples.labels is not None and samples.classes is not None:
        columns["label"] = [samples.classes[samples.labels[i]] for i in indices]
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(columns)
    rows.writerows(zip(*columns.values()))
    return text.getvalue()


def readme(indices: NDArray[np.int64], samples: Samples, source: str | os.PathLike, run: Mapping[str, Any]) -> str:
    """What lies in the folder, and lines to paste that go on with it."""
    name, root = samples.name.replace("`", "'"), str(source).replace("`", "'")
    in_folder = _are_in(source, samples)
    order = ""
    if in_folder:
        order = (
            "The indices count the pictures class by class, in the order of their names. Software that lists them in "
            "another order needs the paths in `selected.csv`.\n\n"
        )
    return f"""# {len(indices):,} of {len(samples):,} samples of `{name}`, by `{run["method"]}`

`selected.csv` has a row for each sample in order of choice: its rank, its index (from 0) and, where there are any, its
path and its label. `selected.npy` has the indices alone. `selected.json` says how they came about; after
`from paperlib.own_data import manifest`, `manifest.read(folder)` gives indices and manifest, and refuses both if they
were changed. The source was `{root}`.

{order}## PyTorch

```python
{torch_lines(samples, source)}
```

## TensorFlow

```python
{tensorflow_lines(samples, source)}
```
"""


def _are_in(source: str | os.PathLike, samples: Samples) -> bool:
    """Whether the samples are files of a folder, rather than rows of an array or a table that may name files."""
    return samples.files is not None and Path(source).expanduser().is_dir()


def torch_lines(samples: Samples, source: str | os.PathLike) -> str:
    """Lines that make a `torch.utils.data.Subset` of the choice."""
    above = _above_classes(samples)
    if not _are_in(source, samples) or (samples.labels is not None and above is None):
        return (
            "import numpy as np\nfrom torch.utils.data import Subset\n\n"
            'subset = Subset(dataset, np.load("selected.npy").tolist())  # dataset: yours, in the order it was given'
        )
    if samples.labels is None:
        return (
            "import pandas as pd\n\n"
            'root = "DATA"  # the folder that was given\n'
            'paths = [f"{root}/{path}" for path in pd.read_csv("selected.csv")["path"]]  # for a Dataset of yours'
        )
    return (
        "from pathlib import Path\n\nimport pandas as pd\n"
        "from torch.utils.data import Subset\nfrom torchvision.datasets import ImageFolder\n\n"
        'root = "DATA"  # the folder that was given\n'
        f"dataset = ImageFolder({above})\n"
        'chosen = set(pd.read_csv("selected.csv")["path"])\n'
        "subset = Subset(dataset, [i for i, (path, _) in enumerate(dataset.samples)\n"
        "                          if Path(path).relative_to(root).as_posix() in chosen])"
    )


def tensorflow_lines(samples: Samples, source: str | os.PathLike) -> str:
    """Lines that make a `tf.data.Dataset` of the choice."""
    if not _are_in(source, samples):
        return (
            "import numpy as np\nimport tensorflow as tf\n\n"
            'chosen = np.load("selected.npy")\n'
            "dataset = tf.data.Dataset.from_tensor_slices((x_train[chosen], y_train[chosen]))  # arrays that are yours"
        )
    label = ', table["label"]' if samples.labels is not None else ""
    return (
        "import pandas as pd\nimport tensorflow as tf\n\n"
        'table = pd.read_csv("selected.csv", dtype={"path": str, "label": str})\n'
        'paths = "DATA/" + table["path"]  # DATA: the folder that was given\n'
        f"dataset = tf.data.Dataset.from_tensor_slices((paths{label}))"
    )


def _above_classes(samples: Samples) -> str | None:
    """The folder that holds the class folders, as Python, at or below the one that was given; None without any."""
    if samples.files is None or samples.labels is None or samples.classes is None:
        return None
    folders = [file.split("/")[:-1] for file in samples.files]
    names = [samples.classes[label] for label in samples.labels]
    for depth, inside in enumerate(zip(*folders)):
        if list(inside) == names:
            return f'root + "/{"/".join(folders[0][:depth])}"' if depth else "root"
    return None


def check_files(samples: Samples, source: str | os.PathLike, how: str) -> None:
    """Raise ValueError unless `hand_over` can be asked for these samples."""
    if how not in _HANDED_OVER:
        raise ValueError(f"how is {how!r}: choose from {', '.join(_HANDED_OVER)}")
    if not _are_in(source, samples):
        raise ValueError(f"{samples.name}: its samples are no files of a folder, so there is nothing to {how}")


def hand_over(
    folder: str | os.PathLike,
    source: str | os.PathLike,
    samples: Samples,
    indices: NDArray[np.int64],
    how: str,
) -> Path:
    """Put the chosen picture files below `folder`/files, under their own paths: by copying or by linking them.

    how: "copy", or "link" (symbolic links to where the files are). What is there already stays, if it is a copy or a
    link as asked for, and is replaced otherwise. Returns that folder. Raises ValueError for samples that are no files,
    FileError where it cannot be written.
    """
    check_files(samples, source, how)
    assert samples.files is not None  # or there would be nothing to hand over
    top, target = Path(source).expanduser(), Path(folder) / FILES
    for place in indices:
        old, new = top / samples.files[place], target / samples.files[place]
        try:
            new.parent.mkdir(parents=True, exist_ok=True)
            if os.path.lexists(new) and new.is_symlink() == (how == "link"):
                continue
            with replacing(new) as part:
                if how == "link":
                    part.symlink_to(old.resolve())
                else:
                    shutil.copy2(old, part)
        except OSError as error:
            raise FileError(
                f"{shown(new)}: cannot be written ({error.strerror or error}); the choice itself is kept in "
                f"{folder}; free some space, or choose another folder"
            ) from error
    return target


def read(folder: str | os.PathLike) -> tuple[NDArray[np.int64], dict[str, Any]]:
    """(indices (k,), manifest) of a folder. Raises FileError if a file is missing, damaged or was altered."""
    folder = Path(folder)
    manifest = records.read(folder / MANIFEST)
    stated = manifest["result"]["sha256"]
    try:
        digest = file_digest(folder / INDICES)
    except OSError as error:
        raise FileError(f"{folder / INDICES}: cannot be read ({error.strerror or error}); choose again") from error
    if digest != stated:
        raise FileError(
            f"{folder / INDICES}: has the SHA-256 {digest[:12]}…, but {MANIFEST} says {stated[:12]}…: it was altered; "
            "restore it, or delete the folder and choose again"
        )
    return np.load(folder / INDICES, allow_pickle=False), manifest
