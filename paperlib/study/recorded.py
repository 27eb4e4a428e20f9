"""What runs have left on record in a folder: records, autoencoders, embeddings, choices; and what others need of it."""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from paperlib.data import Dataset
from paperlib.selection import select
from paperlib.selection.sampling import random_of_counts
from paperlib.storage import arrays, records
from paperlib.storage.digests import content_hash, file_digest
from paperlib.storage.files import FileError, exists
from paperlib.study.outcomes import Inputs, Outcome
from paperlib.study.runs import AnyRun, AutoencoderRun, Run, SelectionRun, file_name, selection_of

if TYPE_CHECKING:
    from keras import Model

_ARRAY_FILES = {"weights": ".npz", "embeddings": ".embeddings.npy", "indices": ".indices.npy"}  # beside a record


def on_record(runs: Iterable[AnyRun], folder: str | Path) -> list[dict]:
    """The records of those of `runs` that are in `folder`, each once; nothing is trained."""
    return [records.read(record_path(run, folder)) for run in dict.fromkeys(runs) if is_recorded(run, folder)]


def record_path(run: AnyRun, folder: str | Path) -> Path:
    """Where a run's record is."""
    return Path(folder) / file_name(run)


def is_recorded(run: AnyRun, folder: str | Path) -> bool:
    """Whether a run is on record."""
    return exists(record_path(run, folder))


def embeddings(run: AutoencoderRun, dataset: Dataset, folder: str | Path) -> np.ndarray:
    """The embeddings (N, n) float32 of the training images under a trained autoencoder; computed once, then read."""
    path = record_path(run, folder).with_suffix(_ARRAY_FILES["embeddings"])

    def compute() -> np.ndarray:
        from paperlib import training

        return training.embed(autoencoder(run, folder)[0], dataset.x_train)

    return arrays.kept(path, compute)


def autoencoder(run: AutoencoderRun, folder: str | Path) -> "tuple[Model, Model]":
    """The trained `(encoder, decoder)` of an autoencoder's record; for the objective "labels", encoder and logits."""
    from paperlib import encoders

    record = records.read(record_path(run, folder))
    path = record_path(run, folder).with_suffix(_ARRAY_FILES["weights"])
    weights = arrays.read_several(path, record["files"]["weights"])
    size, _, channels = record["result"]["image_shape"]
    encoder, head, _ = encoders.build(
        run.objective,
        run.embedding_size,
        classes=weights[-1].shape[0],  # the logits' biases; otherwise unused
        image_size=size,
        channels=channels,
        last_activation=run.last_activation,
    )
    encoder.set_weights(weights[: len(encoder.weights)])
    head.set_weights(weights[len(encoder.weights) :])
    return encoder, head


def choose(run: Run, dataset: Dataset, folder: str | Path) -> np.ndarray | None:
    """The indices (k,) that a run trains on first, or None where it uses the full set alone."""
    return _chosen(run, dataset, folder)[0]


def _chosen(run: Run, dataset: Dataset, folder: str | Path) -> tuple[np.ndarray | None, float]:
    """Return what `choose` does, and the seconds that choosing took: from the record, if it has been measured."""
    if run.selection == "full":
        return None, 0.0
    started = time.perf_counter()
    if run.counts_of:
        like = replace(run, selection=run.counts_of, overlap="fill", counts_of="", subset_seed=None, seed=0)
        counts = np.bincount(dataset.y_train[_chosen(like, dataset, folder)[0]], minlength=len(dataset.classes))
        return random_of_counts(dataset.y_train, counts, run.drawn_with()), time.perf_counter() - started
    if run.autoencoder is None:  # methods that look at no embeddings
        found = np.zeros((len(dataset.x_train), 1))
    else:
        measured = record_path(selection_of(run), folder)
        file = measured.with_suffix(_ARRAY_FILES["indices"])
        if measured.exists() and file.exists():
            record, chosen = records.read(measured), arrays.read_sealed(file)
            if content_hash(chosen.tolist()) != record["result"]["indices"]:
                raise FileError(f"{file}: not the indices of its record; delete it, and they are chosen again")
            return chosen, record["times"]["select_s"]
        found = embeddings(run.autoencoder, dataset, folder)
    # By index, as all that is on record was chosen: runs of different seeds share a subset also where values are equal.
    drawn = dict(seed=run.drawn_with(), ties="index", **run.options())
    chosen = select(found, run.k, run.selection, labels=dataset.y_train, **drawn)
    return chosen, time.perf_counter() - started


def inputs(run: AnyRun, dataset: Dataset, folder: str | Path) -> Inputs:
    """What `train` needs to know of the records in `folder`; the run's prerequisites must be among them."""
    if isinstance(run, AutoencoderRun):
        return Inputs()
    if isinstance(run, SelectionRun):
        return Inputs(embeddings=embeddings(run.autoencoder, dataset, folder))
    subset, seconds = _chosen(run, dataset, folder)
    budget = None
    if run.time_share:
        baselines = [records.read(record_path(baseline, folder)) for baseline in run.baselines()]
        budget = run.time_share * float(np.median([baseline["times"]["train_s"] for baseline in baselines]))
    return Inputs(subset, seconds, budget, added=interpolated(run, subset, dataset, folder))


def interpolated(
    run: Run, subset: np.ndarray | None, dataset: Dataset, folder: str | Path
) -> tuple[np.ndarray, np.ndarray] | None:
    """The images and labels that a run adds to its subset, if any."""
    if not run.interpolated or run.autoencoder is None or subset is None:
        return None
    from paperlib import interpolation

    found = embeddings(run.autoencoder, dataset, folder)
    points, labels = interpolation.between(found, dataset.y_train, subset, run.interpolated, seed=run.seed)
    decoder = autoencoder(run.autoencoder, folder)[1]
    return interpolation.decoded(decoder, points, dataset.x_train.shape[1]), labels


def write(run: AnyRun, folder: Path, outcome: Outcome) -> None:
    """Put what a run came to on record: the arrays first, so that what has a record is complete."""
    path = record_path(run, folder)
    if exists(path):  # another process was faster
        return
    files = {name: path.with_suffix(suffix) for name, suffix in _ARRAY_FILES.items() if name in outcome.arrays}
    for name, file in files.items():
        write_arrays: Callable = arrays.write_several if isinstance(outcome.arrays[name], dict) else arrays.write_sealed
        write_arrays(file, outcome.arrays[name], replace=True)  # what a run left that was killed
    digests = {"files": {"weights": file_digest(files["weights"])}} if "weights" in files else {}
    records.write(path, {**outcome.record, **digests})
