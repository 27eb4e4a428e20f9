"""Notebook 12 as its reader meets it: in JupyterLab, in a browser, with a mouse and a keyboard."""

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import nbformat
import numpy as np
import pytest

from paperlib.own_data import manifest
from paperlib.selection import select

from ..conftest import ROOT

SECONDS = 60  # until a cell has run, on a busy machine
READY = """
const session = window.jupyterapp.shell.currentWidget.sessionContext;
return session.isReady && session.session && session.session.kernel && session.session.kernel.status === "idle";
"""


@contextmanager
def lab(folder):
    """JupyterLab on a folder -> its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.root_dir={folder}",
        f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=",
        "--LabApp.expose_app_in_browser=True",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "JUPYTER_CONFIG_DIR": str(folder / ".config")}
    with open(folder / "lab.log", "w") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        try:
            server.wait(SECONDS)
        except subprocess.TimeoutExpired:  # it asks its kernels to stop first, which a busy machine delays
            server.kill()
            server.wait()


@pytest.fixture
def notebook(tmp_path):
    """Notebook 12 with the path of embeddings, which need no training, in its parameters."""
    embeddings = np.random.default_rng(0).normal(size=(60, 5))
    np.savez(tmp_path / "vectors.npz", embeddings=embeddings, labels=np.arange(60) % 3)
    notebook = nbformat.read(ROOT / "notebooks" / "12_your_own_data.ipynb", 4)
    (parameters,) = (cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ()))
    for old, new in (
        ('path: str = "digits"', f"path: str = {str(tmp_path / 'vectors.npz')!r}"),
        ('figures: str = "../figures"', f"figures: str = {str(tmp_path)!r}"),
        ("k: object = 0", "k: object = 10"),
    ):
        assert old in parameters.source
        parameters.source = parameters.source.replace(old, new)
    nbformat.write(notebook, tmp_path / "own.ipynb")
    return embeddings


def test_what_is_shown_is_chosen_and_written(browser, notebook, tmp_path):
    from selenium.common.exceptions import StaleElementReferenceException
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import Select, WebDriverWait

    # Choosing a method redraws the widgets; one that was found a moment ago may be gone.
    wait = WebDriverWait(browser, SECONDS, ignored_exceptions=[StaleElementReferenceException])
    # JupyterLab draws only cells that are in sight.
    size = {"width": 1400, "height": 6000, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def all_of(selector):
        return browser.find_elements(By.CSS_SELECTOR, selector)

    def named(description):
        """The widget with this description."""
        labels = [one for one in all_of(".jupyter-widgets .widget-label") if one.text == description]
        return labels[0].find_element(By.XPATH, "..") if labels else None

    def act(description, selector, action):
        """An action on a part of a widget, once more if the widget was redrawn meanwhile."""

        def done(_):
            widget = named(description)
            if widget:
                action(widget.find_element(By.CSS_SELECTOR, selector))
            return widget

        wait.until(done)

    def choose(method):
        act("method", "select", lambda menu: Select(menu).select_by_visible_text(method))
        shown(f"vectors, {method}, 10 of 60 samples")

    def write(description, selector, value, end):
        def typed(field):
            browser.execute_script("arguments[0].focus()", field)
            field.send_keys(Keys.CONTROL, "a")
            field.send_keys(value, end)

        act(description, selector, typed)

    def text():
        return "\n".join(one.text for one in all_of(".jp-OutputArea"))

    def shown(*parts):
        wait.until(lambda _: all(part in text() for part in parts))

    with lab(tmp_path) as address:
        started = time.monotonic()
        while time.monotonic() - started < SECONDS:
            try:
                browser.get(f"{address}/doc/tree/own.ipynb")
                break
            except Exception:  # the server is not up yet
                time.sleep(0.5)
        wait.until(lambda _: browser.execute_script("return !!window.jupyterapp"))
        wait.until(lambda _: all_of(".jp-Notebook .jp-CodeCell"))
        wait.until(lambda _: browser.execute_script(READY))
        browser.execute_script("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        wait.until(lambda _: named("method"))
        shown("vectors, top_activations, 10 of 60 samples")
        offered = [one.text for one in Select(named("method").find_element(By.TAG_NAME, "select")).options]
        assert {"random", "k_center", "feature_based"} <= set(offered)
        for method in offered:  # none of them can fail
            choose(method)
        choose("top_activations")
        write("penalty", "input", "2", Keys.TAB)
        write("k", ".widget-readout", "25", Keys.ENTER)
        shown("vectors, top_activations, 25 of 60 samples")
        write("penalty", "input", "-1", Keys.TAB)
        shown("Still chosen: vectors, top_activations, 25 of 60 samples")
        assert named("penalty").find_element(By.TAG_NAME, "input").get_attribute("value") == "2"
        assert all(picture.get_property("naturalWidth") for picture in all_of(".jp-OutputArea img"))
        before = set((tmp_path / "own").iterdir())
        browser.execute_script(
            """const app = window.jupyterapp, notebook = app.shell.currentWidget.content;
            notebook.activeCellIndex = notebook.widgets.findIndex(
                cell => cell.model.sharedModel.getSource().includes("choice.save("));
            app.commands.execute("notebook:run-cell")"""
        )
        wait.until(
            lambda _: {path for path in (tmp_path / "own").iterdir() if (path / "selected.json").exists()} - before
        )
    (folder,) = set((tmp_path / "own").iterdir()) - before
    indices, found = manifest.read(folder)
    assert np.array_equal(indices, select(notebook, 25, penalty=2.0))
    assert (found["run"]["method"], found["run"]["k"], found["run"]["options"]) == (
        "top_activations",
        25,
        {"penalty": 2.0},
    )
