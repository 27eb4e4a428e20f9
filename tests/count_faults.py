"""How many malformed inputs get a clear answer: `python -m tests.count_faults` prints a table of kinds and counts.

Nothing is drawn at random, so two calls count the same. An answer is clear if it is right, or an error of the kind that
is documented, which names the file or the argument.
"""

import itertools
import re
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from paperlib.data import DataError
from paperlib.own_data.loading import load
from paperlib.selection import METHODS, select
from paperlib.selection.ties import priority

from .own_data.test_malformed import GOOD, MALFORMED
from .selection.test_activations import obvious
from .selection.test_select import ARGUMENTS

RIGHT, TOLD, UNCLEAR, WRONG = "right", "clear error", "unclear error", "wrong"
_CUTS, _FLIPS = 20, 60
_PICTURES = set(GOOD) - {"npz", "npy", "csv"}
_ELEMENTS = np.abs(np.random.default_rng(0).normal(size=(12, 4)))
_ODD = {
    "k": [0, -1, 1, 12, 13, 2.0, 1.5, True, "3", None, float("nan"), [3]],
    "seed": [-1, 0, 2**32 - 1, 2**32, 1.5, "a", None, True],
    "labels": [None, range(12), ["a"] * 12, [float("nan")] * 12, [None] * 12, [1] * 11, [[1]] * 12, [1.5] * 12, "abc"],
    "embeddings": [
        _ELEMENTS, _ELEMENTS.astype(np.float16), (9 * _ELEMENTS).astype(np.uint8), _ELEMENTS > 0.5, -_ELEMENTS,
        _ELEMENTS * 1e200, _ELEMENTS * 1e-320, _ELEMENTS.astype(complex), _ELEMENTS.astype(str), _ELEMENTS[0],
        _ELEMENTS[:, :0], _ELEMENTS[:0], np.where(_ELEMENTS > 2, np.nan, _ELEMENTS), np.full((12, 4), np.inf),
        np.zeros((12, 4)), np.ma.masked_greater(_ELEMENTS, 1), _ELEMENTS.tolist(), [[1, 2], [3]], None, "abc",
    ],
}  # fmt: skip


def main() -> None:
    rows = [
        ("malformed files and folders, by hand", map(_loaded_by_hand, MALFORMED)),
        ("files cut off", itertools.starmap(_damaged, _cut_off())),
        ("files with changed bytes", itertools.starmap(_damaged, _changed())),
        ("calls of select with one odd argument", itertools.starmap(_selected, _odd_calls())),
        ("eq. 4 against sorting by hand", itertools.starmap(_compared, _small_problems())),
    ]
    counts = {kind: Counter(outcomes) for kind, outcomes in rows}
    table = pd.DataFrame(counts).T.reindex(columns=[RIGHT, TOLD, UNCLEAR, WRONG]).fillna(0).astype(int)
    table.insert(0, "tried", table.sum(axis=1))
    print(table.to_markdown())


def _outcome(call: Callable[[], bool], kinds: tuple, names: tuple[str, ...]) -> str:
    """call: whether what came out is right. An error is clear if it is one of `kinds` and holds one of `names`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return RIGHT if call() else WRONG
    except kinds as error:
        return TOLD if any(name in str(error) for name in names) else UNCLEAR
    except Exception:
        return UNCLEAR


def _loaded_by_hand(case: str) -> str:
    make, message = MALFORMED[case]
    with tempfile.TemporaryDirectory() as folder:
        source = make(Path(folder))
        try:
            load(source)
        except DataError as error:
            return TOLD if re.search(message, str(error)) else UNCLEAR
        except Exception:
            return UNCLEAR
        return WRONG


def _cut_off() -> Iterator[tuple[str, bytes]]:
    for suffix, content in GOOD.items():
        for cut in range(_CUTS):
            yield suffix, content[: cut * len(content) // _CUTS]


def _changed() -> Iterator[tuple[str, bytes]]:
    for suffix, content in GOOD.items():
        for number in range(_FLIPS):
            changed = bytearray(content)
            changed[number * len(content) // _FLIPS] ^= 1 << number % 8
            yield suffix, bytes(changed)


def _damaged(suffix: str, content: bytes) -> str:
    """Right also where the damage leaves something to read: numbers that are finite."""
    with tempfile.TemporaryDirectory() as folder:
        path = source = Path(folder) / f"damaged.{suffix}"
        path.write_bytes(content)
        if suffix in _PICTURES:
            (Path(folder) / "good.png").write_bytes(GOOD["png"])
            source = Path(folder)

        def call() -> bool:
            samples = load(source)
            return len(samples) >= 2 and (samples.embeddings is None or bool(np.isfinite(samples.embeddings).all()))

        return _outcome(call, (DataError,), ("damaged",))


def _odd_calls() -> Iterator[tuple[str, dict]]:
    usual = {"embeddings": _ELEMENTS, "k": 5, "seed": 0, "labels": np.arange(12) % 3}
    for method in METHODS:
        for argument, values in _ODD.items():
            for value in values:
                yield method, {**usual, argument: list(value) if isinstance(value, range) else value}


def _selected(method: str, given: dict) -> str:
    given = dict(given)
    embeddings, k = given.pop("embeddings"), given.pop("k")

    def call() -> bool:
        chosen = select(embeddings, k, method, **given)
        return chosen.shape == (k,) and len(set(chosen.tolist())) == k and 0 <= chosen.min() <= chosen.max() < 12

    return _outcome(call, (ValueError,), ARGUMENTS)


def _small_problems() -> Iterator[tuple]:
    for seed in range(100):
        random = np.random.default_rng(seed)
        size = random.integers(2, 25), random.integers(1, 6)
        embeddings = random.integers(-2, 3, size) if seed % 2 else random.normal(size=size)
        for overlap, ties in itertools.product(("fill", "union"), ("seed", "index")):
            yield embeddings, int(random.integers(1, len(embeddings) + 1)), overlap, ties


def _compared(embeddings: np.ndarray, k: int, overlap: str, ties: str) -> str:
    order = priority(ties, 0)(np.arange(len(embeddings))).tolist()

    def call() -> bool:
        return select(embeddings, k, overlap=overlap, ties=ties).tolist() == obvious(embeddings, k, overlap, order)

    return _outcome(call, (ValueError,), ARGUMENTS)


if __name__ == "__main__":
    main()
