"""Progress of long runs: a bar for people who watch, or a line now and then for logs."""

import sys

from tqdm import tqdm
from tqdm.auto import tqdm as notebook_or_terminal_tqdm

STYLES = ("bar", "lines", "none")
_SECONDS_BETWEEN_LINES = 15
_LINE = "  {n_fmt} of {total_fmt} steps, {elapsed} passed, {remaining} left, {desc}\n"


class Progress:
    """Steps done and left, over all runs of a plan.

    Parameters
    ----------
    style : {"bar", "lines", "none"}

    Raises
    ------
    ValueError
        For another `style`.
    """

    def __init__(self, style: str = "bar") -> None:
        if style not in STYLES:
            raise ValueError(f"progress is {style!r}: choose from {', '.join(STYLES)}")
        self.style = style

    def start(self, steps: int, found: int | None = None) -> None:
        """Announce the steps to train and how many runs were on record (None: there are no records)."""
        self._expected = 0  # the count of steps at which the run under way is expected to end
        if self.style == "none":
            self._bar = tqdm(total=steps, disable=True)
            return
        print(("" if found is None else f"{found} runs on record; ") + f"{steps:,} steps to train", flush=True)
        if self.style == "bar":
            self._bar = notebook_or_terminal_tqdm(total=steps, unit="step")
        else:
            self._bar = tqdm(total=steps, file=sys.stdout, mininterval=_SECONDS_BETWEEN_LINES, bar_format=_LINE)

    def begin(self, label: str, expected: int) -> None:
        """Note that the run `label` of about `expected` steps begins, and that the one before it has ended."""
        if self._expected:  # a run that the clock ends takes more or fewer steps than expected
            self._bar.total += self._bar.n - self._expected
        self._expected = self._bar.n + expected
        self._bar.set_description_str(label, refresh=False)

    def step(self, steps: int = 1) -> None:
        """Count steps as done."""
        self._bar.update(steps)

    def finish(self) -> None:
        """Close the bar."""
        self._bar.close()
