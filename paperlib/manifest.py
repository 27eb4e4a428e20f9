"""A selection on disk: the indices as an array, and beside it what was chosen, from what, and how."""

from pathlib import Path

import numpy as np

from paperlib import environment, records, tables
from paperlib.records import RecordError

INDICES, MANIFEST = "selected.npy", "selected.json"


def describe(samples, *, method, options, k, seed, embedding):
    """What decides which samples are chosen, as plain data. embedding: of `embedding.plan`."""
    return {
        "dataset": samples.name,
        "fingerprint": samples.fingerprint,
        "method": method,
        "options": options,
        "k": k,
        "seed": seed,
        "embedding": embedding,
    }


def write(root, indices, samples, source, run):
    """Write indices (k,) int64 and their manifest to a folder of their own in `root` -> path of that folder.

    run: of `describe`. The folder is named after it and after the indices, which other machines and versions may
    train differently: another selection goes elsewhere, and the same again changes nothing. Raises RecordError where
    that fails, and if the folder has been altered.
    """
    name = records.content_hash([run, indices.tolist()])
    folder = Path(root) / f"{run['dataset']}-{run['method']}-{run['k']}-{name}"
    if (folder / MANIFEST).exists():
        read(folder)  # refuses what was altered
        return folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / INDICES).unlink(missing_ok=True)  # left by a run that was ended between the two files
    except OSError as error:
        raise RecordError(f"{folder}: cannot be written ({error.strerror or error}); choose another folder") from error
    records.write_array(folder / INDICES, indices)
    result = {
        "samples": len(samples),
        "chosen": len(indices),
        "sha256": records.file_digest(folder / INDICES),
        "classes": None if samples.labels is None else class_counts(samples, indices).to_dict("records"),
        "files": None if samples.files is None else [samples.files[i] for i in indices],  # in the order of the indices
    }
    manifest = {
        "hash": records.content_hash(run),
        "run": run,
        "about": {"source": str(source), "preparation": samples.preparation},
        "result": result,
        "environment": environment.describe(),
    }
    records.write(folder / MANIFEST, manifest)
    return folder


def class_counts(samples, indices):
    """A table with a row a class: how many samples were chosen, and how many there are."""
    return tables.samples(indices, samples.labels, samples.classes)


def read(folder):
    """(indices (k,), manifest) of a folder. Raises RecordError if a file is missing, damaged or was altered."""
    folder = Path(folder)
    manifest = records.read(folder / MANIFEST)
    stated = manifest["result"]["sha256"]
    try:
        digest = records.file_digest(folder / INDICES)
    except OSError as error:
        raise RecordError(f"{folder / INDICES}: cannot be read ({error.strerror or error}); choose again") from error
    if digest != stated:
        raise RecordError(
            f"{folder / INDICES}: has the SHA-256 {digest[:12]}…, but {MANIFEST} says {stated[:12]}…: it was altered; "
            "restore it, or delete the folder and choose again"
        )
    return np.load(folder / INDICES, allow_pickle=False), manifest
