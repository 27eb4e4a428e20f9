"""Write the tables in README.md and docs/*.md anew from the committed records: `python -m paperlib.pages.readme`."""

import re
import sys
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from paperlib import study
from paperlib.analysis import controls, cost, factors, methods, riddle, spikes, tables, weak_random
from paperlib.analysis.arms import ARMS
from paperlib.claims import ledger, rules
from paperlib.pages import facts, pictures, predictions, speed
from paperlib.study import plans, records
from paperlib.study.profiles import PROFILES, Profile, profile
from paperlib.study.runs import AnyRun, Run

# <!-- NAME:FOLDER --> ... <!-- end --> in a page holds what the function of that name makes of figures/FOLDER.
_BLOCK = re.compile(r"(<!-- ([\w-]+):(\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
_START = re.compile(r"<!-- [\w-]+:\w+ -->")

ALL = "all"  # a FOLDER that stands for all profiles with committed records

# The blocks that have to be there, in whichever page: without its marker a table would be checked by nothing.
REQUIRED = (
    "records-digest:all",
    "claims:all",
    "claims:cpu",
    "scale:all",
    "trainings:all",
    "predictions:all",
    "splits:cpu",
    "controls:cpu",
    "methods:cpu",
    "riddle:cpu",
    "cost:cpu",
    "precision:cpu",
    "weak-random:cpu",
    "weights:all",
    "spikes:all",
    "encoders:cpu",
    "readings:cpu",
    "speed:bench",
)


def pages(root: Path) -> list[Path]:
    """The pages with generated blocks: README.md and docs/*.md under `root`."""
    return [Path(root) / "README.md", *sorted((Path(root) / "docs").glob("*.md"))]


def missing(texts: list[str]) -> list[str]:
    """Those of the blocks `REQUIRED` that are in none of the texts."""
    found = {f"{match[2]}:{match[3]}" for text in texts for match in _BLOCK.finditer(text)}
    return [name for name in REQUIRED if name not in found]


def committed(root: Path) -> list[str]:
    """The profiles that have records under `root`/figures; those of profile quick are never committed."""
    return [name for name in PROFILES if name != "quick" and (Path(root) / "figures" / name / "records").is_dir()]


def refresh(text: str, root: str | Path) -> str:
    """A page's text with every generated block made from what lies under `root`/figures.

    Raises
    ------
    ValueError
        For a block of an unknown name, and for one without its end: what follows it would be lost.
    """

    def make(match: re.Match) -> str:
        name = f"{match[2]}:{match[3]}"
        if match[2] not in _MAKERS:
            raise ValueError(f"no block is called {name}: choose from {', '.join(_MAKERS)}")
        if _START.search(match[4]):
            raise ValueError(f"the block {name} has no <!-- end --> before the next one begins")
        return f"{match[1]}{_MAKERS[match[2]](Path(root) / 'figures' / match[3])}\n{match[5]}"

    return _BLOCK.sub(make, text)


def _folders(folder: Path) -> list[Path]:
    """The folder, or those of all committed profiles."""
    root = folder.parents[1]
    return [root / "figures" / name for name in committed(root)] if folder.name == ALL else [folder]


def _records_digest(folder: Path) -> str:
    """Of all committed records, whatever the folder."""
    root = folder.parents[1]
    digest, count = records.overall_digest(root / "figures", [f"{name}/records" for name in committed(root)])
    return f"The SHA-256 of all {count:,} records is `{digest}`."


def _claims(folder: Path) -> str:
    if not any((folder / "records").glob("*.json")):
        return f"Nothing of profile `{folder.name}` is on record yet."
    table, _ = ledger.of_folder(folder)
    table["verdict"] = [f"**{verdict}**" for verdict in table["verdict"]]
    table["notebook"] = [f"[{name[:2]}](../notebooks/{name}.ipynb)" for name in table["notebook"]]  # from docs/
    return claims_markdown(table)


def _claims_of_all(folder: Path) -> str:
    """Of all committed scales, whatever the folder: each claim at the largest that says something of it."""
    root = folder.parents[1]
    tables = {name: ledger.of_folder(root / "figures" / name)[0] for name in committed(root)}
    return largest_scale_markdown(tables)


def largest_scale_markdown(tables: dict[str, pd.DataFrame]) -> str:
    """The claims at the largest scale of each (`ledger.at_largest_scale`), and what the other scales say, as Markdown.

    tables : name of a profile -> its ledger, the smallest scale first.
    """
    found = ledger.at_largest_scale(tables)
    claims, arithmetic = (found[found["group"] == group] for group in (ledger.CLAIM, ledger.ARITHMETIC))
    rows = [
        {
            "id": row.id,
            "claim": row.claim,
            "paper": _number(row.paper),
            "ours": f"{_measured(row)} {row.unit}",
            "verdict": f"**{row.verdict}**",
            "scale": f"`{row.profile}`" + (", n = " + row.scope.partition(", n = ")[2] if row.scope else ""),
            "other scales": _others(tables, row),
        }
        for row in claims.itertuples()
    ]
    counts = "; ".join(
        f"{verdict}: {', '.join(claims.loc[claims['verdict'] == verdict, 'id'])}"
        for verdict in (*rules.VERDICTS, rules.NOT_MEASURED)
        if (claims["verdict"] == verdict).any()
    )
    turned = claims[claims["contradicted_by"] != ""]
    scales = "; ".join(_scale(name) for name in tables)
    agree = "Where a claim is judged at several scales, they agree" if len(tables) > 1 else "One scale is on record"
    against = ", ".join(f"{row.id} ({row.contradicted_by})" for row in turned.itertuples())
    sums = ", ".join(f"{row.id} {row.verdict}" for row in arithmetic.itertuples())
    lines = [
        f"{counts[0].upper()}{counts[1:]}.",
        f"**Scales disagree** on {against}: a smaller scale said the opposite." if against else f"{agree}.",
        f"Scales: {scales}; the paper's are 10,000 × 1,024 and 40,000 × 1,024.",
        f"The paper's arithmetic, which no run could change, is counted apart: {sums}.",
    ]
    table = pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True)
    return f"{_compact(table)}\n\n" + " ".join(lines)


