"""How training steps are computed: one at a time by Keras, or under JAX many in one program."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import keras
import numpy as np
from keras import ops

from paperlib.compute import Tensor
from paperlib.compute.kernels import on_processor

Batch = tuple[np.ndarray, np.ndarray]  # what the model is fed, and the targets
Loss = Callable[[Tensor, Tensor], Tensor]  # targets and outputs -> (B,) or a number

_IN_ONE_PROGRAM = 20  # a record's history has 500 points: one for each 20 of the paper's 10,000 steps


class Stepper(Protocol):
    """Computes training steps. Call `begin` first, and `end` before anything else reads the model or the optimizer."""

    def begin(self) -> None: ...

    def prepare(self, batches: Sequence[Batch]) -> None:
        """Compile what `take` needs for so many batches."""

    def take(self, batches: Sequence[Batch]) -> Any:
        """Start one step on each of the batches and return their losses (S,); NumPy waits for them to be computed."""

    def end(self) -> None: ...


def steps_per_execution(feed: str) -> int:
    """Return how many steps one program computes before it returns to Python.

    More than one only under JAX on a GPU or TPU: on a CPU its compiler makes convolutions inside a loop many times
    slower. A streamed feed has to copy from Python at each step.

    Parameters
    ----------
    feed : {"resident", "streamed"}
        See `paperlib.compute.feeds.feed_input`.
    """
    several = keras.backend.backend() == "jax" and feed == "resident" and not on_processor()
    return _IN_ONE_PROGRAM if several else 1


def stepper(trained: keras.Model, optimizer: keras.optimizers.Optimizer, loss: Loss) -> Stepper:
    """Return what computes the training steps of a model under the backend in use.

    Parameters
    ----------
    trained : keras.Model
        Made with `paperlib.compute.feeds.feed_input`.
    optimizer : keras.optimizers.Optimizer
        Already built for the model's trainable variables.
    loss : callable
        Of targets and outputs.
    """
    kind = _InPrograms if keras.backend.backend() == "jax" else _ByKeras
    return kind(trained, optimizer, loss)


@keras.saving.register_keras_serializable("paperlib")
class _BatchLoss(keras.metrics.Metric):
    """The loss of the last batch alone; Keras' own "loss" is the mean since the epoch began."""

    def __init__(self, loss: Loss, name: str = "batch_loss") -> None:
        super().__init__(name=name, dtype="float32")
        self._loss = loss
        self._last = self.add_variable((), "zeros", name="last")

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> None:
        self._last.assign(ops.mean(self._loss(y_true, y_pred)))

    def result(self) -> Tensor:
        return ops.convert_to_tensor(self._last)


class _ByKeras:
    """One step after the other with `train_on_batch`.

    `fit` will not do: under TensorFlow it feeds through tf.data, whose tuning thread can delay the end by a minute, and
    it draws batches ahead, so a phase that the clock ends would not end there.
    """

    def __init__(self, trained: keras.Model, optimizer: keras.optimizers.Optimizer, loss: Loss) -> None:
        # XLA makes these networks 2 to 4 times slower on CPUs.
        trained.compile(optimizer, loss, metrics=[_BatchLoss(loss)], jit_compile=False)
        self._trained = trained

    def begin(self) -> None:
        pass

    def prepare(self, batches: Sequence[Batch]) -> None:
        pass

    def take(self, batches: Sequence[Batch]) -> list[Tensor]:
        return [self._trained.train_on_batch(*batch, return_dict=True)["batch_loss"] for batch in batches]

    def end(self) -> None:
        pass


class _InPrograms:
    """Several steps in one JAX program; all that a step reads or changes stays on the device from `begin` to `end`."""

    def __init__(self, trained: keras.Model, optimizer: keras.optimizers.Optimizer, loss: Loss) -> None:
        self._trained = trained
        self._optimizer = optimizer
        self._loss = loss
        self._programs: dict[int, Any] = {}  # number of steps -> compiled program

    def begin(self) -> None:
        self._state = [[variable.value for variable in group] for group in self._variables()]

    def prepare(self, batches: Sequence[Batch]) -> None:
        if len(batches) not in self._programs:
            import jax

            many = jax.jit(self._step if len(batches) == 1 else self._steps, donate_argnums=0)
            self._programs[len(batches)] = many.lower(self._state, *_stacked(batches)).compile()

    def take(self, batches: Sequence[Batch]) -> Tensor:
        self._state, losses = self._programs[len(batches)](self._state, *_stacked(batches))
        return losses

    def end(self) -> None:
        for group, values in zip(self._variables(), self._state, strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)
        del self._state

    def _variables(self) -> tuple[list[Any], ...]:
        return self._trained.trainable_variables, self._trained.non_trainable_variables, self._optimizer.variables

    def _step(self, state: list[Any], fed: Tensor, targets: Tensor) -> tuple[list[Any], Tensor]:
        """One step on fed (1, B, ...) and targets (1, B, ...): the state after it, and its loss (1,)."""
        import jax

        def losses(weights: list[Tensor], others: list[Tensor]) -> tuple[Tensor, Any]:
            outputs, others, penalties = self._trained.stateless_call(
                weights, others, fed[0], training=True, return_losses=True
            )
            loss = ops.mean(self._loss(targets[0], outputs))
            return loss + sum(penalties), (loss, others)

        weights, others, slots = state
        (_, (loss, others)), gradients = jax.value_and_grad(losses, has_aux=True)(weights, others)
        weights, slots = self._optimizer.stateless_apply(slots, gradients, weights)
        return [weights, others, slots], loss[None]

    def _steps(self, state: list[Any], fed: Tensor, targets: Tensor) -> tuple[list[Any], Tensor]:
        """A step on each of fed (S, B, ...) and targets (S, B, ...): the state after them, and their losses (S,)."""
        import jax

        def step(state: list[Any], batch: Sequence[Tensor]) -> tuple[list[Any], Tensor]:
            state, loss = self._step(state, *(part[None] for part in batch))
            return state, loss[0]

        return jax.lax.scan(step, state, (fed, targets))


def _stacked(batches: Sequence[Batch]) -> list[np.ndarray]:
    return [np.stack(part) for part in zip(*batches)]
