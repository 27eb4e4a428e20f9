"""The machine, the versions and the code that a run was made with: part of every record."""

import hashlib
import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import paperlib
from paperlib.machine import cores


def _code_digest(folder: Path = Path(paperlib.__file__).parent) -> str:
    """The digest of all modules in a folder and its subfolders, with their relative paths."""
    digest = hashlib.sha256()
    for name, file in sorted((file.relative_to(folder).as_posix(), file) for file in folder.rglob("*.py")):
        digest.update(name.encode() + file.read_bytes())
    return digest.hexdigest()[:12]


CODE = _code_digest()  # computed when the code is loaded: files may change while a study runs


def describe() -> dict[str, Any]:
    """Describe this process for a record.

    Returns
    -------
    dict
        Versions ("paperlib", "python", "numpy", "keras", "backend"), the digest of this package's code ("code"),
        "device", "cores" (those that this process may use) and "system", as plain data.
    """
    import keras

    backend = keras.backend.backend()
    return {
        "paperlib": paperlib.__version__,
        "code": CODE,
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "keras": keras.__version__,
        "backend": f"{backend} {_backend_version(backend)}",
        "device": _gpu(backend) or _processor(),
        "cores": cores(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def describe_without_keras() -> dict[str, Any]:
    """The same for what needs no Keras, and where there may be none."""
    return {
        "paperlib": paperlib.__version__,
        "code": CODE,
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "device": _processor(),
        "cores": cores(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def of_record(record: dict) -> list[dict[str, Any]]:
    """The environments that a record was computed in: several if its run was interrupted and went on elsewhere."""
    whole = {key: value for key, value in record["environment"].items() if key != "pieces"}
    pieces = [
        {**whole, **{key: value for key, value in piece.items() if key != "step"}}
        for piece in record["environment"].get("pieces", [])
    ]
    return [one for place, one in enumerate(pieces) if one not in pieces[:place]] or [whole]


def devices(found: Iterable[dict]) -> str:
    """Name the devices that records were computed on, as in "A and B"."""
    return " and ".join(sorted({one["device"] for record in found for one in of_record(record)}))


def _backend_version(backend: str) -> str:
    for package in (backend, f"{backend}-cpu"):
        try:
            return version(package)
        except PackageNotFoundError:
            continue
    return "of unknown version"


def _gpu(backend: str) -> str:
    if backend == "jax":  # Keras names devices by number only
        import jax

        names = [device.device_kind for device in jax.devices() if device.platform != "cpu"]
        return ", ".join(names)
    import keras

    return ", ".join(device for device in keras.distribution.list_devices() if not device.startswith("cpu"))


def _processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
