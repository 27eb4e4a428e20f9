"""Run notebooks without a screen, one after the other: `python -m paperlib.headless PROFILE [DATA [NUMBER ...]]`."""

import os
import sys
from pathlib import Path

import papermill

from paperlib.profiles import profile as profile_named


def run(profile, data="", *numbers, root=Path()):
    """Execute `root`/notebooks into `root`/figures/PROFILE/notebooks, each file whole or not at all.

    numbers: what the names of those to execute begin with, such as "04"; all if none are given.

    Each is given those of the parameters profile, data, figures and progress that it has.

    Raises ValueError for an unknown profile or number, and papermill's PapermillExecutionError at the first notebook
    that fails; the ones before it are kept.
    """
    profile_named(profile)  # refuses an unknown one before a folder of that name is made
    notebooks = sorted((root / "notebooks").glob("*.ipynb"))
    if unknown := [number for number in numbers if not any(file.name.startswith(number) for file in notebooks)]:
        there_are = ", ".join(file.stem for file in notebooks)
        raise ValueError(f"no notebook's name begins with {', '.join(unknown)}: there are {there_are}")
    notebooks = [file for file in notebooks if not numbers or file.name.startswith(numbers)]
    parts, done = root / "build", root / "figures" / profile / "notebooks"
    for folder in (parts, done):
        folder.mkdir(parents=True, exist_ok=True)
    parameters = {"profile": profile, "data": data, "figures": "figures", "progress": "lines"}
    for number, notebook in enumerate(notebooks, 1):
        print(f"[{number}/{len(notebooks)}] {notebook.name}, profile {profile}", flush=True)
        part, known = parts / notebook.name, papermill.inspect_notebook(notebook)
        given = {name: value for name, value in parameters.items() if name in known}
        papermill.execute_notebook(
            notebook, part, given, cwd=root, progress_bar=False, stdout_file=sys.stdout, log_output=False
        )
        os.replace(part, done / notebook.name)


if __name__ == "__main__":
    try:
        run(*sys.argv[1:])
    except (ValueError, papermill.PapermillExecutionError) as error:
        sys.exit(str(error))
