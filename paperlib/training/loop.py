"""Steps of training with one clock and the loss of each."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import keras
import numpy as np

from paperlib.compute import feeds, steppers
from paperlib.compute.kernels import full_precision_matmul


class DivergedError(FloatingPointError):
    """The loss is not finite any more, since step `step`."""

    def __init__(self, loss: float, step: int):
        super().__init__(f"the loss is {loss} at step {step}: lower the learning rate")
        self.step = step


@dataclass(frozen=True)
class History:
    """The loss of every step's batch (S,) and the seconds since the first step had ended (S,).

    The first step compiles the graph; its time is `first_step_seconds` and belongs to no budget. Of steps that are
    computed in one program, the last one's end is measured, and the others are taken to be as long as one another.
    """

    loss: np.ndarray
    seconds: np.ndarray
    first_step_seconds: float


class Loop:
    """Trains a model batch by batch, over as many phases as are run.

    Parameters
    ----------
    trained : the training model, fed by `paperlib.compute.feeds`.
    optimizer, loss : of Keras.
    steps_per_execution : how many steps are computed before Python is told of them.
    on_step : called after every step.
    constants : variables of the model that no step changes; they are no part of a `state`.
    """

    def __init__(
        self,
        trained: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        loss: Callable,
        *,
        steps_per_execution: int = 1,
        on_step: Callable[[], object] | None = None,
        constants: list[keras.Variable] | tuple = (),
    ):
        optimizer.build(trained.trainable_variables)
        constant = {id(variable) for variable in constants}
        self._variables = [v for v in trained.variables + optimizer.variables if id(v) not in constant]
        self._stepper = steppers.stepper(trained, optimizer, loss)
        self._steps_per_execution = steps_per_execution
        self._on_step = on_step or (lambda: None)
        self._created = time.perf_counter()
        self._compiled = False
        self._origin: float | None = None  # clock reading at the end of the first step, moved on by all pauses since
        self._loss: list[float] = []
        self._seconds: list[float] = []  # since that origin, one a step

    @property
    def steps(self) -> int:
        """Those taken so far."""
        return len(self._loss)

    def run(
        self,
        source: Iterator,
        last_step: int | None = None,
        deadline: float | None = None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Train on what `source` yields until `last_step`, until no step may start after `deadline` seconds, or until
        `should_stop` says so after a step.

        Steps and seconds count from the first phase on. Steps that are computed in one program start together.
        """
        batches = self._drawn(source, last_step, self.steps)
        self._stepper.begin()
        try:
            with full_precision_matmul():
                while batches and (deadline is None or not self._seconds or self._seconds[-1] < deadline):
                    with self.paused():
                        self._stepper.prepare(batches)
                    began = time.perf_counter()
                    losses = self._stepper.take(batches)
                    done = self.steps + len(batches)
                    batches = [] if should_stop() else self._drawn(source, last_step, done)  # while the device computes
                    self._note(np.asarray(losses, np.float64), began)
        finally:
            self._stepper.end()

    def _drawn(self, source: Iterator, last_step: int | None, done: int) -> list:
        """The next batches to train on: as many as are computed at once, one where fewer are left, none at the end."""
        several = self._steps_per_execution
        left = several if last_step is None else last_step - done
        return [next(source) for _ in range(several if left >= several else min(left, 1))]

    def _note(self, losses: np.ndarray, began: float) -> None:
        """Enter the losses (S,) of steps that began at `began` and have ended now."""
        ended = time.perf_counter()
        if not np.isfinite(losses).all():
            bad = int(np.argmin(np.isfinite(losses)))
            raise DivergedError(losses[bad], self.steps + bad + 1)
        share = np.arange(1, len(losses) + 1) / len(losses)
        if self._origin is None:
            self._origin = began + (ended - began) / len(losses)
            self._first_step_seconds = self._origin - self._created
        elif not self._compiled:  # the first step after a restart compiles again: it counts as long as the others took
            usual = float(np.median(np.diff(self._seconds))) if self.steps > 1 else 0.0
            self._origin += (ended - began) - usual * len(losses)
        self._compiled = True
        before = self._seconds[-1] if self._seconds else began - self._origin
        self._loss += losses.tolist()
        self._seconds += (before + share * (ended - self._origin - before)).tolist()
        for _ in losses:
            self._on_step()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The time that passes meanwhile is excluded from the history."""
        stopped = time.perf_counter()
        yield
        if self._origin is not None:
            self._origin += time.perf_counter() - stopped

    def state(self) -> dict:
        """All that the next step depends on, and the history so far: what `restore` takes."""
        return {
            "variables": [keras.ops.convert_to_numpy(variable).copy() for variable in self._variables],
            "loss": np.array(self._loss),
            "seconds": np.array(self._seconds),
            "first_step_seconds": self._first_step_seconds if self.steps else 0.0,
        }

    def restore(
        self, variables: list[np.ndarray], loss: np.ndarray, seconds: np.ndarray, first_step_seconds: float
    ) -> None:
        """Go back, or on, to a `state`, of this loop or of one in another process; no time passes in the history."""
        for variable, value in zip(self._variables, variables, strict=True):
            variable.assign(value)
        self._loss, self._seconds = list(loss), list(seconds)
        self._first_step_seconds = first_step_seconds
        self._origin = time.perf_counter() - self._seconds[-1] if self._seconds else None
        self._created = time.perf_counter()

    def history(self) -> History:
        """What was noted so far."""
        return History(np.array(self._loss), np.array(self._seconds), self._first_step_seconds)


def fed_loop(
    trained: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    loss: Callable,
    feed: str,
    on_step: Callable[[], object] | None,
) -> Loop:
    """A `Loop` for a model that `feed` feeds: as many steps per execution as suit it, its images held constant."""
    several = steppers.steps_per_execution(feed)
    return Loop(trained, optimizer, loss, steps_per_execution=several, on_step=on_step, constants=feeds.held(trained))