def _scale(name: str) -> str:
    setting = profile(name)
    spent = "" if setting.budget_seeds else ", where a share of the time is that share of the steps"
    encoder = f"autoencoder {setting.autoencoder_steps:,} × {setting.autoencoder_batch:,}"
    return f"`{name}` is {setting.steps:,} × {setting.batch:,} ({encoder}){spent}"


def _others(tables: dict[str, pd.DataFrame], row: Any) -> str:
    """What the other scales say: their verdicts too if they are other ones, in bold if they are the opposite."""
    others = {name: next(tables[name][tables[name]["id"] == row.id].itertuples()) for name in row.elsewhere.split()}
    said = []
    for verdict, group in groupby(others, lambda name: others[name].verdict):
        names = list(group)
        text = ", ".join(f"`{name}` {_measured(others[name])}" for name in names)
        text += f": {verdict}" if verdict != row.verdict else ""
        said.append(f"**{text}**" if set(names) & set(row.contradicted_by.split()) else text)
    return "; ".join(said)


def _compact(markdown: str) -> str:
    """A Markdown table without the spaces that line its columns up: the README has to stay short."""
    return re.sub(r"-{3,}", "---", re.sub(r" {2,}\|", " |", markdown))


def claims_markdown(table: pd.DataFrame) -> str:
    """The ledger (`paperlib.claims.ledger.table`) as two Markdown tables, claims and the paper's arithmetic, without
    remarks: they make lines too long to read."""
    table = table.astype(object)
    table["paper"] = [_number(value) for value in table["paper"]]
    table["ours"] = [_measured(row) for row in table.itertuples()]
    table["min. detectable"] = [f"{value:.2g}" if value == value else "" for value in table["minimum_detectable"]]
    shown = ["id", "claim", "unit", "paper", "ours", "min. detectable", "verdict", "scope", "notebook"]
    claims = table.loc[table["group"] == ledger.CLAIM, shown].to_markdown(index=False, disable_numparse=True)
    shown = ["id", "claim", "unit", "paper", "ours", "verdict"]
    arithmetic = table.loc[table["group"] == ledger.ARITHMETIC, shown].to_markdown(index=False, disable_numparse=True)
    return f"{claims}\n\nThe paper's arithmetic, which no run could change:\n\n{arithmetic}"


