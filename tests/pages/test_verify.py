import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from paperlib.pages import verify
from paperlib.storage import records
from paperlib.storage.digests import content_hash

from ..conftest import ROOT


@pytest.fixture
def copy(tmp_path):
    """The committed records and figures of profile cpu in a folder of their own."""
    shutil.copytree(ROOT / "figures" / "cpu", tmp_path / "figures" / "cpu")
    return tmp_path


def one(copy, pattern):
    return next((copy / "figures" / "cpu" / "records").glob(pattern))


def state(folder):
    """What changes if anything in a folder is written, removed or added."""
    return {path: (path.lstat().st_mtime_ns, path.lstat().st_ino) for path in folder.rglob("*")}


def test_what_is_committed_is_verified_and_nothing_is_written():
    before = state(ROOT / "figures")
    command = [sys.executable, "-m", "paperlib.pages.verify"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    assert "| C6 " in done.stdout and "Verified: " in done.stdout
    digest = done.stdout.split("SHA-256 of all ")[1].split()[2]
    assert digest in (ROOT / "README.md").read_text()
    assert state(ROOT / "figures") == before


@pytest.mark.parametrize(
    ("argument", "said"),
    [("papper", "unknown profile 'papper'"), ("--run=0123456789ab", "RUN is '0123456789ab': no record is called so")],
)
def test_a_mistake_is_told_in_a_line(tmp_path, argument, said):
    (tmp_path / "README.md").touch()
    command = [sys.executable, "-m", "paperlib.pages.verify", argument]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and said in done.stderr and "Traceback" not in done.stderr
    assert not any((tmp_path / name).exists() for name in ("figures", "build"))


def with_digest(record):
    """A record as text, with the digest that belongs to it."""
    return json.dumps({**record, "digest": hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()})


def without_test(path):
    record = records.read(path)
    del record["result"]["test"]
    path.write_text(with_digest(record))


def replaced(old, new):
    def alter(path):
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return alter


def to_nothing(path):
    path.unlink()
    path.symlink_to("gone.json")


def foreign(path):
    path.write_text(next(path.parent.glob("classifier-random-k1080-split1-seed2-*.json")).read_text())


def halved(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


DAMAGED = {
    "classifier-random-k4320-split1-seed0-*": (replaced('{"accuracy": 0', '{"accuracy": 1'), "was altered"),
    "classifier-random-k4320-split1-seed1-*": (lambda path: path.write_text("[" * 200_000), "not a readable record"),
    "classifier-random-k4320-split1-seed2-*": (replaced('"digest": "', '"digest": 5, "no": "'), "of the wrong type"),
    "classifier-random-k4320-split1-seed3-*": (replaced('"digest": "', '"digest": null, "no": "'), "of the wrong type"),
    "classifier-random-k4320-split1-seed4-*": (without_test, "incomplete, lacks test"),
    "classifier-random-k4320-split0.5-seed0-*": (to_nothing, "a link to nothing"),
    "classifier-random-k4320-split0.5-seed1-*": (foreign, "the record of another run"),
    "classifier-random-k4320-split0.75-seed0-*": (halved, "not a readable record"),
    "classifier-random-k4320-split0.75-seed1-*": (lambda path: path.write_bytes(b""), "not a readable record"),
}  # fmt: skip


def test_every_damaged_record_is_listed(copy):
    paths = {one(copy, f"{pattern}.json"): damage for pattern, damage in DAMAGED.items()}
    for path, (damage, _) in paths.items():
        damage(path)
    before = state(copy)
    table, problems = verify.checked("cpu", copy)
    assert table is None and state(copy) == before
    for path, (_, message) in paths.items():
        assert sum(path.name in text and message in text for text in problems) == 1, path.name
    assert len(problems) == len(paths) + 1  # and that the figures were made from other records


def red(path):
    """Another picture under the same texts."""
    with Image.open(path) as image:
        texts = PngInfo()
        for key, value in image.text.items():
            texts.add_text(key, value)
        size = image.size
    Image.new("RGB", size, "red").save(path, pnginfo=texts)


def inflating(path):
    """A compressed text that inflates to 100 MB."""
    content = path.read_bytes()
    body = b"zTXt" + b"Source\0\0" + zlib.compress(bytes(100_000_000))
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    path.write_bytes(content[:33] + chunk + content[33:])  # behind the header


def appended(path):
    path.write_bytes(path.read_bytes() + b" ")


def of_notebook(path):
    notebook = json.loads(path.read_text())
    notebook["cells"][-1]["source"] = ["print(99.9)"]
    path.write_text(json.dumps(notebook))


TAMPERED = {
    "fig5_split_accuracies.png": (red, "changed since it was made"),
    "data.png": (red, "changed since it was made"),
    "riddle.png": (halved, "cannot be read as a picture"),
    "cost.png": (inflating, "cannot be read as a picture"),
    "controls.png": (lambda path: path.write_text("no picture"), "cannot be read as a picture"),
    "precision.png": (Path.unlink, "missing"),
    "cost.pdf": (appended, "changed since it was made"),
    "fig5_differences.csv": (appended, "changed since it was made"),
    "class_counts.csv": (appended, "changed since it was made"),
    "methods_by_size.csv": (appended, "not the table that the picture was drawn from"),
    "claims.csv": (appended, "not the claims that the records give"),
    "overlap.pdf": (to_nothing, "not a file"),
    "decoder.csv": (Path.unlink, "missing"),
    "notebooks/04_split_accuracies.ipynb": (of_notebook, "changed since it was made"),
    "notebooks/99_more.ipynb": (Path.touch, "not among what was made"),
    "records/classifier-more-0123456789ab.npz": (Path.touch, "belongs to no record"),
    "records/notes.txt": (Path.touch, "belongs to no record"),
}


def test_every_output_that_was_changed_is_listed_and_none_is_written_anew(copy):
    folder = copy / "figures" / "cpu"
    for name, (tamper, _) in TAMPERED.items():
        tamper(folder / name)
    (folder / "records" / "checkpoints").mkdir(exist_ok=True)  # a run under way is nothing that was changed
    (folder / "records" / "checkpoints" / "0123456789ab.0-100.npz").touch()
    before = state(copy)
    table, problems = verify.checked("cpu", copy)
    assert table is not None and state(copy) == before
    for name, (_, message) in TAMPERED.items():
        assert any(f"{folder / name}:" in text and message in text for text in problems), name
        assert not any(text.endswith((".png", ".csv")) for text in problems)  # each says what to run instead
    assert {text.split(": ")[0].removeprefix(f"{folder}/") for text in problems} == set(TAMPERED)


def test_figures_of_other_records_are_stale(copy):
    """Also where somebody forged a record together with its digest."""
    path = one(copy, "classifier-random-k4320-split1-seed0-*.json")
    record = records.read(path)
    record["result"]["test"]["warmup"]["accuracy"] = 0.5
    path.unlink()
    records.write(path, record)
    table, problems = verify.checked("cpu", copy)
    methods = {f"methods_{by}.png" for by in ("by_size", "against_random", "by_coverage")}
    factors = {f"{name}.png" for name in ("encoders", "interpolated_samples", "readings")}
    shown = {"controls.png", "fig5_split_accuracies.png", "learning_curves.png", *methods, *factors}
    assert {text.split(": ")[0].rsplit("/")[-1] for text in problems} == {*shown, "claims.csv", "records"}
    assert table.set_index("id").loc["C5", "ours"] < 65


def test_missing_and_unplanned_runs_and_altered_weights_are_found(copy):
    lost = one(copy, "classifier-random-k4320-split0.75-seed0-*.json")
    lost.unlink()
    weights = one(copy, "*.npz")
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    other = records.read(one(copy, "classifier-random-k4320-split1-seed0-*.json"))
    other["run"]["seed"] = 99
    other["hash"] = content_hash(other["run"])
    name = f"classifier-random-k4320-split1-seed99-{other['hash']}.json"
    records.write(copy / "figures" / "cpu" / "records" / name, other)
    _, problems = verify.checked("cpu", copy)
    missing = f"{lost.name}: planned, but not on record, as 1 in all"
    for part in (missing, "weights of autoencoder", f"{name}: its run is none that profile cpu plans"):
        assert sum(part in text for text in problems) == 1


def test_no_records(tmp_path):
    (tmp_path / "figures" / "cpu" / "records").mkdir(parents=True)
    table, problems = verify.checked("cpu", tmp_path)
    assert table is None
    assert problems[-1] == f"{tmp_path}/figures/cpu/records: no records; make figures PROFILE=cpu"


def test_pages_that_cannot_be_compared_are_listed(copy):
    """A lost marker, a lost end, a block of an unknown name, a missing README: none is an error, and none is mended."""
    (copy / "docs").mkdir()
    (copy / "docs" / "a.md").write_text("<!-- splits:cpu -->\n1\n<!-- splits:cpu -->\n<!-- end -->\n")
    (copy / "docs" / "b.md").write_text("<!-- nothing:cpu -->\n<!-- end -->\n")
    (copy / "docs" / "c.md").write_text("<!-- precision:cpu -->\nby hand\n<!-- end -->\n")
    before = state(copy)
    problems = verify.pages(copy)
    for part in (
        "README.md: cannot be compared with the records (FileNotFoundError",
        "a.md: cannot be compared with the records (ValueError: the block splits:cpu has no <!-- end -->",
        "b.md: cannot be compared with the records (ValueError: no block is called nothing:cpu",
        "c.md: stale against the records; make readme",
        "the block <!-- claims:cpu --> is in no page; put it back",
    ):
        assert sum(part in text for text in problems) == 1, part
    assert not any("<!-- precision:cpu --> is in no page" in text for text in problems)
    assert state(copy) == before
