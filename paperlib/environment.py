"""Where and with what a run was made: part of every record."""

import hashlib
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import paperlib


def _code_digest(folder=Path(paperlib.__file__).parent):
    """Of all modules in a folder and below, by their names from there."""
    digest = hashlib.sha256()
    for name, file in sorted((file.relative_to(folder).as_posix(), file) for file in folder.rglob("*.py")):
        digest.update(name.encode() + file.read_bytes())
    return digest.hexdigest()[:12]


CODE = _code_digest()  # when the code is loaded: files may change while a study runs


def describe():
    """Versions, backend, device and a digest of this package's code, as plain data."""
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
        "cores": _cores(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _backend_version(backend):
    for package in (backend, f"{backend}-cpu"):
        try:
            return version(package)
        except PackageNotFoundError:
            continue
    return "of unknown version"


def _cores():
    """Those that this process may use; where the system does not say, those that there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _gpu(backend):
    if backend == "jax":  # Keras names devices by number only
        import jax

        names = [device.device_kind for device in jax.devices() if device.platform != "cpu"]
        return ", ".join(names)
    import keras

    return ", ".join(device for device in keras.distribution.list_devices() if not device.startswith("cpu"))


def _processor(cpuinfo=Path("/proc/cpuinfo")):
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
