"""Tables of results, for the pages: each from the records in a folder such as figures/cpu."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from paperlib import study
from paperlib.analysis import controls, cost, factors, machines, methods, riddle, spikes, tables, weak_random
from paperlib.analysis.arms import ARMS, split_name
from paperlib.analysis.statistics import Estimate
from paperlib.claims import ledger, rules
from paperlib.pages import facts, pictures
from paperlib.pages.claim_tables import measured
from paperlib.storage import records
from paperlib.study import plans
from paperlib.study.profiles import Profile, committed, profile
from paperlib.study.runs import TIME_SHARE, AnyRun, Run


def splits_table(folder: Path) -> str:
    """Accuracy by split and selection, of the runs of Fig. 5."""
    table = tables.runs(_shown("fig5_split_accuracies", folder))
    rows = tables.spread(table.sort_values("split", kind="stable"), ["split", "selection"])
    rows["split"] = [split_name(split) for split in rows["split"]]
    return _to_one_digit(rows)


def controls_table(folder: Path) -> str:
    """What each control differs by from the arm that it is compared with."""
    runs = tables.runs(_shown("controls", folder))
    rows = controls.differences(controls.arms(runs[runs["split"] >= 0.9], profile(folder.name).k))
    rows["split"] = [split_name(split) for split in rows["split"]]
    rows["difference"] = [f"{row.difference:+.1f} ({row.low:+.1f} to {row.high:+.1f})" for row in rows.itertuples()]
    rows["minimum detectable"] = [f"{value:.1f}" for value in rows["minimum detectable"]]
    rows["n"] = [f"{row.n} + {row.n_other}" for row in rows.itertuples()]
    return rows.drop(columns=["low", "high", "n_other"]).to_markdown(index=False, disable_numparse=True)


def methods_table(folder: Path) -> str:
    """Methods of selection against random: accuracy, classes, coverage, seconds and memory."""
    k = profile(folder.name).k
    runs = methods.accuracies(_shown("methods_by_size", folder))
    found = methods.differences(runs)
    found = found[found["k"] == k].sort_values("difference", ascending=False)
    rows = methods.subsets(_planned(plans.selection_runs, folder))
    rows = rows[rows["k"] == k].set_index("method")
    for split, some in found.groupby("split"):
        cells = {
            row.method: f"{row.difference:+.1f} ({row.low:+.1f} to {row.high:+.1f}){' *' if row.p_holm < 0.05 else ''}"
            for row in some.itertuples()
        }
        rows[split_name(split)] = pd.Series(cells)
    rows = rows.reindex(["random", *found.loc[found["split"] == 1, "method"]]).fillna("–")
    rows["classes (%)"] = [
        f"{low:.0f} to {high:.0f}" for low, high in zip(rows["fewest of a class"], rows["most of a class"])
    ]
    for column, digits in (("mean distance", 3), ("seconds", 2), ("MiB", 0)):
        rows[column] = [f"{value:,.{digits}f}" for value in rows[column]]
    columns = ["100 / 0", "90 / 10", "classes (%)", "mean distance", "seconds", "MiB"]
    n = sorted({f"{row.n} + {row.n_other}" for row in found.itertuples()})
    table = rows.reset_index()[["method", *columns]].to_markdown(index=False, disable_numparse=True)
    about = "*: p < 0.05 after Holm's correction for all methods of a split."
    return f"k = {k:,}, n = {', '.join(n)} runs. {about}\n\n{table}"


def riddle_table(folder: Path) -> str:
    """Accuracies of both arms under each condition of the riddle."""
    rows = riddle.conditions(
        riddle.table(_planned(riddle.runs, folder)), round(profile(folder.name).steps * TIME_SHARE)
    )
    for arm in ("full set alone", "subset first (50 / 50)"):
        rows[arm] = ["" if value != value else f"{value:.1f}" for value in rows[arm]]
    return rows.to_markdown(index=False, disable_numparse=True)


def cost_table(folder: Path) -> str:
    """Seconds to each accuracy, and after how many trainings the autoencoder pays."""
    lengths, feeds = (_planned(plan, folder) for plan in (plans.length_runs, plans.feed_runs))
    [autoencoder] = _shown("fig4_reconstructions", folder)
    before = cost.parts(autoencoder, lengths)
    overhead = sum(before.values())
    rows = cost.break_even_by_feed(cost.curves(lengths, overhead), cost.paces(feeds), overhead)
    rows["trainings_to_break_even"] = [_until(count, 0) for count in rows["trainings_to_break_even"]]
    for column in ("accuracy", "full_set_s", "subset_first_s", "saved_s"):
        rows[column] = [_until(value, 1) for value in rows[column]]
    charged = ", ".join(f"{name} {seconds:,.1f} s" for name, seconds in before.items())
    names = [
        "feed",
        "accuracy (%)",
        "full set alone (s)",
        "eq. 4 first (s)",
        "saved per training (s)",
        "trainings to break even",
    ]
    return f"Charged once: {charged}.\n\n{rows.set_axis(names, axis=1).to_markdown(index=False, disable_numparse=True)}"


def encoders_table(folder: Path) -> str:
    """Accuracies by what the encoder learned from, and for how long."""

    def planned(setting: Profile, dataset: plans.Named) -> list[Run]:
        usual = [run for run in plans.split_runs(setting, dataset) if run.split == 1]
        return list(dict.fromkeys(usual + plans.factor_runs(setting, dataset) + plans.embedding_runs(setting, dataset)))

    return _factors(folder, planned, factors.encoders)


def readings_table(folder: Path) -> str:
    """Accuracies under the alternative readings."""
    return _factors(
        folder,
        plans.open_question_runs,
        lambda found, setting: factors.readings(found, setting, plans.ALTERNATIVE_READINGS),
    )


def _factors(
    folder: Path, plan: Callable[..., list[Run]], table_of: Callable[[list[dict], Profile], pd.DataFrame]
) -> str:
    """What notebook 14 shows of some of its questions; those that a profile has one arm of are none."""
    rows = factors.summary(table_of(_planned(plan, folder), profile(folder.name)))
    rows = rows[rows.groupby("question")["arm"].transform("nunique") > 1]
    selections = {"full": "full set", "random": "random", "top_activations": "eq. 4"}
    shown = pd.DataFrame(
        {
            "question": rows["question"],
            "arm": rows["arm"],
            "trained on": rows["selection"].map(selections),
            "accuracy (%)": [_digits(value, 1) for value in rows["mean"]],
            "minus the first (points)": [
                "" if np.isnan(row.minus_first) else f"{row.minus_first:+.1f}{_ends(row.minus_low, row.minus_high)}"
                for row in rows.itertuples()
            ],
            "n": rows["n"],
        }
    )
    return shown.to_markdown(index=False, disable_numparse=True)


def _ends(low: float, high: float) -> str:
    return "" if np.isnan(low) else f" ({low:+.1f} to {high:+.1f})"


def _digits(value: float, digits: int) -> str:
    return "–" if np.isnan(value) else f"{value:.{digits}f}"


def weak_random_table(folder: Path) -> str:
    """Possible reasons for the paper's weak random arm, each with what it changes."""
    rows = [
        {
            "possible reason": row["reason"],
            **{
                name: f"{_digits(row[arm].value, 1)}{_changed(row[f'{arm} change'])}"
                for arm, name in zip(weak_random.SELECTIONS, ("random (%)", "eq. 4 (%)"))
            },
            "n": f"{row['random'].n} + {row['top_activations'].n}",
            "what it does": row["effect"],
        }
        for _, row in weak_random.table(_reasons(folder)).iterrows()
    ]
    about = (
        "In brackets: the change of that arm, in points, with Welch's 95 % interval, each by itself. *What it does* is "
        "said after Holm's correction for the number of rows."
    )
    return f"{pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True)}\n\n{about}"


