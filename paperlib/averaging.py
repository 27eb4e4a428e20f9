"""The "weighted average of the final weights" (Section IV-A3) as moving averages kept by the optimizer."""

import keras
from keras import ops

# Reading R5 and its alternatives. "raw" are the weights themselves and need no average.
AVERAGES = ("warmup", "constant")


def decay_at(average, step, decay):
    """The share of the old average kept at update number `step` (0, 1, ...), for NumPy and tensors alike.

    "constant" keeps `decay`; "warmup" min(decay, (1 + step) / (10 + step)), as the tutorial network does.
    """
    if average == "constant":
        return decay
    if average == "warmup":
        return ops.minimum(decay, (1.0 + step) / (10.0 + step))
    raise ValueError(f"average is {average!r}: choose from {', '.join(AVERAGES)}")


class AveragedSGD(keras.optimizers.SGD):
    """Plain SGD that keeps moving averages of the weights it trains, without ever using them.

    `use_ema` of Keras' optimizers has a constant decay only. Batch-norm statistics are no trained weights
    and are not averaged: like the tutorial's checkpoints, a model with averaged weights keeps the raw ones.

    Call `build` before training; `averaged(name)` returns the list of averages, NumPy, in the weights' order.
    """

    def __init__(self, learning_rate, *, decay=0.9999, averages=AVERAGES, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.decay = decay
        self._averages = {name: [] for name in averages}

    def build(self, variables):
        super().build(variables)
        for name, averages in self._averages.items():
            for variable in variables:
                average = self.add_variable_from_reference(variable, name=f"{name}_average")
                average.assign(ops.copy(variable))  # an average starts at the initial weights, in memory of its own
                averages.append(average)

    def apply(self, grads, trainable_variables=None):
        step = ops.cast(self.iterations, "float32")  # before super().apply counts this update
        super().apply(grads, trainable_variables)
        # Under JAX, reading a variable here gives its new value: both live in the same stateless scope.
        for name, averages in self._averages.items():
            decay = decay_at(name, step, self.decay)
            for average, variable in zip(averages, self._trainable_variables):
                average.assign(average * decay + variable * (1.0 - decay))

    def averaged(self, name):
        return [ops.convert_to_numpy(average) for average in self._averages[name]]
