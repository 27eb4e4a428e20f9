"""Write down what smaller scales predict for the paper's, before its first run on a selection of eq. 4 is on record.

python -m paperlib.pages.predictions        writes figures/predictions.csv, from profile `steps`
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from paperlib import study
from paperlib.analysis import predictions, scaling
from paperlib.analysis.statistics import Estimate, variance_components
from paperlib.claims import evidence, ledger, rules
from paperlib.storage import records
from paperlib.storage.files import write_text
from paperlib.study import plans
from paperlib.study.profiles import PROFILES, profile

FROM, OF = "steps", "paper"  # the profile that predicts, and the one that is predicted
_FORMAT = "%.6g"


def path(root: Path) -> Path:
    """Where the predictions are: beside the profiles' folders, for they are of several."""
    return Path(root) / "figures" / "predictions.csv"


def write(root: Path) -> Path:
    """Write the predictions from what is on record under `root`/figures -> their path.

    Raises
    ------
    ValueError
        If they would be none, because a run of the predicted scale on a selection of eq. 4 is on record; and where the
        smaller scale has fewer than two runs of either selection.
    """
    known = [found for found in _all(root, OF) if _known_too_late(found)]
    if known:
        raise ValueError(
            f"{len(known)} runs of profile {OF} on selections of eq. 4 are on record, such as {known[0]['hash']}: what "
            "is written now is no prediction"
        )
    table = made(_runs(root, FROM), _all(root, "cpu") + _all(root, FROM))
    if table.loc[table["name"] == "gap", ["n", "n_other"]].to_numpy().min() < 2:
        raise ValueError(
            f"profile {FROM} has fewer than two runs of each selection at 100 / 0 on record: make records "
            f"PROFILE={FROM} DATA=..."
        )
    write_text(path(root), _as_csv(table))
    return path(root)


def made(of_smaller: list[dict], of_autoencoders: Iterable[dict]) -> pd.DataFrame:
    """The predictions from records.

    Parameters
    ----------
    of_smaller : list of dict
        Of `_runs` of the profile that predicts.
    of_autoencoders : iterable of dict
        Records of any profiles, for the spread between autoencoders: that of the profile with most of them.

    Returns
    -------
    DataFrame
        Of `predictions.predict`, and: made_from (a profile), autoencoders and autoencoders_from (how many, and whose,
        the spread between autoencoders is from), records (hashes of all that was looked at).
    """
    of_autoencoders = list(of_autoencoders)
    spreads = {}
    for name in ("cpu", FROM):
        arm = evidence.gather(of_autoencoders, name).arm("top_activations", split=1)
        spread, _ = variance_components(arm)
        spreads[name] = (arm["autoencoder"].nunique() if spread == spread else 0, spread, list(arm["record"]))
    count, spread, behind = max(spreads.values(), key=lambda of: of[0], default=(0, float("nan"), []))
    whose = next((name for name, of in spreads.items() if of[0] == count), "") if count else ""
    table = predictions.predict(scaling.tests(of_smaller), profile(FROM), profile(OF), spread, count)
    hashes = {found["hash"] for found in of_smaller} | (set(behind) if count else set())
    return table.assign(made_from=FROM, autoencoders=count, autoencoders_from=whose, records=" ".join(sorted(hashes)))


def scored(root: Path) -> pd.DataFrame:
    """The committed predictions beside what came out.

    Returns
    -------
    DataFrame
        What `path` holds, and: measured, measured_low, measured_high (95 % interval), measured_n, measured_n_other, and
        outcome: "as predicted" where the mean that was measured lies between low and high, "not as predicted", or
        "open" while nothing is measured.
    """
    table = pd.read_csv(path(root))
    found = scaling.tests(_runs(root, OF))
    rows = []
    for row in table.itertuples():
        one = predictions.QUANTITIES[row.name].measured(found, profile(OF))
        inside = row.low <= one.value <= row.high
        outcome = "open" if one.value != one.value else "as predicted" if inside else "not as predicted"
        rows.append([one.value, one.low, one.high, one.n, one.n_other, outcome])
    columns = ["measured", "measured_low", "measured_high", "measured_n", "measured_n_other", "outcome"]
    return pd.concat([table, pd.DataFrame(rows, columns=columns)], axis=1)


def stale_checkpoint(root: Path) -> str:
    """What the measured accuracies say of the stale checkpoint: a sentence.

    It says that the paper's number under a fixed budget is that of half of the steps, all on the subset; otherwise it
    is that of these and the full-set steps that followed. Each is asked as the ledger asks numbers (rule `compatible`).
    """
    found, claim = scaling.tests(_runs(root, OF)), ledger.ledger()["C9"]
    rule = {key: value for key, value in claim["number"].items() if key != "rule"}
    said = []
    for name in ("half", "half and more"):
        one = predictions.QUANTITIES[name].measured(found, profile(OF))
        answer = rules.compatible(one, to=claim["paper"], **rule) if one.n > 1 else None
        said.append(_compatible(one, answer))
    steps = profile(OF).steps
    return (
        f"The paper's {claim['paper']:g} % and our accuracy after {steps // 2:,} steps on the subset alone, which a "
        f"stale checkpoint would hold: {said[0]}. The paper's {claim['paper']:g} % and our accuracy after the full-set "
        f"steps that followed as well: {said[1]}."
    )


