"""The command line: `paperlib select DATA`, for anybody's images or embeddings, and `paperlib methods`.

What takes long to import is imported when it is needed: embeddings that were computed elsewhere need NumPy alone.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NoReturn

import click

from paperlib import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from paperlib.own_data.explorer import Choice
    from paperlib.own_data.loading import Samples

FAILED, NOT_LEARNED, INTERRUPTED = 1, 3, 130  # exit codes; click's own for a wrong command line is 2
_PACKAGES = {"PIL": "pillow", "sklearn": "scikit-learn"}  # modules whose package has another name
_PROGRESS = ("auto", "bar", "lines", "none")
_NOT_NEGATIVE = click.IntRange(min=0)


def _methods_and_options() -> str:
    from paperlib.own_data import method_options
    from paperlib.selection import METHODS

    width = max(map(len, METHODS))
    return "\n".join(f"  {name:{width}}  {method_options.said_of(name)}" for name in METHODS)


class _Listed(click.Command):
    """A command whose help ends with the methods and their options."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write("\nMethods, and their options with the values they have unless given (-o NAME=VALUE):\n")
        formatter.write(_methods_and_options() + "\n\n")
        formatter.write(
            "Exit codes: 0 done; 1 the data or a folder is not as it should be; 2 wrong command line;\n"
            "3 the autoencoder learned too little; 130 interrupted.\n"
        )


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="paperlib")
def main() -> None:
    """Choose samples to train on first, by what an autoencoder makes of them."""


@main.command()
def methods() -> None:
    """List the selection methods and their options."""
    click.echo(_methods_and_options())


@main.command("select", cls=_Listed)
@click.argument("data")
@click.option("-k", "wanted", default="0", metavar="K", help="Samples to keep: 500, 0.1 or 10%.  [default: 8.64%]")
@click.option("-m", "--method", default="top_activations", show_default=True, help="See the list below.")
@click.option(
    "-o", "--option", "given", multiple=True, metavar="NAME=VALUE", help="An option of the method; repeatable."
)
@click.option("--out", default="chosen", show_default=True, metavar="FOLDER", help="Gets a folder for each choice.")
@click.option(
    "--image-size",
    type=_NOT_NEGATIVE,
    default=0,
    help="Side of the squares that images become.  [default: from the images]",
)
@click.option(
    "--embedding-size", type=_NOT_NEGATIVE, default=0, help="Numbers in an embedding.  [default: from the images and k]"
)
@click.option(
    "--steps", type=_NOT_NEGATIVE, default=0, help="Of training.  [default: five passes, more until it works]"
)
@click.option(
    "--learning-rate",
    type=click.FloatRange(min=0),
    default=0.0,
    help="Of training.  [default: 0.1, lower if that does not work]",
)
@click.option("--precision", type=click.Choice(["auto", "bfloat16", "float32"]), default="auto", show_default=True)
@click.option("--seed", default=0, show_default=True, help="Of training, and of methods that draw.")
@click.option("--copy", "how", flag_value="copy", help="Copy the chosen files, too.")
@click.option("--link", "how", flag_value="link", help="Link the chosen files, too (symbolic links).")
@click.option("--compare-with-random", "compared", is_flag=True, help="Is it better than random, here? Needs labels.")
@click.option("--pictures/--no-pictures", default=True, show_default=True, help="Of what is kept and what is left out.")
@click.option("--progress", type=click.Choice(_PROGRESS), default="auto", show_default=True)
def select_command(
    data: str,
    wanted: str,
    method: str,
    given: tuple[str, ...],
    out: str,
    image_size: int,
    embedding_size: int,
    steps: int,
    learning_rate: float,
    precision: str,
    seed: int,
    how: str | None,
    compared: bool,
    pictures: bool,
    progress: str,
) -> None:
    """Choose samples of DATA: a folder of images or of class folders, .npz, .npy, .csv, .parquet, or 'digits'.

    Images are embedded by an autoencoder trained on them; embeddings are taken as they are. The choice is written to a
    folder in --out: selected.csv, selected.npy, a manifest, and lines to paste for PyTorch and TensorFlow.
    """
    kept: list[str] = []
    style = _style(progress)
    with _one_line_errors(kept):
        from paperlib.own_data import comparing, manifest, method_options
        from paperlib.selection import check_method

        check_method(method, {})
        options = method_options.parse(method, given)
        root, samples = _loaded(data, image_size, out, style, kept)
        method_options.check(method, options, samples, seed)
        if how:
            manifest.check_files(samples, data, how)
        if compared:
            comparing.check(samples)
        embedding: dict[str, Any] = dict(
            size=embedding_size, steps=steps, learning_rate=learning_rate, precision=precision, seed=seed
        )
        choice = _chosen(samples, wanted, method, options, embedding, root, style, kept)
        folder = _written(choice, root, data, pictures)
        kept.append(f"the choice is kept in {folder}")
        if how:
            click.echo(f"Files: {manifest.hand_over(folder, data, samples, choice.indices, how)}")
        if compared:
            _compare(choice, folder, pictures)
        click.echo(f"Written to {folder}; README.md there has lines to paste, such as:\n")
        click.echo(manifest.torch_lines(samples, data))


