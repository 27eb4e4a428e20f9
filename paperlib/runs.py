"""What is run: autoencoders and classifiers as data, named by their content."""

from dataclasses import asdict, dataclass, replace
from typing import Literal, get_args, get_origin, get_type_hints

from paperlib import records
from paperlib.selection import DRAW, METHODS, check_method

TIME_SHARE = 0.5707  # of the baseline's time: the paper's 7 of its 736 / 60 minutes (Section V-C)

Precision = Literal["auto", "bfloat16", "float32"]


class _Choices:
    """Refuses, before anything is trained, a value that a field's `Literal` does not list."""

    def __post_init__(self):
        for name, hint in get_type_hints(type(self)).items():
            value = getattr(self, name)
            if get_origin(hint) is Literal and value not in get_args(hint):
                raise ValueError(f"{name} is {value!r}: choose from {', '.join(map(repr, get_args(hint)))}")


@dataclass(frozen=True)
class AutoencoderRun(_Choices):
    """An autoencoder to train on all of a data set."""

    dataset: str
    fingerprint: str
    embedding_size: int = 216
    steps: int = 40_000
    batch: int = 1024
    learning_rate: float = 0.1
    last_activation: Literal["relu", "linear"] = "relu"
    precision: Precision = "auto"
    seed: int = 0

    def label(self):
        return f"autoencoder-n{self.embedding_size}-seed{self.seed}"


@dataclass(frozen=True)
class Run(_Choices):
    """A classifier to train: everything that decides its result, and nothing else."""

    dataset: str
    fingerprint: str
    selection: str = "full"  # or a method of `paperlib.selection`
    overlap: Literal["", "fill", "union"] = ""  # option of top_activations
    k: int = 0
    autoencoder: AutoencoderRun | None = None  # whose embeddings are selected from
    split: float = 0.0
    split_of: Literal["steps", "seconds"] = "steps"
    steps: int = 10_000
    time_share: float | None = None  # of the baselines' median time; the run ends there if not by its steps
    baseline_seeds: tuple = ()
    batch: int = 1024
    learning_rate: float = 0.1
    weight_decay: float = 0.004
    decay: float = 0.9999
    standardize_by: Literal["deviation", "variance"] = "deviation"
    feed: Literal["resident", "streamed"] = "resident"
    precision: Precision = "auto"
    seed: int = 0

    def __post_init__(self):
        super().__post_init__()
        if self.selection not in ("full", *METHODS):
            raise ValueError(f"selection is {self.selection!r}: choose 'full' or one of {', '.join(METHODS)}")

    def label(self):
        subset = f"-k{self.k}-split{self.split:g}" if self.k else ""
        return f"classifier-{self.selection}{subset}{'-budget' if self.time_share else ''}-seed{self.seed}"

    def options(self):
        """What the selection is made with besides `k`, as a dict."""
        return {"overlap": self.overlap} if self.overlap else {}

    def phases(self):
        """Steps on the subset and on the full set; None where a clock decides."""
        if self.time_share or self.split_of == "seconds":
            return None
        fast = round(self.steps * self.split)
        return fast, self.steps - fast

    def baselines(self):
        """The full-data runs whose time this run's budget is a share of."""
        whole = replace(self, selection="full", overlap="", k=0, autoencoder=None, split=0.0)
        return [replace(whole, time_share=None, baseline_seeds=(), seed=seed) for seed in self.baseline_seeds]


@dataclass(frozen=True)
class StoppedRun(Run):
    """A run that is cut off after `stop` of its steps, whatever the clock says (the riddle of the 10.4 %, R14).

    Its averaged weights are tested with batch-norm statistics of their own, too. If it diverges, that is its result.
    """

    stop: int = 1

    def label(self):
        return f"{super().label()}-rate{self.learning_rate:g}-stopped{self.stop}"

    def phases(self):
        fast = min(round(self.steps * self.split), self.stop)
        return fast, self.stop - fast


@dataclass(frozen=True)
class VariantRun(Run):
    """A run on a selection made with further options of its method."""

    variant: tuple = ()  # (name, value) pairs

    def label(self):
        return f"{super().label()}-{_joined(self.variant)}"

    def options(self):
        return {**super().options(), **dict(self.variant)}


@dataclass(frozen=True)
class SelectionRun(_Choices):
    """A selection to make and to measure: how long it takes, in how much memory, and what it covers."""

    dataset: str
    fingerprint: str
    method: str
    k: int
    autoencoder: AutoencoderRun  # whose embeddings are selected from; if the method looks at none, they are covered
    options: tuple = ()  # (name, value) pairs
    seed: int = 0

    def __post_init__(self):
        super().__post_init__()
        check_method(self.method, dict(self.options))

    def label(self):
        return f"selection-{'-'.join(filter(None, (self.method, _joined(self.options))))}-k{self.k}-seed{self.seed}"


def selection_of(run):
    """The `SelectionRun` of a classifier's run on embeddings. Seeds matter only to methods that draw."""
    seed = run.seed if run.selection in DRAW else 0
    options = tuple(sorted(run.options().items()))
    return SelectionRun(run.dataset, run.fingerprint, run.selection, run.k, run.autoencoder, options, seed)


def _joined(options):
    return "-".join(f"{name}_{value}" for name, value in options)


def cut_off(run):
    """The `StoppedRun` that a run is after the paper's share of its steps.

    Those that are on the subset until then are one, whatever their split: it has split 1.
    """
    stop = round(run.steps * TIME_SHARE)
    split = run.split if run.split * run.steps < stop else 1.0
    return StoppedRun(**{**vars(run), "split": split, "stop": stop})


def plain(run):
    """A run as plain data (dicts, lists, numbers, strings): what its record holds."""
    content = asdict(run)
    content["kind"] = type(run).__name__
    return {key: list(value) if isinstance(value, tuple) else value for key, value in content.items()}


def file_name(run):
    """The name of a run's record, which is found again by its content."""
    return f"{run.label()}-{records.content_hash(plain(run))}.json"
