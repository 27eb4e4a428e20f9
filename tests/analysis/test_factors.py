import numpy as np
import pytest

from paperlib.analysis import factors


def encoder(seed=0, steps=100, last="relu", **result):
    run = {"kind": "AutoencoderRun", "seed": seed, "steps": steps, "last_activation": last}
    return {"run": run, "result": {"test": {"psnr_db": {"reproduction": 20.0 + seed}}, **result}}


def classifier(selection, accuracy, *, seed=0, of=None, **more):
    run = {"dataset": "d", "selection": selection, "overlap": "", "k": 10, "split": 1.0, "steps": 50, "seed": seed}
    run |= {"autoencoder": of and {name: value for name, value in of["run"].items() if name != "kind"}}
    run |= {"time_share": None, "batch": 8, "precision": "auto", **more}
    result = {"phases": [50, 0], "test": {"warmup": {"accuracy": accuracy / 100}}}
    times, environment = {"train_s": 1.0, "budget_s": None}, {"device": "machine"}
    hash = f"{selection}{accuracy}{seed}"
    return dict(run=run, result=result, times=times, environment=environment, hash=hash, precision="float32")


RANDOM = [classifier("random", 65 + seed / 10, seed=seed) for seed in range(3)]


def test_each_autoencoder_has_its_quality_and_what_eq_4_makes_of_it():
    whole, early, linear = encoder(retrieval={"rate": 0.9}), encoder(steps=25), encoder(last="linear")
    eq4 = [classifier("top_activations", 61 + seed / 10, seed=seed, of=whole) for seed in range(3)]
    eq4 += [classifier("top_activations", 58.0, of=early)]
    found = factors.autoencoders([early, linear, whole], eq4, RANDOM)
    assert list(zip(found["last"], found["steps"], found["n"])) == [
        ("relu", 100, 3),
        ("relu", 25, 1),
        ("linear", 100, 0),
    ]
    assert found["minus_random"].tolist()[:2] == pytest.approx([-4, -7.1]) and np.isnan(found["accuracy"].iloc[2])
    assert found["retrieval"].iloc[0] == pytest.approx(90) and np.isnan(found["low"].iloc[1])


def test_the_spread_between_autoencoders_is_of_those_that_differ_in_their_seed_alone():
    encoders = [encoder(seed) for seed in range(4)]
    eq4 = [
        classifier("top_activations", 60 + 2 * one["run"]["seed"] + seed / 10, seed=seed, of=one)
        for one in encoders
        for seed in range(3)
    ]
    eq4 += [
        classifier("top_activations", 20.0, of=encoder(last="linear")),
        classifier("top_activations", 20.0, of=encoder(steps=25)),
    ]
    between, within, count = factors.spreads(eq4, 100)
    assert between == pytest.approx(np.std([0, 2, 4, 6], ddof=1), rel=0.01) and within == pytest.approx(0.1, rel=0.01)
    assert count == 4 and np.isnan(factors.spreads(eq4[:3], 100)[0])


def test_a_reading_is_compared_with_the_same_seed():
    as_read = [*RANDOM, classifier("full", 70.0, seed=0)]
    others = {
        "R4": [classifier("random", 60.0, seed=1), classifier("full", 71.0, seed=0)],
        "R2": [classifier("random", 60.0, seed=9)],  # no such seed as read
        "R3": [],
    }
    rows = list(factors.readings(as_read, others).itertuples(index=False, name=None))
    assert [(*row[:2], round(row[2], 6), round(row[3], 6), row[4]) for row in rows] == [
        ("R4", "random", 60.0, -5.1, 1),
        ("R4", "full", 71.0, 1.0, 1),
    ]
