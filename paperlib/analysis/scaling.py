"""The scaling curve: how the gap between the selections goes on with the epochs on the subset alone.

The gap is taken for a line in the logarithm of the epochs,

    gap = a + b log10(epochs),

fitted run by run: one line a run, extrapolated, is one observation. So intervals count seeds, or autoencoders, as
everywhere (`paperlib.analysis.statistics`).
"""

from collections.abc import Iterable
from typing import TypeVar

import numpy as np
import pandas as pd

from paperlib.analysis import tables
from paperlib.analysis.statistics import Estimate, difference, units
from paperlib.study.profiles import Profile
from paperlib.study.runs import TIME_SHARE

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
    at = np.log10(epochs_after(wide.columns.to_numpy(float), setting))
    slope, intercept = np.polyfit(at, wide.to_numpy().T, 1)
    return _runs(wide).assign(intercept=intercept, slope=slope)


def extrapolated(some: pd.DataFrame, epochs: float) -> pd.DataFrame:
    """The accuracy of each of `lines` after so many epochs on the subset, as a further column (percent)."""
    return some.assign(accuracy=some["intercept"].astype(float) + some["slope"].astype(float) * np.log10(epochs))


def gap(eq4: pd.DataFrame, random: pd.DataFrame, epochs: float) -> Estimate:
    """Eq. 4 minus random in points after so many epochs on the subset, by the lines of both (`lines`)."""
    arms = [units(extrapolated(some, epochs)) for some in (eq4, random)]
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
        one = difference(*(units(after(found, name, step)) for name in ("top_activations", "random")))
        if one.value == one.value:
            rows.append([step, epochs_after(step, setting), one.value, one.low, one.high, one.n, one.n_other])
    return pd.DataFrame(rows, columns=["step", "epochs", "difference", "low", "high", "n", "n_other"])


def curve(found: pd.DataFrame, setting: Profile, until: float, points: int = 50) -> pd.DataFrame:
    """The scaling curve and its 95 % interval, from the first test to so many epochs: epochs, difference, low, high."""
    eq4, random = (lines(found, name, setting) for name in ("top_activations", "random"))
    if eq4.empty or random.empty:
        return pd.DataFrame(columns=["epochs", "difference", "low", "high"], dtype=float)
    first = epochs_after(found["step"].min(), setting)
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


def epochs_after(steps: _Steps, setting: Profile) -> _Steps:
    """Epochs on the subset that so many steps on it are."""
    return steps * setting.batch / setting.k


def after(found: pd.DataFrame, selection: str, step: int) -> pd.DataFrame:
    """Tests after so many steps on the subset alone; runs that share them give one."""
    some = found[(found["selection"] == selection) & (found["step"] == step) & (found["fast_steps"] >= step)]
    return some.drop_duplicates(["seed", "autoencoder"])


def _wide(some: pd.DataFrame) -> pd.DataFrame:
    """Accuracies: a row a seed and autoencoder, a column a step. Runs that share a beginning have the same tests."""
    return some.groupby(["seed", "autoencoder", "step"], dropna=False)["accuracy"].first().unstack("step")


def _runs(wide: pd.DataFrame) -> pd.DataFrame:
    return wide.index.to_frame(index=False)
