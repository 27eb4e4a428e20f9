"""What smaller scales predict for a larger one, written down before its runs exist, and scored when they do.

Two predictions: the scaling curve (`paperlib.analysis.scaling`), and the *stale checkpoint* (candidate e of the
riddle): the paper's 63.5 % are those of the 5,000 steps on the subset alone, without the full-set steps that followed.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from paperlib.analysis import scaling
from paperlib.analysis.statistics import LEVEL, Estimate, difference, mean, units
from paperlib.study.profiles import Profile
from paperlib.study.runs import TIME_SHARE

FURTHER = 2  # runs an arm that a prediction is of the mean of: the paper's n
_LATE = 1 / 8  # share of the steps from which on a curve is taken as flat enough to be extrapolated by as much again


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
        eq4, random = (scaling.lines(found, name, setting, since=since) for name in ("top_activations", "random"))
        return scaling.gap(eq4, random, scaling.epochs_after(larger.steps, larger))

    return predicted


def _measured_gap(found: pd.DataFrame, setting: Profile) -> Estimate:
    return difference(*(units(scaling.after(found, name, setting.steps)) for name in ("top_activations", "random")))


def _predicted_accuracy(selection: str, share: float) -> Callable[[pd.DataFrame, Profile, Profile], Estimate]:
    def predicted(found: pd.DataFrame, setting: Profile, larger: Profile) -> Estimate:
        some = scaling.lines(found, selection, setting, since=_LATE)
        return mean(units(scaling.extrapolated(some, scaling.epochs_after(share * larger.steps, larger))))

    return predicted


def _measured_accuracy(selection: str, share: float) -> Callable[[pd.DataFrame, Profile], Estimate]:
    return lambda found, setting: mean(units(scaling.after(found, selection, round(share * setting.steps))))


def _predicted_after_fine_tuning(found: pd.DataFrame, setting: Profile, larger: Profile) -> Estimate:
    epochs = scaling.epochs_after(larger.steps // 2, larger)
    some = scaling.extrapolated(scaling.lines(found, "top_activations", setting, since=_LATE), epochs)
    both = some.merge(scaling.gains(found, "top_activations", setting), on=["seed", "autoencoder"])
    return mean(units(both.assign(accuracy=both["accuracy"] + both["gain"])))


def _measured_after_fine_tuning(found: pd.DataFrame, setting: Profile) -> Estimate:
    half, stop = setting.steps // 2, round(setting.steps * TIME_SHARE)
    some = found[(found["selection"] == "top_activations") & (found["fast_steps"] == half) & (found["step"] == stop)]
    return mean(units(some.drop_duplicates(["seed", "autoencoder"])))


def _gain(found: pd.DataFrame, setting: Profile, *_: Profile) -> Estimate:
    return mean(units(scaling.gains(found, "top_activations", setting), "gain"))


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
    eq4, random = (scaling.lines(found[found["step"] <= first], name, short) for name in ("top_activations", "random"))
    if eq4.empty or random.empty:
        return pd.DataFrame()
    one = scaling.gap(eq4, random, scaling.epochs_after(setting.steps, setting))
    measured = _measured_gap(found, setting)
    low, high = interval_of_further(one, float("nan"), 0)
    return pd.DataFrame(
        [{"until": first, "predicted": one.value, "low": low, "high": high, "measured": measured.value}]
    )


def _worded(text: str, setting: Profile) -> str:
    half, stop = setting.steps // 2, round(setting.steps * TIME_SHARE)
    return text.format(steps=f"{setting.steps:,}", half=f"{half:,}", more=f"{stop - half:,}")
