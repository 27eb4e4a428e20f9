"""Steps of training with one clock and the loss of each."""

import time
from contextlib import contextmanager
from dataclasses import dataclass

import keras
import numpy as np

from paperlib import stepping
from paperlib.kernels import exact_products


class DivergedError(FloatingPointError):
    """The loss is no number any more, since step `step`."""

    def __init__(self, loss, step):
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
    """Trains a model batch by batch, over as many phases as are run."""

    def __init__(self, trained, optimizer, loss, *, at_once=1, on_step=None):
        optimizer.build(trained.trainable_variables)
        self._variables = trained.variables + optimizer.variables
        self._stepper = stepping.stepper(trained, optimizer, loss)
        self._at_once = at_once
        self._on_step = on_step or (lambda: None)
        self._created = time.perf_counter()
        self._origin = None  # clock reading at the end of the first step, moved on by all pauses since
        self._loss = []
        self._seconds = []  # since that origin, one a step

    @property
    def steps(self):
        """Those taken so far."""
        return len(self._loss)

    def run(self, source, last_step=None, deadline=None):
        """Train on what `source` yields until `last_step`, or until no step may start after `deadline` seconds.

        Both count from the first phase on. Steps that are computed in one program start together.
        """
        batches = self._drawn(source, last_step, self.steps)
        self._stepper.begin()
        try:
            with exact_products():
                while batches and (deadline is None or not self._seconds or self._seconds[-1] < deadline):
                    with self.paused():
                        self._stepper.prepare(batches)
                    began = time.perf_counter()
                    losses = self._stepper.take(batches)
                    batches = self._drawn(source, last_step, self.steps + len(batches))  # while the device computes
                    self._note(np.asarray(losses, np.float64), began)
        finally:
            self._stepper.end()

    def _drawn(self, source, last_step, done):
        """The next batches to train on: as many as are computed at once, one where fewer are left, none at the end."""
        left = self._at_once if last_step is None else last_step - done
        return [next(source) for _ in range(self._at_once if left >= self._at_once else min(left, 1))]

    def _note(self, losses, began):
        """Enter the losses (S,) of steps that began at `began` and have ended now."""
        ended = time.perf_counter()
        if not np.isfinite(losses).all():
            bad = int(np.argmin(np.isfinite(losses)))
            raise DivergedError(losses[bad], self.steps + bad + 1)
        share = np.arange(1, len(losses) + 1) / len(losses)
        if self._origin is None:
            self._origin = began + (ended - began) / len(losses)
            self._first_step_seconds = self._origin - self._created
        before = self._seconds[-1] if self._seconds else began - self._origin
        self._loss += losses.tolist()
        self._seconds += (before + share * (ended - self._origin - before)).tolist()
        for _ in losses:
            self._on_step()

    @contextmanager
    def paused(self):
        """What is done meanwhile takes no time of the history's."""
        stopped = time.perf_counter()
        yield
        if self._origin is not None:
            self._origin += time.perf_counter() - stopped

    def state(self):
        """All that the next step depends on, and the history so far: for `restore`. Takes no time of the history's."""
        with self.paused():
            return [keras.ops.convert_to_numpy(variable).copy() for variable in self._variables], self.steps

    def restore(self, state):
        """Go back to a `state`; whatever happened in between has taken no time."""
        values, steps = state
        for variable, value in zip(self._variables, values, strict=True):
            variable.assign(value)
        del self._loss[steps:], self._seconds[steps:]
        self._origin = time.perf_counter() - self._seconds[-1] if steps else None

    def history(self):
        return History(np.array(self._loss), np.array(self._seconds), self._first_step_seconds)
