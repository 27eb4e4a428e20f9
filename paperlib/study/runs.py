"""What is run: autoencoders and classifiers as data, named by their content."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

from paperlib.checkpoints import Position
from paperlib.selection import DRAW, METHODS, check_method
from paperlib.storage.digests import content_hash

TIME_SHARE = 0.5707  # of the baseline's time: the paper's 7 of its 736 / 60 minutes (Section V-C)

Overlap = Literal["", "fill", "union"]  # "": the method has no such option
Feed = Literal["resident", "streamed"]
Precision = Literal["auto", "bfloat16", "float32"]


@cache
def _choices(kind: type) -> dict[str, tuple]:
    """The values that the `Literal`s of a dataclass list, by field."""
    hints = get_type_hints(kind).items()
    return {name: get_args(hint) for name, hint in hints if get_origin(hint) is Literal}


class _Choices:
    """Refuses, before anything is trained, a value that a field's `Literal` does not list."""

    def __post_init__(self) -> None:
        for name, values in _choices(type(self)).items():  # type: ignore[arg-type]
            if (value := getattr(self, name)) not in values:
                raise ValueError(f"{name} is {value!r}: choose from {', '.join(map(repr, values))}")


@dataclass(frozen=True)
class Readings(_Choices):
    """What holds for all runs of a study, so that plans and notebooks pass on one value.

    overlap : reading R7, whether eq. 4's lists are filled up to k distinct samples.
    feed : reading R13, whether samples are held where the compute is.
    precision : the number format; "auto" is what is fastest on this machine.
    """

    overlap: Literal["fill", "union"] = "fill"
    feed: Feed = "resident"
    precision: Precision = "auto"


DEFAULT_READINGS = Readings()


def _added(default: Any) -> Any:
    """A field that runs gained after the first records: at this value it is left out of their names."""
    return field(default=default, metadata={"added": True})


@dataclass(frozen=True)
class AutoencoderRun(_Choices):
    """An autoencoder to train on all of a data set.

    Its rate is constant, so one with fewer steps is a snapshot of one with more; the two are trained together.
    objective : the paper's, or another one of `paperlib.encoders.OBJECTIVES` to compare with.
    """

    dataset: str
    fingerprint: str
    embedding_size: int = 216
    steps: int = 40_000
    batch: int = 1024
    learning_rate: float = 0.1
    last_activation: Literal["relu", "linear"] = "relu"
    precision: Precision = "auto"
    seed: int = 0
    objective: Literal["reconstruction", "variational", "labels"] = _added("reconstruction")

    def label(self) -> str:
        linear = "-linear" if self.last_activation == "linear" else ""
        other = "" if self.objective == "reconstruction" else f"-{self.objective}"
        return f"autoencoder-n{self.embedding_size}{linear}{other}-seed{self.seed}"

    def phases(self) -> Position:
        """All steps are on the full set."""
        return 0, self.steps


