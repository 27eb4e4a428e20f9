"""How training steps are computed: one after the other by Keras, or under JAX many in one program."""

import keras
import numpy as np
from keras import ops

from paperlib.kernels import on_processor

_IN_ONE_PROGRAM = 20  # a record's history has 500 points: one for each 20 of the paper's 10,000 steps


def at_once(feed):
    """How many steps are computed before Python is told of them.

    More than one only under JAX on a GPU or TPU: on a processor its compiler makes convolutions in a loop many times
    slower. A feed of "streamed" copies from Python at each step, by its nature.
    """
    several = keras.backend.backend() == "jax" and feed == "resident" and not on_processor()
    return _IN_ONE_PROGRAM if several else 1


def stepper(trained, optimizer, loss):
    """What computes the steps of a model that is fed by `paperlib.feeds`; the optimizer must have been built.

    Before use `begin` it, and `end` it before anything else looks at the model's variables or the optimizer's.
    """
    return _InPrograms(trained, optimizer, loss) if keras.backend.backend() == "jax" else _ByKeras(trained, optimizer, loss)


@keras.saving.register_keras_serializable("paperlib")
class _BatchLoss(keras.metrics.Metric):
    """The loss of the last batch alone; Keras' own "loss" is the mean since the epoch began."""

    def __init__(self, loss, name="batch_loss"):
        super().__init__(name=name, dtype="float32")
        self._loss = loss
        self._last = self.add_variable((), "zeros", name="last")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self._last.assign(ops.mean(self._loss(y_true, y_pred)))

    def result(self):
        return ops.convert_to_tensor(self._last)


class _ByKeras:
    """Not `fit`: under TensorFlow it feeds through tf.data, whose tuning thread can hold up its end for a minute, and
    it draws batches ahead, so that a phase that the clock ends would not end there.
    """

    def __init__(self, trained, optimizer, loss):
        # XLA makes these networks 2 to 4 times slower on CPUs.
        trained.compile(optimizer, loss, metrics=[_BatchLoss(loss)], jit_compile=False)
        self._trained = trained

    def begin(self):
        pass

    def prepare(self, batches):
        pass

    def take(self, batches):
        """Train on each of `batches`; their losses (S,)."""
        return [self._trained.train_on_batch(*batch, return_dict=True)["batch_loss"] for batch in batches]

    def end(self):
        pass


class _InPrograms:
    """The weights, the images and all else that a step changes or reads stay on the device from `begin` to `end`."""

    def __init__(self, trained, optimizer, loss):
        self._trained = trained
        self._optimizer = optimizer
        self._loss = loss
        self._programs = {}  # number of steps -> compiled

    def begin(self):
        self._state = [[variable.value for variable in group] for group in self._variables()]

    def prepare(self, batches):
        """Compile what `take` needs for so many batches."""
        if len(batches) not in self._programs:
            import jax

            many = jax.jit(self._step if len(batches) == 1 else self._steps, donate_argnums=0)
            self._programs[len(batches)] = many.lower(self._state, *_stacked(batches)).compile()

    def take(self, batches):
        """Begin to train on `batches`, for as many of which `prepare` was called; their losses (S,), once converted."""
        self._state, losses = self._programs[len(batches)](self._state, *_stacked(batches))
        return losses

    def end(self):
        for group, values in zip(self._variables(), self._state, strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)
        del self._state

    def _variables(self):
        return self._trained.trainable_variables, self._trained.non_trainable_variables, self._optimizer.variables

    def _step(self, state, fed, targets):
        """One step on fed (1, B, ...) and targets (1, B, ...): the state after it, and its loss (1,)."""
        import jax

        def losses(weights, others):
            outputs, others, penalties = self._trained.stateless_call(
                weights, others, fed[0], training=True, return_losses=True
            )
            loss = ops.mean(self._loss(targets[0], outputs))
            return loss + sum(penalties), (loss, others)

        weights, others, slots = state
        (_, (loss, others)), gradients = jax.value_and_grad(losses, has_aux=True)(weights, others)
        weights, slots = self._optimizer.stateless_apply(slots, gradients, weights)
        return [weights, others, slots], loss[None]

    def _steps(self, state, fed, targets):
        """A step on each of fed (S, B, ...) and targets (S, B, ...): the state after them, and their losses (S,)."""
        import jax

        def step(state, batch):
            state, loss = self._step(state, *(part[None] for part in batch))
            return state, loss[0]

        return jax.lax.scan(step, state, (fed, targets))


def _stacked(batches):
    return [np.stack(part) for part in zip(*batches)]
