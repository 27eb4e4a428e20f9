"""A reviewer's one command: are the records whole, is everything made from them, and do a few come out again?

    python -m paperlib.verify [PROFILE]                 the committed records: seconds, nothing is trained
    python -m paperlib.verify PROFILE --fresh [DATA]    trains a sample of the runs again, too
"""

import argparse
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from paperlib import claims, plans, readme, records, stamps, study, tables
from paperlib.data import load
from paperlib.profiles import PROFILES, profile as profile_named
from paperlib.progress import Progress

# Which runs each picture shows. Those of data, networks and selections come from no records.
# The runs are told by profile, data set and folder of records.
PICTURES = {
    "fig4_reconstructions": lambda profile, dataset, _: [plans.autoencoder_run(profile, dataset)],
    "fig5_split_accuracies": lambda profile, dataset, _: plans.split_runs(profile, dataset),
    "fig6_fixed_budget": lambda profile, dataset, _: plans.budget_runs(profile, dataset),
    "fig7_loss_curves": lambda profile, dataset, _: plans.loss_runs(profile, dataset),
    "controls": lambda profile, dataset, folder: _control_runs(profile, dataset, folder),
    "riddle": lambda profile, dataset, _: plans.riddle_runs(profile, dataset),
    "cost": lambda profile, dataset, _: plans.length_runs(profile, dataset) + plans.feed_runs(profile, dataset),
    "precision": lambda profile, dataset, _: plans.precision_runs(profile, dataset),
    "methods_by_size": lambda profile, dataset, _: plans.method_runs(profile, dataset),
    "methods_against_random": lambda profile, dataset, _: plans.method_runs(profile, dataset),
    "methods_by_coverage": lambda *of: plans.method_runs(*of[:2]) + plans.selection_runs(*of[:2]),
}


def checked(name, root):
    """The ledger of a profile's records under `root`/figures, and what is wrong with them: (table or None, texts)."""
    folder = Path(root) / "figures" / name
    again = f"make figures PROFILE={name}"
    try:
        found = records.read_all(folder / "records")
        if not found:
            return None, [f"{folder / 'records'}: no records; {again}"]
        table, missing = claims.of_folder(folder)
    except (records.RecordError, ValueError) as error:
        return None, [str(error)]
    problems = [*_weights(found, folder), *_pictures(profile_named(name), records.data_set(found), folder)]
    if missing:
        problems.append(f"{missing[0]}: planned, but not on record, as {len(missing)} in all; {again}")
    return table, problems


def fresh(name, root, source, progress):
    """Train a sample of a profile's runs again and compare: one row a run, with the difference that would be a surprise.

    tolerance: 19 of 20 differences between two runs of different seeds are smaller (the recorded spread, pooled over the
    points of Fig. 5). On the machine and with the code of the records there is no difference at all.
    """
    folder = Path(root) / "figures" / name / "records"
    profile, dataset = profile_named(name), load(source or profile_named(name).source)
    runs = [run for run in plans.split_runs(profile, dataset) if run.split in (0, 1) and run.seed == 0]
    recorded = [records.read(study.record_path(run, folder)) for run in runs]
    minutes = sum(record["times"]["total_s"] for record in recorded) / 60
    machine = recorded[0]["environment"]["device"]
    print(f"{len(runs)} of its runs are trained again: about {minutes:.0f} minutes, as on record for {machine}", flush=True)
    again = Path(root) / "build" / "verify" / name
    again.mkdir(parents=True, exist_ok=True)
    for suffix in (".json", ".npz"):  # the embeddings to select from are those of the recorded autoencoder
        file = study.record_path(plans.autoencoder_run(profile, dataset), folder).with_suffix(suffix)
        shutil.copy2(file, again)
    trained = study.execute(runs, dataset, again, progress)
    shutil.rmtree(again)
    return compared(recorded, trained, tolerance(profile, dataset, folder))


