import numpy as np
import pytest

from paperlib.claims import ledger, rules
from paperlib.claims.measures import MEASURES
from paperlib.storage.digests import content_hash
from paperlib.study.profiles import profile
from paperlib.study.runs import TIME_SHARE

from ..conftest import ROOT

CPU = ROOT / "figures" / "cpu"
AUTOENCODER = {"dataset": "cifar10", "fingerprint": "f", "embedding_size": 216, "seed": 0, "precision": "auto"}


def test_the_papers_arithmetic():
    paper, samples, seconds = profile("paper"), 50_000, 736
    stated = {name: claim["paper"] for name, claim in ledger.ledger().items()}
    assert paper.k == 216 * 20 == stated["C2"]
    assert 100 * paper.k / samples == pytest.approx(8.64)
    assert 100 * (1 - paper.k / samples) == pytest.approx(stated["C3"]) == pytest.approx(91.36)
    assert paper.steps * paper.batch / samples == pytest.approx(204.8) == stated["C17a"]
    assert paper.autoencoder_steps * paper.autoencoder_batch / samples == pytest.approx(819.2) == stated["C17b"]
    assert 7 * 60 / seconds == pytest.approx(0.5707, abs=5e-5) == pytest.approx(TIME_SHARE, abs=5e-5)
    assert 100 * paper.large_k / samples == pytest.approx(86.40)
    assert stated["C4"] - stated["C5"] == pytest.approx(stated["C6"])
    assert paper.steps * paper.batch / seconds == pytest.approx(stated["C16"], abs=0.5)
    # Errata: epochs of the subset would be more steps than the run has (R9); 20 a class would be 200 samples (R8);
    # "over 50 %" are points (R12).
    assert 5_000 * paper.k / paper.batch == pytest.approx(21_094, abs=1) and paper.steps < 21_094
    assert paper.k != 20 * 10 and paper.k / 10 == 432
    assert stated["C9"] - stated["C10"] == pytest.approx(stated["C19"]) == pytest.approx(53.1)


def autoencoder(name="cpu", seed=0, **result):
    setting = profile(name)
    run = {**AUTOENCODER, "kind": "AutoencoderRun", "seed": seed}
    run |= {"steps": setting.autoencoder_steps, "batch": setting.autoencoder_batch}
    test = {"psnr_db": {"reproduction": 21.0, "mean_image": 12.0}}
    times = {"first_step_s": 1.0, "train_s": 8.0, "embed_s": 1.0}
    about = {"hash": content_hash(run), "environment": {"device": "machine"}}
    return {"run": run, "result": {"test": test, **result}, "times": times, **about}


def record(selection, accuracy, *, seed=0, split=None, k=None, name="cpu", share=None, loss=1.0, encoder=0, **more):
    """A run of a profile; one on the subset alone unless another split is asked for."""
    setting = profile(name)
    k = 0 if selection == "full" else k or setting.k
    split = (1.0 if k else 0.0) if split is None else split
    eq4 = selection == "top_activations"
    used = {**AUTOENCODER, "steps": setting.autoencoder_steps, "batch": setting.autoencoder_batch, "seed": encoder}
    run = {"kind": "Run", "dataset": "cifar10", "fingerprint": "f", "selection": selection, "k": k, "split": split}
    run |= {"overlap": "fill" if eq4 else "", "autoencoder": used if eq4 else None, "time_share": share, "seed": seed}
    run |= {"steps": setting.steps, "batch": setting.batch, "precision": "auto", "feed": "resident", **more}
    fast, half = round(run["steps"] * split), run["steps"] // 2
    size = 2_922 if run["overlap"] == "union" else k
    return {
        "run": run,
        "hash": content_hash(run),
        "precision": "float32",
        "result": {
            "phases": [fast, run["steps"] - fast],
            "test": {"warmup": {"accuracy": accuracy / 100}},
            **({"subset": {"size": size}} if k else {}),
        },
        "history": {"step": [half, run["steps"]], "loss": [loss, loss]},
        "times": {
            "train_s": run["steps"] / 100,
            "first_step_s": 0.0,
            "budget_s": None,
            "select_s": 1.0,
            "seconds_at_step": [half / 100, run["steps"] / 100],
        },
        "environment": {"device": "machine"},
    }


