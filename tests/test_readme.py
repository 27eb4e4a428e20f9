from paperlib import readme

from .conftest import ROOT


def test_the_tables_are_those_of_the_committed_records():
    text = (ROOT / "README.md").read_text()
    assert text.count("<!-- end -->") >= 2
    assert readme.refresh(text, ROOT) == text, "the README is stale: make readme"
