"""The study: which runs there are (profiles, plans, runs), their execution, and the records that they leave."""

from importlib import import_module
from typing import Any

__all__ = ["autoencoder", "choose", "embeddings", "execute", "inputs", "on_record", "record_path", "replay"]


def __getattr__(name: str) -> Any:
    """What trains is imported when it is asked for: records are read and written without Keras."""
    if name in __all__:
        return getattr(import_module("paperlib.study.execution"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