def markdown(root: Path) -> str:
    """The table of predictions and outcomes for a page, or a sentence while there are none."""
    if not path(root).exists():
        return "No predictions are written down yet (`make predictions`)."
    table = scored(root)
    numbers = {name: claim["paper"] for name, claim in ledger.ledger().items() if claim["paper"] is not None}
    rows = [
        {
            "quantity": row.quantity,
            "the paper": predictions.QUANTITIES[row.name].paper.format(**numbers),
            f"predicted from `{row.made_from}`": f"{row.predicted:.1f} ({row.low:.1f} to {row.high:.1f}) {row.unit}",
            "measured": _measured(row),
            "outcome": row.outcome,
        }
        for row in table.itertuples()
    ]
    first = table.iloc[0]
    spread = table["between"].dropna()
    among = (
        f"and a spread between autoencoders of {spread.iloc[0]:.2f} points ({first['autoencoders']} of profile "
        f"`{first['autoencoders_from']}`)"
        if len(spread)
        else "and the spread between autoencoders that is among the runs, if any"
    )
    counts = f"{first['n']} runs of eq. 4 and {first['n_other']} of random"
    about = (
        f"In brackets, *predicted*: where the mean of {predictions.FURTHER} runs an arm is expected, 19 times of 20, "
        f"from {counts} {among}, if the line holds that far. *measured*: the 95 % interval."
    )
    lines = [pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True), about, *_checked(root, table)]
    return "\n\n".join([*lines, stale_checkpoint(root)])


def problems(root: Path) -> Iterator[str]:
    """What is wrong with committed predictions: that the records they name do not give them, or are not there."""
    file = path(root)
    if not file.exists():
        return
    named = set(" ".join(pd.read_csv(file)["records"]).split())
    of_smaller = [found for found in _runs(root, FROM) if found["hash"] in named]
    everything = [found for name in ("cpu", FROM) for found in _all(root, name) if found["hash"] in named]
    if lost := named - {found["hash"] for found in everything}:
        yield f"{file}: made from {min(lost)}, which is not on record"
    elif _as_csv(made(of_smaller, everything)) != file.read_text(encoding="utf-8"):
        yield f"{file}: not what the records give that it names"


def _as_csv(table: pd.DataFrame) -> str:
    return table.to_csv(index=False, float_format=_FORMAT)


def _all(root: Path, name: str) -> list[dict]:
    """Everything on record of a profile."""
    folder = Path(root) / "figures" / name / "records"
    return records.read_all(folder) if folder.is_dir() else []


def _runs(root: Path, name: str) -> list[dict]:
    """What is on record of a profile's runs that predictions are made from, or scored with."""
    folder = Path(root) / "figures" / name / "records"
    if not any(folder.glob("*.json")):
        return []
    dataset = records.data_set(records.read_all(folder))
    return study.on_record(plans.prediction_runs(PROFILES[name], dataset), folder)


def _known_too_late(found: dict) -> bool:
    """Whether a record says how the predicted scale comes out: it is a classifier's on a selection of eq. 4."""
    return found["run"].get("selection") == "top_activations" and bool(found["result"]["phases"][0])


def _measured(row: Any) -> str:
    if row.measured != row.measured:
        return "–"
    n = f"{row.measured_n} + {row.measured_n_other}" if row.measured_n_other else f"{row.measured_n}"
    ends = "" if row.measured_low != row.measured_low else f" ({row.measured_low:.1f} to {row.measured_high:.1f})"
    return f"{row.measured:.1f}{ends}, n = {n}"


def _compatible(one: Estimate, answer: bool | None) -> str:
    if one.value != one.value:
        return "not measured yet"
    words = {True: "compatible", False: "not compatible", None: rules.UNDECIDED}[answer]
    return f"{words} ({one.value:.1f} %, n = {one.n})"


def _checked(root: Path, table: pd.DataFrame) -> list[str]:
    """How well the same curve would have predicted within the smaller scale."""
    named = set(" ".join(table["records"]).split())
    some = [found for found in _runs(root, FROM) if found["hash"] in named]
    found = predictions.check(scaling.tests(some), profile(FROM))
    if found.empty:
        return []
    row = found.iloc[0]
    text = (
        f"A check of the curve within profile `{FROM}`: from its tests up to step {row['until']:,.0f} it predicts a "
        f"gap of {row['predicted']:+.1f} points ({row['low']:+.1f} to {row['high']:+.1f}) after "
        f"{profile(FROM).steps:,} steps; measured are {row['measured']:+.1f}."
    )
    return [text]


if __name__ == "__main__":
    try:
        print(write(Path()))
    except (ValueError, OSError) as error:
        sys.exit(str(error))
