"""Notebook parameters, checked before anything runs: papermill only warns of a name that it does not know."""

import ast
from collections.abc import Collection, Iterable, Mapping
from typing import Any

_INJECTED = "# Parameters"  # how the cell that papermill puts in begins


class ParameterError(ValueError):
    """A parameter that the notebook does not have, or a value of the wrong type."""


def check(namespace: Mapping[str, Any], **choices: Collection[Any]) -> None:
    """Check a notebook's parameters; call it as `check(globals())` in the cell after them.

    Parameters
    ----------
    namespace : dict
        The notebook's globals. Its parameters are the annotated names (`profile: str = "quick"`).
    **choices
        Name -> the values that it may have, for those that nothing else checks before training.

    Raises
    ------
    ParameterError
        Where papermill gave another name, and for a value that is not of the annotated type (a whole number passes for
        a float) or none of the choices.
    """
    types = {name: kind for name, kind in namespace.get("__annotations__", {}).items() if name in namespace}
    listed = ", ".join(f"{name} ({kind.__name__})" for name, kind in types.items())
    unknown = sorted(_injected(namespace.get("In", [])) - set(types))
    if unknown:
        raise ParameterError(f"unknown parameter {', '.join(unknown)}; this notebook has {listed}")
    for name, kind in types.items():
        value = namespace[name]
        fits = isinstance(value, (int, float) if kind is float else kind)
        if not fits or (isinstance(value, bool) and kind is not bool):
            raise ParameterError(f"parameter {name} is {value!r}, a {type(value).__name__}; expected: {listed}")
        if value not in choices.get(name, [value]):
            raise ParameterError(f"parameter {name} is {value!r}: choose from {', '.join(map(repr, choices[name]))}")


def were_given(namespace: Mapping[str, Any]) -> bool:
    """Whether papermill gave the notebook parameters: then it runs headless, and nobody can use widgets."""
    return any(cell.startswith(_INJECTED) for cell in namespace.get("In", []))


def _injected(cells: Iterable[str]) -> set[str]:
    """The names that papermill's cell assigns, from the history of executed cells."""
    names: set[str] = set()
    for cell in cells:
        if cell.startswith(_INJECTED):
            for node in ast.walk(ast.parse(cell)):
                if isinstance(node, ast.Assign):
                    names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names
