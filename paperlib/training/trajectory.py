"""One training on its way through positions: steps on the subset, then on everything, with tests and checkpoints."""

import itertools
import time
from collections.abc import Callable, Collection, Iterator

from paperlib.checkpoints import Checkpoint, Checkpoints, Interrupted, Position, is_on_the_way
from paperlib.training.loop import Loop

Bounds = tuple[int | None, float | None]  # of a phase: its last step, its seconds

SAVE_EVERY = 240.0  # seconds between checkpoints: what an interruption costs at most


class Trajectory:
    """Runs a `Loop` to one end after the other, each from the nearest checkpoint on its way.

    Parameters
    ----------
    loop : what trains.
    of_subset, of_all : start -> the batches of either phase from number `start` on.
    test : measures the network as it is, as plain data; called between steps, while the clock stands still. None: no
        tests.
    test_at : the steps after which to test. Both sides of the change of phase, and the last step, are tested in any
        case.
    checkpoints : where states are kept. None: nowhere.
    should_stop : asked after every step; if it answers True, the state is saved and `Interrupted` raised.
    piece : plain data that says where and with what this process computes; kept with the steps that it takes.
    """

    def __init__(
        self,
        loop: Loop,
        of_subset: Callable[[int], Iterator],
        of_all: Callable[[int], Iterator],
        *,
        test: Callable[[], object] | None = None,
        test_at: Collection[int] = (),
        checkpoints: Checkpoints | None = None,
        should_stop: Callable[[], bool] | None = None,
        piece: dict | None = None,
    ):
        self._loop = loop
        self._sources = of_subset, of_all
        self._test = test
        self._test_at = frozenset(test_at)
        self._checkpoints = checkpoints
        self._should_stop = should_stop or (lambda: False)
        self._piece = piece
        self._here: Position = (0, 0)
        self._beginning = Checkpoint(self._here, **loop.state())
        self._tests: list = []  # (step, result)
        self._pieces: list = []
        self._source: tuple = ()  # (phase, position of its next batch, batches)
        self._saved_at = time.monotonic()

    def go_to(self, end: Position) -> tuple[list, list]:
        """Train to `end`; the tests on the way as (step, result) pairs, and the pieces that the steps were computed in.

        Raises Interrupted where `should_stop` asked for it, and what `Loop.run` raises.
        """
        self._start(end)
        due = self._due(end)
        branches = self._checkpoints.branches(end) if self._checkpoints else set()
        for stop in sorted({*self._stops(end, due), *branches, end}, key=sum):
            if is_on_the_way(self._here, stop):
                self._run_to(stop)
                self._measure(due)
                if self._checkpoints and stop in branches and not self._checkpoints.holds(stop):
                    self._save()
        return [(step, result) for step, result in self._tests if step in due], list(self._pieces)

    def run_by_clock(self, first: Bounds, second: Bounds) -> tuple[list, Position]:
        """Train in two phases that each end at a step or after a number of seconds, whichever comes first.

        first, second: (last step or None, seconds or None), counted from the first step on. Nothing is saved: after an
        interruption such a run starts over, since its clock is its result. Returns the tests and the position.
        """
        fast = self._run_until(0, first)
        change = (fast, fast + 1) if fast else ()
        self._measure({*self._test_at, *change})
        self._run_until(1, second, change)
        self._measure({self._loop.steps})
        return self._tests, (fast, self._loop.steps - fast)

    def _start(self, end: Position) -> None:
        """Stand where the fewest steps are left to `end`."""
        found = self._checkpoints.furthest(end) if self._checkpoints else None
        left_here = sum(end) - sum(self._here) if is_on_the_way(self._here, end) else None
        if found and (left_here is None or sum(end) - sum(found.position) < left_here):
            self._restore(found)
        elif left_here is None:
            self._restore(self._beginning)
        if self._piece and (not self._pieces or {**self._pieces[-1], "step": 0} != {**self._piece, "step": 0}):
            self._pieces.append({**self._piece, "step": sum(self._here)})

    def _restore(self, checkpoint: Checkpoint) -> None:
        self._loop.restore(checkpoint.variables, checkpoint.loss, checkpoint.seconds, checkpoint.first_step_seconds)
        self._here = checkpoint.position
        self._tests = [tuple(test) for test in checkpoint.tests]
        self._pieces = list(checkpoint.pieces)

    def _checkpoint(self) -> Checkpoint:
        return Checkpoint(self._here, **self._loop.state(), tests=list(self._tests), pieces=list(self._pieces))

    def _save(self) -> bool:
        with self._loop.paused():
            saved = self._checkpoints is not None and self._checkpoints.write(self._checkpoint())
        self._saved_at = time.monotonic()
        return saved

    def _due(self, end: Position) -> set[int]:
        """The steps at which a run to `end` is tested."""
        fast, full = end
        change = {fast, fast + 1} if fast and full else set()
        return {step for step in self._test_at | change if step <= sum(end)} | {sum(end)}

    def _stops(self, end: Position, due: set[int]) -> set[Position]:
        """The positions of the steps that are due on the way to `end`."""
        fast, _ = end
        return {(step, 0) if step <= fast else (fast, step - fast) for step in due}

    def _run_to(self, stop: Position) -> None:
        phase = 1 if stop[1] else 0
        if phase and self._here[0] < stop[0]:
            self._run_to((stop[0], 0))
        while self._here != stop:
            done = self._here[phase]
            self._loop.run(self._batches(phase, done), sum(stop), should_stop=self._pause_is_due)
            taken = self._loop.steps - sum(self._here)
            self._here = (self._here[0] + taken, 0) if phase == 0 else (self._here[0], self._here[1] + taken)
            self._source = (phase, self._here[phase], self._source[2])
            if self._pause_is_due():
                saved = self._save()
                if self._should_stop():
                    raise Interrupted(self._here, saved)

    def _batches(self, phase: int, start: int) -> Iterator:
        """The batches of a phase from number `start` on, the same iterator where it stands there already."""
        if self._source[:2] != (phase, start):
            batches = self._sources[phase](start)
            with self._loop.paused():  # those before `start` are drawn now, and skipped
                first = next(batches)
            self._source = (phase, start, itertools.chain([first], batches))
        return self._source[2]

    def _pause_is_due(self) -> bool:
        return self._should_stop() or (self._checkpoints is not None and time.monotonic() - self._saved_at > SAVE_EVERY)

    def _measure(self, due: Collection[int]) -> None:
        step = self._loop.steps
        if self._test and step in due and step not in {tested for tested, _ in self._tests}:
            with self._loop.paused():
                self._tests.append((step, self._test()))

    def _run_until(self, phase: int, bounds: Bounds, more_tests: Collection[int] = ()) -> int:
        """Steps taken when a phase has ended by its number of steps or by the clock."""
        last_step, seconds = bounds
        batches = self._sources[phase](0)
        tests = sorted({*self._test_at, *more_tests})
        while True:
            bound = [] if last_step is None else [last_step]
            stop = min([step for step in tests if step > self._loop.steps] + bound, default=None)
            self._loop.run(batches, stop, seconds, should_stop=self._should_stop)
            if self._should_stop():
                raise Interrupted((self._loop.steps, 0), saved=False)
            if stop is None or self._loop.steps < stop or stop == last_step:
                return self._loop.steps
            self._measure(tests)