def _reasons(folder: Path) -> dict[str, pd.DataFrame]:
    """Possible reasons of a weak random arm -> runs on record at 100 / 0."""
    setting = profile(folder.name)
    found, dataset = folder / "records", records.data_set(records.read_all(folder / "records"))

    def alone(runs: Sequence[Run]) -> list[Run]:
        both = [run for run in runs if run.selection in weak_random.SELECTIONS and not run.variant]
        return [run for run in both if run.split == 1]

    plain = alone(plans.split_runs(setting, dataset))
    plan = {weak_random.AS_READ: plain, **plans.weak_random_runs(setting, dataset)}
    for k in setting.compared_sizes:
        if k < setting.k:
            fewer = [run for run in alone(plans.method_runs(setting, dataset)) if run.k == k]
            plan[f"fewer samples: {k:,}"] = fewer
    plan = {reason: runs for reason, runs in plan.items() if runs}
    on_record = {reason: study.on_record(runs, found) for reason, runs in plan.items()}
    tables_of = {reason: tables.runs(some) for reason, some in on_record.items()}
    tables_of["raw weights, no average (R5)"] = tables.runs(on_record[weak_random.AS_READ], "raw")
    for name in ("steps", "paper"):
        longer = profile(name)
        if longer.steps * longer.batch > setting.steps * setting.batch:
            reason = f"longer training: {longer.steps:,} × {longer.batch:,}, {facts.passes(longer)} passes"
            runs = alone(plans.split_runs(longer, dataset))
            tables_of[reason] = tables.runs(study.on_record(runs, folder.parent / name / "records"))
    return tables_of


