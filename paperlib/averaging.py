"""The "weighted average of the final weights" (Section IV-A3): moving averages that the optimizer keeps."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from paperlib.compute import Tensor

# Reading R5 and its alternatives. "raw" stands for the weights themselves and needs no average.
AVERAGES = ("warmup", "constant")


def decay_at(average: str, step: Tensor, decay: float) -> Tensor:
    """Return the share of the old average that an update keeps.

    Parameters
    ----------
    average : {"warmup", "constant"}
        "constant" keeps `decay`; "warmup" keeps min(decay, (1 + step) / (10 + step)), as the tutorial network does.
    step : number or tensor
        Number of the update: 0, 1, ...
    decay : float
        Upper limit of the share, 0 to 1.

    Returns
    -------
    number or tensor
        The share, of the same shape as `step`, or `decay` itself.

    Raises
    ------
    ValueError
        For another `average`.
    """
    if average == "constant":
        return decay
    if average == "warmup":
        return ops.minimum(decay, (1.0 + step) / (10.0 + step))
    raise ValueError(f"average is {average!r}: choose from {', '.join(AVERAGES)}")


class AveragedSGD(keras.optimizers.SGD):
    """Plain SGD that also keeps moving averages of the weights; training never uses them.

    Keras' own `use_ema` has a constant decay only. Batch-norm statistics are not trained weights and are not averaged:
    like the tutorial's checkpoints, a model with averaged weights keeps the raw ones.

    Call `build` before training, and `averaged` after it.

    Parameters
    ----------
    learning_rate : float or keras.optimizers.schedules.LearningRateSchedule
        The paper's is 0.1.
    decay : float
        Of the averages, see `decay_at`.
    averages : sequence of str
        Which averages to keep, from `AVERAGES`.
    **kwargs
        Handed on to `keras.optimizers.SGD`.
    """

    def __init__(
        self, learning_rate: Any, *, decay: float = 0.9999, averages: Sequence[str] = AVERAGES, **kwargs: Any
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.decay = decay
        self._averages: dict[str, list[Any]] = {name: [] for name in averages}

    def build(self, variables: list[Any]) -> None:
        super().build(variables)
        for name, averages in self._averages.items():
            for variable in variables:
                average = self.add_variable_from_reference(variable, name=f"{name}_average")
                average.assign(ops.copy(variable))  # an average starts at the initial weights, in memory of its own
                averages.append(average)

    def apply(self, grads: list[Tensor], trainable_variables: list[Any] | None = None) -> None:
        step = ops.cast(self.iterations, "float32")  # before super().apply counts this update
        super().apply(grads, trainable_variables)
        # Under JAX, reading a variable here gives its new value: both live in the same stateless scope.
        for name, averages in self._averages.items():
            decay = decay_at(name, step, self.decay)
            for average, variable in zip(averages, self._trainable_variables):
                average.assign(average * decay + variable * (1.0 - decay))

    def averaged(self, name: str) -> list[np.ndarray]:
        """Return the average `name` as NumPy arrays, in the order of the trainable weights."""
        return [ops.convert_to_numpy(average) for average in self._averages[name]]
