"""The classifier's first steps, from weights and batches that NumPy draws: the same for every backend.

`python -m tests.first_steps DATA BATCH RATE DTYPE ...` prints the loss of each and the kernels' norms after the last.
How far float32 may take them is what it does to TensorFlow's, seen from float64.
`first_steps_cifar10.json` beside this file has both, made on a processor with the paper's batch and rate: `on_gpu.py`
holds a GPU against them.
"""

import json
import sys

import keras
import numpy as np

from paperlib import augment, data, environment, models
from paperlib.averaging import AveragedSGD
from paperlib.compute import feeds
from paperlib.training.loop import Loop

STEPS = 20


def measured(dataset, batch, learning_rate, dtype):
    """What the module's docstring says, as plain data. dtype: "float32" or "float64"."""
    keras.config.set_floatx(dtype)  # of the loss
    model = models.classifier(len(dataset.classes), dtype=dtype)
    model.set_weights(_initial(model))
    fed = keras.Input(model.input_shape[1:], batch)
    optimizer = AveragedSGD(learning_rate)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    loop = Loop(keras.Model(fed, model(fed)), optimizer, loss)
    loop.run(_augmented(dataset, batch), STEPS)
    kernels = [weight for weight in model.get_weights() if weight.ndim > 1]
    return {
        "dataset": dataset.name,
        "fingerprint": dataset.fingerprint,
        "batch": batch,
        "learning_rate": learning_rate,
        "dtype": dtype,
        "environment": environment.describe(),
        "losses": loop.history().loss.tolist(),
        "norms": [float(np.linalg.norm(kernel.astype(np.float64))) for kernel in kernels],
    }


def error(found, usual, exact):
    """How far `found` is from `exact`, where `usual` is as far as 1; the largest over all losses and norms.

    A step inherits the errors of those before, and each kernel those of the others: what is usual for a loss is the
    largest error until then, for a norm the largest of any, relative to it. Nothing is expected to be nearer than a
    unit in the last place.
    """
    usually_far = {name: np.abs(np.array(usual[name]) - exact[name]) for name in ("losses", "norms")}
    usually_far["losses"] = np.maximum.accumulate(usually_far["losses"])
    usually_far["norms"] = np.max(usually_far["norms"] / exact["norms"]) * np.array(exact["norms"])
    shares = []
    for name, far in usually_far.items():
        far = np.maximum(far, np.finfo(np.float32).eps * np.array(exact[name]))
        shares.append(np.abs(np.array(found[name]) - exact[name]) / far)
    return float(np.concatenate(shares).max())


def _initial(model):
    """Glorot's uniform weights for matrices and kernels; all else begins with constants."""
    draw, weights = np.random.default_rng(0), model.get_weights()
    for number, weight in enumerate(weights):
        if weight.ndim > 1:
            area = np.prod(weight.shape[:-2])
            limit = np.sqrt(6 / (area * sum(weight.shape[-2:])))
            weights[number] = draw.uniform(-limit, limit, weight.shape).astype(np.float32)
    return weights


def _augmented(dataset, batch):
    """Standardized crops (B, 24, 24, 3) and labels (B,): each crop, flip and contrast is drawn by NumPy."""
    draw = np.random.default_rng(0)
    size = 24
    everything = np.arange(len(dataset.x_train))
    for images, labels in feeds.batches(
        dataset.x_train, dataset.y_train, everything, batch=batch, feed="streamed", seed=0
    ):
        corners = draw.integers(0, images.shape[1] - size + 1, (batch, 2))
        crops = np.stack([image[y : y + size, x : x + size] for image, (y, x) in zip(images, corners)])
        mirrored = np.where(draw.random((batch, 1, 1, 1)) < 0.5, crops[:, :, ::-1], crops)
        contrast = draw.uniform(*augment.CONTRAST, (batch, 1, 1, 1)).astype(np.float32)
        yield keras.ops.convert_to_numpy(augment.standardize(mirrored, contrast=contrast)), labels


if __name__ == "__main__":
    source, batch, learning_rate, *dtypes = sys.argv[1:]
    dataset = data.load(source)
    results = {dtype: measured(dataset, int(batch), float(learning_rate), dtype) for dtype in dtypes}
    print(json.dumps(results, indent=1))
