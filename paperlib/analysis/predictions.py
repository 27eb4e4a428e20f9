"""What smaller scales predict for a larger one, written down before its runs exist, and scored when they do.

Two predictions. The *scaling curve*: on the subset alone, the gap between the selections is a line in the logarithm of
the epochs on the subset,

    gap = a + b log10(epochs),

fitted run by run: one line a run, extrapolated, is one observation. So intervals count seeds, or autoencoders, as
everywhere (`paperlib.analysis.statistics`). The *stale checkpoint* (candidate e of the riddle): the paper's 63.5 % are
those of the 5,000 steps on the subset alone, without the full-set steps that followed.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import pandas as pd
from scipy import stats

from paperlib.analysis import tables
from paperlib.analysis.statistics import LEVEL, Estimate, difference, mean, units
from paperlib.study.profiles import Profile
from paperlib.study.runs import TIME_SHARE

FURTHER = 2  # runs an arm that a prediction is of the mean of: the paper's n
_LATE = 1 / 8  # share of the steps from which on a curve is taken as flat enough to be extrapolated by as much again
_TEST_COLUMNS = ["selection", "seed", "autoencoder", "fast_steps", "step", "accuracy"]

_Steps = TypeVar("_Steps", float, np.ndarray)


def tests(records: Iterable[dict]) -> pd.DataFrame:
    """All tests of runs that begin on a subset.

    Parameters
    ----------
    records : iterable of dict
        Of classifiers of one profile, all with the study's size of subset and its readings, none ended by a clock.

    Returns
    -------
    DataFrame
        One row a test: selection, seed, autoencoder (its seed; NaN for none), fast_steps (of the whole run), step,
        accuracy (percent).
    """
    rows = []
    for record in records:
        run, (fast, _) = record["run"], record["result"]["phases"]
        if not fast:
            continue
        about = [run["selection"], run["seed"], (run.get("autoencoder") or {}).get("seed", np.nan)]
        rows += [[*about, fast, step, accuracy] for step, accuracy in tables.tests(record).items()]
    return pd.DataFrame(rows, columns=_TEST_COLUMNS)


def lines(found: pd.DataFrame, selection: str, setting: Profile, *, since: float = 0.0) -> pd.DataFrame:
    """The line in log10(epochs on the subset) of each run that saw the subset alone for all of a profile's steps.

    Parameters
    ----------
    found : DataFrame
        Of `tests`.
    selection : str
        Whose runs.
    setting : Profile
        Whose runs they are.
    since : float
        Share of the steps from which on tests count.

    Returns
    -------
    DataFrame
        One row a run: seed, autoencoder, intercept and slope (least squares; percent, and percent a decade). The fit is
        to the tests that all of these runs have; there are no rows where these are fewer than two.
    """
    alone = found[(found["step"] <= found["fast_steps"]) & (found["step"] >= since * setting.steps)]
    wide = _wide(alone[alone["selection"] == selection])
    wide = wide[wide[setting.steps].notna()] if setting.steps in wide else wide.iloc[:0]
    wide = wide.dropna(axis=1)
    if wide.shape[1] < 2 or wide.empty:
        return pd.DataFrame(columns=["seed", "autoencoder", "intercept", "slope"], dtype=float)
    at = np.log10(_epochs(wide.columns.to_numpy(float), setting))
    slope, intercept = np.polyfit(at, wide.to_numpy().T, 1)
    return _runs(wide).assign(intercept=intercept, slope=slope)


def gap(eq4: pd.DataFrame, random: pd.DataFrame, epochs: float) -> Estimate:
    """Eq. 4 minus random in points after so many epochs on the subset, by the lines of both (`lines`)."""
    arms = [units(_at(some, epochs)) for some in (eq4, random)]
    return difference(*arms)


def gaps(found: pd.DataFrame, setting: Profile) -> pd.DataFrame:
    """The gap where both selections were tested on the subset alone.

    Returns
    -------
    DataFrame
        One row a number of steps: step, epochs (on the subset), difference (eq. 4 minus random, points), low and high
        (Welch's 95 % interval, unpaired), n, n_other.
    """
    rows = []
    for step in sorted(found["step"].unique()):
        one = difference(*(units(_after(found, name, step)) for name in ("top_activations", "random")))
        if one.value == one.value:
            rows.append([step, _epochs(step, setting), one.value, one.low, one.high, one.n, one.n_other])
    return pd.DataFrame(rows, columns=["step", "epochs", "difference", "low", "high", "n", "n_other"])


def curve(found: pd.DataFrame, setting: Profile, until: float, points: int = 50) -> pd.DataFrame:
    """The scaling curve and its 95 % interval, from the first test to so many epochs: epochs, difference, low, high."""
    eq4, random = (lines(found, name, setting) for name in ("top_activations", "random"))
    if eq4.empty or random.empty:
        return pd.DataFrame(columns=["epochs", "difference", "low", "high"], dtype=float)
    first = _epochs(found["step"].min(), setting)
    along = [(epochs, gap(eq4, random, epochs)) for epochs in np.geomspace(first, until, points)]
    rows = [[epochs, one.value, one.low, one.high] for epochs, one in along]
    return pd.DataFrame(rows, columns=["epochs", "difference", "low", "high"])


def gains(found: pd.DataFrame, selection: str, setting: Profile) -> pd.DataFrame:
    """What full-set steps after half of the steps on the subset change, until 57.07 % of all steps.

    Returns
    -------
    DataFrame
        One row a run of `selection`: seed, autoencoder, gain (points). A run that is cut off and the whole one are one.
    """
    half, stop = setting.steps // 2, round(setting.steps * TIME_SHARE)
    wide = _wide(found[(found["selection"] == selection) & (found["fast_steps"] == half)])
    if not {half, stop} <= set(wide.columns):
        return pd.DataFrame(columns=["seed", "autoencoder", "gain"], dtype=float)
    return _runs(wide).assign(gain=(wide[stop] - wide[half]).to_numpy()).dropna(subset="gain")


def interval_of_further(found: Estimate, between: float, autoencoders: int, runs: int = FURTHER) -> tuple[float, float]:
    """Where the mean of further runs is expected, 19 times of 20, if the line holds until there.

    Parameters
    ----------
    found : Estimate
        The extrapolated mean or difference; its spread is that of one further run, or pair of runs.
    between, autoencoders : float, int
        Standard deviation between autoencoders and how many it is from; NaN where none is known, or none is used. It
        counts twice: the autoencoder behind `found` is one, the further runs' is another.
    runs : int
        Further runs an arm.

    Returns
    -------
    tuple of float
        NaN where `found` has no interval. Degrees of freedom are combined as Satterthwaite does.
    """
    if np.isnan(found.low):
        return float("nan"), float("nan")
    parts = [(found.error**2 + found.spread**2 / runs, found.freedom)]
    if not np.isnan(between) and between > 0:
        parts.append((2 * between**2, autoencoders - 1))
    total = sum(variance for variance, _ in parts)
    if not total:
        return found.value, found.value
    freedom = total**2 / sum(variance**2 / of for variance, of in parts)
    reach = float(stats.t.ppf((1 + LEVEL) / 2, freedom) * np.sqrt(total))
    return found.value - reach, found.value + reach


@dataclass(frozen=True)
class Quantity:
    """Something that is predicted, and later measured.

    Attributes
    ----------
    text, unit : str
        What it is, for a table; {half}, {steps} and {more} are the larger scale's numbers of steps.
    paper : str
        What the paper's numbers are if it is read like that, with `{C6}` for the number of claim C6.
    extrapolated : callable
        (tests, their profile, the larger one's) -> estimate.
    measured : callable
        (tests, their profile) -> the same quantity, measured.
    of_embeddings : bool
        Whether it depends on an autoencoder.
    """

    text: str
    unit: str
    paper: str
    extrapolated: Callable[[pd.DataFrame, Profile, Profile], Estimate]
    measured: Callable[[pd.DataFrame, Profile], Estimate]
    of_embeddings: bool = True


def _predicted_gap(since: float) -> Callable[[pd.DataFrame, Profile, Profile], Estimate]:
    def predicted(found: pd.DataFrame, setting: Profile, larger: Profile) -> Estimate:
        eq4, random = (lines(found, name, setting, since=since) for name in ("top_activations", "random"))
        return gap(eq4, random, _epochs(larger.steps, larger))

    return predicted


def _measured_gap(found: pd.DataFrame, setting: Profile) -> Estimate:
    return difference(*(units(_after(found, name, setting.steps)) for name in ("top_activations", "random")))


def _predicted_accuracy(selection: str, share: float) -> Callable[[pd.DataFrame, Profile, Profile], Estimate]:
    def predicted(found: pd.DataFrame, setting: Profile, larger: Profile) -> Estimate:
        some = lines(found, selection, setting, since=_LATE)
        return mean(units(_at(some, _epochs(share * larger.steps, larger))))

    return predicted


def _measured_accuracy(selection: str, share: float) -> Callable[[pd.DataFrame, Profile], Estimate]:
    return lambda found, setting: mean(units(_after(found, selection, round(share * setting.steps))))


def _predicted_after_fine_tuning(found: pd.DataFrame, setting: Profile, larger: Profile) -> Estimate:
    some = _at(lines(found, "top_activations", setting, since=_LATE), _epochs(larger.steps // 2, larger))
    both = some.merge(gains(found, "top_activations", setting), on=["seed", "autoencoder"])
    return mean(units(both.assign(accuracy=both["accuracy"] + both["gain"])))


def _measured_after_fine_tuning(found: pd.DataFrame, setting: Profile) -> Estimate:
    half, stop = setting.steps // 2, round(setting.steps * TIME_SHARE)
    some = found[(found["selection"] == "top_activations") & (found["fast_steps"] == half) & (found["step"] == stop)]
    return mean(units(some.drop_duplicates(["seed", "autoencoder"])))


def _gain(found: pd.DataFrame, setting: Profile, *_: Profile) -> Estimate:
    return mean(units(gains(found, "top_activations", setting), "gain"))


QUANTITIES = {
    "gap": Quantity(
        "eq. 4 minus random after {steps} steps on the subset: the scaling curve",
        "points",
        "{C6:+g}",
        _predicted_gap(0.0),
        _measured_gap,
    ),
    "gap, late tests": Quantity(
        "the same, fitted to the tests of the last seven eighths of the steps alone",
        "points",
        "{C6:+g}",
        _predicted_gap(_LATE),
        _measured_gap,
    ),
    "random": Quantity(
        "random after {steps} steps on the subset",
        "%",
        "{C5:g}",
        _predicted_accuracy("random", 1),
        _measured_accuracy("random", 1),
        of_embeddings=False,
    ),
    "eq. 4": Quantity(
        "eq. 4 after {steps} steps on the subset",
        "%",
        "{C4:g}",
        _predicted_accuracy("top_activations", 1),
        _measured_accuracy("top_activations", 1),
    ),
    "half": Quantity(
        "eq. 4 after {half} steps on the subset: what a stale checkpoint holds",
        "%",
        "{C9:g} if the checkpoint was stale",
        _predicted_accuracy("top_activations", 0.5),
        _measured_accuracy("top_activations", 0.5),
    ),
    "half and more": Quantity(
        "eq. 4 after these and {more} steps on the full set: what training ended with",
        "%",
        "{C9:g} if it was not",
        _predicted_after_fine_tuning,
        _measured_after_fine_tuning,
    ),
    "gain": Quantity(
        "what these {more} steps on the full set change",
        "points",
        "above 0 if it was stale",
        _gain,
        _gain,
    ),
}


def predict(
    found: pd.DataFrame, setting: Profile, larger: Profile, between: float = float("nan"), autoencoders: int = 0
) -> pd.DataFrame:
    """Predict all `QUANTITIES` of a larger scale.

    Parameters
    ----------
    found : DataFrame
        Of `tests`, of the smaller scale.
    setting, larger : Profile
        The smaller and the larger scale.
    between, autoencoders : float, int
        Standard deviation of eq. 4's accuracy between autoencoders, and how many it is from.

    Returns
    -------
    DataFrame
        One row a quantity: name, quantity, unit; predicted, line_low and line_high (95 % interval of the mean), low and
        high (where the mean of `FURTHER` runs an arm with another autoencoder is expected), n, n_other, and between:
        the standard deviation between autoencoders that is in low and high, NaN where none is.

    Raises
    ------
    ValueError
        Where `found` has several autoencoders: the further runs share one, and the interval would be too narrow.
    """
    used = found.loc[found["selection"] == "top_activations", "autoencoder"].nunique()
    if used > 1:
        raise ValueError(f"runs with {used} autoencoders: give those of one, and the spread between autoencoders apart")
    rows = []
    for name, quantity in QUANTITIES.items():
        one = quantity.extrapolated(found, setting, larger)
        spread = between if quantity.of_embeddings else float("nan")
        low, high = interval_of_further(one, spread, autoencoders)
        interval = (one.value, one.low, one.high, low, high)
        rows.append([name, _worded(quantity.text, larger), quantity.unit, *interval, one.n, one.n_other, spread])
    columns = ["name", "quantity", "unit", "predicted", "line_low", "line_high", "low", "high", "n", "n_other"]
    return pd.DataFrame(rows, columns=[*columns, "between"])


def check(found: pd.DataFrame, setting: Profile) -> pd.DataFrame:
    """How well the scaling curve of the first eighth of the steps predicts their end: an extrapolation as far as that
    from batches of 128 to the paper's 1,024, with the same runs and autoencoder.

    Returns
    -------
    DataFrame
        One row: until (the last step that is fitted to), predicted, low, high, and measured, the gap after all steps.
        No row where there are fewer than two tests in the first eighth.
    """
    first = int(max(found.loc[found["step"] <= setting.steps / 8, "step"], default=0))
    short = replace(setting, steps=first)
    eq4, random = (lines(found[found["step"] <= first], name, short) for name in ("top_activations", "random"))
    if eq4.empty or random.empty:
        return pd.DataFrame()
    one, measured = gap(eq4, random, _epochs(setting.steps, setting)), _measured_gap(found, setting)
    low, high = interval_of_further(one, float("nan"), 0)
    return pd.DataFrame(
        [{"until": first, "predicted": one.value, "low": low, "high": high, "measured": measured.value}]
    )


def _wide(some: pd.DataFrame) -> pd.DataFrame:
    """Accuracies: a row a seed and autoencoder, a column a step. Runs that share a beginning have the same tests."""
    return some.groupby(["seed", "autoencoder", "step"], dropna=False)["accuracy"].first().unstack("step")


def _runs(wide: pd.DataFrame) -> pd.DataFrame:
    return wide.index.to_frame(index=False)


def _epochs(steps: _Steps, setting: Profile) -> _Steps:
    return steps * setting.batch / setting.k


def _at(some: pd.DataFrame, epochs: float) -> pd.DataFrame:
    return some.assign(accuracy=some["intercept"].astype(float) + some["slope"].astype(float) * np.log10(epochs))


def _after(found: pd.DataFrame, selection: str, step: int) -> pd.DataFrame:
    """Tests after so many steps on the subset alone; runs that share them give one."""
    some = found[(found["selection"] == selection) & (found["step"] == step) & (found["fast_steps"] >= step)]
    return some.drop_duplicates(["seed", "autoencoder"])


def _worded(text: str, setting: Profile) -> str:
    half, stop = setting.steps // 2, round(setting.steps * TIME_SHARE)
    return text.format(steps=f"{setting.steps:,}", half=f"{half:,}", more=f"{stop - half:,}")
