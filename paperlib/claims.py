"""The ledger: the paper's claims (`claims.yaml`) beside what the records of one study measure, with a verdict each."""

from importlib.resources import files
from pathlib import Path

import pandas as pd
import yaml

from paperlib import measures, plans, records, study, tables, verdicts
from paperlib.profiles import profile

COLUMNS = (
    "id", "claim", "section", "paper", "ours", "sd", "low", "high", "bootstrap_low", "bootstrap_high", "n", "unit",
    "resolution", "verdict", "rule", "notebook", "remark",
)  # fmt: skip


def ledger():
    """The claims of `claims.yaml`: id -> dict."""
    return {claim.pop("id"): claim for claim in yaml.safe_load(files("paperlib").joinpath("claims.yaml").read_text())}


def split_accuracies():
    """The points of Fig. 5 that the text gives: (split, selection) -> percent."""
    claim = ledger()
    points = {(0.0, "full"): "C1", (1.0, "random"): "C5", (1.0, "top_activations"): "C4"}
    return {point: claim[name]["paper"] for point, name in points.items()}


def budget_accuracies():
    """The means of Fig. 6 that the text gives: selection -> percent."""
    claim = ledger()
    return {"full": claim["C10"]["paper"], "top_activations": claim["C9"]["paper"]}


def table(found, profile, average=tables.AVERAGES[0]):
    """One row a claim, `COLUMNS`: the paper's number; ours (a mean) with spread, 95 % intervals and n; the verdict.

    found: the records of `plans.claim_runs`. profile: the name of theirs.
    low, high: Student's interval. bootstrap_low, bootstrap_high: of 9,999 resamples. resolution: the smallest
    difference that so many runs would have shown (`paperlib.verdicts.Summary`).
    """
    measured = measures.study(found, average)
    return pd.DataFrame([_row(name, claim, measured, profile) for name, claim in ledger().items()], columns=COLUMNS)


def of_folder(folder):
    """The ledger of the records in `folder`/records, where `folder` is named for its profile: `table`, and the paths of
    records that are planned but not there."""
    folder = Path(folder)
    dataset = records.data_set(records.read_all(folder / "records"))
    planned = plans.claim_runs(profile(folder.name), dataset)
    found, missing = study.on_record(planned, folder / "records")
    return table(found, folder.name), missing


def _row(name, claim, of, profile):
    measured = getattr(measures, claim["measure"])(of) if of.records and of.autoencoders else _NOTHING
    found = verdicts.summarize(measured.values)
    tested = measured.tested or (measured.values,)
    resolution = verdicts.summarize(tested[0]).resolution if len(tested) == 1 else float("nan")
    return {
        "id": name,
        **{column: claim[column] for column in ("claim", "section", "paper", "unit", "notebook")},
        "ours": found.mean,
        **{column: getattr(found, column) for column in ("sd", "low", "high", "bootstrap_low", "bootstrap_high")},
        "n": measured.n or found.n,
        "resolution": resolution,
        "verdict": _verdict(claim, measured.values, tested, profile),
        "rule": _in_words(claim),
        "remark": measured.remark,
    }


_NOTHING = measures.Measured([], "no records")


def _verdict(claim, values, tested, profile):
    if not len(values):
        return verdicts.UNTESTABLE
    statement, number = claim.get("statement"), claim.get("number")
    said = counted = None
    if statement and _is_tested(claim["statement_at"], profile):
        said = _ask(statement, *tested)
    if number and _is_tested(claim["number_at"], profile):
        terms = {"equal": {"to": claim["paper"]}, "compatible": {"with_mean": claim["paper"], "of": claim.get("runs")}}
        counted = verdicts.RULES[number["rule"]](values, **terms[number["rule"]])
    whole = profile == "paper" or claim.get("statement_at") == "everywhere"
    return verdicts.verdict(said, counted, at_paper_scale=whole)


def _ask(statement, values, *against):
    terms = {key: value for key, value in statement.items() if key != "rule"}
    if against:
        terms["than"] = against[0]
    return verdicts.RULES[statement["rule"]](values, **terms)


def _is_tested(profiles, profile):
    return profiles == "everywhere" or profile in profiles


def _in_words(claim):
    parts = [" ".join(f"{value}" if key == "rule" else f"{key} {value}" for key, value in claim[part].items())
             for part in ("statement", "number") if part in claim]  # fmt: skip
    return "; ".join(parts)