def _splits(folder: Path) -> str:
    table = tables.runs(_shown("fig5_split_accuracies", folder))
    rows = tables.spread(table.sort_values("split", kind="stable"), ["split", "selection"])
    rows["split"] = [f"{100 * split:g} / {100 - 100 * split:g}" for split in rows["split"]]
    return _to_one_digit(rows)


def _controls(folder: Path) -> str:
    runs = tables.runs(_shown("controls", folder))
    rows = controls.differences(controls.arms(runs[runs["split"] >= 0.9], profile(folder.name).k))
    rows["split"] = [f"{100 * split:g} / {100 - 100 * split:g}" for split in rows["split"]]
    rows["difference"] = [f"{row.difference:+.1f} ({row.low:+.1f} to {row.high:+.1f})" for row in rows.itertuples()]
    rows["minimum detectable"] = [f"{value:.1f}" for value in rows["minimum detectable"]]
    rows["n"] = [f"{row.n} + {row.n_other}" for row in rows.itertuples()]
    return rows.drop(columns=["low", "high", "n_other"]).to_markdown(index=False, disable_numparse=True)


def _methods(folder: Path) -> str:
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
        rows[f"{100 * split:g} / {100 - 100 * split:g}"] = pd.Series(cells)
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


def _riddle(folder: Path) -> str:
    rows = riddle.conditions(
        riddle.table(_planned(riddle.runs, folder)), round(profile(folder.name).steps * plans.TIME_SHARE)
    )
    for arm in ("full set alone", "subset first (50 / 50)"):
        rows[arm] = ["" if value != value else f"{value:.1f}" for value in rows[arm]]
    return rows.to_markdown(index=False, disable_numparse=True)


def _cost(folder: Path) -> str:
    lengths, feeds = (_planned(plan, folder) for plan in (plans.length_runs, plans.feed_runs))
    [autoencoder] = _shown("fig4_reconstructions", folder)
    before = cost.parts(autoencoder, lengths)
    overhead = sum(before.values())
    rows = cost.break_even_by_feed(cost.curves(lengths, overhead), cost.paces(feeds), overhead)
    rows["trainings_to_break_even"] = [_trainings(count) for count in rows["trainings_to_break_even"]]
    for column in ("accuracy", "full_set_s", "subset_first_s", "saved_s"):
        rows[column] = ["never" if np.isinf(value) else f"{value:.1f}" for value in rows[column]]
    charged = ", ".join(f"{name} {seconds:,.1f} s" for name, seconds in before.items())
    names = [
        "feed",
        "accuracy (%)",
        "full set alone (s)",
        "eq. 4 first (s)",
        "saved a training (s)",
        "trainings to break even",
    ]
    return f"Charged once: {charged}.\n\n{rows.set_axis(names, axis=1).to_markdown(index=False, disable_numparse=True)}"


def _encoders(folder: Path) -> str:
    return _factors(folder, factors.encoders)


def _readings(folder: Path) -> str:
    return _factors(folder, lambda found, setting: factors.readings(found, setting, plans.ALTERNATIVE_READINGS))