def arm(selection, accuracies, **about):
    return [record(selection, accuracy, seed=seed, **about) for seed, accuracy in enumerate(accuracies)]


def judged(found, claim, name="cpu", **readings):
    return ledger.table(found, name, **readings).set_index("id").loc[claim]


BASE = [
    *arm("full", [67.0, 67.4, 67.2]),
    *arm("random", [65.0, 64.8, 65.2]),
    *arm("top_activations", [61.0, 61.2, 60.8]),
]


def test_a_difference_is_unpaired_and_says_what_was_tested():
    row = judged(BASE, "C6")
    assert (row["ours"], row["n"], row["n_other"], row["verdict"]) == (pytest.approx(-4), 3, 3, rules.NOT)
    assert row["low"] < -4 < row["high"] < 0 and np.isnan(row["sd"])
    assert row["scope"] == "1/67 of the paper's samples (1,200 × 128), cifar10, n = 3 + 3, 1 autoencoder"
    better = [*arm("random", [65.0, 64.8, 65.2]), *arm("top_activations", [68.0, 68.2, 68.4])]
    assert judged(better, "C6")["verdict"] == rules.DIRECTION
    assert judged(better, "C6")["scope"] == row["scope"]  # hedged alike, whether it holds or fails


def test_runs_that_are_too_few_decide_nothing():
    assert judged(arm("random", [65.0, 64.8]) + arm("top_activations", [61.0]), "C6")["verdict"] == rules.UNDECIDED
    apart = arm("random", [60.0, 66.0]) + arm("top_activations", [64.0, 68.0])
    assert judged(apart, "C6")["verdict"] == rules.UNDECIDED


def test_several_autoencoders_are_the_units():
    eq4 = [
        record("top_activations", 61 + encoder + seed / 10, seed=seed, encoder=encoder)
        for encoder in range(3)
        for seed in range(3)
    ]
    row = judged(arm("random", [65.0, 64.8, 65.2]) + eq4, "C6")
    assert (row["n"], row["n_other"], row["ours"]) == (3, 3, pytest.approx(62.1 - 65))
    assert row["scope"].endswith("n = 3 + 3, 3 autoencoders") and len(row["records"].split()) == 12


def test_numbers_are_judged_at_the_papers_scale_only():
    accuracies = [83.2, 83.4, 83.5]
    assert judged(arm("full", accuracies), "C1")["verdict"] == rules.UNTESTABLE
    row = judged(arm("full", accuracies, name="paper"), "C1", "paper")
    assert row["verdict"] == rules.REPRODUCED and row["scope"].startswith("the paper's scale (10,000 × 1,024)")
    assert judged(arm("full", [60.0, 60.2, 60.1], name="paper"), "C1", "paper")["verdict"] == rules.NOT
    assert judged(arm("full", [60.0, 90.0], name="paper"), "C1", "paper")["verdict"] == rules.UNDECIDED
    on_the_copy = arm("full", accuracies, name="paper", dataset="cifar10-jpeg")
    assert "no strict test" in judged(on_the_copy, "C1", "paper")["remark"]


def test_other_data_decide_arithmetic_alone():
    found = ledger.table(arm("full", [90.0, 91.0], dataset="digits", name="quick"), "quick").set_index("id")
    assert found.loc["C1", "verdict"] == rules.UNTESTABLE and found.loc["C17a", "verdict"] == rules.ADDS_UP


