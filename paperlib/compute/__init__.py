"""What makes training fast: kernels, feeds, steps in one program, number formats."""

from typing import Any, TypeAlias

Tensor: TypeAlias = Any  # an array of the Keras backend in use, or of NumPy
