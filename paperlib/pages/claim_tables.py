"""The claims as Markdown tables, for the pages."""

import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd

from paperlib.claims import ledger, rules
from paperlib.study.profiles import committed, profile

_COUNTED = re.compile(r", (?:n|d\.f\.) = .*")  # at the end of a scope: runs and autoencoders
COLUMNS = ("id", "claim", "unit", "paper", "ours", "min. detectable", "verdict", "scope", "notebook")


def of_profile(folder: Path) -> str:
    """Of one scale, whose figures lie in `folder`."""
    if not any((folder / "records").glob("*.json")):
        return f"Nothing of profile `{folder.name}` is on record yet."
    table = ledger.of_folder(folder)
    table = table[table["group"] == ledger.CLAIM]
    table["verdict"] = [f"**{verdict}**" for verdict in table["verdict"]]
    table["notebook"] = [f"[{name[:2]}](../notebooks/{name}.ipynb)" for name in table["notebook"]]  # from docs/
    return compact(claims_markdown(table))


def arithmetic(folder: Path) -> str:
    """The paper's arithmetic, whatever the folder: no scale changes it."""
    root = folder.parents[1]
    table = ledger.of_folder(root / "figures" / committed(root)[0])
    table = table[table["group"] == ledger.ARITHMETIC]
    return compact(claims_markdown(table, ["id", "claim", "unit", "paper", "ours", "verdict"]))


def of_all(folder: Path) -> str:
    """Of all committed scales, whatever the folder: each claim at the largest that says something of it."""
    root = folder.parents[1]
    tables = {name: ledger.of_folder(root / "figures" / name) for name in committed(root)}
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
            "paper": number(row.paper),
            "ours": f"{measured(row)} {row.unit}",
            "verdict": f"**{row.verdict}**",
            "scale": f"`{row.profile}`" + "".join(_COUNTED.findall(row.scope)),
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
    timed = [f"`{name}`" for name in tables if not profile(name).budget_seeds]
    agree = "No claim has opposite verdicts at two scales" if len(tables) > 1 else "One scale is on record"
    against = ", ".join(f"{row.id} ({row.contradicted_by})" for row in turned.itertuples())
    sums = ", ".join(f"{row.id} {row.verdict}" for row in arithmetic.itertuples())
    lines = [
        f"{counts[0].upper()}{counts[1:]}.",
        f"**Scales disagree** on {against}: a smaller scale said the opposite." if against else f"{agree}.",
        *([f"At {' and '.join(timed)}, a share of the time is that share of the steps."] if timed else []),
        f"The paper's arithmetic, which no run could change, is counted apart: {sums}.",
    ]
    table = pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True)
    return f"{compact(table)}\n\n" + " ".join(lines)


def _others(tables: dict[str, pd.DataFrame], row: Any) -> str:
    """What the other scales say: their verdicts too if they are other ones, in bold if they are the opposite."""
    others = {name: next(tables[name][tables[name]["id"] == row.id].itertuples()) for name in row.elsewhere.split()}
    said = []
    for verdict, group in groupby(others, lambda name: others[name].verdict):
        names = list(group)
        text = ", ".join(f"`{name}` {measured(others[name])}" for name in names)
        text += f": {verdict}" if verdict != row.verdict else ""
        said.append(f"**{text}**" if set(names) & set(row.contradicted_by.split()) else text)
    return "; ".join(said)


def compact(markdown: str) -> str:
    """A Markdown table without the spaces that line its columns up: the README has to stay short."""
    return re.sub(r"-{3,}", "---", re.sub(r" {2,}\|", " |", markdown))


def claims_markdown(table: pd.DataFrame, columns: Sequence[str] = COLUMNS) -> str:
    """Rows of the ledger (`paperlib.claims.ledger.table`) without remarks, which make lines too long to read."""
    table = table.astype(object)
    table["paper"] = [number(value) for value in table["paper"]]
    table["ours"] = [measured(row) for row in table.itertuples()]
    table["min. detectable"] = [f"{value:.2g}" if value == value else "" for value in table["minimum_detectable"]]
    return table[list(columns)].to_markdown(index=False, disable_numparse=True)


def number(value: float | None) -> str:
    """A number of the paper, or a dash where it gives none."""
    return "–" if value is None or value != value else f"{value:g}"


def measured(row: Any) -> str:
    """What a claim's row of the ledger measured, with its spread or interval."""
    if row.ours != row.ours:
        return "–"
    digits = 2 if abs(row.ours) < 10 else 1 if abs(row.ours) < 1000 else 0
    if row.sd == row.sd:
        return f"{row.ours:,.{digits}f} ± {row.sd:,.{digits}f}"
    if row.low == row.low:  # a difference or a ratio
        return f"{row.ours:,.{digits}f} ({row.low:,.{digits}f} to {row.high:,.{digits}f})"
    return number(round(row.ours, digits))  # one value has no spread