@dataclass(frozen=True)
class Run(_Choices):
    """A classifier to train: everything that decides its result, and nothing else.

    selection, overlap, variant : "full", or a method of `paperlib.selection`, its option `overlap`, and further ones as
        (name, value) pairs.
    k : samples in the subset. autoencoder : whose embeddings are selected from; None for methods that look at none.
    split : share of the `steps` (of the seconds, where `split_of` says so) on the subset.
    time_share : of the baselines' median time; the run ends there, if it has not ended by its steps.
    stop : the step after which the run is cut off, whatever the clock says (the riddle of the 10.4 %, R14). The
        averaged weights of such a run are tested with batch-norm statistics of their own, too. If it diverges, that is
        its result.
    subset_seed : of the subset's draw; None: `seed`, which is otherwise of the training alone.
    counts_of : of a random selection, the method with whose number of each class it is drawn, from the embeddings of
        `autoencoder`.
    order, rate_steps, clip : see `paperlib.training.train_classifier`.
    interpolated : samples that are added to the subset, between chosen ones (`paperlib.interpolation`).
    """

    dataset: str
    fingerprint: str
    selection: str = "full"
    overlap: Overlap = ""
    k: int = 0
    autoencoder: AutoencoderRun | None = None
    split: float = 0.0
    split_of: Literal["steps", "seconds"] = "steps"
    steps: int = 10_000
    time_share: float | None = None
    baseline_seeds: tuple[int, ...] = ()
    batch: int = 1024
    learning_rate: float = 0.1
    weight_decay: float = 0.004
    decay: float = 0.9999
    standardize_by: Literal["deviation", "variance"] = "deviation"
    feed: Feed = "resident"
    precision: Precision = "auto"
    seed: int = 0
    variant: tuple[tuple[str, Any], ...] = _added(())
    stop: int | None = _added(None)
    subset_seed: int | None = _added(None)
    counts_of: Literal["", "top_activations"] = _added("")
    order: Literal["shuffled", "by_class"] = _added("shuffled")
    rate_steps: int | None = _added(None)
    clip: bool = _added(False)
    interpolated: int = _added(0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.selection not in ("full", *METHODS):
            raise ValueError(f"selection is {self.selection!r}: choose 'full' or one of {', '.join(METHODS)}")
        if self.counts_of and (self.selection != "random" or not self.autoencoder):
            raise ValueError(f"counts_of is {self.counts_of!r}: it needs selection 'random' and an autoencoder")
        if self.interpolated and (self.split != 1 or self.autoencoder is None):
            raise ValueError(
                f"interpolated is {self.interpolated}: it needs an autoencoder, and split 1, since the full set has no "
                "such samples"
            )

    def label(self) -> str:
        parts = ["classifier", self.selection]
        parts += [f"k{self.k}-split{self.split:g}"] if self.k else []
        parts += ["budget"] if self.time_share else []
        parts += [f"seed{self.seed}"]
        parts += [_joined(self.variant)] if self.variant else []
        parts += [f"subset{self.subset_seed}"] if self.subset_seed is not None else []
        parts += [f"counts_of_{self.counts_of}"] if self.counts_of else []
        parts += [self.order] if self.order != "shuffled" else []
        parts += [f"rate_steps{self.rate_steps}"] if self.rate_steps else []
        parts += ["clip"] if self.clip else []
        parts += [f"interpolated{self.interpolated}"] if self.interpolated else []
        parts += [f"rate{self.learning_rate:g}-stopped{self.stop}"] if self.stop else []
        return "-".join(parts)

    def drawn_with(self) -> int:
        """The seed of the subset's draw."""
        return self.seed if self.subset_seed is None else self.subset_seed

    def options(self) -> dict:
        """What the selection is made with besides `k`."""
        return {**({"overlap": self.overlap} if self.overlap else {}), **dict(self.variant)}

    def phases(self) -> Position | None:
        """Steps on the subset and on the full set; None where a clock decides."""
        if self.time_share or self.split_of == "seconds":
            return None
        fast = round(self.steps * self.split)
        if self.stop:
            return min(fast, self.stop), max(self.stop - fast, 0)
        return fast, self.steps - fast

    def baselines(self) -> list["Run"]:
        """The full-data runs whose time this run's budget is a share of."""
        no_subset: dict[str, Any] = dict(
            k=0, overlap="", variant=(), autoencoder=None, interpolated=0, subset_seed=None, counts_of=""
        )
        whole = replace(self, selection="full", split=0.0, **no_subset)
        return [replace(whole, time_share=None, baseline_seeds=(), seed=seed) for seed in self.baseline_seeds]


@dataclass(frozen=True)
class SelectionRun(_Choices):
    """A selection to make and to measure: how long it takes, in how much memory, and what it covers.

    autoencoder : whose embeddings are selected from; if the method looks at none, they are covered.
    options : (name, value) pairs.
    """

    dataset: str
    fingerprint: str
    method: str
    k: int
    autoencoder: AutoencoderRun
    options: tuple[tuple[str, Any], ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_method(self.method, dict(self.options))

    def label(self) -> str:
        return f"selection-{'-'.join(filter(None, (self.method, _joined(self.options))))}-k{self.k}-seed{self.seed}"


AnyRun = AutoencoderRun | Run | SelectionRun


def selection_of(run: Run) -> SelectionRun:
    """The `SelectionRun` of a classifier's run on embeddings. Seeds matter only to methods that draw."""
    if run.autoencoder is None:
        raise ValueError(f"{run.label()} selects from no embeddings: give it an autoencoder")
    seed = run.drawn_with() if run.selection in DRAW else 0
    options = tuple(sorted(run.options().items()))
    return SelectionRun(run.dataset, run.fingerprint, run.selection, run.k, run.autoencoder, options, seed)


def _joined(options: Iterable[tuple[str, Any]]) -> str:
    return "-".join(f"{name}_{value}" for name, value in options)


def cut_off(run: Run) -> Run:
    """What a run is after the paper's share of its steps.

    Those that are on the subset until then are one, whatever their split: it has split 1.
    """
    stop = round(run.steps * TIME_SHARE)
    split = run.split if run.split * run.steps < stop else 1.0
    return replace(run, split=split, stop=stop)


def beginning(run: AnyRun) -> Hashable:
    """The same for all runs that differ in their numbers of steps alone, however these are stated: they share a start.

    Of those with a higher learning rate each is by itself: if one diverges, that is the result of no other.
    """
    if isinstance(run, SelectionRun) or not run.phases() or run.learning_rate > type(run).learning_rate:
        return run
    return tuple((name, value) for name, value in vars(run).items() if name not in ("split", "steps", "stop"))


def plain(run: AnyRun) -> dict:
    """A run as plain data (dicts, lists, numbers, strings): what its record holds, and what names it.

    A field that was added later is left out at the value that it was added with: records from before keep their names.
    """
    return {**_content(run), "kind": type(run).__name__}


def _content(value: Any) -> Any:
    if is_dataclass(value):
        entries = [(entry, getattr(value, entry.name)) for entry in fields(value)]
        kept = [(entry, of) for entry, of in entries if not (entry.metadata.get("added") and of == entry.default)]
        return {entry.name: _content(of) for entry, of in kept}
    return list(map(_content, value)) if isinstance(value, tuple) else value


def file_name(run: AnyRun) -> str:
    """The name of a run's record, which is found again by its content."""
    return f"{run.label()}-{content_hash(plain(run))}.json"
