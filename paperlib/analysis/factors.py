"""What else decides how well a subset does: the encoder, samples added to it, readings. Records -> tables."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import pandas as pd

from paperlib.analysis.statistics import difference, mean, units
from paperlib.analysis.tables import AVERAGES
from paperlib.study.defaults import at_defaults, value
from paperlib.study.profiles import Profile
from paperlib.study.runs import AutoencoderRun, Run

_COLUMNS = ["question", "arm", "selection", "autoencoder", "seed", "accuracy", "record"]

# Field of an autoencoder's run -> the question that its values answer.
_ENCODER_QUESTIONS = {
    "seed": "seed of the autoencoder",
    "steps": "steps of the autoencoder",
    "last_activation": "last layer of the decoder",
    "objective": "what the encoder learns by",
}
_OBJECTIVES = {
    "reconstruction": "reproduction (the paper's)",
    "variational": "reproduction, variational",
    "labels": "labels",
}
_OUR_READINGS = {name: getattr(Run, name) for name in ("weight_decay", "standardize_by", "clip")}

# Fields in which runs differ whatever the question. All others but the question's own are at their defaults.
_FREE = {
    *("dataset", "fingerprint", "kind", "selection", "overlap", "k", "autoencoder", "split"),
    *("steps", "batch", "decay", "seed"),
}


def encoders(records: Iterable[dict], setting: Profile) -> pd.DataFrame:
    """Runs on nothing but eq. 4's subset, by what their encoder differs in from the study's.

    Parameters
    ----------
    records : iterable of dict
        Of classifiers; those that are not at 100 / 0 with the profile's k are left out.
    setting : Profile
        Whose records they are.

    Returns
    -------
    DataFrame
        question, arm, selection, autoencoder (its seed), seed, accuracy (percent), record (hash). A run with the
        study's own autoencoder is an arm of every question.
    """
    usual, rows = _usual(setting), []
    for record in records:
        run = record["run"]
        if run.get("selection") != "top_activations" or not _is_alone(run, setting, setting.k):
            continue
        values = {name: value(run["autoencoder"], name, AutoencoderRun) for name in usual}
        differing = [name for name in usual if values[name] != usual[name]]
        if len(differing) > 1:
            continue
        for name in differing or usual:
            order = list(usual).index(name), bool(differing), values[name]
            rows.append((order, [_ENCODER_QUESTIONS[name], _arm(name, values[name]), *_about(record)]))
    return _table(rows)


def additions(records: Iterable[dict], setting: Profile) -> pd.DataFrame:
    """Runs on nothing but a subset, as it is and with half as many samples again, interpolated or real.

    Parameters and columns are those of `encoders`.
    """
    more = setting.k // 2
    arms = {
        (setting.k, 0): f"{setting.k:,} samples",
        (setting.k, more): f"and {more:,} interpolated ones",
        (setting.k + more, 0): f"and {more:,} further real ones",
    }
    rows = []
    for record in records:
        run = record["run"]
        key = (run.get("k"), run.get("interpolated", 0))
        if key in arms and _is_alone(run, setting, run["k"], {"interpolated"}) and _has_usual_encoder(run, setting):
            rows.append((list(arms).index(key), ["samples of the subset", arms[key], *_about(record)]))
    return _table(rows)


def readings(records: Iterable[dict], setting: Profile, changes: Mapping[str, dict]) -> pd.DataFrame:
    """Runs on the full set alone and on each subset alone, by reading.

    changes : name of a reading -> the fields of a run that it changes (`plans.ALTERNATIVE_READINGS`).
    The other parameters, and the columns, are those of `encoders`.
    """
    arms = {"our readings": _OUR_READINGS} | {name: _OUR_READINGS | change for name, change in changes.items()}
    rows = []
    for record in records:
        run = record["run"]
        whole = run.get("selection") == "full" and _is_usual(run, setting, _OUR_READINGS)
        alone = _is_alone(run, setting, setting.k, _OUR_READINGS) and _has_usual_encoder(run, setting)
        for place, (arm, expected) in enumerate(arms.items()):
            if (whole or alone) and {name: value(run, name, Run) for name in _OUR_READINGS} == expected:
                rows.append((place, ["reading", arm, *_about(record)]))
    return _table(rows)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Means, and differences from the first arm of the same question and selection.

    Parameters
    ----------
    table : DataFrame
        Of `encoders`, `additions` or `readings`.

    Returns
    -------
    DataFrame
        One row an arm and selection: n and mean accuracy (percent) with Student's 95 % interval, `minus_first` (points)
        with Welch's interval `minus_low` to `minus_high`; NaN where there are too few runs.
    """
    rows = []
    for (question, selection), some in table.groupby(["question", "selection"], sort=False):
        first = units(some[some["arm"] == some["arm"].iloc[0]], groups="seed")
        for arm, of_arm in some.groupby("arm", sort=False):
            values = units(of_arm, groups="seed")
            one, other = mean(values), difference(values, first)
            is_first = arm == some["arm"].iloc[0]
            minus = [float("nan")] * 3 if is_first else [other.value, other.low, other.high]
            rows.append([question, arm, selection, one.n, one.value, one.low, one.high, *minus])
    columns = ["question", "arm", "selection", "n", "mean", "low", "high", "minus_first", "minus_low", "minus_high"]
    return pd.DataFrame(rows, columns=columns)


def _is_usual(run: dict, setting: Profile, free: Collection[str] = ()) -> bool:
    """Whether a run has the profile's steps and batch, and the defaults but in the fields that are `free`."""
    return (run["steps"], run["batch"]) == (setting.steps, setting.batch) and at_defaults(run, Run, _FREE.union(free))


def _is_alone(run: dict, setting: Profile, k: int, free: Collection[str] = ()) -> bool:
    """Whether a run is a usual one at 100 / 0 on k samples, by eq. 4, filled up, or at random."""
    if run.get("selection") not in ("random", "top_activations") or run["overlap"] == "union":
        return False
    return (run["split"], run["k"]) == (1, k) and _is_usual(run, setting, free)


def _usual(setting: Profile) -> dict:
    """The study's own autoencoder, in the fields in which others differ from it."""
    return {name: getattr(AutoencoderRun, name) for name in _ENCODER_QUESTIONS} | {"steps": setting.autoencoder_steps}


def _has_usual_encoder(run: dict, setting: Profile) -> bool:
    """Whether a run's encoder, if it needs one, is the study's own."""
    encoder, usual = run.get("autoencoder"), _usual(setting)
    return not encoder or {name: value(encoder, name, AutoencoderRun) for name in usual} == usual


def _arm(name: str, of: Any) -> str:
    if name == "seed":
        return f"seed {of}"
    if name == "steps":
        return f"{of:,} steps"
    if name == "last_activation":
        return {"relu": "ReLU (the paper's)", "linear": "linear"}[of]
    return _OBJECTIVES[of]


def _about(record: dict) -> list:
    run = record["run"]
    encoder = (run.get("autoencoder") or {}).get("seed")
    accuracy = 100 * record["result"]["test"][AVERAGES[0]]["accuracy"]
    return [run["selection"], encoder, run["seed"], accuracy, record["hash"]]


def _table(rows: list[tuple]) -> pd.DataFrame:
    """Rows in the order of their keys, and of seeds: the study's own arm of each question comes first."""
    ordered = sorted(rows, key=lambda row: (row[0], row[1][_COLUMNS.index("seed")]))
    return pd.DataFrame([row for _, row in ordered], columns=_COLUMNS)
