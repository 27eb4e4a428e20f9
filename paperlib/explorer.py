"""A method and a k, what they choose of samples, and pictures of it: still, or changed with widgets."""

import matplotlib.pyplot as plt

from paperlib import figures, figures_own, manifest
from paperlib.selection import METHODS, NEED_LABELS, select


class Choice:
    """What a method chooses of `Samples` (paperlib.own_data) by their embeddings (N, n); `indices` (k,) int64."""

    def __init__(self, samples, embeddings, embedding, *, seed=0):
        """embedding: of `paperlib.embedding.plan`."""
        self.samples, self.embeddings, self.embedding, self.seed = samples, embeddings, embedding, seed

    def choose(self, method, k, options=None):
        """Choose k samples by a method of `METHODS`; on an error (see `select`) the choice before it stays."""
        options = options or {}
        self.indices = select(self.embeddings, k, method, labels=self.samples.labels, seed=self.seed, **options)
        self.method, self.k, self.options = method, k, options
        return self

    def methods(self):
        """The names of the methods that can be used: without labels, those that do not need any."""
        return [name for name in METHODS if self.samples.labels is not None or name not in NEED_LABELS]

    def note(self):
        return f"{self.samples.name}, {self.method}, {len(self.indices):,} of {len(self.samples):,} samples"

    def pictures(self):
        """Pictures of what is kept and left out: name -> (figure, table behind it or None)."""
        note, drawn = self.note(), {}
        if self.samples.images is not None:
            drawn["kept"] = figures_own.kept_and_left_out(self.samples.images, self.indices, note), None
        else:
            drawn["embeddings"] = figures_own.embedding_plane(self.embeddings, self.indices, note), None
        if self.samples.labels is not None:
            table = manifest.class_counts(self.samples, self.indices)
            drawn["classes"] = figures_own.class_balance(table, note), table
        return drawn

    def save(self, root, source):
        """Write indices, manifest and pictures to a folder in `root`, see `manifest.write` -> path of that folder."""
        run = manifest.describe(
            self.samples, method=self.method, options=self.options, k=self.k, seed=self.seed, embedding=self.embedding
        )
        folder = manifest.write(root, self.indices, self.samples, source, run)
        for name, (figure, table) in self.pictures().items():
            figures.save(figure, folder, name, table)
            plt.close(figure)  # shown already
        return folder


def show(choice, *, interactive):
    """Show a choice: as pictures, or above them with widgets that choose again (returned to be displayed)."""
    if interactive:
        return widgets(choice)
    choice.pictures()  # a notebook shows figures that are open when a cell ends


def widgets(choice):
    """Widgets for the method and for k, and pictures that follow them; `choice` is changed in place."""
    import ipywidgets
    from IPython.display import display

    method = ipywidgets.Dropdown(options=choice.methods(), value=choice.method, description="method")
    k = ipywidgets.IntSlider(choice.k, 1, len(choice.samples), description="k", continuous_update=False)
    k.layout.width = "40em"
    shown = ipywidgets.Output()

    options = {choice.method: choice.options}  # they belong to the method that they were given for

    def draw(message=None):
        shown.clear_output(wait=True)
        with shown:
            if message:
                print(message)
                return
            for figure, _ in choice.pictures().values():
                display(figure)
                plt.close(figure)

    def changed(_):
        try:
            choice.choose(method.value, k.value, options.get(method.value))
        except (ValueError, ImportError) as error:  # what the method says of these samples is the answer
            draw(error)
        else:
            draw()

    for widget in (method, k):
        widget.observe(changed, "value")
    draw()
    return ipywidgets.VBox([ipywidgets.HBox([method, k]), shown])
