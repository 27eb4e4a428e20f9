"""Whether a run on record is trained as the study reads the paper, or as another reading or encoder would have it."""

from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any

from paperlib.study.profiles import Profile
from paperlib.study.runs import AutoencoderRun, Run

_FREE = {"dataset", "fingerprint", "kind", "embedding_size", "steps", "batch", "precision", "seed"}


def value(run: Mapping[str, Any], name: str, kind: type[Run] | type[AutoencoderRun]) -> Any:
    """A field of a record's `run`. Records leave out what was added later and is at its default."""
    found = run.get(name, getattr(kind, name, None))
    return tuple(found) if isinstance(found, list) else found


def at_defaults(run: Mapping[str, Any], kind: type[Run] | type[AutoencoderRun], free: Collection[str]) -> bool:
    """Whether all fields of a record's `run` but the `free` ones are at the defaults of its kind."""
    names = [field.name for field in fields(kind) if field.name not in free]
    return all(value(run, name, kind) == getattr(kind, name) for name in names)


def is_the_studys(run: Mapping[str, Any], setting: Profile) -> bool:
    """Whether an autoencoder is the study's, whatever its seed: neither a snapshot nor another reading's."""
    ours = run["steps"] == setting.autoencoder_steps and run["batch"] == setting.autoencoder_batch
    return ours and at_defaults(run, AutoencoderRun, _FREE)
