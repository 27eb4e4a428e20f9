"""The options of the selection methods: which there are, of what kind, and which methods can run here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from paperlib.selection import METHODS, REGISTRY, select, submodular

if TYPE_CHECKING:
    from paperlib.own_data.loading import Samples

Value = bool | int | float | str

_CHOICES = {"overlap": ("fill", "union")}  # options whose values are words
_TRIAL = np.array([[-1.0, 2.0], [3.0, -2.0], [0.5, 1.0], [-3.0, 0.0]])  # negative too, as a trained encoder's are
_LOOK = 1 << 22  # numbers of the embeddings that are looked at together


@dataclass(frozen=True)
class Option:
    """An option of a method: its name, the value it has when nobody gives one, and the values there are, if listed."""

    name: str
    default: Value
    choices: tuple[str, ...] | None = None

    def parse(self, text: str) -> Value:
        """The value that a text stands for. Raises ValueError for others."""
        if isinstance(self.default, bool):
            words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
            if text.strip().lower() not in words:
                raise ValueError(f"{self.name} is {text!r}: give true or false")
            return words[text.strip().lower()]
        if self.choices and text not in self.choices:
            raise ValueError(f"{self.name} is {text!r}: choose from {', '.join(self.choices)}")
        try:
            return type(self.default)(text)
        except ValueError as error:
            kind = "a whole number" if isinstance(self.default, int) else "a number"
            raise ValueError(f"{self.name} is {text!r}: give {kind}") from error


def of(method: str) -> list[Option]:
    """The `Option`s of a method in `METHODS`, in order. Ties are always broken by the seed here."""
    return [Option(name, default, _CHOICES.get(name)) for name, default in REGISTRY[method].options.items()]


def parse(method: str, texts: Iterable[str]) -> dict[str, Value]:
    """Options from texts "name=value". Raises ValueError for a name or a value that the method does not have."""
    known = {one.name: one for one in of(method)}
    found: dict[str, Value] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if not sign or name not in known:
            raise ValueError(f"method {method!r} has no option {text!r}: give {said_of(method)}")
        found[name] = known[name].parse(value)
    return found


def said_of(method: str) -> str:
    """The options of a method as "name=default", or that there are none."""
    return ", ".join(f"{one.name}={one.default}" for one in of(method)) or "none: it has no options"


def check(method: str, options: Mapping[str, Value], samples: Samples, seed: int) -> None:
    """Find out whether `select` would refuse a method on samples, before their embeddings are learned.

    Raises ValueError and ImportError as `paperlib.selection.select` does: the method is tried on four made-up samples,
    with labels if the others have some.
    """
    if samples.embeddings is None:
        given: dict[str, Any] = dict(options)
        if "max_bytes" in (known := REGISTRY[method].options | given):
            by_class = known["by_class"] and samples.labels is not None
            largest = np.bincount(np.asarray(samples.labels)).max() if by_class else len(samples)
            submodular.check_memory(int(largest), known["max_bytes"])
        labels = None if samples.labels is None else [0, 0, 1, 1]
        select(_TRIAL, 2, method, labels=labels, seed=seed, **given)


def offered(samples: Samples, embeddings: NDArray) -> dict[str, list[Option]]:
    """The methods that can run on samples with embeddings (N, n): method -> the options that it has there.

    Left out are methods that need labels where there are none, or a library that is not installed, or more memory than
    they allow themselves; and options that look at labels where there are none. An option without which a method could
    not run has, as its default, the value with which it does.
    """
    found = {}
    for method in METHODS:
        about, labelled = REGISTRY[method], samples.labels is not None
        known = {one.name: one for one in of(method) if labelled or one.name not in about.label_options}
        if about.needs_labels and not labelled:
            continue
        if about.needs_package and find_spec(about.needs_package) is None:
            continue
        if "max_bytes" in known and 8 * len(embeddings) ** 2 > int(known["max_bytes"].default):
            continue
        if "from_lowest" in known and _lowest(embeddings) < 0:
            known["from_lowest"] = Option("from_lowest", True)
        found[method] = list(known.values())
    return found


def _lowest(embeddings: NDArray) -> float:
    rows = max(1, _LOOK // embeddings.shape[1])
    return min(float(np.min(embeddings[start : start + rows])) for start in range(0, len(embeddings), rows))
