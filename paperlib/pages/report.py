"""One static site from executed notebooks and the table of claims: `python -m paperlib.pages.report PROFILE`."""

import copy
import csv
import math
import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Collection
from importlib.resources import files
from pathlib import Path

import jinja2
import nbformat
from nbconvert import HTMLExporter
from traitlets.config import Config

from paperlib.storage import records
from paperlib.study import profiles

CLAIM_COLUMNS = (
    "id", "claim", "section", "paper", "ours", "sd", "low", "high", "n", "unit", "verdict", "notebook", "remark",
)  # fmt: skip

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


def read_claims(path: str | Path, profile: str) -> list[dict[str, str]] | None:
    """The rows of a table of claims as dicts of strings, or None where the file does not exist.

    Raises ValueError where a column of CLAIM_COLUMNS is missing or a number is none; the message names the way out.
    """
    path = Path(path)
    if not path.exists():
        return None
    with path.open(newline="", encoding="utf-8") as file:
        table = csv.DictReader(file, restval="")
        columns, claims = table.fieldnames or [], list(table)
    faults = [f"no column {column}" for column in CLAIM_COLUMNS if column not in columns]
    faults = faults or [
        f"{column} of {claim['id']} is {claim[column]!r}, not a number"
        for claim in claims
        for column in ("paper", "ours", "sd", "low", "high")
        if not _is_number_or_empty(claim[column])
    ]
    if faults:
        raise ValueError(f"{path}: {'; '.join(faults)}; `make figures PROFILE={profile}` writes the table anew")
    return claims


def _is_number_or_empty(text: str) -> bool:
    try:
        return not text or math.isfinite(float(text))
    except ValueError:
        return False


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


def claim_row(claim: dict[str, str], pages: Collection[str]) -> dict[str, str | None]:
    """What the first page shows of a claim (a dict of strings): numbers rounded; `page`, its notebook's or None."""
    digits = _digits(claim["ours"], claim["sd"], claim["paper"])
    ours = _rounded(claim["ours"], digits)
    if claim["sd"]:
        ours += f" ± {_rounded(claim['sd'], digits)}"
    interval = [_rounded(claim[end], digits) for end in ("low", "high") if claim[end]]
    return {
        **claim,
        "paper": _rounded(claim["paper"], _decimals(claim["paper"])),
        "ours": ours,
        "interval": " to ".join(interval),
        "page": f"{claim['notebook']}.html" if claim["notebook"] in pages else None,
    }


def _decimals(text: str) -> int:
    return len(text.partition(".")[2])


def _digits(ours: str, sd: str, paper: str) -> int:
    """After the point of our number: as many as a reader can use, no fewer than the paper gives, none of a count."""
    if not ours or (not sd and float(ours).is_integer()):
        return 0
    size = abs(float(ours))
    return max(_decimals(paper), 0 if size >= 1000 else 1 if size >= 10 else 2)


def _rounded(text: str, digits: int) -> str:
    return f"{float(text):,.{digits}f}" if text else ""


def render_site(
    setting: profiles.Profile,
    notebooks: dict[str, nbformat.NotebookNode],
    claims: list[dict[str, str]] | None,
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


def _render_index(
    setting: profiles.Profile, pages: list[dict], claims: list[dict[str, str]] | None, found: list[dict]
) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(str(_TEMPLATES)), autoescape=True, undefined=jinja2.StrictUndefined
    )
    stems = {page["file"].removesuffix(".html") for page in pages}
    return environment.get_template("index.html.j2").render(
        page={"title": "Thin the data, train faster?", "profile": setting.name, "previous": None, "next": pages[0]},
        setting=setting,
        pages=pages,
        claims=None if claims is None else [claim_row(claim, stems) for claim in claims],
        verdicts=Counter(claim["verdict"] for claim in claims or ()).most_common(),
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


if __name__ == "__main__":
    try:
        [named] = sys.argv[1:]
        print(f"Written: {build(named)}")
    except (ValueError, OSError) as error:
        sys.exit(str(error))
