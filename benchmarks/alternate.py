"""Commands run in turn, each in a process of its own, so that all meet the same machine in the same minutes."""

import json
import os
import subprocess
import sys

import pandas as pd


def alternately(commands, rounds=5, timeout=300):
    """Run every command (name -> list of words) once a round. Each prints one line of JSON, its measurements.

    Returns one row a run: name, round, and what was measured. A command that takes longer than `timeout` seconds, or
    that measures nothing but leaves a note why, gets one row and is not run again.
    """
    rows, given_up = [], set()
    for number in range(rounds):
        for name, command in commands.items():
            if name in given_up:
                continue
            try:
                measured = _run(command, timeout)
            except subprocess.TimeoutExpired:
                measured = {"note": f"not done in {timeout} s"}
            if "note" in measured:
                given_up.add(name)
            rows.append({"name": name, "round": number, **measured})
            print(f"  round {number + 1} of {rounds}: {name}: {json.dumps(measured)}", flush=True)
    return pd.DataFrame(rows)


def _run(command, timeout):
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=timeout, env=quiet)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def ratios(runs, ours, column, more_is_better):
    """How many times as fast `ours` was as each other name, round by round: n, median and range, a row a name."""
    wide = runs.pivot_table(column, "round", "name", sort=False)
    others = [name for name in runs["name"].unique() if name != ours]
    rows = []
    for name in others:
        if name not in wide:
            note = runs.loc[runs["name"] == name, "note"].iloc[0]
            rows.append({"ours": ours, "against": name, "n": 0, "unit": column, "note": note})
            continue
        ratio = wide[ours] / wide[name] if more_is_better else wide[name] / wide[ours]
        rows.append(
            {
                "ours": ours,
                "against": name,
                "n": ratio.count(),
                "ours_median": wide[ours].median(),
                "other_median": wide[name].median(),
                "unit": column,
                "times_as_fast": ratio.median(),
                "lowest": ratio.min(),
                "highest": ratio.max(),
            }
        )
    return pd.DataFrame(rows)