def _factors(folder: Path, table_of: Callable[[list[dict], Profile], pd.DataFrame]) -> str:
    """What notebook 14 shows of one of its questions."""
    dataset = records.data_set(records.read_all(folder / "records"))
    planned = plans.open_question_runs(profile(folder.name), dataset)
    found, missing = study.on_record(planned, folder / "records")
    rows = factors.summary(table_of(found, profile(folder.name)))
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
    text = shown.to_markdown(index=False, disable_numparse=True)
    return f"{text}\n\n{len(missing)} of the runs that notebook 14 plans are not on record yet." if missing else text


def _ends(low: float, high: float) -> str:
    return "" if np.isnan(low) else f" ({low:+.1f} to {high:+.1f})"


def _digits(value: float, digits: int) -> str:
    return "–" if np.isnan(value) else f"{value:.{digits}f}"


def _weak_random(folder: Path) -> str:
    runs, planned = _reasons(folder)
    usual = runs[weak_random.AS_READ]
    if usual.empty:
        return f"Nothing of profile `{folder.name}` at 100 / 0 is on record yet."
    hours = usual["train_s"].median() / 3600
    rows = [
        {
            "possible reason": row["reason"],
            **{
                name: f"{_digits(row[arm].value, 1)}{_changed(row[f'{arm} change'])}"
                for arm, name in zip(weak_random.ARMS, ("random (%)", "eq. 4 (%)"))
            },
            "n": f"{row['random'].n} + {row['top_activations'].n}",
            "could explain": row["explains"],
            "planned": f"{row['missing']} runs, {row['missing'] * hours:.1f} h" if row["missing"] else "",
        }
        for _, row in weak_random.table(runs, planned).iterrows()
    ]
    about = "In brackets: the change of that arm, in points, with Welch's 95 % interval; each row by itself."
    return f"{pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True)}\n\n{about}"


def _reasons(folder: Path) -> tuple[dict[str, pd.DataFrame], dict[str, int]]:
    """Possible reasons of a weak random arm -> runs on record at 100 / 0, and how many are planned."""
    setting = profile(folder.name)
    found, dataset = folder / "records", records.data_set(records.read_all(folder / "records"))

    def alone(runs: Sequence[Run]) -> list[Run]:
        both = [run for run in runs if run.selection in weak_random.ARMS and not run.variant]
        return [run for run in both if run.split == 1]

    plain = alone(plans.split_runs(setting, dataset))
    plan = {weak_random.AS_READ: plain, **plans.weak_random_runs(setting, dataset)}
    for k in setting.compared_sizes:
        if k < setting.k:
            fewer = [run for run in alone(plans.method_runs(setting, dataset)) if run.k == k]
            plan[f"fewer samples: {k:,}"] = fewer
    plan = {reason: runs for reason, runs in plan.items() if runs}
    on_record = {reason: study.on_record(runs, found)[0] for reason, runs in plan.items()}
    tables_of = {reason: tables.runs(some) for reason, some in on_record.items()}
    tables_of["raw weights, no average (R5)"] = tables.runs(on_record[weak_random.AS_READ], "raw")
    planned = {reason: len(runs) for reason, runs in plan.items()} | {"raw weights, no average (R5)": len(plain)}
    for name in ("steps", "paper"):
        longer = profile(name)
        if longer.steps * longer.batch > setting.steps * setting.batch:
            reason = f"longer training: {longer.steps:,} × {longer.batch:,}, {facts.passes(longer)} passes"
            runs = alone(plans.split_runs(longer, dataset))
            tables_of[reason] = tables.runs(study.on_record(runs, folder.parent / name / "records")[0])
            planned[reason] = len(tables_of[reason])  # of another profile's plan
    return tables_of, planned


def _changed(found: Any) -> str:
    if np.isnan(found.value):
        return ""
    return f" ({found.value:+.1f}" + ("" if np.isnan(found.low) else f", {found.low:+.1f} to {found.high:+.1f}") + ")"


