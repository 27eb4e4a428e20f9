"""A companion to "Faster Training by Selecting Samples Using Embeddings": the method, and the study of its claims.

One way through: Dataset -> autoencoder -> embeddings -> indices -> Run -> record -> figure, claim. The method itself::

    from paperlib import load, train_autoencoder, embed, select, train_classifier

Keras is imported by the functions that need it, when they are first asked for.
"""

import importlib
import os
from typing import TYPE_CHECKING, Any

from paperlib import quiet

if TYPE_CHECKING:
    from paperlib.data import load
    from paperlib.selection import select
    from paperlib.training import embed, train_autoencoder, train_classifier

__version__ = "0.1.0"
__all__ = ["embed", "load", "select", "train_autoencoder", "train_classifier"]

# TensorFlow reads this once, when it is imported. It switches oneDNN on by itself only on processors with newer
# instructions. On two cores with AVX2 and no more (batch 128, float32), oneDNN took the classifier from 571 to 1,029
# images/s and the autoencoder from 335 to 652. Whoever has set it, keeps their setting.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # warnings and errors: its notes are no answer to who uses this
quiet.install()

_HOMES = {
    "embed": "paperlib.training",
    "load": "paperlib.data",
    "select": "paperlib.selection",
    "train_autoencoder": "paperlib.training",
    "train_classifier": "paperlib.training",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value  # found without this function from now on
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
