"""What the paper ran: plans of runs for its figures, and runs -> records."""

import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

import numpy as np

from paperlib import environment, records
from paperlib.profiles import PROFILES  # noqa: F401  (the sizes that plans are made for)
from paperlib.selection import METHODS, select

# Keras takes seconds to import, and a study whose records are all there never needs it: the functions that
# train import it themselves.

TIME_SHARE = 0.5707  # of the baseline's time: the paper's 7 of its 736 / 60 minutes (Section V-C)
HISTORY_POINTS = 500  # at most, in a record

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

    def baselines(self):
        """The full-data runs whose time this run's budget is a share of."""
        whole = replace(self, selection="full", overlap="", k=0, autoencoder=None, split=0.0)
        return [replace(whole, time_share=None, baseline_seeds=(), seed=seed) for seed in self.baseline_seeds]


# Plans: profile and data set -> runs.


def autoencoder_run(profile, dataset, *, precision="auto"):
    """The one autoencoder whose embeddings all selections of a study use."""
    return AutoencoderRun(
        dataset.name,
        dataset.fingerprint,
        profile.embedding_size,
        profile.autoencoder_steps,
        profile.autoencoder_batch,
        precision=precision,
    )


def split_runs(profile, dataset, *, overlap="fill", feed="resident", precision="auto"):
    """Fig. 5: every split for random and for embedding-based selection; split 0 is the baseline."""
    full = _full_run(profile, dataset, feed, precision)
    subsets = [_subset(full, profile, dataset, method, profile.k, overlap) for method in ("random", "top_activations")]
    runs = []
    for split in profile.splits:
        bases, seeds = (subsets, profile.split_seeds) if split else ([full], profile.baseline_seeds)
        runs += [replace(base, split=split, seed=seed) for base in bases for seed in seeds]
    return runs


def budget_runs(profile, dataset, *, overlap="fill", feed="resident", precision="auto"):
    """Fig. 6: the full set alone, and half of the steps on the subset first, until the time is up (reading R9)."""
    full = _budgeted(_full_run(profile, dataset, feed, precision), profile)
    half = replace(_subset(full, profile, dataset, "top_activations", profile.k, overlap), split=0.5)
    return [replace(run, seed=seed) for seed in profile.budget_seeds for run in (full, half)]


def loss_runs(profile, dataset, *, overlap="fill", feed="resident", precision="auto"):
    """Fig. 7: the runs of Fig. 6, and the same with a subset ten times as large."""
    full = _budgeted(_full_run(profile, dataset, feed, precision), profile)
    large = replace(_subset(full, profile, dataset, "top_activations", profile.large_k, overlap), split=0.5)
    return budget_runs(profile, dataset, overlap=overlap, feed=feed, precision=precision) + [
        replace(large, seed=seed) for seed in profile.large_seeds
    ]


def precision_runs(profile, dataset, *, feed="resident"):
    """The baseline in the machine's own precision and in float32, from the same seeds."""
    full = {precision: _full_run(profile, dataset, feed, precision) for precision in ("auto", "float32")}
    return [replace(run, seed=seed) for seed in profile.baseline_seeds for run in full.values()]


def _full_run(profile, dataset, feed, precision):
    return Run(
        dataset.name,
        dataset.fingerprint,
        steps=profile.steps,
        batch=profile.batch,
        decay=profile.decay,
        feed=feed,
        precision=precision,
    )


def _subset(run, profile, dataset, method, k, overlap):
    if method == "random":
        return replace(run, selection=method, k=k)
    autoencoder = autoencoder_run(profile, dataset, precision=run.precision)
    return replace(run, selection=method, k=k, overlap=overlap, autoencoder=autoencoder)


def _budgeted(run, profile):
    return replace(run, time_share=TIME_SHARE, baseline_seeds=profile.baseline_seeds)


# Runs -> records.


