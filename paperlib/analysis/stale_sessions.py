"""What the tutorial's sessions left on disk (`paperlib.study.stale_checkpoint`). Records -> tables."""

import pandas as pd


def table(found: list[dict]) -> pd.DataFrame:
    """One row a session, in the order they were made.

    Parameters
    ----------
    found
        Records of `paperlib.study.stale_checkpoint`.

    Returns
    -------
    DataFrame
        arm; ended ("by force" or "by itself"); steps made in all; checkpoint, the global step of the latest one on
        disk; accuracy in percent, of its averaged weights; seconds from the start of a process that was killed to its
        end; seed.
    """
    columns = ["arm", "ended", "steps", "checkpoint", "accuracy", "seconds", "seed"]
    rows = [{**row, "seed": record["run"]["seed"]} for record in found for row in record["result"]["sessions"]]
    sessions = pd.DataFrame(rows, columns=columns)
    return sessions.assign(accuracy=100 * sessions["accuracy"].astype(float))


def summary(sessions: pd.DataFrame) -> pd.DataFrame:
    """One row a kind of session: steps made, step of the checkpoint left, n, mean and range of accuracy in percent.

    Parameters
    ----------
    sessions
        Of `table`.
    """
    groups = sessions.groupby(["arm", "ended", "steps", "checkpoint"], sort=False)["accuracy"]
    return groups.agg(n="count", mean="mean", lowest="min", highest="max").reset_index()
