"""Write the tables in README.md and docs/*.md anew from the committed records: `python -m paperlib.pages.readme`."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

from paperlib.pages import claim_tables, facts, predictions, result_tables, speed
from paperlib.storage.digests import overall_digest
from paperlib.storage.files import write_text
from paperlib.study.profiles import committed

# <!-- NAME:FOLDER --> ... <!-- end --> in a page holds what the function of that name makes of figures/FOLDER.
_BLOCK = re.compile(r"(<!-- ([\w-]+):(\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
_START = re.compile(r"<!-- [\w-]+:\w+ -->")
ALL = "all"  # a FOLDER that stands for all profiles with committed records
# The blocks that have to be there, in whichever page: without its marker a table would be checked by nothing.
REQUIRED = (
    "records-digest:all",
    "claims:all",
    "claims:cpu",
    "claims:steps",
    "claims:paper",
    "arithmetic:all",
    "scale:all",
    "trainings:all",
    "predictions:all",
    "splits:cpu",
    "splits:steps",
    "splits:paper",
    "controls:cpu",
    "controls:steps",
    "controls:paper",
    "methods:cpu",
    "riddle:cpu",
    "cost:cpu",
    "precision:cpu",
    "weak-random:cpu",
    "weights:all",
    "spikes:all",
    "encoders:cpu",
    "encoders:steps",
    "encoders:paper",
    "readings:cpu",
    "speed:bench",
    "gpu:bench",
    "machines:paper",
)


def pages(root: Path) -> list[Path]:
    """The pages with generated blocks: README.md and docs/*.md under `root`."""
    return [Path(root) / "README.md", *sorted((Path(root) / "docs").glob("*.md"))]


def missing(texts: list[str]) -> list[str]:
    """Those of the blocks `REQUIRED` that are in none of the texts."""
    found = {f"{match[2]}:{match[3]}" for text in texts for match in _BLOCK.finditer(text)}
    return [name for name in REQUIRED if name not in found]


def refresh(text: str, root: str | Path) -> str:
    """A page's text with every generated block made from what lies under `root`/figures.

    Raises
    ------
    ValueError
        For a block of an unknown name, and for one without its end: what follows it would be lost.
    """

    def make(match: re.Match) -> str:
        name = f"{match[2]}:{match[3]}"
        if match[2] not in _MAKERS:
            raise ValueError(f"no block is called {name}: choose from {', '.join(_MAKERS)}")
        if _START.search(match[4]):
            raise ValueError(f"the block {name} has no <!-- end --> before the next one begins")
        return f"{match[1]}{_MAKERS[match[2]](Path(root) / 'figures' / match[3])}\n{match[5]}"

    return _BLOCK.sub(make, text)


def _folders(folder: Path) -> list[Path]:
    """The folder, or those of all committed profiles."""
    root = folder.parents[1]
    return [root / "figures" / name for name in committed(root)] if folder.name == ALL else [folder]


def _records_digest(folder: Path) -> str:
    """Of all committed records, whatever the folder."""
    root = folder.parents[1]
    digest, count = overall_digest(root / "figures", [f"{name}/records" for name in committed(root)])
    return f"The SHA-256 of all {count:,} records is `{digest}`."


_MAKERS: dict[str, Callable[[Path], str]] = {
    "records-digest": _records_digest,
    "claims": lambda folder: (claim_tables.of_all if folder.name == ALL else claim_tables.of_profile)(folder),
    "arithmetic": claim_tables.arithmetic,
    "scale": lambda folder: claim_tables.compact(facts.scale(_folders(folder))),
    "durations": facts.durations,
    "trainings": lambda folder: facts.trainings(_folders(folder)),
    "profiles": lambda _: facts.profiles(),
    "splits": result_tables.splits_table,
    "controls": result_tables.controls_table,
    "methods": result_tables.methods_table,
    "riddle": result_tables.riddle_table,
    "cost": result_tables.cost_table,
    "weak-random": result_tables.weak_random_table,
    "weights": result_tables.weights_table,
    "spikes": result_tables.spikes_table,
    "encoders": result_tables.encoders_table,
    "readings": result_tables.readings_table,
    "predictions": lambda folder: predictions.markdown(folder.parents[1]),
    "precision": result_tables.precision_table,
    "speed": speed.markdown,
    "gpu": speed.gpu,
    "machines": result_tables.machines_table,
}


if __name__ == "__main__":
    try:
        for page in pages(Path()):
            write_text(page, refresh(page.read_text(encoding="utf-8"), Path()))
    except (ValueError, OSError) as error:
        sys.exit(str(error))