def execute(runs, dataset, folder, progress):
    """The records of `runs`, in their order; those that are not in `folder` are trained and written first.

    progress: a `paperlib.progress.Progress`, told of each run and step.
    """
    folder = Path(folder)
    _check_dataset(runs, dataset)
    missing = [run for run in runs if not record_path(run, folder).exists()]
    needed = [needed for run in missing for needed in _prerequisites(run) if not record_path(needed, folder).exists()]
    todo = list(dict.fromkeys(needed + missing))  # each once, prerequisites first
    if todo:
        records.check_writable(folder)
        progress.start(sum(_expected_steps(run) for run in todo), len(runs) - len(missing))
        for run in todo:
            progress.begin(run.label(), _expected_steps(run))
            record = _train_autoencoder if isinstance(run, AutoencoderRun) else _train_classifier
            record(run, dataset, folder, progress.step)
        progress.finish()
    return [records.read(record_path(run, folder)) for run in runs]


def record_path(run, folder):
    """Where a run's record is: found again by its content."""
    return Path(folder) / f"{run.label()}-{records.content_hash(_plain(run))}.json"


def embeddings(run, dataset, folder):
    """The embeddings (N, n) float32 of the training images under a trained autoencoder; computed once, then read."""
    path = record_path(run, folder).with_suffix(".embeddings.npy")
    if path.exists():
        return np.load(path, mmap_mode="r")
    from paperlib import training

    encoder, _ = autoencoder(run, folder)
    result = training.embed(encoder, dataset.x_train)
    records.write_array(path, result)
    return result


def autoencoder(run, folder):
    """The trained `(encoder, decoder)` of an autoencoder's record."""
    from paperlib import models

    record = records.read(record_path(run, folder))
    size, _, channels = record["result"]["image_shape"]
    encoder, decoder = models.autoencoder(
        run.embedding_size, image_size=size, channels=channels, last_activation=run.last_activation
    )
    path = record_path(run, folder).with_suffix(".npz")
    with np.load(path) as saved:
        weights = [saved[name] for name in saved.files]
    encoder.set_weights(weights[: len(encoder.weights)])
    decoder.set_weights(weights[len(encoder.weights) :])
    return encoder, decoder


def choose(run, dataset, folder):
    """The indices (k,) that a run trains on first, or None where it uses the full set alone."""
    if run.selection == "full":
        return None
    if run.autoencoder is None:  # methods that look at no embeddings
        return select(np.zeros((len(dataset.x_train), 1)), run.k, run.selection, labels=dataset.y_train, seed=run.seed)
    options = {"overlap": run.overlap} if run.overlap else {}
    found = embeddings(run.autoencoder, dataset, folder)
    return select(found, run.k, run.selection, labels=dataset.y_train, seed=run.seed, **options)


def replay(record, run, dataset, folder):
    """Train a recorded run again for exactly the steps it took, also where the clock had ended it.

    Returns a new record without writing it; on the same machine it equals the old one in all but times.
    """
    return _classifier_record(run, dataset, folder, phases=tuple(record["result"]["phases"]))


def _check_dataset(runs, dataset):
    for run in runs:
        if (run.dataset, run.fingerprint) != (dataset.name, dataset.fingerprint):
            raise ValueError(
                f"{run.label()} is planned for {run.dataset} {run.fingerprint}, "
                f"but the data set given is {dataset.name} {dataset.fingerprint}"
            )


def _prerequisites(run):
    if isinstance(run, AutoencoderRun):
        return []
    return ([run.autoencoder] if run.autoencoder else []) + run.baselines()


def _expected_steps(run):
    return round(run.steps * (getattr(run, "time_share", None) or 1))


def _plain(run):
    plain = asdict(run)
    plain["kind"] = type(run).__name__
    return {key: list(value) if isinstance(value, tuple) else value for key, value in plain.items()}


