import pytest

from paperlib import claims, plans, records
from paperlib.profiles import profile


def test_the_papers_arithmetic():
    paper, samples, seconds = profile("paper"), 50_000, 736
    stated = claims.paper()
    assert paper.k == 216 * 20 == stated["C2"]["value"]
    assert 100 * paper.k / samples == pytest.approx(8.64)
    assert 100 * (1 - paper.k / samples) == pytest.approx(stated["C3"]["value"]) == pytest.approx(91.36)
    assert paper.steps * paper.batch / samples == pytest.approx(204.8) == stated["C17"]["value"]
    assert paper.autoencoder_steps * paper.autoencoder_batch / samples == pytest.approx(819.2)
    assert 7 * 60 / seconds == pytest.approx(0.5707, abs=5e-5) == pytest.approx(plans.TIME_SHARE, abs=5e-5)
    assert 100 * paper.large_k / samples == pytest.approx(86.40)
    assert stated["C4"]["value"] - stated["C5"]["value"] == pytest.approx(stated["C6"]["value"])
    assert seconds / paper.steps == pytest.approx(0.0736)
    # Errata: epochs of the subset would be more steps than the run has (R9); 20 a class would be 200 samples (R8);
    # "over 50 %" are points (R12).
    assert 5_000 * paper.k / paper.batch == pytest.approx(21_094, abs=1) and 21_094 > paper.steps
    assert 20 * 10 != paper.k and paper.k / 10 == 432
    assert stated["C9"]["value"] - stated["C10"]["value"] == pytest.approx(53.1)


def record(selection, k, split, seed, accuracy, share=None, loss=1.0):
    run = {"kind": "Run", "dataset": "d", "selection": selection, "overlap": "", "k": k, "split": split, "seed": seed}
    run |= {"time_share": share, "steps": 100, "batch": 10, "precision": "auto"}
    return {
        "run": run,
        "hash": records.content_hash(run),
        "precision": "float32",
        "result": {"train_samples": 500, "phases": [50, 50], "test": {"warmup": {"accuracy": accuracy}}}
        | ({"subset": {"size": k}} if k else {}),
        "history": {"step": [50, 100], "loss": [loss, loss]},
        "times": {"train_s": 9.9, "budget_s": None, "select_s": 0.1, "seconds_at_step": [5.0, 9.9]},
        "environment": {"device": "machine"},
    }


def test_summary_measures_claims_from_records_alone():
    found = [
        record("full", 0, 0.0, 0, 0.80),
        record("full", 0, 0.0, 1, 0.84),
        record("random", 40, 1.0, 0, 0.50),
        record("random", 40, 1.0, 1, 0.60),
        record("top_activations", 40, 1.0, 0, 0.55),
        record("top_activations", 40, 1.0, 1, 0.61),
        record("full", 0, 0.0, 0, 0.70, share=0.5, loss=2.0),
        record("top_activations", 40, 0.5, 0, 0.72, share=0.5, loss=1.5),
    ]
    summary = claims.summary(found).set_index("id")
    assert summary.loc["C1", ["ours", "n"]].tolist() == pytest.approx([82.0, 2])
    assert summary.loc["C1", "sd"] == pytest.approx(2.828, abs=1e-3)
    assert summary.loc["C3", "ours"] == pytest.approx(92.0)
    assert summary.loc["C6", ["ours", "n"]].tolist() == pytest.approx([3.0, 2])
    assert summary.loc["C8", "ours"] == pytest.approx(4.243, abs=1e-3)
    assert summary.loc["C9", "ours"] == pytest.approx(72.0) and summary.loc["C10", "ours"] == pytest.approx(70.0)
    assert summary.loc["C11", "ours"] == pytest.approx(0.5)
    assert summary.loc["C12", "n"] == 0 and summary.loc["C14", "remark"] == "no record"
    assert len(summary) == 17


def test_summary_without_records():
    assert (claims.summary([])["n"] == 0).all()
