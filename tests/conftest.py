import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings

from paperlib.data import load
from paperlib.progress import Progress
from paperlib.study.profiles import profile

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"

settings.register_profile("unhurried", deadline=None)  # on a machine that does something else, an example takes longer
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def digits():
    return load("digits")


@pytest.fixture
def tiny():
    """A profile that trains for seconds."""
    return replace(
        profile("quick"),
        autoencoder_steps=3,
        steps=6,
        batch=16,
        runs_at_split={0.0: 1, 0.5: 1, 1.0: 1},
        baseline_seeds=(0,),
        budget_seeds=(0,),
    )


@pytest.fixture
def silent():
    return Progress("none")


@pytest.fixture(scope="session")
def cifar10_npz(tmp_path_factory):
    """The JPEG copy of CIFAR-10 that may lie beside the checkout, as an .npz."""
    tool = SHARED / "tools" / "cifar10_npz.py"
    if not (SHARED / "data" / "cifar10-jpeg.tar.xz").exists():
        pytest.skip(f"no CIFAR-10 archive in {SHARED / 'data'}")
    out = tmp_path_factory.mktemp("data") / "cifar10-jpeg.npz"
    subprocess.run([sys.executable, tool, out], check=True, capture_output=True)
    return out


@pytest.fixture
def tmpfs(tmp_path):
    """Makes small file systems: `tmpfs(options)` -> folder, as `mount -t tmpfs -o options`."""
    mounted = []

    def mount(options):
        folder = tmp_path / f"mount{len(mounted)}"
        folder.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"mounting a file system is not allowed here: {done.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", folder], check=True)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    found = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
    program, driver = next(filter(None, found), None), shutil.which("chromedriver")
    if not program or not driver:
        pytest.skip("no Chromium with chromedriver; on Debian: apt-get install chromium chromium-driver")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = program
    for option in (
        "headless=new", "no-sandbox", "disable-gpu", "no-first-run", "disable-background-networking",
        "disable-component-update", "disable-sync", f"user-data-dir={tmp_path_factory.mktemp('browser')}",
    ):  # fmt: skip
        options.add_argument(f"--{option}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options, webdriver.ChromeService(driver))
    yield browser
    browser.quit()