def _changed(found: Any) -> str:
    if np.isnan(found.value):
        return ""
    return f" ({found.value:+.1f}" + ("" if np.isnan(found.low) else f", {found.low:+.1f} to {found.high:+.1f}") + ")"


def weights_table(folder: Path) -> str:
    """Claims whose numbers depend on the weights that are tested (reading R5), at every scale, whatever the folder."""
    root, rows = folder.parents[1], []
    for scale in committed(root):
        found = records.read_all(root / "figures" / scale / "records")
        as_read, *others = (ledger.table(found, scale, average) for average in tables.AVERAGES)
        for number, row in as_read[as_read["verdict"] != rules.NOT_MEASURED].iterrows():
            alike = [other.loc[number] for other in others]
            if any(one["ours"] != row["ours"] for one in alike):
                cells = [measured(one) + _unless_alike(one["verdict"], row["verdict"]) for one in alike]
                about = (number, row["id"], row["claim"], row["unit"], f"`{scale}`")
                rows.append((*about, f"{measured(row)}, {row['verdict']}", *cells))
    names = ["number", "id", "claim", "unit", "scale", "average, as read", "average, constant decay", "raw weights"]
    table = pd.DataFrame(rows, columns=names).sort_values("number", kind="stable").drop(columns="number")
    return table.to_markdown(index=False, disable_numparse=True)


def spikes_table(folder: Path) -> str:
    """How often the training loss spikes on one set alone, at every scale, whatever the folder."""
    root, found = folder.parents[1], dict[str, list[dict]]()
    for scale in committed(root):
        here = root / "figures" / scale
        found[f"`{scale}`"] = _planned(plans.split_runs, here)
        found[f"`{scale}`, float32"] = _planned(plans.spike_runs, here)
    rows = [
        {
            "scale": scale,
            "set": ARMS[selection].alone,
            "n": len(some),
            "median loss (nats)": f"{some['median_loss'].mean():.3f}",
            "highest loss (nats)": f"{some['highest_loss'].max():.2f}",
            "spikes, run by run": _listed(some["spikes"], 0),
            "steps in a spike (%)": f"{100 * some['share'].mean():.1f}",
            "accuracy at the last step (%), run by run": _listed(some["accuracy"], 1),
        }
        for (scale, selection), some in spikes.of_runs(found).groupby(["profile", "selection"], sort=False)
    ]
    about = (
        f"Means over {spikes.STRETCH} steps, after the first {100 * spikes.AFTER:g} % of a run. In a spike, one "
        f"is more than {spikes.RISE:g} nats above the median of the {spikes.BEFORE} before it."
    )
    return f"{pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True)}\n\n{about}"


