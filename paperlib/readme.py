"""Write the README's tables anew from the committed records: `python -m paperlib.readme README.md`."""

import re
import sys
from pathlib import Path

import pandas as pd

from paperlib import claims, controls, plans, records, speed, study, tables
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


def _union_size(folder):
    return int(_planned(lambda *of: [plans.union_run(*of)], folder)["subset_size"].iloc[0])


def _precision(folder):
    table = _planned(plans.precision_runs, folder)
    differences = tables.precision_differences(table).assign(precision="paired difference (points)")
    both = [tables.spread(table, ["precision"]), tables.spread(differences, ["precision"], "difference")]
    return _to_one_digit(pd.concat(both))


def _planned(plan, folder):
    """The table of those runs of a plan that are in `folder`/records, where `folder` is named for its profile."""
    dataset = records.data_set(records.read_all(folder / "records"))
    return tables.runs(study.on_record(plan(profile(folder.name), dataset), folder / "records")[0])


def _to_one_digit(rows):
    for column in ("mean", "sd", "lowest", "highest"):
        rows[column] = [f"{value:.1f}" for value in rows[column]]
    return rows.to_markdown(index=False, disable_numparse=True)


_MAKERS = {"claims": _claims, "splits": _splits, "controls": _controls, "precision": _precision, "speed": speed.markdown}


def _number(value):
    return "–" if value is None or value != value else f"{value:g}"


def _measured(row):
    if not row.n:
        return "–"
    digits = 2 if abs(row.ours) < 10 else 1
    if row.n == 1:
        return _number(round(row.ours, digits))
    return f"{row.ours:.{digits}f} ± {row.sd:.{digits}f}"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(refresh(path.read_text(), path.parent))
