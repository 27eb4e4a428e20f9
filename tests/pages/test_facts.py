from paperlib.pages import facts
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