def test_other_readings_are_not_mixed_in():
    others = [
        *arm("random", [10.0, 11.0], learning_rate=0.2),
        *arm("random", [10.0, 11.0], standardize_by="variance"),
        *arm("random", [10.0, 11.0], precision="float32"),
        *arm("random", [10.0, 11.0], feed="streamed"),
        *arm("random", [10.0, 11.0], stop=685),
        *arm("random", [10.0, 11.0], steps=600),
        *arm("random", [10.0, 11.0], k=1_080),
        *arm("top_activations", [10.0, 11.0], overlap="union"),
        *arm("top_activations", [10.0, 11.0], variant=[["penalty", 0.5]]),
    ]
    snapshot = arm("top_activations", [10.0, 11.0])
    for run in snapshot:
        run["run"]["autoencoder"]["steps"] = 1
        run["hash"] = content_hash(run["run"])
    assert judged(BASE + others + snapshot, "C6")["ours"] == pytest.approx(-4)
    assert judged(BASE + others, "C6", overlap="union")["ours"] == pytest.approx(10.5 - 65)
    assert judged(BASE + others, "C5", feed="streamed")["ours"] == pytest.approx(10.5)


def test_every_split_below_90_must_be_alike():
    alike = [*arm("random", [66.0, 66.1, 65.9], split=0.5), *arm("top_activations", [66.1, 66.0, 66.2], split=0.5)]
    assert (
        judged(alike, "C7")["verdict"] == rules.UNDECIDED and "75 / 25: not on record" in judged(alike, "C7")["remark"]
    )
    same = arm("random", [66.0, 66.1, 65.9], split=0.75) + arm("top_activations", [66.0, 66.2, 66.1], split=0.75)
    assert judged(alike + same, "C7")["verdict"] == rules.DIRECTION
    noisy = alike + arm("random", [66.0, 66.4], split=0.75) + arm("top_activations", [65.0, 66.2], split=0.75)
    row = judged(noisy, "C7")
    assert row["verdict"] == rules.UNDECIDED and row["ours"] == pytest.approx(-0.6) and "50 / 50: +0.1" in row["remark"]
    unlike = arm("random", [66.0, 66.1, 65.9], split=0.75) + arm("top_activations", [60.0, 60.1, 60.2], split=0.75)
    assert judged(unlike, "C7")["verdict"] == rules.NOT  # one split is enough
    assert judged(alike + unlike, "C7")["verdict"] == rules.NOT


def test_a_seeds_two_late_splits_are_one_observation():
    found = [run for split in (0.9, 0.95) for run in arm("random", [65.0, 65.2, 64.8], split=split)]
    found += [run for split in (0.9, 0.95) for run in arm("top_activations", [62.0, 62.2, 61.8], split=split)]
    found += arm("random", [0.0] * 4, split=0.9)[3:]  # a seed without the other split
    row = judged(found, "C7b")
    assert (row["ours"], row["n"], row["n_other"], row["verdict"]) == (pytest.approx(-3), 3, 3, rules.NOT)


def test_spreads_are_those_of_the_papers_arms_pooled_over_autoencoders():
    """Arms of other sizes and options share their seeds, so they count for nothing."""
    usual, wide = [65.0, 66.0, 64.0], [65.0, 75.0, 55.0]
    found = arm("random", usual + [65.0, 65.0]) + arm("random", wide, k=1_080)
    found += arm("top_activations", usual) + arm("top_activations", [70.0, 71.0, 69.0], encoder=1)
    found += arm("top_activations", wide, overlap="union") + arm("top_activations", wide, variant=[["penalty", 0.5]])
    row = judged(found, "C8")
    assert (row["n"], row["n_other"], row["verdict"]) == (4, 4, rules.UNDECIDED)
    assert row["ours"] == pytest.approx(1 / np.sqrt(0.5))


def test_a_time_budget():
    share = dict(share=TIME_SHARE)
    found = arm("full", [61.0, 61.5, 62.0], **share, loss=1.5)
    found += arm("top_activations", [57.0, 57.5, 58.0], split=0.5, **share, loss=1.25)
    found += arm("top_activations", [60.0, 60.5, 61.0], split=0.5, k=43_200, **share, loss=1.5)
    table = ledger.table(found, "cpu").set_index("id")
    assert table.loc["C9", ["ours", "verdict"]].tolist() == [pytest.approx(57.5), rules.NOT]
    assert "minus the full set alone: -4.0" in table.loc["C9", "remark"]
    assert table.loc["C10", ["ours", "verdict"]].tolist() == [pytest.approx(61.5), rules.NOT]
    assert table.loc["C11", ["ours", "verdict"]].tolist() == [pytest.approx(0.25), rules.DIRECTION]
    assert table.loc["C12", "ours"] == pytest.approx(0) and "+3.0" in table.loc["C12", "remark"]
    assert table.loc["C19", ["ours", "n", "n_other"]].tolist() == [pytest.approx(-4), 3, 3]