def tolerance(profile, dataset, folder):
    """The difference in accuracy (points) that two runs of different seeds stay below 19 times of 20."""
    found, _ = study.on_record(plans.split_runs(profile, dataset), folder)
    pooled, freedom = tables.pooled_sd(tables.runs(found), ["selection", "split"])
    return float(stats.t.ppf(0.975, freedom) * pooled * np.sqrt(2))


def compared(recorded, trained, tolerance):
    """Records and their fresh counterparts, a row a pair; tolerance in points."""
    rows = []
    for old, new in zip(recorded, trained):
        before, after = (100 * record["result"]["test"]["warmup"]["accuracy"] for record in (old, new))
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


def _weights(found, folder):
    """The autoencoders whose weights are not those that their records were written with."""
    for record in found:
        if record["run"]["kind"] == "AutoencoderRun":
            file = next((folder / "records").glob(f"*-{record['hash']}.npz"), None)
            if file is None or records.file_digest(file) != record["files"]["weights"]:
                yield f"{folder / 'records'}: the weights of autoencoder {record['hash']} are missing or were altered"


def _pictures(profile, dataset, folder):
    for name, plan in PICTURES.items():
        shown, _ = study.on_record(plan(profile, dataset, folder / "records"), folder / "records")
        if problem := stamps.problem(folder / f"{name}.png", shown):
            yield f"{problem}; make figures PROFILE={profile.name}"


def _control_runs(profile, dataset, folder):
    """The union's size is known once a run on it is on record; the late splits of Fig. 5 are in the same picture."""
    of_union, _ = study.on_record([plans.union_run(profile, dataset)], folder)
    size = of_union[0]["result"]["subset"]["size"] if of_union else 1
    others = [run for run in plans.split_runs(profile, dataset) if run.split >= 0.9 or not run.split]
    return plans.control_runs(profile, dataset, size) + others


def _written(table, path):
    """Write the ledger; a problem if another one was there."""
    text = table.to_csv(index=False, float_format="%.6g")
    if path.exists() and path.read_text() != text:
        yield f"{path}: was stale against the records; it is written anew"
    path.write_text(text)


def _readme(root):
    path = Path(root) / "README.md"
    if readme.refresh(path.read_text(), root) != path.read_text():
        yield f"{path}: stale against the records; make readme"


def _arguments():
    parser = argparse.ArgumentParser(prog="paperlib.verify", description=__doc__.splitlines()[0])
    parser.add_argument("profile", nargs="?", default="", help="quick, cpu or paper; all that are committed if left out")
    parser.add_argument("--fresh", nargs="?", const="", metavar="DATA", help="train a sample again, on this data set")
    return parser.parse_args()


if __name__ == "__main__":
    arguments, root = _arguments(), Path()
    committed = [name for name in PROFILES if name != "quick" and (root / "figures" / name / "records").exists()]
    problems = list(_readme(root))
    for name in [arguments.profile] if arguments.profile else committed:
        try:
            profile_named(name)
        except ValueError as error:
            sys.exit(str(error))
        table, found = checked(name, root)
        problems += found
        if table is not None:
            problems += _written(table, root / "figures" / name / "claims.csv")
            on = records.data_set(records.read_all(root / "figures" / name / "records")).name
            print(f"Profile {name}, data set {on}\n\n{readme.claims_markdown(table)}\n", flush=True)
        if arguments.fresh is not None:
            again = fresh(name, root, arguments.fresh, Progress("lines"))
            print(again.round(2).to_markdown(index=False), flush=True)
            problems += [f"{row.selection} at {row.split:g}: {row.difference:+.1f} points off the record"
                         for row in again.itertuples() if row.outcome == "DIFFERS"]  # fmt: skip
    if problems:
        sys.exit("\n".join(["NOT VERIFIED:", *(f"- {text}" for text in problems)]))
    print("Verified: records have their digests; claims, figures and README are made from them.")
