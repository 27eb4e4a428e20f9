import pytest

from paperlib import claims, measures, plans, records, verdicts
from paperlib.profiles import PROFILES, profile

from .conftest import ROOT


def test_the_papers_arithmetic():
    paper, samples, seconds = profile("paper"), 50_000, 736
    stated = {name: claim["paper"] for name, claim in claims.ledger().items()}
    assert paper.k == 216 * 20 == stated["C2"]
    assert 100 * paper.k / samples == pytest.approx(8.64)
    assert 100 * (1 - paper.k / samples) == pytest.approx(stated["C3"]) == pytest.approx(91.36)
    assert paper.steps * paper.batch / samples == pytest.approx(204.8) == stated["C17a"]
    assert paper.autoencoder_steps * paper.autoencoder_batch / samples == pytest.approx(819.2) == stated["C17b"]
    assert 7 * 60 / seconds == pytest.approx(0.5707, abs=5e-5) == pytest.approx(plans.TIME_SHARE, abs=5e-5)
    assert 100 * paper.large_k / samples == pytest.approx(86.40)
    assert stated["C4"] - stated["C5"] == pytest.approx(stated["C6"])
    assert seconds / paper.steps == pytest.approx(0.0736)
    # Errata: epochs of the subset would be more steps than the run has (R9); 20 a class would be 200 samples (R8);
    # "over 50 %" are points (R12).
    assert 5_000 * paper.k / paper.batch == pytest.approx(21_094, abs=1) and 21_094 > paper.steps
    assert 20 * 10 != paper.k and paper.k / 10 == 432
    assert stated["C9"] - stated["C10"] == pytest.approx(53.1)


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


def autoencoder(reproduction=21.0, live=18):
    run = {"kind": "AutoencoderRun", "dataset": "d", "embedding_size": 20}
    test = {"psnr_db": {"reproduction": reproduction, "mean_image": 12.0}}
    return {"run": run, "result": {"test": test, "live_elements": live}}


FOUND = [
    autoencoder(),
    record("full", 0, 0.0, 0, 0.80),
    record("full", 0, 0.0, 1, 0.84),
    record("random", 40, 1.0, 0, 0.50),
    record("random", 40, 1.0, 1, 0.60),
    record("top_activations", 40, 1.0, 0, 0.55),
    record("top_activations", 40, 1.0, 1, 0.61),
    record("full", 0, 0.0, 0, 0.70, share=0.5, loss=2.0),
    record("top_activations", 40, 0.5, 0, 0.72, share=0.5, loss=1.5),
]


def test_claims_are_measured_from_records_alone():
    table = claims.table(FOUND, "cpu").set_index("id")
    assert table.loc["C1", ["ours", "n"]].tolist() == pytest.approx([82.0, 2])
    assert table.loc["C1", "sd"] == pytest.approx(2.828, abs=1e-3)
    assert table.loc["C1", "verdict"] == "not testable at this scale"
    assert table.loc["C2", "verdict"] == "not reproduced"  # 40, not 4,320
    assert table.loc["C3", "ours"] == pytest.approx(92.0)
    assert table.loc["C6", ["ours", "n"]].tolist() == pytest.approx([3.0, 2])
    assert table.loc["C6", "verdict"] == "not testable at this scale"  # of two pairs so far apart
    assert table.loc["C8", "ours"] == pytest.approx(4.243, abs=1e-3)
    assert table.loc["C9", "ours"] == pytest.approx(72.0) and table.loc["C10", "ours"] == pytest.approx(70.0)
    assert "minus the full set alone: +2.0" in table.loc["C9", "remark"]
    assert table.loc["C11", "ours"] == pytest.approx(0.5)
    assert table.loc["C12", "n"] == 0 and table.loc["C12", "verdict"] == "not testable at this scale"
    assert table.loc["C13", "ours"] == pytest.approx(100 * 0.1 / 9.9)
    assert table.loc["C14", ["ours", "verdict"]].tolist() == [9.0, "direction reproduced"]
    assert table.loc["C15", ["ours", "verdict"]].tolist() == [2, "direction reproduced"]
    assert table.loc[["C17a", "C17b", "C17c"], "verdict"].unique().tolist() == ["reproduced"]


def test_numbers_are_judged_at_the_papers_scale_only():
    found = FOUND[:1] + [record("full", 0, 0.0, seed, accuracy) for seed, accuracy in enumerate((0.832, 0.834, 0.835))]
    found.append(record("top_activations", 40, 1.0, 0, 0.6))
    judged = {name: claims.table(found, name).set_index("id").loc["C1", "verdict"] for name in ("cpu", "paper")}
    assert judged == {"cpu": "not testable at this scale", "paper": "reproduced"}


def test_without_records_nothing_is_claimed():
    table = claims.table([], "cpu")
    assert (table["n"] == 0).all() and set(table["verdict"]) == {"not testable at this scale"}


def test_the_ledger_names_measures_rules_profiles_and_notebooks_that_exist():
    notebooks = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    known = ["measure", "statement", "statement_at", "number", "number_at", "notebook"]
    known += ["section", "claim", "paper", "unit", "runs"]
    assert {f"C{number}" for number in range(1, 17)} <= set(claims.ledger())
    for name, claim in claims.ledger().items():
        assert set(claim) <= set(known) and hasattr(measures, claim["measure"]) and claim["notebook"] in notebooks, name
        assert ("statement" in claim) == ("statement_at" in claim) and ("number" in claim) == ("number_at" in claim)
        assert "statement" in claim or "number" in claim
        for part in ("statement", "number"):
            assert claim.get(part, {"rule": "above"})["rule"] in verdicts.RULES
            profiles = claim.get(f"{part}_at", [])
            assert profiles == "everywhere" or set(profiles) <= set(PROFILES)
        assert (claim["paper"] is None) == ("number" not in claim)
