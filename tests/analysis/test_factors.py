from dataclasses import replace

import pytest

from paperlib.analysis import factors
from paperlib.storage import records
from paperlib.storage.digests import content_hash
from paperlib.study import plans
from paperlib.study.profiles import profile
from paperlib.study.runs import cut_off, plain

SETTING = replace(profile("cpu"), encoder_seeds=(0, 1), factor_seeds=(0, 1), reading_seeds=(0, 1))
DATA = records.DataSet("cifar10-jpeg", "1" * 16)


def record(run, accuracy=0.5):
    return {
        "run": plain(run),
        "hash": content_hash(plain(run)),
        "result": {"test": {"warmup": {"accuracy": accuracy}}},
    }


@pytest.fixture(scope="module")
def found():
    """A record of each run of notebook 14, and some that are none of its arms."""
    planned = plans.open_question_runs(SETTING, DATA)
    others = [cut_off(run) for run in planned] + plans.control_runs(SETTING, DATA, 2_922)
    others += plans.method_runs(SETTING, DATA) + plans.loss_runs(SETTING, DATA)
    usual = [replace(run, precision="float32") for run in planned]
    return [record(run) for run in dict.fromkeys(planned + usual + others)]


def counts(table):
    return table.groupby(["question", "arm", "selection"], sort=False).size().to_dict()


def test_each_encoder_is_an_arm_of_its_question_and_the_studys_own_of_all(found):
    eq4 = "top_activations"
    assert counts(factors.encoders(found, SETTING)) == {
        ("seed of the autoencoder", "seed 0", eq4): 5,
        ("seed of the autoencoder", "seed 1", eq4): 2,
        ("seed of the autoencoder", "seed 2", eq4): 2,
        ("seed of the autoencoder", "seed 3", eq4): 2,
        ("seed of the autoencoder", "seed 4", eq4): 2,
        ("steps of the autoencoder", "5,000 steps", eq4): 5,
        ("steps of the autoencoder", "625 steps", eq4): 2,
        ("steps of the autoencoder", "1,250 steps", eq4): 2,
        ("steps of the autoencoder", "2,500 steps", eq4): 2,
        ("last layer of the decoder", "ReLU (the paper's)", eq4): 5,
        ("last layer of the decoder", "linear", eq4): 2,
        ("what the encoder learns by", "reproduction (the paper's)", eq4): 5,
        ("what the encoder learns by", "labels", eq4): 2,
        ("what the encoder learns by", "reproduction, variational", eq4): 2,
    }


def test_added_samples_stand_beside_as_many_real_ones(found):
    found = [one for one in found if one["run"].get("k") != 8_640]
    assert counts(factors.additions(found, SETTING)) == {
        ("samples of the subset", arm, selection): n
        for arm, n in {
            "4,320 samples": 5,
            "and 2,160 interpolated ones": 2,
            "and 2,160 further real ones": 2,
        }.items()
        for selection in ("random", "top_activations")
    }


def test_readings_stand_beside_ours(found):
    table = factors.readings(found, SETTING, plans.ALTERNATIVE_READINGS)
    assert counts(table) == {
        ("reading", arm, selection): 5 if arm == "our readings" else 3 if arm[:2] != "R2" and selection != "full" else 2
        for arm in ("our readings", *plans.ALTERNATIVE_READINGS)
        for selection in ("full", "random", "top_activations")
    }
    assert table["arm"].iloc[0] == "our readings"


def test_summaries_compare_with_the_first_arm():
    runs = plans.reading_runs(SETTING, DATA)
    ours = [run for run in plans.split_runs(SETTING, DATA) if run.split in (0, 1)]
    half = [record(run, 0.5 + 0.01 * run.seed) for run in ours] + [record(run, 0.6 + 0.01 * run.seed) for run in runs]
    table = factors.summary(factors.readings(half, SETTING, plans.ALTERNATIVE_READINGS))
    full = table[table["selection"] == "full"].set_index("arm")
    assert full.loc["our readings", ["n", "mean"]].tolist() == pytest.approx([5, 52])
    assert full["minus_first"].isna().tolist() == [True, False, False, False]
    for reading in plans.ALTERNATIVE_READINGS:
        row = full.loc[reading]
        assert row["minus_first"] == pytest.approx(60.5 - 52) and row["minus_low"] < 8.5 < row["minus_high"]
