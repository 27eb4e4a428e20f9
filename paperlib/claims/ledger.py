"""The ledger: the paper's claims (`claims.yaml`) beside what the records of one study measure, with a verdict each."""

from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from paperlib.analysis import tables
from paperlib.analysis.statistics import minimum_detectable_difference
from paperlib.claims import rules
from paperlib.claims.evidence import Evidence, gather
from paperlib.claims.measures import MEASURES, Measured
from paperlib.storage import records
from paperlib.study.profiles import Profile, profile

COLUMNS = (
    "id", "group", "claim", "section", "paper", "ours", "sd", "low", "high", "bootstrap_low", "bootstrap_high", "n",
    "n_other", "unit", "minimum_detectable", "verdict", "scope", "rule", "notebook", "remark", "records",
)  # fmt: skip

CLAIM, ARITHMETIC = "claim", "arithmetic"  # values of the column `group`


def ledger() -> dict[str, dict]:
    """The claims of `claims.yaml`: id -> what it says of them."""
    return {
        claim.pop("id"): claim
        for claim in yaml.safe_load(files("paperlib.claims").joinpath("claims.yaml").read_text(encoding="utf-8"))
    }


def split_accuracies() -> dict[tuple[float, str], float]:
    """The points of Fig. 5 that the text gives: (split, selection) -> percent."""
    claim = ledger()
    points = {(0.0, "full"): "C1", (1.0, "random"): "C5", (1.0, "top_activations"): "C4"}
    return {point: claim[name]["paper"] for point, name in points.items()}


def budget_accuracies() -> dict[str, float]:
    """The means of Fig. 6 that the text gives: selection -> percent."""
    claim = ledger()
    return {"full": claim["C10"]["paper"], "top_activations": claim["C9"]["paper"]}


def table(
    found: Iterable[dict],
    name: str,
    average: str = tables.AVERAGES[0],
    *,
    overlap: str = "fill",
    feed: str = "resident",
    precision: str = "auto",
) -> pd.DataFrame:
    """The ledger: one row a claim.

    Parameters
    ----------
    found : iterable of dict
        All records of one profile and data set; each measure takes those that it asks for.
    name : str
        Of their profile.
    average, overlap, feed, precision : str
        Readings R5, R7 and R13, and the precision, that claims are measured under.

    Returns
    -------
    DataFrame
        `COLUMNS`: the paper's number; ours (a mean, or a difference of means), its standard deviation if it is a mean,
        95 % intervals of the estimate and of a bootstrap; n observations, and n_other of the arm that it is compared
        with; the minimum detectable difference (80 % power), from the spread pooled over arms, if they spread alike;
        the verdict, and `scope`, the scale that it is about; the rule; the hashes of the `records` behind it. `group`
        is `claim` or `arithmetic`.
    """
    evidence = gather(found, name, average, overlap=overlap, feed=feed, precision=precision)
    return pd.DataFrame([_row(claim, about, evidence) for claim, about in ledger().items()], columns=COLUMNS)


def of_folder(folder: Path | str) -> pd.DataFrame:
    """The ledger (`table`) of the records in `folder`/records, where `folder` is named for its profile."""
    folder = Path(folder)
    return table(records.read_all(folder / "records"), folder.name)


