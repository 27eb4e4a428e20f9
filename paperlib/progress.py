"""What a long run says while it runs: a bar for people who watch, a line now and then for logs."""

import sys

from tqdm.auto import tqdm

STYLES = ("bar", "lines", "none")
_SECONDS_BETWEEN_LINES = 15


class Progress:
    """Steps done and left over all runs of a plan, in one of `STYLES`."""

    def __init__(self, style="bar"):
        if style not in STYLES:
            raise ValueError(f"progress is {style!r}: choose from {', '.join(STYLES)}")
        self.style = style

    def start(self, steps, found):
        """Announce `steps` steps to do; `found` runs were on record already."""
        self._left = steps
        self._done = 0
        self._say(f"{found} runs on record; {steps:,} steps to train")
        lines = dict(
            mininterval=_SECONDS_BETWEEN_LINES,
            file=sys.stdout,
            bar_format="  {n_fmt} of {total_fmt} steps, {elapsed} passed, {remaining} left, {desc}\n",
        )
        self._bar = tqdm(total=steps, unit="step", disable=self.style == "none", **(lines if self.style == "lines" else {}))

    def begin(self, label, expected):
        """The run `label` begins, of about `expected` steps; the one before it has ended."""
        if self._done:  # a run that the clock ends takes more or fewer steps than expected
            self._bar.total += self._bar.n - self._done
        self._done = self._bar.n + expected
        self._bar.set_description_str(label, refresh=False)

    def step(self):
        self._bar.update()

    def finish(self):
        self._bar.close()

    def _say(self, text):
        if self.style != "none":
            print(text, flush=True)
