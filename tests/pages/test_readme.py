import re
import shutil
from pathlib import Path

import nbformat
import pytest

from paperlib.pages import readme

from ..conftest import ROOT

PAGES = readme.pages(ROOT)
TEXTS = [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
MARKER = re.compile(r"<!-- ([\w-]+:\w+|end) -->")
LINK = re.compile(r"\]\(([^)\s]+)\)")


def code_of(path):
    """The Python block of a page, as lines."""
    return re.search(r"```python\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)[1].splitlines()


def anchors(text):
    """Of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_tables_are_those_of_the_committed_records(path):
    text = path.read_text(encoding="utf-8")
    markers = MARKER.findall(text)
    assert markers[1::2] == ["end"] * (len(markers) // 2) and "end" not in markers[::2]  # each block has its end
    assert readme.refresh(text, ROOT) == text, f"{path.name} is stale: make readme"


def test_the_pages_have_all_tables_once():
    blocks = [name for path in PAGES for name in MARKER.findall(path.read_text(encoding="utf-8")) if name != "end"]
    expected = ["claims", "scale", "splits", "controls", "methods", "riddle", "cost", "precision"]
    assert {*(f"{name}:cpu" for name in expected), "speed:bench", "durations:bench"} <= set(blocks)
    assert len(blocks) == len(set(blocks))


def test_an_altered_number_is_stale_on_any_page(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "figures").symlink_to(ROOT / "figures")
    shutil.copy(ROOT / "README.md", tmp_path)
    speed = (ROOT / "docs" / "speed.md").read_text(encoding="utf-8")
    altered = re.sub(r"(\| training, batch 128 .*?)(\d)", r"\g<1>9\2", speed, count=1)
    assert altered != speed
    (tmp_path / "docs" / "speed.md").write_text(altered, encoding="utf-8")
    pages = readme.pages(tmp_path)
    assert [path.name for path in pages] == ["README.md", "speed.md"]
    assert readme.refresh(pages[1].read_text(encoding="utf-8"), tmp_path) == speed


def test_the_readme_is_short():
    assert (ROOT / "README.md").stat().st_size <= 14 * 1024


def test_the_readmes_code_is_in_the_first_notebook_in_its_order():
    notebook = nbformat.read(ROOT / "notebooks" / "00_the_method.ipynb", as_version=4)
    lines = iter([line for cell in notebook.cells if cell.cell_type == "code" for line in cell.source.splitlines()])
    missing = [line for line in code_of(ROOT / "README.md") if line and line not in lines]
    assert not missing  # looking into an iterator moves it on, so the order counts, too


def test_the_readmes_code_runs():
    code = "\n".join(code_of(ROOT / "README.md"))
    quick, changed = re.subn(r"steps=\d+", "steps=4", code)  # the notebook runs it as it is
    assert changed == 2
    names = {}
    exec(quick, names)
    assert names["embeddings"].shape == (1437, 18) and len(set(names["chosen"].tolist())) == 126
    assert names["training"].phases == (2, 2) and 0 <= names["accuracy"] <= 1


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path):
    for link in LINK.findall(path.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = path.parent / file if file else path
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), link


def test_the_paper_is_named_where_it_is_to_be_cited():
    title = "Faster Training by Selecting Samples Using Embeddings"
    for name in ("README.md", "CITATION.cff"):
        text = " ".join(Path(ROOT / name).read_text(encoding="utf-8").split())
        assert title in text and "title page" in text
