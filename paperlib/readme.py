"""Write the README's tables anew from the committed records: `python -m paperlib.readme README.md`."""

import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from paperlib import claims, comparison, controls, cost, plans, records, riddle, speed, study, tables
from paperlib.profiles import profile

# <!-- NAME:FOLDER --> ... <!-- end --> in the README holds what the function of that name makes of figures/FOLDER.
_BLOCK = re.compile(r"(<!-- (\w+):(\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def refresh(text, root):
    """The README's text with every generated block made from what lies under `root`/figures."""

    def make(match):
        return f"{match[1]}{_MAKERS[match[2]](Path(root) / 'figures' / match[3])}\n{match[4]}"

    return _BLOCK.sub(make, text)


def _claims(folder):
    table, _ = claims.of_folder(folder)
    table["verdict"] = [f"**{verdict}**" for verdict in table["verdict"]]
    table["notebook"] = [f"[{name[:2]}](notebooks/{name}.ipynb)" for name in table["notebook"]]
    return claims_markdown(table)


def claims_markdown(table):
    """The ledger (`paperlib.claims.table`) as a Markdown table, without remarks: they make lines too long to read."""
    table = table.astype(object)
    table["paper"] = [_number(value) for value in table["paper"]]
    table["ours"] = [_measured(row) for row in table.itertuples()]
    table["can tell"] = [f"{value:.2g}" if value == value else "" for value in table["resolution"]]
    shown = table[["id", "claim", "unit", "paper", "ours", "n", "can tell", "verdict", "notebook"]]
    return shown.to_markdown(index=False, disable_numparse=True)


def _splits(folder):
    table = _planned(plans.split_runs, folder)
    rows = tables.spread(table.sort_values("split", kind="stable"), ["split", "selection"])
    rows["split"] = [f"{100 * split:g} / {100 - 100 * split:g}" for split in rows["split"]]
    return _to_one_digit(rows)


def _controls(folder):
    size, k = _union_size(folder), profile(folder.name).k
    runs = _planned(lambda *of: plans.control_runs(*of, size) + plans.split_runs(*of), folder)
    rows = controls.differences(controls.arms(runs[runs["split"] >= 0.9], k))
    rows["split"] = [f"{100 * split:g} / {100 - 100 * split:g}" for split in rows["split"]]
    rows["difference"] = [f"{row.difference:+.1f} ({row.low:+.1f} to {row.high:+.1f})" for row in rows.itertuples()]
    rows["can tell"] = [f"{value:.1f}" for value in rows["can tell"]]
    return rows.drop(columns=["low", "high"]).to_markdown(index=False, disable_numparse=True)


def _methods(folder):
    k = profile(folder.name).k
    runs = comparison.accuracies(_records_of(plans.method_runs, folder)[0])
    found = comparison.differences(runs)
    found = found[found["k"] == k].sort_values("difference", ascending=False)
    rows = comparison.subsets(_records_of(plans.selection_runs, folder)[0])
    rows = rows[rows["k"] == k].set_index("method")
    for split, some in found.groupby("split"):
        cells = {row.method: f"{row.difference:+.1f} ({row.low:+.1f} to {row.high:+.1f})" for row in some.itertuples()}
        rows[f"{100 * split:g} / {100 - 100 * split:g}"] = pd.Series(cells)
    rows = rows.reindex(["random", *found.loc[found["split"] == 1, "method"]]).fillna("–")
    rows["classes (%)"] = [f"{low:.0f} to {high:.0f}" for low, high in zip(rows["fewest of a class"], rows["most of a class"])]
    for column, digits in (("mean distance", 3), ("seconds", 2), ("MiB", 0)):
        rows[column] = [f"{value:,.{digits}f}" for value in rows[column]]
    columns = ["100 / 0", "90 / 10", "classes (%)", "mean distance", "seconds", "MiB"]
    n = found["n"].unique()
    table = rows.reset_index()[["method", *columns]].to_markdown(index=False, disable_numparse=True)
    return f"k = {k:,}, n = {', '.join(map(str, n))} pairs.\n\n{table}"


def _riddle(folder):
    found, _ = _records_of(plans.riddle_runs, folder)
    rows = riddle.conditions(riddle.table(found), round(profile(folder.name).steps * plans.TIME_SHARE))
    for arm in ("full set alone", "subset first (50 / 50)"):
        rows[arm] = ["" if value != value else f"{value:.1f}" for value in rows[arm]]
    return rows.to_markdown(index=False, disable_numparse=True)


def _cost(folder):
    lengths, feeds = (_records_of(plan, folder)[0] for plan in (plans.length_runs, plans.feed_runs))
    autoencoder = _records_of(lambda *of: [plans.autoencoder_run(*of)], folder)[0][0]
    before = cost.parts(autoencoder, lengths)
    overhead = sum(before.values())
    rows = cost.break_even_by_feed(cost.curves(lengths, overhead), cost.paces(feeds), overhead)
    rows["trainings_to_break_even"] = [_trainings(count) for count in rows["trainings_to_break_even"]]
    for column in ("accuracy", "full_set_s", "subset_first_s", "saved_s"):
        rows[column] = ["never" if np.isinf(value) else f"{value:.1f}" for value in rows[column]]
    charged = ", ".join(f"{name} {seconds:,.1f} s" for name, seconds in before.items())
    names = ["feed", "accuracy (%)", "full set alone (s)", "eq. 4 first (s)", "saved a training (s)", "trainings to break even"]
    return f"Charged once: {charged}.\n\n{rows.set_axis(names, axis=1).to_markdown(index=False, disable_numparse=True)}"


def _trainings(count):
    return "never" if np.isinf(count) else f"{count:,.0f}"


def _union_size(folder):
    return int(_planned(lambda *of: [plans.union_run(*of)], folder)["subset_size"].iloc[0])


def _precision(folder):
    table = _planned(plans.precision_runs, folder)
    differences = tables.precision_differences(table).assign(precision="paired difference (points)")
    both = [tables.spread(table, ["precision"]), tables.spread(differences, ["precision"], "difference")]
    return _to_one_digit(pd.concat(both))


def _planned(plan, folder):
    """The table of those runs of a plan that are in `folder`/records, where `folder` is named for its profile."""
    return tables.runs(_records_of(plan, folder)[0])


def _records_of(plan, folder):
    dataset = records.data_set(records.read_all(folder / "records"))
    return study.on_record(plan(profile(folder.name), dataset), folder / "records")


def _to_one_digit(rows):
    for column in ("mean", "sd", "lowest", "highest"):
        rows[column] = [f"{value:.1f}" for value in rows[column]]
    return rows.to_markdown(index=False, disable_numparse=True)


_MAKERS = {
    "claims": _claims,
    "splits": _splits,
    "controls": _controls,
    "methods": _methods,
    "riddle": _riddle,
    "cost": _cost,
    "precision": _precision,
    "speed": speed.markdown,
}


def _number(value):
    return "–" if value is None or value != value else f"{value:g}"


def _measured(row):
    if not row.n:
        return "–"
    digits = 2 if abs(row.ours) < 10 else 1
    if row.sd != row.sd:  # one value has none
        return _number(round(row.ours, digits))
    return f"{row.ours:.{digits}f} ± {row.sd:.{digits}f}"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(refresh(path.read_text(), path.parent))
