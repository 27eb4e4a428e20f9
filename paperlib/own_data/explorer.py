"""A method and a k, what they choose of samples, and pictures of it: still, or changed with widgets."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from paperlib.own_data import loading, manifest, method_options
from paperlib.selection import select

if TYPE_CHECKING:
    import ipywidgets
    import pandas as pd
    from matplotlib.figure import Figure

_LISTED = 20  # classes whose counts are printed one by one


class Choice:
    """What a method chooses of `Samples` (paperlib.own_data) by their embeddings (N, n); `indices` (k,) int64."""

    def __init__(
        self,
        samples: loading.Samples,
        embeddings: NDArray,
        embedding: dict[str, Any] | None,
        *,
        seed: int = 0,
        training: dict[str, Any] | None = None,
    ) -> None:
        """embedding: of `paperlib.own_data.embedding.plan`; training: of `paperlib.own_data.embedding.Embedded`."""
        self.samples, self.embeddings, self.embedding, self.seed = samples, embeddings, embedding, seed
        self.training = training

    def choose(self, method: str, k: float | str, options: dict[str, Any] | None = None) -> Choice:
        """Choose by a method of `METHODS`; k as in `loading.samples_to_keep`. On an error the choice before it stays.

        Raises ValueError and ImportError, see `paperlib.selection.select`.
        """
        options, k = options or {}, loading.samples_to_keep(self.samples, k)
        self.indices = select(self.embeddings, k, method, labels=self.samples.labels, seed=self.seed, **options)
        self.method, self.k, self.options = method, k, options
        return self

    def methods(self) -> dict[str, list[method_options.Option]]:
        """The methods that can be used here -> the options that each has, see `method_options.offered`."""
        return method_options.offered(self.samples, self.embeddings)

    def note(self) -> str:
        return f"{self.samples.name}, {self.method}, {len(self.indices):,} of {len(self.samples):,} samples"

    def counts(self) -> str | None:
        """How many samples of each class were chosen, in a line or a few; None without labels."""
        if self.samples.labels is None:
            return None
        rows = manifest.class_counts(self.samples, self.indices)
        if len(rows) <= _LISTED:
            return "Chosen of each class: " + ", ".join(
                f"{row['class']} {row['chosen']:,} of {row['available']:,}" for row in rows
            )
        chosen = sorted(row["chosen"] for row in rows)
        return (
            f"Chosen of each of {len(rows):,} classes: {chosen[0]:,} to {chosen[-1]:,}, "
            f"in the middle {chosen[len(chosen) // 2]:,}"
        )

    def warnings(self) -> list[str]:
        """What should make a reader doubt the choice: classes of which nothing was chosen."""
        if self.samples.labels is None:
            return []
        rows = manifest.class_counts(self.samples, self.indices)
        lost = [row["class"] for row in rows if row["available"] and not row["chosen"]]
        if not lost:
            return []
        names = ", ".join(map(str, lost[:_LISTED])) + (", …" if len(lost) > _LISTED else "")
        room = "" if self.k >= len(rows) else f"; k is {self.k}, less than the {len(rows):,} classes"
        return [
            f"{len(lost):,} of {len(rows):,} classes lose all of their samples: {names}{room}. Choose more samples, "
            "the option quota_per_class of top_activations, or random_balanced"
        ]

    def describe(self) -> str:
        """What was chosen, in words: the number, the classes, the warnings."""
        said = [self.note(), self.counts(), *(f"Warning: {one}" for one in self.warnings())]
        return "\n".join(line for line in said if line)

    def pictures(self) -> dict[str, tuple[Figure, pd.DataFrame | None]]:
        """Pictures of what is kept and left out: name -> (figure, table behind it or None)."""
        import pandas as pd

        from paperlib.figures import own

        note = self.note()
        drawn: dict[str, tuple[Figure, pd.DataFrame | None]] = {}
        if self.samples.images is not None:
            drawn["kept"] = own.kept_and_left_out(self.samples.images, self.indices, note), None
        else:
            drawn["embeddings"] = own.embedding_plane(self.embeddings, self.indices, note), None
        if self.samples.labels is not None:
            table = pd.DataFrame(manifest.class_counts(self.samples, self.indices))
            drawn["classes"] = own.class_balance(table, note), table
        return drawn

    def write(self, root: str | os.PathLike, source: str | os.PathLike) -> Path:
        """Write indices, table and manifest to a folder in `root`, see `manifest.write` -> path of that folder."""
        run = manifest.describe(
            self.samples, method=self.method, options=self.options, k=self.k, seed=self.seed, embedding=self.embedding
        )
        return manifest.write(root, self.indices, self.samples, source, run, training=self.training)

    def save(self, root: str | os.PathLike, source: str | os.PathLike) -> Path:
        """`write`, and the pictures besides."""
        import matplotlib.pyplot as plt

        from paperlib.figures import style

        folder = self.write(root, source)
        for name, (figure, table) in self.pictures().items():
            style.save(figure, folder, name, table)
            plt.close(figure)  # shown already
        return folder


def show(choice: Choice, *, interactive: bool) -> ipywidgets.VBox | None:
    """Show a choice: as pictures, or above them with widgets that choose again (returned to be displayed)."""
    print(choice.describe())
    if interactive:
        return widgets(choice)
    choice.pictures()  # a notebook shows figures that are open when a cell ends
    return None


def widgets(choice: Choice) -> ipywidgets.VBox:
    """Widgets for the method, its options and k, and pictures that follow them; `choice` is changed in place.

    The widgets always show what `choice` holds: where a method refuses, they go back to the choice before, which stays
    in the pictures, and the reason is shown above them.
    """
    import ipywidgets

    offered = choice.methods()
    method = ipywidgets.Dropdown(
        options=list(dict.fromkeys([*offered, choice.method])), value=choice.method, description="method"
    )
    k = ipywidgets.IntSlider(choice.k, 1, len(choice.samples), description="k", continuous_update=False)
    k.layout.width = "40em"
    fields = ipywidgets.HBox([])
    said = ipywidgets.HTML()
    shown = ipywidgets.Output()
    given = {choice.method: choice.options}  # what was last chosen with each method
    drawn_for: list[method_options.Option] = []  # the options that `fields` are of
    busy: list[bool] = []  # not empty while the widgets are set by this code

    def options_of(name: str) -> list[method_options.Option]:
        return offered.get(name) or method_options.of(name)

    def changed(_: object) -> None:
        if busy:
            return
        values = {field.description: field.value for field in fields.children}
        if method.value != choice.method:  # the fields are those of the method before
            values = {one.name: one.default for one in options_of(method.value)} | given.get(method.value, {})
        usual = {one.name: one.default for one in method_options.of(method.value)}
        values = {name: value for name, value in values.items() if value != usual[name]}
        try:
            choice.choose(method.value, k.value, values)
        except (ValueError, ImportError, ArithmeticError) as error:
            say(f"{method.value}: {error}. Still chosen: {choice.note()}")
        else:
            given[choice.method] = choice.options
            say("")
            draw()
        follow()

    def follow() -> None:
        """Make the widgets show the choice."""
        busy.append(True)
        method.value, k.value = choice.method, choice.k
        options = options_of(choice.method)
        if options != drawn_for:  # the same fields stay, and whoever is in one of them stays there
            drawn_for[:] = options
            fields.children = [_field(one) for one in options]
            for field in fields.children:
                field.observe(changed, "value")
        for field, one in zip(fields.children, options):
            field.value = choice.options.get(one.name, one.default)
        busy.clear()

    def say(text: str) -> None:
        import html

        said.value = html.escape(text)

    def draw() -> None:
        import matplotlib.pyplot as plt
        from IPython.display import display

        shown.clear_output(wait=True)
        with shown:
            print(choice.describe())
            for figure, _ in choice.pictures().values():
                display(figure)
                plt.close(figure)

    follow()
    for widget in (method, k):
        widget.observe(changed, "value")
    draw()
    return ipywidgets.VBox([ipywidgets.HBox([method, k]), fields, said, shown])


def _field(option: method_options.Option) -> ipywidgets.Widget:
    """A widget for an option of a method, at its default."""
    import ipywidgets

    if option.choices:
        return ipywidgets.Dropdown(options=option.choices, value=option.default, description=option.name)
    if isinstance(option.default, bool):
        return ipywidgets.Checkbox(value=option.default, description=option.name)
    kind = ipywidgets.IntText if isinstance(option.default, int) else ipywidgets.FloatText
    return kind(value=option.default, description=option.name, continuous_update=False)
