import base64
import csv
import json
import re
from io import BytesIO
from urllib.parse import urldefrag

import nbformat
import numpy as np
import pytest
from PIL import Image

from paperlib.pages import report
from paperlib.study.profiles import profile

from ..conftest import ROOT

v4 = nbformat.v4

CLAIM = dict.fromkeys(report.CLAIM_COLUMNS, "") | {
    "id": "C1", "claim": "accuracy <at> the end", "section": "V", "paper": "83.3", "ours": "67.0725", "sd": "0.770644",
    "low": "65.8462", "high": "68.2988", "unit": "%", "verdict": "not reproduced", "scope": "n = 4",
    "notebook": "02_results", "remark": "1,200 steps",
}  # fmt: skip


def picture():
    file = BytesIO()
    Image.fromarray(np.full((300, 900, 3), 200, np.uint8)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def wide_table():
    cells = "".join(f"<td>column_{number}</td>" for number in range(40))
    return f'<table border="1" class="dataframe"><tbody><tr>{cells}</tr></tbody></table>'


def cell(source, *outputs, **metadata):
    return v4.new_code_cell(source, outputs=list(outputs), metadata=metadata)


def first_notebook():
    row = "| " + " | ".join(["a_long_word_in_a_cell"] * 12) + " |"
    table = f"{row}\n{'|--' * 12}|\n{row}"
    return v4.new_notebook(
        cells=[
            v4.new_markdown_cell("No heading yet."),
            v4.new_markdown_cell(f"# 1 · The `data`\n\nSome text.\n\n{table}"),
            cell("profile = 'quick'", tags=["parameters"]),
            v4.new_markdown_cell("## A figure"),
            cell("draw(" + "a_long_line, " * 40 + ")", v4.new_output("display_data", {"image/png": picture()})),
            cell("table", v4.new_output("execute_result", {"text/html": wide_table(), "text/plain": "a table"})),
            cell(
                "print('x')",
                v4.new_output("stream", name="stdout", text="x" * 300),
                v4.new_output("stream", name="stderr", text="a warning\n"),
                v4.new_output("stream", name="stderr", text="another one\n"),
            ),
            cell("bar", v4.new_output("display_data", {"application/javascript": "alert()", "text/plain": "a bar"})),
        ]
    )


@pytest.fixture
def results(tmp_path):
    """The folder figures/quick with two executed notebooks, below `tmp_path`."""
    folder = tmp_path / "figures" / "quick"
    (folder / "notebooks").mkdir(parents=True)
    nbformat.write(first_notebook(), folder / "notebooks" / "01_data.ipynb")
    second = v4.new_notebook(cells=[v4.new_markdown_cell("# 2 · Results & <more>")])
    nbformat.write(second, folder / "notebooks" / "02_results.ipynb")
    return folder


def write_claims(results, *claims):
    with (results / "claims.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(claims[0]))
        writer.writeheader()
        writer.writerows(claims)


def built(tmp_path):
    report.build("quick", tmp_path)
    folder = tmp_path / "build" / "report" / "quick"
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_a_site_has_a_page_a_notebook_and_links_that_lead_somewhere(tmp_path, results):
    write_claims(results, CLAIM)
    site = built(tmp_path)
    assert sorted(site) == ["01_data.html", "02_results.html", "index.html"]
    for text in site.values():
        assert text.startswith("<!DOCTYPE html>") and text.count("<h1") == text.count("<main") == 1
        assert 'name="viewport"' in text
        links = re.findall(r'href="([^"]*)"', text)
        assert {urldefrag(link)[0] for link in links} <= {*site, "data:,"}
        assert "http" not in text.replace("http-equiv", "") and "<script" not in text
    neighbours = {name: set(re.findall(r'<a href="([^"]*)" rel="\w+"', site[name])) for name in site}
    assert neighbours["01_data.html"] == {"index.html", "02_results.html"}
    assert neighbours["02_results.html"] == {"01_data.html"}
    assert 'href="index.html"' in site["02_results.html"]


def test_a_page_holds_what_the_notebook_shows(tmp_path, results):
    page = built(tmp_path)["01_data.html"]
    assert "<title>1 · The data · profile quick</title>" in page
    assert f'alt="Figure: A figure" src="data:image/png;base64,{picture()}"' in page
    assert "column_39" in page and "a bar" in page and "alert()" not in page
    assert page.count("<details>") == 2  # the parameters; both warnings in one
    assert "In [" not in page


def test_the_first_page_shows_the_claims(tmp_path, results):
    other = dict(id="C2", paper="4320", ours="4320", sd="", low="", high="", verdict="reproduced", notebook="09_none")
    write_claims(results, CLAIM, CLAIM | other)
    index = built(tmp_path)["index.html"]
    assert '<a href="02_results.html">accuracy &lt;at&gt; the end</a>' in index
    assert "83.3 %" in index and "67.1 ± 0.8 %" in index and ">n = 4<" in index
    assert "4320 %" in index and "09_none" not in index  # no page, no link
    assert "<strong>not reproduced</strong>" in index and "<strong>reproduced</strong>" in index
    assert "2 claims: 1 not reproduced, 1 reproduced." in index
    assert '<a href="02_results.html">2 · Results &amp; &lt;more&gt;</a>' in index
    quick = profile("quick")
    assert f"{quick.steps} steps of {quick.batch} samples" in index and "make figures" not in index


def test_without_claims_the_first_page_names_the_command_that_writes_them(tmp_path, results):
    assert "<code>make figures PROFILE=quick</code>" in built(tmp_path)["index.html"]


def test_the_first_page_names_data_set_and_number_of_records(results):
    notebooks = report.read_notebooks(results / "notebooks", "quick")
    found = [{"run": {"dataset": "digits"}}] * 3
    index = report.render_site(profile("quick"), notebooks, None, found)["index.html"]
    assert "<dd>digits</dd>" in index and "<dd>3</dd>" in index


def test_claims_look_as_in_the_readme(tmp_path, results):
    difference = dict(
        id="C6", paper="", ours="-3.785", sd="", low="-4.5", high="-3.1", unit="points", scope="n = 5 + 5"
    )
    write_claims(results, CLAIM | difference, CLAIM | dict(id="C9", ours="", sd="", low="", high="", scope=""))
    index = built(tmp_path)["index.html"]
    assert "-3.79 (-4.50 to -3.10) points" in index and ">n = 5 + 5<" in index
    assert re.search(r'data-label="Ours">–\s*</td>', index) and re.search(r'data-label="Paper">–\s*</td>', index)


def test_a_site_is_the_same_when_it_is_built_again(tmp_path, results):
    assert built(tmp_path) == built(tmp_path)


def test_a_site_is_replaced_whole_or_not_at_all(tmp_path):
    folder = tmp_path / "site"
    report.write_site({"index.html": "old", "gone.html": ""}, folder)
    with pytest.raises(TypeError):
        report.write_site({"index.html": "new", "02.html": None}, folder)
    assert sorted(path.name for path in folder.iterdir()) == ["gone.html", "index.html"]
    report.write_site({"index.html": "new"}, folder)
    assert [path.read_text() for path in folder.iterdir()] == ["new"]
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_site_that_cannot_be_moved_into_place_leaves_the_old_one(tmp_path, monkeypatch):
    folder, replace = tmp_path / "site", report.os.replace
    report.write_site({"index.html": "old"}, folder)

    def fail(source, target):
        if source.name == "new":
            raise PermissionError("no")
        replace(source, target)

    monkeypatch.setattr(report.os, "replace", fail)
    with pytest.raises(PermissionError):
        report.write_site({"index.html": "new"}, folder)
    assert (folder / "index.html").read_text() == "old"


def test_an_unknown_profile_is_refused(tmp_path):
    with pytest.raises(ValueError, match="unknown profile 'fast': choose from quick, cpu, steps, paper"):
        report.build("fast", tmp_path)
    assert not list(tmp_path.iterdir())


def test_without_notebooks_the_message_names_the_command_that_makes_them(tmp_path):
    with pytest.raises(ValueError, match="quick/notebooks: no executed notebooks; `make figures PROFILE=quick` makes"):
        report.build("quick", tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '"a"', "{}", '{"nbformat": 9, "nbformat_minor": 0, "cells": []}'])
def test_a_notebook_that_is_not_readable_is_named_and_no_site_is_written(tmp_path, results, text):
    (results / "notebooks" / "02_results.ipynb").write_text(text)
    with pytest.raises(ValueError, match="02_results.ipynb: not a readable notebook .*`make figures PROFILE=quick`"):
        report.build("quick", tmp_path)
    assert not (tmp_path / "build").exists()


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        ({key: CLAIM[key] for key in CLAIM if key != "verdict"}, "no column verdict"),
        (CLAIM | {"ours": "many"}, "ours of C1 is 'many', not a number"),
    ],
)
def test_a_damaged_table_of_claims_is_named(tmp_path, results, claim, message):
    write_claims(results, claim)
    with pytest.raises(ValueError, match=f"claims.csv: {message}; `make figures PROFILE=quick` writes"):
        report.build("quick", tmp_path)