def _listed(values: pd.Series, digits: int) -> str:
    return ", ".join(f"{value:.{digits}f}" for value in values)


def _unless_alike(verdict: str, other: str) -> str:
    return "" if verdict == other else f", **{verdict}**"


def _until(value: float, digits: int) -> str:
    """Seconds or trainings until something is reached: infinite if never, NaN if unknown."""
    return "–" if np.isnan(value) else "never" if np.isinf(value) else f"{value:,.{digits}f}"


def precision_table(folder: Path) -> str:
    """Accuracies by numerical precision."""
    table = tables.runs(_shown("precision", folder))
    differences = tables.precision_differences(table).assign(precision="paired difference (points)")
    both = [tables.spread(table, ["precision"]), tables.spread(differences, ["precision"], "difference")]
    return _to_one_digit(pd.concat(both))


def machines_table(folder: Path) -> str:
    """Runs of the arms of Fig. 5 that were trained on two machines, some seeds on each: accuracies and differences."""
    rows = machines.arms(tables.runs(_planned(plans.prediction_runs, folder)))
    if rows.empty:
        return f"No arm of profile `{folder.name}` has two runs on each of two machines."
    [(device, other)] = set(zip(rows["device"], rows["other_device"]))
    ends = pd.DataFrame(
        {
            "arm": [_arm_name(row.selection, row.split) for row in rows.itertuples()],
            "steps": [f"{row.stop:,.0f}" if row.stop == row.stop else "all" for row in rows.itertuples()],
            f"{device} (%)": [_spread(one) for one in rows["on_device"]],
            f"{other} (%)": [_spread(one) for one in rows["on_other"]],
            **_differences(rows),
        }
    )
    tests = machines.on_the_way(_planned(plans.split_runs, folder))
    on_the_way = pd.DataFrame({"step": [f"{step:,}" for step in tests["step"]], **_differences(tests)})
    shown = "\n\n".join(table.to_markdown(index=False, disable_numparse=True) for table in (ends, on_the_way))
    return (
        f"{shown}\n\nFirst the ends of all arms with two runs or more on either machine, then the tests on the way of "
        "the runs on one set alone, all arms of a seed averaged. Differences are the first machine's accuracy minus "
        "the other's, in brackets Welch's 95 % interval of each by itself; *p* is after Holm's correction for the rows "
        "of a table. ±: standard deviation of the runs."
    )


def _differences(rows: pd.DataFrame) -> dict[str, list[str]]:
    """Columns of differences between two machines: their values, how many observations each has, their p-values."""
    found = rows["difference"]
    return {
        "difference (points)": [f"{one.value:+.1f}{_ends(one.low, one.high)}" for one in found],
        "n": [f"{one.n} + {one.n_other}" for one in found],
        "p": [f"{p_holm:.2f}" for p_holm in rows["p_holm"]],
    }


def _arm_name(selection: str, split: float) -> str:
    return ARMS[selection].alone if split in (0, 1) else f"{ARMS[selection].short}, {split_name(split)}"


def _spread(found: Estimate) -> str:
    return f"{found.value:.1f} ± {found.sd:.1f}"


def _shown(picture: str, folder: Path) -> list[dict]:
    """The records that a picture in `folder` shows, where `folder` is named for its profile."""
    return pictures.on_record(picture, profile(folder.name), _data_set(folder), folder)


def _planned(plan: Callable[..., Sequence[AnyRun]], folder: Path) -> list[dict]:
    """The records of those runs of a plan that are in `folder`/records."""
    return study.on_record(plan(profile(folder.name), _data_set(folder)), folder / "records")


def _data_set(folder: Path) -> records.DataSet:
    return records.data_set(records.read_all(folder / "records"))


def _to_one_digit(rows: pd.DataFrame) -> str:
    for column in ("mean", "sd", "lowest", "highest"):
        rows[column] = [f"{value:.1f}" for value in rows[column]]
    return rows.to_markdown(index=False, disable_numparse=True)
