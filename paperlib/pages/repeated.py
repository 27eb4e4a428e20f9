"""A recorded run and its repetition, compared: the same bits, within the recorded spread, or different."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from paperlib import study
from paperlib.analysis import tables
from paperlib.analysis.statistics import LEVEL, pooled_sd
from paperlib.data import Dataset
from paperlib.storage import records
from paperlib.study import plans
from paperlib.study.profiles import Profile

_SHOWN = tables.AVERAGES[0]  # the average whose accuracy is reported
_MEASURED = ("result.peak_bytes",)  # of memory, as times are of clocks: not the same twice


def tolerance(profile: Profile, dataset: Dataset | records.DataSet, folder: Path, average: str = _SHOWN) -> float:
    """The difference in accuracy that two runs of different seeds stay below 19 times of 20.

    The spread is pooled over all points, or the median of the points' (corrected for their few runs) if that is less:
    one run that ends in a loss spike would make the pooled one so wide that every comparison agreed.

    Parameters
    ----------
    profile, dataset
        Whose runs of Fig. 5 the recorded spread is of.
    folder : path
        Of the records.
    average : str
        Of the weights, one of `paperlib.analysis.tables.AVERAGES`.

    Returns
    -------
    float
        In points; NaN where no point has two runs.
    """
    found = study.on_record(plans.split_runs(profile, dataset), folder)
    if not found:
        return float("nan")
    runs = tables.runs(found, average)
    pooled, freedom = pooled_sd(runs, ["selection", "split"])
    points = runs.groupby(["selection", "split"])["accuracy"].agg(["var", "count"]).dropna()
    if points.empty:
        return float("nan")
    few = points["count"] - 1
    median = np.median(points["var"] * few / stats.chi2.ppf(0.5, few))  # the median of a sample's variance is too low
    return float(stats.t.ppf((1 + LEVEL) / 2, freedom) * np.sqrt(2 * min(pooled**2, median)))


def compared(recorded: Iterable[Mapping], trained: Iterable[Mapping], tolerance: float) -> pd.DataFrame:
    """Records and their fresh counterparts, a row a pair; accuracies in percent, the tolerance in points."""
    rows = []
    for old, new in zip(recorded, trained):
        before, after = (100 * record["result"]["test"][_SHOWN]["accuracy"] for record in (old, new))
        same = records.without_times(old) == records.without_times(new)
        agrees = abs(after - before) <= tolerance
        rows.append(
            {
                "selection": old["run"]["selection"],
                "split": old["run"]["split"],
                "recorded": before,
                "fresh": after,
                "difference": after - before,
                "tolerance": tolerance,
                "outcome": "the same bits" if same else "agrees" if agrees else "DIFFERS",
            }
        )
    return pd.DataFrame(rows)


def differences(old: Mapping[str, Any], new: Mapping[str, Any], tolerances: Mapping[str, float]) -> pd.DataFrame:
    """Two records of one run, all but clock readings, memory and the machine's description.

    Parameters
    ----------
    old, new : dict
        The records.
    tolerances : dict
        Name of an accuracy, such as ``result.test.raw.accuracy`` -> points; of numbers that are exact -> 0.

    Returns
    -------
    DataFrame
        A row for each thing that they say: `what`, `recorded`, `fresh`, `difference`, `tolerance` and `outcome`: "the
        same bits", "agrees" (within the tolerance), "DIFFERS", or "differs" where no tolerance is known. Accuracies
        are in percent, their differences in points. Of a list, the largest difference is given.
    """
    before, after = (dict(_leaves(records.without_times(record))) for record in (old, new))
    rows = []
    for what in [*before, *(name for name in after if name not in before)]:
        if what in _MEASURED:
            continue
        was, came = before.get(what), after.get(what)
        percent = 100 if what.endswith((".accuracy", ".accuracy_per_class")) else 1
        allowed = tolerances.get(what, float("nan"))
        distance = _distance(was, came, percent)
        if was == came:
            outcome = "the same bits"
        elif np.isfinite(allowed) and np.isfinite(distance):
            outcome = "agrees" if abs(distance) <= allowed else "DIFFERS"
        else:
            outcome = "differs"
        single = not isinstance(was, list) and not isinstance(came, list)
        rows.append(
            {
                "what": what,
                "recorded": _in(percent, was) if single else "",
                "fresh": _in(percent, came) if single else "",
                "difference": distance,
                "tolerance": allowed,
                "outcome": outcome,
            }
        )
    return pd.DataFrame(rows)


def in_words(rows: pd.DataFrame) -> str:
    """What `differences` found, in words and a table."""
    same = rows["outcome"] == "the same bits"
    sections = rows["what"].str.split(".").str[0]
    whole = {name for name in sections if same[sections == name].all()}  # these are listed by name only
    equal = dict.fromkeys(
        section if section in whole else what for section, what in zip(sections[same], rows["what"][same])
    )
    text = f"The same bits: {', '.join(equal) or 'nothing'}."
    if same.all():
        return text
    others = rows[~same].astype(object).map(lambda value: f"{value:.6g}" if isinstance(value, float) else value)
    return f"{text}\nNot the same:\n\n{others.replace('nan', '').to_markdown(index=False, disable_numparse=True)}"


def _leaves(content: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(content, dict):
        for key, value in content.items():
            yield from _leaves(value, f"{name}.{key}" if name else key)
    else:
        yield name, content


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _distance(was: Any, came: Any, times: int) -> float:
    """The difference of numbers, or the largest of lists of numbers; NaN of anything else."""
    if _is_number(was) and _is_number(came):
        return times * (came - was)
    if isinstance(was, list) and isinstance(came, list) and len(was) == len(came):
        each = [_distance(a, b, times) for a, b in zip(was, came)]
        return max(each, key=abs) if each and all(np.isfinite(each)) else float("nan")
    return float("nan")


def _in(percent: int, value: Any) -> Any:
    return percent * value if _is_number(value) else "" if value is None else value