# What a reader would meet: pictures without content, text too small to read.
LOOK = """
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const sizes = [];
while (texts.nextNode()) {
    const style = getComputedStyle(texts.currentNode.parentElement);
    if (texts.currentNode.data.trim()) sizes.push(parseFloat(style.fontSize));
}
return {
    pictures: [...document.images].map(image => image.complete ? image.naturalWidth : 0),
    width: document.documentElement.scrollWidth,
    smallest: Math.min(...sizes),
    loaded: performance.getEntriesByType("resource").map(entry => entry.name),
};
"""


def look(browser, page, width, height):
    """Open a page (a path) in a window of that size -> what LOOK says, errors logged and addresses asked for."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    for kind in ("browser", "performance"):
        browser.get_log(kind)  # drop what the page before left
    browser.get(page.as_uri())
    seen = browser.execute_script(LOOK)
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    return {**seen, "log": browser.get_log("browser"), "asked": asked}


def check_pages(browser, folder):
    pictures = 0
    for page in sorted(folder.glob("*.html")):
        for width, height in ((375, 800), (1280, 900)):
            seen = look(browser, page, width, height)
            assert all(seen["pictures"]), page
            assert seen["width"] <= width, page
            assert seen["smallest"] >= 14, page
            assert not seen["log"], page
            addresses = [*seen["asked"], *seen["loaded"]]
            assert page.as_uri() in addresses
            # A browser that has just started still loads pages of its own.
            away = [address for address in addresses if not address.startswith(("file:", "data:", "chrome", "about:"))]
            assert not away, page
            pictures += len(seen["pictures"])
    return pictures


@pytest.mark.parametrize("with_claims", [False, True])
def test_pages_in_a_browser(tmp_path, results, browser, with_claims):
    if with_claims:
        write_claims(results, CLAIM, CLAIM | {"id": "C2", "claim": "a claim " * 20, "remark": "a_long_word" * 20})
    assert check_pages(browser, report.build("quick", tmp_path).parent) == 2


def test_the_browser_test_sees_what_it_is_there_for(tmp_path, browser):
    page = tmp_path / "page.html"
    page.write_text(
        '<meta name="viewport" content="width=device-width"><div style="width: 900px; font-size: 9px">x</div>'
        '<img src="none.png"><script src="http://127.0.0.1:9/x.js"></script>'
    )
    seen = look(browser, page, 375, 800)
    assert seen["pictures"] == [0] and seen["width"] >= 900 and seen["smallest"] == 9 and seen["log"]
    assert "http://127.0.0.1:9/x.js" in seen["asked"]


def test_pages_of_the_committed_notebooks_in_a_browser(tmp_path, browser):
    if not list((ROOT / "figures" / "cpu" / "notebooks").glob("*.ipynb")):
        pytest.skip("no executed notebooks in figures/cpu/notebooks")
    (tmp_path / "figures").symlink_to(ROOT / "figures")
    assert check_pages(browser, report.build("cpu", tmp_path).parent)
