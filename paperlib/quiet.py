"""TensorFlow's import without its notes on how it was built, which it prints at every log level."""

import importlib.util
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

_NOTES = "absl::InitializeLog", "oneDNN custom operations are on"
_STDERR = 2  # what C++ writes to, whatever sys.stderr is


class _Finder(MetaPathFinder):
    """Finds TensorFlow as the other finders do, and has it imported under `_without_notes`."""

    def __init__(self) -> None:
        self._asking = False

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != "tensorflow" or self._asking:
            return None
        self._asking = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._asking = False
        if spec and spec.loader:
            execute = spec.loader.exec_module

            def quietly(module: ModuleType) -> None:
                with _without_notes():
                    execute(module)

            spec.loader.exec_module = quietly  # type: ignore[method-assign]
        return spec


def install() -> None:
    """Keep the notes out of every later import of TensorFlow in this process."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


@contextmanager
def _without_notes() -> Iterator[None]:
    """Hold back what is written to stderr meanwhile, and print then what is no such note."""
    import tempfile  # here, as `import paperlib` has to be fast

    try:
        kept = os.dup(_STDERR)
    except OSError:  # there is none
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), _STDERR)
        try:
            yield
        finally:
            os.dup2(kept, _STDERR)
            os.close(kept)
            held.seek(0)
            for line in held.read().decode(errors="replace").splitlines(keepends=True):
                if not any(note in line for note in _NOTES):
                    sys.stderr.write(line)