def test_the_faster_fall_has_a_random_control():
    found = [
        run
        for name, loss in (("full", 1.5), ("random", 1.25), ("top_activations", 1.0))
        for run in arm(name, [60, 61, 62], loss=loss)
    ]
    found += arm("full", [61.0, 61.5], share=TIME_SHARE) + arm("top_activations", [57, 58], split=0.5, share=TIME_SHARE)
    row = judged(found, "C11")
    assert (
        "control, over 600 steps of the fast phase: eq. 4 +0.500" in row["remark"] and "random +0.250" in row["remark"]
    )


def test_what_records_do_not_hold_is_not_measured():
    found = [autoencoder(), *BASE]
    table = ledger.table(found, "cpu").set_index("id")
    assert (table.loc[["C13", "C14", "C15"], "verdict"] == rules.NOT_MEASURED).all()
    assert (table.loc[["C13", "C14", "C15"], "scope"] == "").all()


def test_what_newer_records_hold_is():
    chosen = {"method": "top_activations", "k": 4_320, "dataset": "cifar10", "kind": "SelectionRun"}
    chosen["options"] = [["overlap", "fill"]]
    times = {"select_s": 0.03, "write_s": [0.1, 0.2, 0.4]}
    selection = {"run": chosen, "hash": content_hash(chosen), "result": {}, "times": times}
    described = {
        "retrieval": {"rate": 0.997, "images": 10_000},
        "common_variance": 0.53,
        "recurring": {"elements": 17.4, "by_chance": 0.11, "images": 6},
    }
    table = ledger.table([autoencoder(**described), selection, *BASE], "cpu").set_index("id")
    assert (
        table.loc["C13", "verdict"] == rules.REPRODUCED
        and "median 0.200 s, 0.100 to 0.400 s" in table.loc["C13", "remark"]
    )
    assert table.loc["C14", ["ours", "verdict"]].tolist() == [pytest.approx(99.7), rules.DIRECTION]
    assert table.loc["C15", ["ours", "verdict"]].tolist() == [pytest.approx(17.4), rules.DIRECTION]
    assert "53 % of the variance" in table.loc["C15", "remark"]


def test_the_plain_union_is_too_small():
    row = judged(BASE + arm("top_activations", [58.0, 59.0], overlap="union"), "C2b")
    assert (row["ours"], row["verdict"], row["remark"]) == (2_922, rules.NOT, "68 % of 4,320: the lists overlap")