def at_largest_scale(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Each claim at the largest scale that says something of it.

    A scale says something where its verdict is an answer: not "not measured", not "not testable at this scale", and not
    "undecided" for want of an interval, as of a single run. Where no scale does, the largest one that measured anything
    stands.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Name of a profile -> its `table`, the smallest scale first.

    Returns
    -------
    DataFrame
        One row a claim: `COLUMNS`, and `profile`, whose row it is; `elsewhere`, the other profiles that measured it,
        the smallest first; `contradicted_by`, those of them where the claim held though it fails here, or failed though
        it holds here (both separated by spaces).

    Raises
    ------
    ValueError
        Without any table.
    """
    if not tables:
        raise ValueError("no profile has records: make records PROFILE=cpu DATA=... makes some")
    by_claim = {name: table.set_index("id", drop=False) for name, table in tables.items()}
    rows = []
    for claim in ledger():
        found = {name: table.loc[claim] for name, table in by_claim.items()}
        chosen = max(reversed(found), key=lambda name: _says(found[name]))  # of equals, the largest scale
        others = [name for name, row in found.items() if name != chosen and _says(row)]
        holds = _holds(found[chosen])
        against = [name for name in others if None not in (holds, _holds(found[name])) and _holds(found[name]) != holds]
        scale = {"profile": chosen, "elsewhere": " ".join(others), "contradicted_by": " ".join(against)}
        rows.append({**found[chosen], **scale})
    return pd.DataFrame(rows)


def _says(row: pd.Series) -> int:
    """How much a scale says of a claim: 2, an answer; 1, a number without one; 0, nothing."""
    if row["verdict"] == rules.NOT_MEASURED:
        return 0
    nothing_known = row["verdict"] == rules.UNDECIDED and np.isnan(row["low"])
    return 1 if nothing_known or row["verdict"] == rules.UNTESTABLE else 2


def _holds(row: pd.Series) -> bool | None:
    """Whether a verdict says that its claim holds; None where it says neither."""
    return {rules.REPRODUCED: True, rules.DIRECTION: True, rules.NOT: False}.get(row["verdict"])


def of_notebook(notebook: str, folder: Path | str, fingerprint: str, **readings: str) -> pd.DataFrame:
    """What the records say of the claims that a notebook shows: its rows of `table`.

    Parameters
    ----------
    notebook : str
        Its file's name without the suffix, or how that begins.
    folder : path
        Of a profile's results, named for the profile.
    fingerprint : str
        Of the data set: records of others in the folder are left out.
    readings : see `table`.

    Returns
    -------
    DataFrame
        id, claim, paper, ours, low, high, unit, verdict, scope, remark.
    """
    folder = Path(folder)
    found = [record for record in records.read_all(folder / "records") if record["run"]["fingerprint"] == fingerprint]
    verdicts = table(found, folder.name, **readings)
    shown = ["id", "claim", "paper", "ours", "low", "high", "unit", "verdict", "scope", "remark"]
    return verdicts.loc[verdicts["notebook"].str.startswith(notebook), shown].reset_index(drop=True)


def behind(claim: str, folder: Path | str) -> list[dict]:
    """The records behind a claim's number and its remark, so that each can be looked at or made again.

    Parameters
    ----------
    claim : str
        Its id, such as "C6".
    folder : path
        Of a profile's results, named for the profile; the records are in `folder`/records.

    Returns
    -------
    list of dict
        Sorted by hash; empty for the paper's arithmetic, and for what is not on record.

    Raises
    ------
    ValueError
        For an unknown claim.
    """
    claims = ledger()
    if claim not in claims:
        raise ValueError(f"unknown claim {claim!r}: choose from {', '.join(claims)}")
    folder = Path(folder)
    evidence = gather(records.read_all(folder / "records"), folder.name)
    return [evidence.records[name] for name in MEASURES[claims[claim]["measure"]](evidence).everything]


def as_csv(ledger_table: pd.DataFrame) -> str:
    """The text of claims.csv."""
    return ledger_table.to_csv(index=False, float_format="%.6g")


def _row(name: str, claim: dict, evidence: Evidence) -> dict:
    measured = MEASURES[claim["measure"]](evidence)
    found = measured.estimate
    parts = ("sd", "low", "high", "n", "n_other")
    return {
        "id": name,
        "group": claim.get("group", CLAIM),
        **{column: claim[column] for column in ("claim", "section", "paper", "unit", "notebook")},
        "ours": found.value,
        **{column: getattr(found, column) for column in parts},
        **dict(zip(("bootstrap_low", "bootstrap_high"), found.bootstrap())),
        "minimum_detectable": _detectable(measured),
        "verdict": _verdict(claim, measured, evidence),
        "scope": _scope(claim, measured, evidence),
        "rule": _in_words(claim),
        "remark": "; ".join(filter(None, (measured.remark, _caveat(claim, measured, evidence)))),
        "records": " ".join(measured.everything),
    }


def _detectable(measured: Measured) -> float:
    if not measured.spread:
        return measured.detectable
    found = measured.estimate
    return minimum_detectable_difference(*measured.spread, found.n, found.n_other or None)


def _verdict(claim: dict, measured: Measured, evidence: Evidence) -> str:
    if np.isnan(measured.estimate.value):
        return rules.NOT_MEASURED
    tested = measured.estimate if measured.tested is None else measured.tested
    statement = number = None
    asked = _asked(claim, evidence)
    if asked[0]:
        statement = _ask(claim["statement"], tested, measured.terms)
    if asked[1]:
        number = _ask(claim["number"], measured.estimate, {"to": claim["paper"]})
    if claim.get("group") == ARITHMETIC:
        return rules.ADDS_UP if statement else rules.DOES_NOT
    return rules.verdict(statement, number, asked=asked, whole=claim["at"] == "everywhere" or _is_whole(evidence))


def _ask(rule: dict, tested: Any, terms: dict) -> bool | None:
    given = {key: value for key, value in rule.items() if key != "rule"}
    return rules.RULES[rule["rule"]](tested, **terms, **given)


def _asked(claim: dict, evidence: Evidence) -> tuple[bool, bool]:
    """Whether a claim's statement, and whether its number, can be asked of these records."""
    cifar10 = evidence.dataset.startswith("cifar10")
    at_scale = cifar10 and _is_whole(evidence)
    here = {"everywhere": True, "cifar10": cifar10, "paper": at_scale, "nowhere": False}[claim["at"]]
    return "statement" in claim and here, "number" in claim and here and at_scale


def _samples(setting: Profile) -> int:
    return setting.steps * setting.batch


def _is_whole(evidence: Evidence) -> bool:
    """Whether runs are as long as the paper's, in steps and samples, and so is the autoencoder's training."""
    paper, setting = profile("paper"), evidence.profile
    sizes = ("steps", "batch", "autoencoder_steps", "autoencoder_batch")
    return all(getattr(setting, size) >= getattr(paper, size) for size in sizes)


def _scope(claim: dict, measured: Measured, evidence: Evidence) -> str:
    """The scale that a verdict is about, whether it holds or fails."""
    if claim.get("group") == ARITHMETIC or np.isnan(measured.estimate.value):
        return ""
    setting, found = evidence.profile, measured.estimate
    paper = profile("paper")
    share = _samples(paper) / _samples(setting)
    scale = "the paper's scale" if _is_whole(evidence) else f"1/{share:.0f} of the paper's samples"
    runs = f"{measured.counted} = {found.n}" + (f" + {found.n_other}" if found.n_other else "")
    encoders = _autoencoders(measured, evidence)
    seen = f", {encoders} autoencoder{'s' if encoders > 1 else ''}" if encoders else ""
    return f"{scale} ({setting.steps:,} × {setting.batch:,}), {evidence.dataset}, {runs}{seen}"


def _autoencoders(measured: Measured, evidence: Evidence) -> int:
    """How many autoencoders the records have among them that a number is computed from."""
    used = set()
    for name in measured.records:
        run = evidence.records[name]["run"]
        encoder = run if "embedding_size" in run else run.get("autoencoder")
        if encoder:
            used.add(encoder.get("seed", 0))
    return len(used)


def _caveat(claim: dict, measured: Measured, evidence: Evidence) -> str:
    said = np.isnan(measured.estimate.value) or not evidence.dataset.startswith("cifar10")
    if said or claim.get("strictly", evidence.dataset) == evidence.dataset:
        return ""
    return f"{evidence.dataset} is a copy recompressed with loss: no strict test of the number"


def _in_words(claim: dict) -> str:
    parts = [
        " ".join(f"{value}" if key == "rule" else f"{key} {value}" for key, value in claim[part].items())
        for part in ("statement", "number")
        if part in claim
    ]
    return "; ".join(parts)
