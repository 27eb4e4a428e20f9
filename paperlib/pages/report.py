"""One static site from executed notebooks and the table of claims.

python -m paperlib.pages.report PROFILE
"""

import copy
import os
import re
import sys
import tempfile
from collections.abc import Collection
from importlib.resources import files
from pathlib import Path
from typing import Any

import click
import jinja2
import nbformat
import numpy as np
import pandas as pd
from nbconvert import HTMLExporter
from traitlets.config import Config

from paperlib.pages import claim_tables
from paperlib.storage import records
from paperlib.study import profiles

_NUMBERS = ("paper", "ours", "sd", "low", "high")
_TEXTS = ("id", "claim", "section", "unit", "verdict", "scope", "notebook", "remark")
CLAIM_COLUMNS = (*_TEXTS, *_NUMBERS)

_TEMPLATES = files("paperlib.pages") / "templates"
_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t#]*$", re.MULTILINE)

# Scripts and widgets are left out: pages are read without a network, and a notebook gives a text in place of each.
_SHOWN = ["text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg", "text/plain"]


def build(profile: str, root: Path = Path()) -> Path:
    """Render `root`/figures/PROFILE into `root`/build/report/PROFILE, whole or not at all -> path of the first page.

    Raises ValueError for an unknown profile, where there are no executed notebooks, and for a notebook or a table of
    claims that cannot be read; FileError for a damaged record.
    """
    setting = profiles.profile(profile)
    results, folder = Path(root) / "figures" / profile, Path(root) / "build" / "report" / profile
    notebooks = read_notebooks(results / "notebooks", profile)
    claims = read_claims(results / "claims.csv", profile)
    write_site(render_site(setting, notebooks, claims, records.read_all(results / "records")), folder)
    return folder / "index.html"


def read_notebooks(folder: Path, profile: str) -> dict[str, nbformat.NotebookNode]:
    """The notebooks of a folder: file stem -> notebook, in the order of their names.

    Raises ValueError for none and for one that is not readable; the message names the command that makes them.
    """
    command = f"`make figures PROFILE={profile}`"
    paths = sorted(Path(folder).glob("*.ipynb"))
    if not paths:
        raise ValueError(f"{folder}: no executed notebooks; {command} makes them")
    return {path.stem: _read_notebook(path, command) for path in paths}


def _read_notebook(path: Path, command: str) -> nbformat.NotebookNode:
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except (OSError, ValueError, AttributeError, nbformat.ValidationError) as error:  # AttributeError: not a dict
        reason = str(error).partition("\n")[0]
        raise ValueError(f"{path}: not a readable notebook ({reason}); {command} makes it anew") from error
    return notebook


def read_claims(path: str | Path, profile: str) -> pd.DataFrame | None:
    """A table of claims (of `ledger.as_csv`): numbers as floats, the rest as text. None where the file does not exist.

    Raises ValueError where a column of CLAIM_COLUMNS is missing or a number is none; the message names the way out.
    """
    path = Path(path)
    if not path.exists():
        return None
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    faults = [f"no column {column}" for column in CLAIM_COLUMNS if column not in table]
    for column in () if faults else _NUMBERS:
        numbers = pd.to_numeric(table[column].replace("", "nan"), errors="coerce")
        wrong = table[(table[column] != "") & ~np.isfinite(numbers)]
        faults += [f"{column} of {row['id']} is {row[column]!r}, not a number" for _, row in wrong.iterrows()]
        table[column] = numbers
    if faults:
        raise ValueError(f"{path}: {'; '.join(faults)}; `make figures PROFILE={profile}` writes the table anew")
    return table


def title(notebook: nbformat.NotebookNode, default: str) -> str:
    """The first Markdown heading of a notebook as plain text, or `default`."""
    headings = (heading for cell in notebook.cells for heading in _headings(cell))
    return next(headings, default)


def _headings(cell: nbformat.NotebookNode) -> list[str]:
    if cell.cell_type != "markdown":
        return []
    return [re.sub(r"[`*]", "", heading) for heading in _HEADING.findall(cell.source)]


