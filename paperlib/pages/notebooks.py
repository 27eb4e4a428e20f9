"""Run notebooks without a screen.

python -m paperlib.pages.notebooks PROFILE [DATA [NUMBER ...]]
"""

import sys
from collections.abc import Iterable
from concurrent.futures import CancelledError, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import click
import nbformat
import papermill

from paperlib import environment
from paperlib.data import load
from paperlib.figures import stamps
from paperlib.storage.digests import content_hash, overall_digest
from paperlib.storage.files import replacing
from paperlib.study import recording, workers
from paperlib.study.profiles import Profile
from paperlib.study.profiles import profile as profile_named

_AT_ONCE = 2  # notebooks that run at a time: none of them is timed
_MADE_FROM = "paperlib_made_from"  # in an executed notebook's metadata: the digest of all that it was made from

_CONCLUSIONS, _CONCLUDED_FROM = "**What it shows", "cpu"  # how a notebook's last words begin, and of which profile


def run(profile: str, data: str = "", *numbers: str, root: Path = Path()) -> None:
    """Train what is not on record, then execute `root`/notebooks into `root`/figures/PROFILE/notebooks.

    A notebook is not executed again if it was made from the same text, parameters, code, data and records. Each file is
    written whole or not at all, and the digests of all of them at the end (`paperlib.figures.stamps`).

    Parameters
    ----------
    profile, data : names, see `paperlib.study.profiles` and `paperlib.data.load`.
    numbers : what the names of the notebooks to execute begin with, such as "04"; those of the profile if none are
        given.

    Raises
    ------
    ValueError : for an unknown profile or number.
    OSError : for a scheduler that does not answer.
    papermill.PapermillExecutionError : at the first notebook that fails; those that have ended are kept.
    """
    setting = profile_named(profile)  # refuses an unknown one before a folder of that name is made
    notebooks = _chosen(root, numbers, setting)
    workers.check_scheduler()
    folder = root / "figures" / profile
    (root / "build").mkdir(exist_ok=True)
    (folder / "notebooks").mkdir(parents=True, exist_ok=True)
    before = stamps.marks(folder)
    recording.record(setting, load(data or setting.source), folder / "records")
    parameters = dict(profile=profile, data=data, figures="figures", progress="lines")
    recorded = overall_digest(root / "figures", [f"{profile}/records"])
    shared = content_hash([environment.CODE, data, _state(Path(data)), recorded])
    todo = {notebook: content_hash([shared, notebook.read_text(), parameters]) for notebook in notebooks}
    todo = {notebook: key for notebook, key in todo.items() if _key(folder / "notebooks" / notebook.name) != key}
    print(f"{len(notebooks) - len(todo)} of {len(notebooks)} notebooks are up to date", flush=True)
    _execute_all(todo, parameters, folder, root)
    stamps.write_digests(folder, before, keep=bool(numbers) or len(todo) < len(notebooks))


def _chosen(root: Path, numbers: Iterable[str], setting: Profile) -> list[Path]:
    notebooks = sorted((root / "notebooks").glob("*.ipynb"))
    if unknown := [number for number in numbers if not any(file.name.startswith(number) for file in notebooks)]:
        there_are = ", ".join(file.stem for file in notebooks)
        raise ValueError(f"no notebook's name begins with {', '.join(unknown)}: there are {there_are}")
    wanted = tuple(numbers) or setting.notebooks
    return [file for file in notebooks if not wanted or file.name.startswith(tuple(wanted))]


def _execute_all(todo: dict[Path, str], parameters: dict, folder: Path, root: Path) -> None:
    """Execute notebooks two at a time, and move each into place with its key as soon as it has ended."""
    failed = None
    with ProcessPoolExecutor(min(_AT_ONCE, len(todo) or 1), get_context("spawn")) as pool:
        ending = {pool.submit(_execute, notebook, parameters, root): notebook for notebook in todo}
        try:
            for number, future in enumerate(as_completed(ending), 1):
                notebook = ending[future]
                try:
                    executed = future.result()
                except CancelledError:
                    continue
                except Exception as error:  # the one that runs beside it may still end well
                    failed = failed or error
                    pool.shutdown(wait=False, cancel_futures=True)
                    continue
                executed.metadata[_MADE_FROM] = todo[notebook]
                with replacing(folder / "notebooks" / notebook.name) as part:
                    nbformat.write(executed, part)
                print(f"[{number}/{len(todo)}] {notebook.name}, profile {parameters['profile']}", flush=True)
        except BaseException:  # such as Ctrl-C: those that have not begun are not waited for
            pool.shutdown(cancel_futures=True)
            raise
    if failed:
        raise failed


def _execute(notebook: Path, parameters: dict, root: Path) -> nbformat.NotebookNode:
    """An executed notebook. It is given those of the parameters that it has. What it concludes is written for one
    profile, which is said where it was executed with another."""
    known = papermill.inspect_notebook(notebook)
    given = {name: value for name, value in parameters.items() if name in known}
    executed = papermill.execute_notebook(
        notebook, None, given, cwd=root, progress_bar=False, stdout_file=sys.stdout, log_output=False
    )
    for cell in executed.cells:
        if cell.source.startswith(_CONCLUSIONS) and given.get("profile", _CONCLUDED_FROM) != _CONCLUDED_FROM:
            cell.source = (
                f"*This page shows profile `{parameters['profile']}`. The conclusions below are of profile "
                f"`{_CONCLUDED_FROM}`; `docs/results.md` says what the other scales show.*\n\n{cell.source}"
            )
    return executed


def _key(executed: Path) -> str | None:
    """What an executed notebook was made from; None if there is none, or it does not say."""
    try:
        return nbformat.read(executed, as_version=4).metadata.get(_MADE_FROM)
    except (OSError, ValueError, nbformat.reader.NotJSONError):
        return None


def _state(data: Path) -> list:
    """What changes when a file of data does: its size and time."""
    try:
        found = data.stat()
    except OSError:
        return []
    return [found.st_size, found.st_mtime_ns] if data.is_file() else []


@click.command(help=__doc__)
@click.argument("profile")
@click.argument("data", default="")
@click.argument("numbers", nargs=-1)
def main(profile: str, data: str, numbers: tuple[str, ...]) -> None:
    try:
        run(profile, data, *numbers)
    except KeyboardInterrupt as error:  # as Ctrl-C is, and `paperlib.checkpoints.Interrupted`, which says what is saved
        sys.exit(str(error).capitalize() or "Interrupted: what is on record stays, and the same command goes on")
    except (ValueError, OSError, papermill.PapermillExecutionError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
