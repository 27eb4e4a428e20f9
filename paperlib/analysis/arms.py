"""The arms that the paper compares: what each is called, and how it is drawn."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Arm:
    """Classifiers whose first phase is on samples of the same selection.

    key: the selection, as in `paperlib.study.runs.Run`. name, short: in words. color: of Okabe and Ito's palette, which
    colour-blind readers can tell apart. marker: Matplotlib's.
    """

    key: str
    name: str
    short: str
    color: str
    marker: str

    @property
    def alone(self) -> str:
        """What runs are called whose only set of samples is this one."""
        return f"{self.short} alone"

    @property
    def first(self) -> str:
        """What runs are called that begin with these samples."""
        return self.alone if self.key == "full" else f"{self.short} first"


def split_name(share: float) -> str:
    """A share of the steps on the subset as the paper writes it.

    >>> split_name(0.9), split_name(1)
    ('90 / 10', '100 / 0')
    """
    return f"{100 * share:g} / {100 - 100 * share:g}"


ARMS = {
    arm.key: arm
    for arm in (
        Arm("full", "full set", "full set", "#E69F00", "s"),
        Arm("random", "random", "random", "#0072B2", "o"),
        Arm("top_activations", "embedding-based (eq. 4)", "eq. 4", "#D55E00", "D"),
    )
}