def _train_autoencoder(run, dataset, folder, on_step):
    from paperlib import evaluation, training

    path = record_path(run, folder)
    saved = {"weights": path.with_suffix(".npz"), "embeddings": path.with_suffix(".embeddings.npy")}
    for left_by_a_killed_run in saved.values():
        left_by_a_killed_run.unlink(missing_ok=True)
    started = time.perf_counter()
    trained = training.train_autoencoder(
        dataset.x_train,
        embedding_size=run.embedding_size,
        steps=run.steps,
        batch=run.batch,
        learning_rate=run.learning_rate,
        last_activation=run.last_activation,
        precision=run.precision,
        seed=run.seed,
        on_step=on_step,
    )
    weights = trained.encoder.get_weights() + trained.decoder.get_weights()
    records.write_arrays(saved["weights"], {f"weight_{i:02}": weight for i, weight in enumerate(weights)})
    embedding = time.perf_counter()
    found = training.embed(trained.encoder, dataset.x_train)
    embedded = time.perf_counter()
    records.write_array(saved["embeddings"], found)

    size = trained.encoder.input_shape[1]
    originals = training.center_crops(dataset.x_test, size)
    reproductions = training.reproduce(trained.decoder, training.embed(trained.encoder, dataset.x_test))
    mean_image = training.center_crops(dataset.x_train, size).mean(axis=0)
    live = evaluation.live_elements(found)
    result = {
        "train_samples": len(dataset.x_train),
        "image_shape": list(trained.encoder.input_shape[1:]),
        "test": evaluation.reconstruction(reproductions, originals, mean_image),
        "live_elements": int(live.sum()),
    }
    times = {"embed_s": embedded - embedding, "total_s": time.perf_counter() - started}
    records.write(path, _record(run, result, trained, times))


def _train_classifier(run, dataset, folder, on_step):
    record = _classifier_record(run, dataset, folder, on_step=on_step)
    records.write(record_path(run, folder), record)


def _classifier_record(run, dataset, folder, *, phases=None, on_step=None):
    from paperlib import evaluation, training

    started = time.perf_counter()
    subset = choose(run, dataset, folder)
    chosen = time.perf_counter()
    budget = None
    if run.time_share and phases is None:
        baselines = [records.read(record_path(baseline, folder)) for baseline in run.baselines()]
        budget = run.time_share * float(np.median([baseline["times"]["train_s"] for baseline in baselines]))
    trained = training.train_classifier(
        dataset,
        subset,
        split=run.split,
        steps=None if run.split_of == "seconds" else run.steps,
        seconds=budget,
        phases=phases,
        batch=run.batch,
        learning_rate=run.learning_rate,
        weight_decay=run.weight_decay,
        standardize_by=run.standardize_by,
        decay=run.decay,
        feed=run.feed,
        precision=run.precision,
        seed=run.seed,
        on_step=on_step,
    )
    evaluating = time.perf_counter()
    tests = {}
    for name, weights in trained.weights.items():
        trained.model.set_weights(weights)
        logits = training.predict(trained.model, dataset.x_test, standardize_by=run.standardize_by)
        tests[name] = evaluation.classification(logits, dataset.y_test)
    ended = time.perf_counter()
    result = {"train_samples": len(dataset.x_train), "phases": list(trained.phases), "test": tests}
    if subset is not None:
        per_class = np.bincount(dataset.y_train[subset], minlength=len(dataset.classes))
        result["subset"] = {
            "size": len(subset),
            "per_class": per_class.tolist(),
            "indices": records.content_hash(subset.tolist()),
        }
    times = {
        "select_s": chosen - started,
        "budget_s": budget,
        "evaluate_s": ended - evaluating,
        "total_s": ended - started,
    }
    return _record(run, result, trained, times)


def _record(run, result, trained, times):
    history = trained.history
    stretch = -(-len(history.loss) // HISTORY_POINTS)  # steps a point
    starts = np.arange(0, len(history.loss), stretch)
    ends = np.minimum(starts + stretch, len(history.loss))
    loss = np.add.reduceat(history.loss, starts) / (ends - starts)
    plain = _plain(run)
    return {
        "run": plain,
        "hash": records.content_hash(plain),
        "precision": trained.precision,
        "result": result,
        "history": {"step": ends.tolist(), "loss": [float(f"{value:.6g}") for value in loss]},
        "times": {
            **times,
            "first_step_s": history.first_step_seconds,
            "train_s": float(history.seconds[-1]),
            "seconds_at_step": [round(float(history.seconds[end - 1]), 4) for end in ends],
        },
        "environment": environment.describe(),
    }
