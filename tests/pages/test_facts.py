import numpy as np

from paperlib.pages import facts
from paperlib.storage.records import read
from paperlib.study.profiles import PROFILES

from ..conftest import ROOT


def test_the_scale_is_that_of_the_profile_and_of_the_paper():
    rows = {}
    for line in facts.scale([ROOT / "figures" / "cpu"]).splitlines()[2:]:
        name, here, paper = (cell.strip() for cell in line.strip("|").split("|"))
        rows[name] = (here, paper)
    assert rows["data"] == ("cifar10-jpeg", "CIFAR-10")
    assert rows["training of the classifier"] == ("1,200 steps of 128", "10,000 steps of 1,024")
    assert rows["samples seen"] == ("153,600, 1/67 of the paper's", "10,240,000")
    assert rows["passes over the subset, at 100 / 0"][1] == "2,370"
    assert rows["passes over the full set, at 0 / 100"][1] == "204.8"  # as the paper says
    records = list((ROOT / "figures" / "cpu" / "records").glob("*.json"))
    assert rows["on record"][0].startswith(f"{len(records)} runs, ")


def test_the_profiles_are_listed():
    lines = facts.profiles().splitlines()
    assert len(lines) == 2 + len(PROFILES)
    assert "40,000 steps of 1,024 | 10,000 steps of 1,024 |" in next(line for line in lines if "`paper`" in line)


def test_durations_are_those_measured(tmp_path):
    (tmp_path / "figures.csv").write_text("n,ours_median,other_median,device\n3,9.7,61.2,Some processor\n")
    text = facts.durations(tmp_path)
    assert "61 s" in text and "10 s" in text and "3, Some processor" in text


def test_a_training_took_what_its_records_say_and_the_papers_what_the_paper_says():
    lines = facts.trainings([ROOT / "figures" / "cpu", ROOT / "figures" / "paper"]).splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert rows[-2][3:] == ["12.3", "13,913", "not stated"]  # Section V, and C16
    assert float(rows[-1][3]) == round(35 * 736 / 60, 1)
    for row in rows[2:-2]:
        steps, batch = (int(number.replace(",", "")) for number in row[1].split(" steps of "))
        shortest, *longest = (60 * float(minutes) for minutes in row[3].split(" to "))  # rounded to a tenth of a minute
        median = steps * batch / float(row[4].replace(",", ""))
        assert shortest - 3.1 < median < (longest or [shortest])[0] + 3.1
    files = (ROOT / "figures" / "paper" / "records").glob("classifier-full-seed*.json")
    whole = [read(file) for file in files if "stopped" not in file.name]
    alone = [row for row in rows[2:-2] if row[:2] == ["full set alone", "10,000 steps of 1,024"]]
    assert len(alone) == 2  # a row a machine
    for row in alone:
        device = row[2].removeprefix("profile `paper`, ")
        found = [record["times"]["train_s"] for record in whole if record["environment"]["device"] == device]
        assert row[3].split(" to ")[0] == f"{min(found) / 60:.1f}" and row[5] == f"{len(found)}"
        assert row[4] == f"{10_000 * 1_024 / np.median(found):,.0f}"


def test_each_machine_is_named_with_its_cores():
    cells = facts.scale([ROOT / "figures" / "paper"]).splitlines()
    (machine,) = [line for line in cells if line.startswith("| machine")]
    assert "AMD EPYC, 1 to 2 cores; NVIDIA H100 80GB HBM3, 16 cores |" in machine