def test_time_saved_is_that_of_curves_of_several_lengths():
    """Eq. 4 first needs 1,200 steps where the full set needs 900, at the same 10 ms a step."""
    found = [autoencoder()]
    for seed in range(2):
        found += [record("full", 50 + 20 * steps / 1_200, seed=seed, steps=steps) for steps in (300, 600, 900, 1_200)]
        for name in ("top_activations", "random"):
            found += [record(name, 47.5 + 18 * steps / 1_200 + 2 * (steps == 1_200), seed=seed, steps=steps, split=0.5)
                      for steps in (300, 600, 900, 1_200)]  # fmt: skip
    for run in found[1:]:
        run["history"] = {
            "step": [1, run["run"]["steps"] // 2, run["run"]["steps"] // 2 + 1, run["run"]["steps"]],
            "loss": [1] * 4,
        }
        run["times"]["seconds_at_step"] = [step / 100 for step in run["history"]["step"]]
    table = ledger.table(found, "cpu").set_index("id")
    # 68.5 % takes the full set 1,110 steps; eq. 4 never gets there: it ends at 67.5 % after 1,200.
    assert table.loc["C18b", "ours"] == pytest.approx(100 * (1 - 1_200 / 1_110))
    assert "2 of 2 seeds never get there" in table.loc["C18b", "remark"]
    for run in found:
        if run["run"].get("split") == 0.5 and run["run"]["steps"] == 1_200:
            run["result"]["test"]["warmup"]["accuracy"] = 0.70
    table = ledger.table(found, "cpu").set_index("id")
    arm_steps = 900 + 300 * (68.5 - 61) / (70 - 61)
    assert table.loc["C18b", "ours"] == pytest.approx(100 * (1 - arm_steps / 1_110))
    assert table.loc["C18", "ours"] == pytest.approx(100 * (1 - (arm_steps + 11 / 0.01) / 1_110), abs=0.5)
    assert table.loc["C18", ["verdict", "n"]].tolist() == [rules.NOT, 2]
    of_seed_1 = [run for run in found if run["run"]["seed"] == 1]
    for run in of_seed_1:  # on a faster machine than the autoencoder: its seconds are no others' measure
        run["environment"] = {"device": "another machine"}
        run["times"]["seconds_at_step"] = [step / 9_000 for step in run["history"]["step"]]
    elsewhere = ledger.table(found, "cpu").set_index("id")
    assert elsewhere.loc[["C18", "C18b"], ["ours", "n"]].equals(table.loc[["C18", "C18b"], ["ours", "n"]])
    assert "(machine)" in elsewhere.loc["C18", "remark"]


SHORT = dict(stop=5_707)  # what a share of the time is where no clock ends runs: 57.07 % of 10,000 steps


def test_a_profile_without_a_clock_has_its_budget_in_steps():
    found = arm("full", [70.0, 70.5, 71.0], name="steps", loss=1.5, **SHORT)
    found += arm("top_activations", [62.0, 62.5, 63.0], name="steps", split=0.5, loss=1.25, **SHORT)
    for run in found:  # a step of the first half took a hundred times as long: of no matter where steps count
        run["times"]["seconds_at_step"] = [100.0, 101.0]
        run["history"]["loss"] = [run["history"]["loss"][0], 0.0]
    table = ledger.table(found, "steps").set_index("id")
    assert table.loc["C9", ["ours", "verdict"]].tolist() == [pytest.approx(62.5), rules.NOT]
    assert table.loc["C10", ["ours", "verdict"]].tolist() == [pytest.approx(70.5), rules.NOT]
    assert table.loc["C19", "ours"] == pytest.approx(-8)
    assert table.loc["C11", "ours"] == pytest.approx(0.25 / 2) and "over the 5,707 steps" in table.loc["C11", "remark"]
    assert table.loc["C12", "verdict"] == rules.NOT_MEASURED


def scales(**accuracies):
    """Ledgers of runs at 100 / 0: profile -> (accuracies of random, of eq. 4)."""
    return {
        name: ledger.table(arm("random", random, name=name) + arm("top_activations", eq4, name=name), name)
        for name, (random, eq4) in accuracies.items()
    }


LOSES, WINS = ([65.0, 64.8, 65.2], [61.0, 61.2, 60.8]), ([61.0, 61.2, 60.8], [65.0, 64.8, 65.2])


def c6(tables):
    row = ledger.at_largest_scale(tables).set_index("id").loc["C6"]
    return row["profile"], row["verdict"], row["elsewhere"], row["contradicted_by"]


def test_a_claim_is_taken_from_the_largest_scale_and_smaller_ones_that_say_the_opposite_are_named():
    assert c6(scales(cpu=LOSES, steps=WINS)) == ("steps", rules.DIRECTION, "cpu", "cpu")
    assert c6(scales(cpu=LOSES, steps=LOSES)) == ("steps", rules.NOT, "cpu", "")
    assert c6(scales(cpu=WINS, steps=LOSES, paper=WINS)) == ("paper", rules.DIRECTION, "cpu steps", "steps")


def test_one_run_at_a_larger_scale_says_nothing_yet_but_is_named():
    single = ([58.0], [64.0])
    assert c6(scales(cpu=LOSES, paper=single)) == ("cpu", rules.NOT, "paper", "")
    assert c6(scales(cpu=([65.0, 60.0], [61.0, 66.0]), steps=single))[:2] == ("cpu", rules.UNDECIDED)
    assert c6(scales(cpu=single, steps=single)) == ("steps", rules.UNDECIDED, "cpu", "")


def test_an_undecided_interval_at_a_larger_scale_is_not_replaced_by_a_smaller_ones_verdict():
    noisy = ([60.0, 66.0, 63.0], [61.0, 66.5, 64.0])
    assert c6(scales(cpu=LOSES, steps=noisy)) == ("steps", rules.UNDECIDED, "cpu", "")


def test_a_claim_that_one_scale_alone_measured_is_taken_from_there():
    tables = scales(cpu=LOSES, steps=LOSES)
    tables["cpu"] = ledger.table(arm("full", [67.0, 67.4]), "cpu")
    found = ledger.at_largest_scale(tables).set_index("id")
    assert found.loc[["C1", "C6", "C13"], "profile"].tolist() == ["cpu", "steps", "steps"]
    assert found.loc["C13", ["verdict", "elsewhere"]].tolist() == [rules.NOT_MEASURED, ""]
    assert list(found.index) == list(ledger.ledger())
    with pytest.raises(ValueError, match="no profile has records"):
        ledger.at_largest_scale({})


def test_without_records_nothing_is_claimed():
    table = ledger.table([], "cpu").set_index("id")
    claims = table[table["group"] == ledger.CLAIM]
    assert set(claims["verdict"]) == {rules.NOT_MEASURED} and (claims["records"] == "").all()
    assert set(table.loc[table["group"] == ledger.ARITHMETIC, "verdict"]) == {rules.ADDS_UP}


def test_every_claim_leads_to_the_records_behind_it():
    table = ledger.of_folder(CPU)
    for row in table.itertuples():
        behind = [found["hash"] for found in ledger.behind(row.id, CPU)] if row.id in ("C6", "C17a") else None
        assert behind is None or behind == row.records.split()
        assert bool(row.records) == (row.group == ledger.CLAIM and row.verdict != rules.NOT_MEASURED), row.id
    c6 = ledger.behind("C6", CPU)
    assert {found["run"]["selection"] for found in c6} == {"random", "top_activations"}
    assert {found["run"]["split"] for found in c6} == {1.0}
    seeds = {(found["run"]["selection"], str(found["run"]["autoencoder"]), found["run"]["seed"]) for found in c6}
    assert len(seeds) == len(c6) and sum(name == "random" for name, _, _ in seeds) == 5
    with pytest.raises(ValueError, match="unknown claim 'C99': choose from C1, C2"):
        ledger.behind("C99", CPU)


def test_the_committed_ledger_is_that_of_the_committed_records():
    assert (CPU / "claims.csv").read_text() == ledger.as_csv(ledger.of_folder(CPU))


def test_the_ledger_names_measures_rules_and_notebooks_that_exist():
    notebooks = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    needed = {"section", "sentence", "claim", "paper", "unit", "measure", "at", "notebook"}
    known = needed | {"group", "statement", "number", "strictly", "because"}
    numbers = {int("".join(filter(str.isdigit, name))) for name in ledger.ledger()}
    assert numbers == set(range(1, 20))
    for name, claim in ledger.ledger().items():
        assert needed <= set(claim) <= known, name
        assert claim["measure"] in MEASURES and claim["notebook"] in notebooks, name
        assert claim["at"] in ("everywhere", "cifar10", "paper", "nowhere") and (
            "statement" in claim or "number" in claim
        )
        for part in ("statement", "number"):
            assert claim.get(part, {"rule": "above"})["rule"] in rules.RULES
            free = {"margin", "limit", "within"} & set(claim.get(part, {}))
            assert not free or "because" in claim, f"{name}: {free} without a reason"
    assert set(MEASURES) == {claim["measure"] for claim in ledger.ledger().values()}