def with_alternatives(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A copy in which pictures have a text for those who do not see them: the heading that they stand under."""
    notebook, above = copy.deepcopy(notebook), ""
    for cell in notebook.cells:
        above = (_headings(cell) or [above])[-1]
        cell.metadata.setdefault("alt", f"Figure: {above}" if above else "Figure")
    return notebook


def claim_row(claim: Any, pages: Collection[str]) -> dict[str, str | None]:
    """What the first page shows of a claim (a row of `read_claims`): texts, and `page`, its notebook's or None."""
    shown = {name: getattr(claim, name) for name in _TEXTS}
    paper, ours = claim_tables.number(claim.paper), claim_tables.measured(claim)
    page = f"{claim.notebook}.html" if claim.notebook in pages else None
    return {**shown, "paper": paper, "ours": ours, "page": page}


def render_site(
    setting: profiles.Profile,
    notebooks: dict[str, nbformat.NotebookNode],
    claims: pd.DataFrame | None,
    found: list[dict],
) -> dict[str, str]:
    """The pages of a site: file name -> HTML.

    setting: a Profile. notebooks: file stem -> notebook. claims: of `read_claims`. found: the records of the runs.
    """
    titles = {stem: title(notebook, stem) for stem, notebook in notebooks.items()}
    pages = [{"file": f"{stem}.html", "title": text} for stem, text in titles.items()]
    first = {"file": "index.html", "title": "Overview"}
    site = {"index.html": _render_index(setting, pages, claims, found)}
    for place, (page, notebook) in enumerate(zip(pages, notebooks.values())):
        previous = pages[place - 1] if place else first
        around = {"previous": previous, "next": pages[place + 1] if place + 1 < len(pages) else None}
        site[page["file"]] = _render_notebook(notebook, {**page, **around, "profile": setting.name})
    return site


def _render_index(setting: profiles.Profile, pages: list[dict], claims: pd.DataFrame | None, found: list[dict]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(str(_TEMPLATES)), autoescape=True, undefined=jinja2.StrictUndefined
    )
    stems = {page["file"].removesuffix(".html") for page in pages}
    return environment.get_template("index.html.j2").render(
        page={"title": "Thin the data, train faster?", "profile": setting.name, "previous": None, "next": pages[0]},
        setting=setting,
        pages=pages,
        claims=None if claims is None else [claim_row(claim, stems) for claim in claims.itertuples()],
        verdicts=[] if claims is None else list(claims["verdict"].value_counts().items()),
        datasets=sorted({record["run"]["dataset"] for record in found}),
        runs=len(found),
    )


def _render_notebook(notebook: nbformat.NotebookNode, page: dict) -> str:
    exporter = HTMLExporter(
        template_name="basic",
        extra_template_paths=[str(_TEMPLATES)],
        template_file="notebook.html.j2",
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
        config=Config(
            {
                "NbConvertBase": {"display_data_priority": _SHOWN},
                "CoalesceStreamsPreprocessor": {"enabled": True},
                "CSSHTMLHeaderPreprocessor": {"style": "default"},  # nbconvert's own needs JupyterLab's stylesheet
            }
        ),
    )
    return exporter.from_notebook_node(with_alternatives(notebook), {"page": page})[0]


def write_site(site: dict[str, str], folder: Path) -> None:
    """Write pages (file name -> HTML) as the only content of `folder`: all of them, or it stays as it was."""
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as part:
        new, old = Path(part) / "new", Path(part) / "old"
        new.mkdir()
        for name, text in site.items():
            (new / name).write_text(text, encoding="utf-8")
        if folder.exists():
            os.replace(folder, old)
        try:
            os.replace(new, folder)
        except OSError:
            if old.exists():
                os.replace(old, folder)
            raise


@click.command(help=__doc__)
@click.argument("profile")
def main(profile: str) -> None:
    try:
        click.echo(f"Written: {build(profile)}")
    except (ValueError, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
