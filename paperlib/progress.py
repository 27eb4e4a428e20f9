"""What a long run says while it runs: a bar for people who watch, a line now and then for logs."""

import sys

from tqdm import tqdm
from tqdm.auto import tqdm as notebook_or_terminal_tqdm

STYLES = ("bar", "lines", "none")
_SECONDS_BETWEEN_LINES = 15
_LINE = "  {n_fmt} of {total_fmt} steps, {elapsed} passed, {remaining} left, {desc}\n"


class Progress:
    """Steps done and left over all runs of a plan, in one of `STYLES`."""

    def __init__(self, style="bar"):
        if style not in STYLES:
            raise ValueError(f"progress is {style!r}: choose from {', '.join(STYLES)}")
        self.style = style

    def start(self, steps, found=None):
        """Announce `steps` steps to do; `found` runs were on record already, where there are records."""
        self._done = 0
        if self.style == "none":
            self._bar = tqdm(total=steps, disable=True)
            return
        print(("" if found is None else f"{found} runs on record; ") + f"{steps:,} steps to train", flush=True)
        if self.style == "bar":
            self._bar = notebook_or_terminal_tqdm(total=steps, unit="step")
        else:
            self._bar = tqdm(total=steps, file=sys.stdout, mininterval=_SECONDS_BETWEEN_LINES, bar_format=_LINE)

    def begin(self, label, expected):
        """The run `label` begins, of about `expected` steps; the one before it has ended."""
        if self._done:  # a run that the clock ends takes more or fewer steps than expected
            self._bar.total += self._bar.n - self._done
        self._done = self._bar.n + expected
        self._bar.set_description_str(label, refresh=False)

    def step(self, steps=1):
        self._bar.update(steps)

    def finish(self):
        self._bar.close()
