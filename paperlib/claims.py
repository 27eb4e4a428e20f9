"""The paper's claims beside what the records of one study measure."""

from importlib.resources import files

import numpy as np
import pandas as pd
import yaml

from paperlib import tables

COLUMNS = ("id", "claim", "section", "paper", "ours", "sd", "n", "unit", "remark")


def paper():
    """The claims of `claims.yaml`: id -> dict with section, value (or None), unit and claim."""
    return {claim.pop("id"): claim for claim in yaml.safe_load(files("paperlib").joinpath("claims.yaml").read_text())}


def split_accuracies():
    """The points of Fig. 5 that the text gives: (split, selection) -> percent."""
    claim = paper()
    points = {(0.0, "full"): "C1", (1.0, "random"): "C5", (1.0, "top_activations"): "C4"}
    return {point: claim[name]["value"] for point, name in points.items()}


def budget_accuracies():
    """The means of Fig. 6 that the text gives: selection -> percent."""
    claim = paper()
    return {"full": claim["C10"]["value"], "top_activations": claim["C9"]["value"]}


def summary(records, average=tables.AVERAGES[0]):
    """One row a claim: the paper's value, ours (a mean), its standard deviation (n - 1), n and a remark.

    records: of the autoencoder and of all runs of one study. A claim without records has n = 0.
    """
    classifiers = [record for record in records if record["run"]["kind"] == "Run"]
    autoencoders = [record for record in records if record["run"]["kind"] == "AutoencoderRun"]
    table = tables.runs(classifiers, average)
    measured = {}
    if classifiers:
        measured = _classifier_claims(table, classifiers)
    if autoencoders:
        measured |= _autoencoder_claims(autoencoders)
    rows = []
    for name, claim in paper().items():
        ours = measured.get(name, {"ours": np.nan, "sd": np.nan, "n": 0, "remark": "no record"})
        stated = {"claim": claim["claim"], "section": claim["section"], "paper": claim["value"], "unit": claim["unit"]}
        rows.append({"id": name, **stated, **ours})
    return pd.DataFrame(rows)[list(COLUMNS)]


def _of(values, remark=""):
    """Mean, standard deviation and n of measured values."""
    values = np.asarray(values, float)
    sd = values.std(ddof=1) if len(values) > 1 else np.nan
    return {"ours": values.mean() if len(values) else np.nan, "sd": sd, "n": len(values), "remark": remark}


def _classifier_claims(table, records):
    whole = table["time_share"].isna()
    small = table.loc[table["k"] > 0, "k"].min()
    full, budget_full = table[whole & (table["selection"] == "full")], table[~whole & (table["selection"] == "full")]
    subset = table[whole & (table["k"] == small)]
    budget_small = table[~whole & (table["k"] == small)]
    budget_large = table[~whole & (table["k"] > small)]
    ends = subset[subset["split"] == 1]
    embedding, random = (ends[ends["selection"] == name] for name in ("top_activations", "random"))
    differences = tables.paired_differences(subset)
    early = differences[differences["split"] < 0.9]["difference"]
    all_samples = records[0]["result"]["train_samples"]
    steps, batch = records[0]["run"]["steps"], records[0]["run"]["batch"]
    chosen = subset[subset["selection"] == "top_activations"]
    selections = [r["times"]["select_s"] for r in records if r["run"]["selection"] == "top_activations"]
    sds = {name: _pooled_sd(subset[subset["selection"] == name]) for name in ("top_activations", "random")}
    baseline = full["train_s"].mean()
    return {
        "C1": _of(full["accuracy"], f"{steps:,} steps of {batch:,}"),
        "C2": _of(chosen["subset_size"].unique(), f"{100 * small / all_samples:.2f} % of {all_samples:,}"),
        "C3": _of([100 * (1 - small / all_samples)], "exact"),
        "C4": _of(embedding["accuracy"]),
        "C5": _of(random["accuracy"]),
        "C6": _of(differences[differences["split"] == 1]["difference"], "paired over seeds"),
        "C7": _of(early, "embedding-based minus random, paired over seeds and splits"),
        "C8": _of([sds["top_activations"]], f"pooled SD between seeds; random: {sds['random']:.2f}"),
        "C9": _of(budget_small["accuracy"], _steps(budget_small)),
        "C10": _of(budget_full["accuracy"], _steps(budget_full)),
        "C11": _of(*_loss_gap(records, small)),
        "C12": _of(budget_large["accuracy"], _steps(budget_large)),
        "C13": _of(selections, f"{small:,} or {10 * small:,} of {all_samples:,}"),
        "C16": _of(full["train_s"], f"{1000 * baseline / (steps - 1):.1f} ms a step; {table['device'].iloc[0]}"),
        "C17": _of([steps * batch / all_samples], f"{steps:,} steps of {batch:,} on {all_samples:,}"),
    }


def _autoencoder_claims(records):
    psnr = [record["result"]["test"]["psnr_db"] for record in records]
    above = [values["reproduction"] - values["mean_image"] for values in psnr]
    elements = records[0]["run"]["embedding_size"]
    still = [elements - record["result"]["live_elements"] for record in records]
    reproduction, mean_image = psnr[0]["reproduction"], psnr[0]["mean_image"]
    return {
        "C14": _of(above, f"{reproduction:.1f} dB against {mean_image:.1f} dB"),
        "C15": _of(still, f"of {elements}"),
    }


def _pooled_sd(table):
    """Standard deviation between the seeds of a split, pooled over splits."""
    groups = table.groupby("split")["accuracy"]
    freedom = (groups.count() - 1).sum()
    return float(np.sqrt((groups.var() * (groups.count() - 1)).sum() / freedom)) if freedom else float("nan")


def _loss_gap(records, small):
    """Mean training loss over the whole time budget, full set minus subset first, for each seed with both."""
    means = {"full": {}, "small": {}}
    for record in records:
        run = record["run"]
        arm = {0: "full", small: "small"}.get(run["k"])
        if run["time_share"] and arm:
            means[arm][run["seed"]] = np.average(
                record["history"]["loss"], weights=np.diff(record["times"]["seconds_at_step"], prepend=0)
            )
    gaps = [means["full"][seed] - means["small"][seed] for seed in means["full"] if seed in means["small"]]
    return gaps, "mean loss over the time, full set minus subset first, paired over seeds"


def _steps(table):
    ranges = []
    for column, where in (("fast_steps", "subset"), ("full_steps", "full set")):
        if table[column].any():
            low, high = table[column].min(), table[column].max()
            ranges.append(f"{low}{'' if low == high else f' to {high}'} steps on the {where}")
    return ", ".join(ranges)