def _loaded(data: str, image_size: int, out: str, style: str, kept: list[str]) -> tuple[Path, Samples]:
    """(the folder for choices, the samples)."""
    from pathlib import Path

    from paperlib.own_data import loading
    from paperlib.own_data.kept import FOLDER
    from paperlib.storage.files import check_writable

    root = Path(out).expanduser()
    loading.check_exists(data)  # before a folder is made
    check_writable(root)
    samples = loading.load(data, image_size, progress=style, keep=root / FOLDER, leave_out=root)
    if samples.files is not None and samples.images is not None:
        kept.append(f"the decoded pictures are kept in {root / FOLDER}")
    click.echo(samples.describe())
    return root, samples


def _chosen(
    samples: Samples,
    wanted: str,
    method: str,
    options: dict[str, Any],
    embedding_options: dict[str, Any],
    root: Path,
    style: str,
    kept: list[str],
) -> Choice:
    """A `Choice`, after training where that is needed. kept: gets a sentence on each thing that is on disk."""
    from paperlib.own_data import embedding, explorer, loading
    from paperlib.own_data.kept import FOLDER

    k, plan, training = loading.samples_to_keep(samples, wanted), None, None
    if samples.embeddings is not None:
        vectors = samples.embeddings
    elif embedding.needed(method):
        from paperlib.progress import Progress

        plan = embedding.plan(samples, k, **embedding_options)
        assert plan is not None  # there are no embeddings
        first, most = plan["attempts"][0][0], embedding.budget(plan)
        click.echo(f"An autoencoder is trained for {first:,} steps; where that is not enough, for {most:,} at most.")
        embedded = embedding.embed(samples, plan, Progress(style), keep=root / FOLDER)
        kept.append(f"the embeddings are kept in {root / FOLDER}")
        click.echo(embedded.describe())
        training, vectors = embedded.training, embedded.embeddings
    else:  # the method draws: it looks at how many samples there are
        import numpy as np

        vectors = np.zeros((len(samples), 1), np.float32)
    seed = embedding_options["seed"]
    choice = explorer.Choice(samples, vectors, plan, seed=seed, training=training).choose(method, k, options)
    for line in filter(None, (choice.note(), choice.counts())):
        click.echo(line)
    for line in choice.warnings():
        click.echo(f"Warning: {line}", err=True)
    return choice


def _written(choice: Choice, root: Path, data: str, pictures: bool) -> Path:
    """The folder that the choice is written to, with pictures if they are wanted and can be drawn."""
    if not pictures:
        return choice.write(root, data)
    if find_spec("matplotlib") is None:
        click.echo("No pictures: they need matplotlib (pip install matplotlib).", err=True)
        return choice.write(root, data)
    return _drawn_without_a_screen(choice, root, data)


def _drawn_without_a_screen(choice: Choice, root: Path, data: str) -> Path:
    import matplotlib

    matplotlib.use("agg")
    return choice.save(root, data)


def _compare(choice: Choice, folder: Path, pictures: bool) -> None:
    from paperlib.own_data import comparing

    click.echo(comparing.announcement(choice))
    found = comparing.compare(choice)
    comparing.save(found, folder, pictures=pictures and find_spec("matplotlib") is not None)
    click.echo(comparing.sentence(found))


def _style(progress: str) -> str:
    """How progress is shown: a bar where somebody watches, lines elsewhere."""
    if progress != "auto":
        return progress
    return "bar" if sys.stderr.isatty() else "lines"


@contextmanager
def _one_line_errors(kept: Sequence[str]) -> Iterator[None]:
    """Turn errors that name their way out into a line on stderr and an exit code.

    kept: what an interrupt leaves; one in training says itself where it stopped (`paperlib.checkpoints.Interrupted`).
    """
    began = time.monotonic()
    try:
        yield
    except KeyboardInterrupt as error:
        left = "; ".join([*filter(None, [str(error)]), *kept]) or "nothing was finished"
        click.echo(f"\nInterrupted after {time.monotonic() - began:.0f} s: {left}. The same command goes on.", err=True)
        sys.exit(INTERRUPTED)
    except ModuleNotFoundError as error:
        if "pip install" in str(error):
            _fail(error)
        name = _PACKAGES.get(error.name or "", error.name)
        _fail(
            f"this needs {name}, which is not installed: pip install {name} (the extra 'train' has all that is needed)"
        )
    except (ValueError, OSError, ImportError, ArithmeticError, MemoryError) as error:
        from paperlib.own_data.embedding import NotLearnedError

        _fail(error, NOT_LEARNED if isinstance(error, NotLearnedError) else FAILED)


def _fail(error: Exception | str, code: int = FAILED) -> NoReturn:
    from paperlib.data.sources import shown

    text = " ".join(shown(error).split()) or type(error).__name__
    click.echo(f"paperlib: {text}", err=True)
    sys.exit(code)
