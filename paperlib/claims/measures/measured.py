"""What a measure gives."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from paperlib.analysis.statistics import Estimate, mean


@dataclass(frozen=True)
class Measured:
    """What came out for one claim.

    Attributes
    ----------
    estimate : Estimate
        What the ledger shows; without a value where the records hold nothing of it.
    remark : str
        How it came about, and what stands beside it.
    tested : object
        What the claim's rule is asked about, if not the estimate: several estimates, or single values.
    terms : dict
        What the rule needs to know besides what `claims.yaml` says.
    records : tuple of str
        Hashes of the records that it is computed from, sorted.
    beside : tuple of str
        Hashes of those that only the remark is made from.
    spread : tuple of (float, int), optional
        Pooled standard deviation and its degrees of freedom, for the minimum detectable difference.
    detectable : float
        That difference, where it is not one of means.
    counted : str
        What `n` of the estimate counts: runs, or autoencoders ("n"), or degrees of freedom ("d.f.").
    """

    estimate: Estimate = Estimate()
    remark: str = ""
    tested: Any = None
    terms: dict = field(default_factory=dict)
    records: tuple = ()
    beside: tuple = ()
    spread: tuple[float, int] | None = None
    detectable: float = float("nan")
    counted: str = "n"

    @property
    def everything(self) -> list[str]:
        """Hashes of all records that the claim's row of the ledger is made from, sorted."""
        return sorted({*self.records, *self.beside})


def hashes(*sources: pd.DataFrame | Iterable[dict]) -> tuple:
    """Hashes of the records behind tables with a column `record`, or of records themselves."""
    found = set()
    for source in sources:
        found |= set(source["record"]) if isinstance(source, pd.DataFrame) else {record["hash"] for record in source}
    return tuple(sorted(found))


def singly(values: Iterable[float], remark: str, records: tuple) -> Measured:
    """Values that a rule looks at one by one; their mean is shown."""
    values = list(values)
    if not values:
        return Measured()
    return Measured(mean(values), remark, tested=values, records=records)


def signed(found: Estimate, digits: int = 1) -> str:
    """An estimate in words: its value and its interval, or that no interval is known."""
    if found.value != found.value:
        return "not on record"
    ends = f"{found.low:+.{digits}f} to {found.high:+.{digits}f}" if found.low == found.low else "too few runs"
    return f"{found.value:+.{digits}f} ({ends})"