def _weights(folder: Path) -> str:
    """Claims whose numbers depend on the weights that are tested (reading R5), at every scale, whatever the folder."""
    root, rows = folder.parents[1], []
    for scale in committed(root):
        found = records.read_all(root / "figures" / scale / "records")
        as_read, *others = (ledger.table(found, scale, average) for average in tables.AVERAGES)
        for number, row in as_read[as_read["verdict"] != rules.NOT_MEASURED].iterrows():
            alike = [other.loc[number] for other in others]
            if any(one["ours"] != row["ours"] for one in alike):
                cells = [_measured(one) + _unless_alike(one["verdict"], row["verdict"]) for one in alike]
                about = (number, row["id"], row["claim"], row["unit"], f"`{scale}`")
                rows.append((*about, f"{_measured(row)}, {row['verdict']}", *cells))
    names = ["number", "id", "claim", "unit", "scale", "average, as read", "average, constant decay", "raw weights"]
    table = pd.DataFrame(rows, columns=names).sort_values("number", kind="stable").drop(columns="number")
    return table.to_markdown(index=False, disable_numparse=True)


def _spikes(folder: Path) -> str:
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


def _trainings(count: float) -> str:
    return "never" if np.isinf(count) else f"{count:,.0f}"


def _precision(folder: Path) -> str:
    table = tables.runs(_shown("precision", folder))
    differences = tables.precision_differences(table).assign(precision="paired difference (points)")
    both = [tables.spread(table, ["precision"]), tables.spread(differences, ["precision"], "difference")]
    return _to_one_digit(pd.concat(both))


def _shown(picture: str, folder: Path) -> list[dict]:
    """The records that a picture in `folder` shows, where `folder` is named for its profile."""
    return pictures.on_record(picture, profile(folder.name), _data_set(folder), folder)


def _planned(plan: Callable[..., Sequence[AnyRun]], folder: Path) -> list[dict]:
    """The records of those runs of a plan that are in `folder`/records."""
    return study.on_record(plan(profile(folder.name), _data_set(folder)), folder / "records")[0]


def _data_set(folder: Path) -> records.DataSet:
    return records.data_set(records.read_all(folder / "records"))


def _to_one_digit(rows: pd.DataFrame) -> str:
    for column in ("mean", "sd", "lowest", "highest"):
        rows[column] = [f"{value:.1f}" for value in rows[column]]
    return rows.to_markdown(index=False, disable_numparse=True)


_MAKERS: dict[str, Callable[[Path], str]] = {
    "records-digest": _records_digest,
    "claims": lambda folder: _claims_of_all(folder) if folder.name == ALL else _compact(_claims(folder)),
    "scale": lambda folder: _compact(facts.scale(_folders(folder))),
    "durations": facts.durations,
    "trainings": lambda folder: facts.trainings(_folders(folder)),
    "profiles": lambda _: facts.profiles(),
    "splits": _splits,
    "controls": _controls,
    "methods": _methods,
    "riddle": _riddle,
    "cost": _cost,
    "weak-random": _weak_random,
    "weights": _weights,
    "spikes": _spikes,
    "encoders": _encoders,
    "readings": _readings,
    "predictions": lambda folder: predictions.markdown(folder.parents[1]),
    "precision": _precision,
    "speed": speed.markdown,
}


def _number(value: float | None) -> str:
    return "–" if value is None or value != value else f"{value:g}"


def _measured(row: Any) -> str:
    if row.ours != row.ours:
        return "–"
    digits = 2 if abs(row.ours) < 10 else 1 if abs(row.ours) < 1000 else 0
    if row.sd == row.sd:
        return f"{row.ours:,.{digits}f} ± {row.sd:,.{digits}f}"
    if row.low == row.low:  # a difference or a ratio
        return f"{row.ours:.{digits}f} ({row.low:.{digits}f} to {row.high:.{digits}f})"
    return _number(round(row.ours, digits))  # one value has no spread


if __name__ == "__main__":
    try:
        for page in pages(Path()):
            page.write_text(refresh(page.read_text(encoding="utf-8"), Path()), encoding="utf-8")
    except (ValueError, OSError) as error:
        sys.exit(str(error))
