"""Saved states of a training under way: all that its next step depends on, and what it has recorded so far.

A training stands at a position (fast, full): so many steps on the subset, so many on the full set. From one position
many runs can go on: other splits of the same seed, longer ones, or the same run after an interruption. So one rule
serves all of them: a run starts from the checkpoint on its way that leaves it the fewest steps.
"""

import json
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from paperlib.storage.files import remove_parts, replacing

Position = tuple[int, int]  # steps on the subset, steps on the full set


class Interrupted(KeyboardInterrupt):
    """A training was asked to stop, and has; `saved` tells whether a checkpoint holds all of its steps."""

    def __init__(self, position: Position, saved: bool):
        super().__init__(f"stopped after {sum(position):,} steps" + ("" if saved else ", which are lost"))
        self.position = position
        self.saved = saved


@dataclass(frozen=True)
class Checkpoint:
    """The state of a training at a position.

    variables: values of all variables that a step changes. loss, seconds (S,): the history so far. tests: what was
    measured on the way, as (step, result) pairs of plain data. pieces: where each uninterrupted stretch began, as plain
    data.
    """

    position: Position
    variables: list[np.ndarray]
    loss: np.ndarray
    seconds: np.ndarray
    first_step_seconds: float
    tests: list = field(default_factory=list)
    pieces: list = field(default_factory=list)


def is_on_the_way(position: Position, end: Position) -> bool:
    """Whether a training that ends at `end` passes `position`."""
    (fast, full), (last_fast, last_full) = position, end
    return fast == last_fast and full <= last_full if full else fast <= last_fast


def last_in_common(one: Position, other: Position) -> Position:
    """The last position that the ways to both ends pass."""
    if one[0] == other[0]:
        return one[0], min(one[1], other[1])
    return min(one[0], other[0]), 0


def steps_to_take(ends: Iterable[Position], held: Iterable[Position] = ()) -> int:
    """Steps that runs to `ends` take in this order, each from the nearest position that is held or was shared."""
    ends, reached, steps = list(ends), {(0, 0), *held}, 0
    for end in ends:
        start = max((position for position in reached if is_on_the_way(position, end)), key=sum)
        steps += sum(end) - sum(start)
        reached |= {last_in_common(end, other) for other in ends}
    return steps


class Checkpoints:
    """The checkpoints of runs that differ in their numbers of steps alone, in memory or in a folder.

    Parameters
    ----------
    ends : the positions at which those runs end. A checkpoint is kept as long as one of them would start from it.
    folder : where the files are; None keeps them in memory.
    key : names these runs and what they are computed with; a file of another key is never read.
    """

    def __init__(self, ends: Iterable[Position], folder: str | Path | None = None, key: str = ""):
        self._ends = {(fast, full) for fast, full in ends}
        self._folder = None if folder is None else Path(folder)
        self._key = key
        self._held: dict[Position, Checkpoint] = {}

    def furthest(self, end: Position) -> Checkpoint | None:
        """The checkpoint from which the fewest steps are left to `end`; None if there is none on the way.

        A file that cannot be read is removed with a warning: the run then starts from an earlier one, or from the
        start.
        """
        for position in sorted(self.positions, key=sum, reverse=True):
            if is_on_the_way(position, end) and (found := self._read(position)):
                return found
        return None

    @property
    def positions(self) -> list[Position]:
        """Those that are held."""
        if self._folder is None:
            return list(self._held)
        named = [file.name.split(".")[1].partition("-") for file in self._folder.glob(f"{self._key}.*.npz")]
        return [(int(fast), int(full)) for fast, _, full in named]

    def holds(self, position: Position) -> bool:
        """Whether there is a checkpoint at a position."""
        return position in self.positions

    def branches(self, end: Position) -> set[Position]:
        """The positions on the way to `end` at which a checkpoint is wanted for other runs."""
        return {last_in_common(end, other) for other in self._ends - {end}} - {(0, 0)}

    def write(self, checkpoint: Checkpoint) -> bool:
        """Keep a checkpoint, whole or not at all, and drop those that no run would start from any more.

        Returns False, with a warning, where the folder does not take it: training can go on without.
        """
        if self._folder is None:
            self._held[checkpoint.position] = checkpoint
        else:
            try:
                self._write_file(self._folder, checkpoint)
            except OSError as error:
                warnings.warn(
                    f"{self._folder}: no checkpoint can be written ({error.strerror or error}). The run goes on, but "
                    "an interruption loses what it has done since the last one. Free some space, or allow writing",
                    stacklevel=2,
                )
                return False
        self._drop_unwanted()
        return True

    def done(self, end: Position) -> None:
        """The run that ends at `end` is on record: drop what it alone would have started from."""
        self._ends.discard(end)
        self._drop_unwanted()
        if self._folder is not None and not self._ends:
            remove_parts(self._folder, f"{self._key}.")

    def _drop_unwanted(self) -> None:
        wanted: set[Position] = set()
        for end in self._ends:
            on_the_way = [position for position in self.positions if is_on_the_way(position, end)]
            wanted |= {max(on_the_way, key=sum)} if on_the_way else set()
        for position in set(self.positions) - wanted:
            self._remove(position)

    def _remove(self, position: Position) -> None:
        if self._folder is None:
            del self._held[position]
        else:
            self._file(self._folder, position).unlink(missing_ok=True)

    def _file(self, folder: Path, position: Position) -> Path:
        return folder / f"{self._key}.{position[0]}-{position[1]}.npz"

    def _read(self, position: Position) -> Checkpoint | None:
        if self._folder is None:
            return self._held[position]
        file = self._file(self._folder, position)
        try:
            with np.load(file, allow_pickle=False) as arrays:
                about = json.loads(arrays["about"].tobytes())
                if (about.pop("key"), tuple(about.pop("position"))) != (self._key, position):
                    raise ValueError("it is of another run")
                variables = [arrays[f"variable_{number:03}"] for number in range(about.pop("variables"))]
                return Checkpoint(position, variables, arrays["loss"], arrays["seconds"], **about)
        except Exception as error:  # zipfile, json and NumPy raise many kinds for damaged files
            warnings.warn(f"{file}: not a usable checkpoint ({error}); it is removed, and not used", stacklevel=3)
            self._remove(position)
            return None

    def _write_file(self, folder: Path, checkpoint: Checkpoint) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        about = {
            "key": self._key,
            "position": checkpoint.position,
            "variables": len(checkpoint.variables),
            "first_step_seconds": checkpoint.first_step_seconds,
            "tests": checkpoint.tests,
            "pieces": checkpoint.pieces,
        }
        arrays = {f"variable_{number:03}": value for number, value in enumerate(checkpoint.variables)}
        arrays["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
        with replacing(self._file(folder, checkpoint.position), mark=f"{self._key}.") as part, open(part, "xb") as file:
            np.savez(file, loss=checkpoint.loss, seconds=checkpoint.seconds, **arrays)  # type: ignore[arg-type]
