import re
import shutil
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from paperlib.claims import ledger, rules
from paperlib.pages import claim_tables, readme

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
    expected = ["claims", "splits", "controls", "methods", "riddle", "cost", "precision"]
    others = {"claims:all", "scale:all", "speed:bench", "durations:bench"}
    assert {*(f"{name}:cpu" for name in expected), *others} <= set(blocks)
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


def ledger_of(c6, verdict, **more):
    """A ledger of all claims, of which C6 alone has a number."""
    rows = []
    for name, claim in ledger.ledger().items():
        row = dict.fromkeys(ledger.COLUMNS, float("nan")) | {"id": name, "group": claim.get("group", ledger.CLAIM)}
        row |= {key: claim[key] for key in ("claim", "paper", "unit", "notebook")}
        row |= {"verdict": rules.NOT_MEASURED, "scope": "", "n": 0, "n_other": 0}
        if name == "C6":
            row |= {"ours": c6, "low": c6 - 1, "high": c6 + 1, "verdict": verdict, "n": 5, "n_other": 5}
            row |= {"scope": "1/67 of the paper's samples, n = 5 + 5, 1 autoencoder"}
        rows.append(row)
    return pd.DataFrame(rows)


def test_the_main_table_names_the_scale_and_what_other_scales_say():
    tables = {"cpu": ledger_of(-3.8, rules.NOT), "steps": ledger_of(2.0, rules.DIRECTION)}
    text = claim_tables.largest_scale_markdown(tables)
    row = next(line for line in text.splitlines() if line.startswith("| C6 "))
    assert "| 2.00 (1.00 to 3.00) points | **direction reproduced** | `steps`, n = 5 + 5, 1 autoencoder |" in row
    assert "| **`cpu` -3.80 (-4.80 to -2.80): not reproduced** |" in row
    assert "**Scales disagree** on C6 (cpu)" in text
    assert "At `steps`, a share of the time is that share of the steps." in text
    agreeing = claim_tables.largest_scale_markdown(tables | {"steps": ledger_of(-4.0, rules.NOT)})
    assert "| `cpu` -3.80 (-4.80 to -2.80) |" in agreeing and "No claim has opposite verdicts at two scales" in agreeing
    both = {"cpu": ledger_of(-3.8, rules.UNTESTABLE), "steps": ledger_of(-4.0, rules.UNTESTABLE)}
    shared = claim_tables.largest_scale_markdown(both | {"paper": ledger_of(-3.0, rules.NOT)})
    assert "| `cpu` -3.80 (-4.80 to -2.80), `steps` -4.00 (-5.00 to -3.00): not testable at this scale |" in shared
    assert "One scale is on record" in claim_tables.largest_scale_markdown({"cpu": tables["cpu"]})


def test_a_profile_without_records_has_a_sentence_for_a_table(tmp_path):
    text = readme.refresh("<!-- claims:steps -->\n<!-- end -->", tmp_path)
    assert "Nothing of profile `steps` is on record yet." in text


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


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_files_that_are_named_are_there(path):
    for name in re.findall(
        r"`((?:paperlib|tests|benchmarks|notebooks|docs)/[^`\s…<*]*)`", path.read_text(encoding="utf-8")
    ):
        assert (ROOT / name).exists(), name


def test_the_paper_is_named_where_it_is_to_be_cited():
    title = "Faster Training by Selecting Samples Using Embeddings"
    for name in ("README.md", "CITATION.cff"):
        text = " ".join(Path(ROOT / name).read_text(encoding="utf-8").split())
        assert title in text and "title page" in text
