"""The records that claims are measured with: those of one profile, sorted by what they are of."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from paperlib.analysis import tables
from paperlib.study.defaults import at_defaults, is_the_studys
from paperlib.study.profiles import Profile, profile
from paperlib.study.runs import TIME_SHARE, Run

# Fields in which the runs of a claim's arms may differ, or that a profile or a reader's readings set. All others are
# at their defaults in the runs that claims are measured with: what differs there is another reading's.
_FREE = {
    *("dataset", "fingerprint", "kind", "selection", "overlap", "k", "autoencoder", "split", "steps", "time_share"),
    *("baseline_seeds", "batch", "decay", "feed", "precision", "seed", "variant", "stop"),
}


@dataclass(frozen=True)
class Evidence:
    """Records and what a measure asks of them.

    Attributes
    ----------
    profile : Profile
        Whose records they are.
    overlap : str
        Reading R7 that eq. 4 is measured under.
    records : dict
        Hash (12 hex) -> record, of everything on record.
    runs : DataFrame
        `tables.runs` of the classifiers under the readings asked for; `record` is the hash.
    autoencoders, selections : list of dict
        Records of autoencoders with the profile's numbers of steps, and of measured selections.
    """

    profile: Profile
    overlap: str
    records: dict
    runs: pd.DataFrame
    autoencoders: list
    selections: list

    @property
    def dataset(self) -> str:
        """The name of the data set, or "" without records."""
        return next((record["run"]["dataset"] for record in self.records.values()), "")

    def of_full_length(self) -> pd.DataFrame:
        """Runs of all of the profile's steps, that no clock ended and nothing cut off."""
        runs = self.runs
        return runs[runs["time_share"].isna() & runs["stop"].isna() & (runs["steps"] == self.profile.steps)]

    def arm(self, selection: str, *, split: float | None = None, k: int | None = None) -> pd.DataFrame:
        """Runs of full length on one selection; of the paper's k unless another is asked for."""
        found = self._of(self.of_full_length(), selection, k)
        return found if split is None else found[np.isclose(found["split"], split)]

    def of_any_length(self, selection: str) -> pd.DataFrame:
        """Runs on one selection, of the paper's k, that were planned for any number of steps."""
        return self._of(self.runs[self.runs["time_share"].isna() & self.runs["stop"].isna()], selection, None)

    @property
    def by_the_clock(self) -> bool:
        """Whether a clock ends the runs of Fig. 6 and 7; elsewhere a share of the time is that share of the steps."""
        return bool(self.profile.budget_seeds)

    @property
    def budget_steps(self) -> int:
        """The paper's share of the profile's steps."""
        return round(self.profile.steps * TIME_SHARE)

    def limited(self, selection: str, k: int | None = None) -> pd.DataFrame:
        """Runs of Fig. 6 and 7: the full set alone, or 50 / 50, until the budget is used up."""
        if self.by_the_clock:
            return self._of(self.runs[self.runs["time_share"].notna()], selection, k)
        return self.stopped(selection, 0.0 if selection == "full" else 0.5, self.budget_steps, k)

    def stopped(self, selection: str, split: float, stop: int, k: int | None = None) -> pd.DataFrame:
        """Runs that were planned for all steps and cut off after `stop` of them."""
        found = self._of(self.runs[self.runs["stop"] == stop], selection, k)
        return found[np.isclose(found["split"], split)]

    def _of(self, runs: pd.DataFrame, selection: str, k: int | None) -> pd.DataFrame:
        """Those without further options of their method."""
        size = 0 if selection == "full" else k or self.profile.k
        read = runs["overlap"].isin(["", self.overlap]) & (runs["variant"] == "")
        return runs[read & (runs["selection"] == selection) & (runs["k"] == size)]

    def losses(self, runs: pd.DataFrame) -> pd.DataFrame:
        """One row a run: seed, autoencoder, record, and the mean loss over its time (`loss`, in nats): over its steps
        where no clock ends the runs."""
        rows = []
        for row in runs.itertuples():
            record = self.records[row.record]
            spent = record["times"]["seconds_at_step"] if self.by_the_clock else record["history"]["step"]
            loss = float(np.average(record["history"]["loss"], weights=np.diff(spent, prepend=0)))
            rows.append({"seed": row.seed, "autoencoder": row.autoencoder, "record": row.record, "loss": loss})
        return pd.DataFrame(rows, columns=["seed", "autoencoder", "record", "loss"])

    def losses_until(self, runs: pd.DataFrame, step: int) -> pd.DataFrame:
        """The same with the mean over the first `step` steps, of runs that are recorded to then: time by steps."""
        rows = []
        for row in runs.itertuples():
            history = self.records[row.record]["history"]
            ends = np.array(history["step"])
            counted = np.clip(np.minimum(ends, step) - np.concatenate([[0], ends[:-1]]), 0, None)
            if ends[-1] >= step:
                loss = float(np.average(history["loss"], weights=counted))
                rows.append({"seed": row.seed, "autoencoder": row.autoencoder, "record": row.record, "loss": loss})
        return pd.DataFrame(rows, columns=["seed", "autoencoder", "record", "loss"])


def gather(
    records: Iterable[dict],
    name: str,
    average: str = tables.AVERAGES[0],
    *,
    overlap: str = "fill",
    feed: str = "resident",
    precision: str = "auto",
) -> Evidence:
    """Sort records.

    Parameters
    ----------
    records : iterable of dict
        Everything that is on record for a profile and data set; what claims do not ask for does no harm.
    name : str
        Of the profile.
    average : str
        Whose accuracies count (reading R5).
    overlap, feed, precision : str
        The readings R7 and R13, and the precision, that claims are measured under.
    """
    setting = profile(name)
    found = {record["hash"]: record for record in records}
    classifiers = [
        record for record in found.values() if "selection" in record["run"] and _as_planned(record["run"], setting)
    ]
    runs = tables.runs(classifiers, average)
    feeds = pd.Series([record["run"]["feed"] for record in classifiers], runs.index, dtype=str)
    runs = runs[(feeds == feed) & (runs["asked"] == precision) & (runs["batch"] == setting.batch)]
    autoencoders = [
        record
        for record in found.values()
        if "embedding_size" in record["run"] and is_the_studys(record["run"], setting)
    ]
    selections = [record for record in found.values() if "method" in record["run"]]
    return Evidence(setting, overlap, found, runs, autoencoders, selections)


def _as_planned(run: dict, setting: Profile) -> bool:
    """Whether a classifier's readings are the defaults, its selection's autoencoder the study's."""
    return at_defaults(run, Run, _FREE) and (not run.get("autoencoder") or is_the_studys(run["autoencoder"], setting))
