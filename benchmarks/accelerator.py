"""How near a training step comes to what a GPU can do: python -m benchmarks.accelerator BATCH STEPS [VARIANT ...]

Run with KERAS_BACKEND=jax. Prints JSON: the rates of a large matrix product and of a large copy, the time that a step
takes at least at these rates, and how long it takes, in the variants of it that are named.
"""

import json
import sys
import time
from unittest import mock

import jax
import numpy as np
from jax import numpy as jnp
from keras import layers

from benchmarks.images import dataset
from benchmarks.work import gigabytes, gigaflops
from paperlib import environment, models
from paperlib.compute import steppers
from paperlib.training import train_classifier

_ON_GPU = jax.default_backend() != "cpu"


def teraflops(dtype, size=8192 if _ON_GPU else 1024):
    matrix = jax.random.normal(jax.random.key(0), (size, size), dtype)
    return 2 * size**3 / _seconds(jax.jit(lambda a: a @ a), matrix) / 1e12


def gigabytes_per_second(count=2**30 if _ON_GPU else 2**26):
    """Of a copy of `count` numbers of two bytes, each read and written."""
    numbers = jnp.zeros(count, jnp.uint16)
    return 4 * count / _seconds(jax.jit(lambda a: a + jnp.uint16(1)), numbers) / 1e9


def _seconds(program, argument):
    times = []
    for _ in range(9):
        started = time.perf_counter()
        program(argument).block_until_ready()
        times.append(time.perf_counter() - started)
    return float(np.median(times[2:]))


def ours(batch, steps, **options):
    """Milliseconds a step: the median over programs of several."""
    together = steppers.steps_per_execution(options.get("feed", "resident"))
    seconds = train_classifier(dataset(), batch=batch, steps=steps, **options).history.seconds
    return 1e3 * float(np.median(np.diff(seconds[2 * together - 1 :: together]))) / together


def one_a_program(batch, steps):
    with mock.patch.object(steppers, "steps_per_execution", lambda feed: 1):
        return ours(batch, steps)


def keras_pooling(batch, steps):
    with mock.patch.object(models, "MaxPooling2D", layers.MaxPooling2D):
        return ours(batch, steps)


def float32(batch, steps):
    return ours(batch, steps, precision="float32")


def streamed(batch, steps):
    return ours(batch, steps, feed="streamed")


VARIANTS = {function.__name__: function for function in (ours, one_a_program, keras_pooling, float32, streamed)}

if __name__ == "__main__":
    batch, steps = map(int, sys.argv[1:3])
    arithmetic, traffic = sum(gigaflops(batch).values()), gigabytes(batch)
    rates = {"teraflops": teraflops(jnp.bfloat16), "gigabytes_per_s": gigabytes_per_second()}
    print(
        json.dumps(
            {
                "device": environment.describe()["device"],
                "batch": batch,
                **rates,
                "gflop": arithmetic,
                "gigabytes": traffic,
                "arithmetic_ms": arithmetic / rates["teraflops"],
                "traffic_ms": 1e3 * traffic / rates["gigabytes_per_s"],
                "step_ms": {name: VARIANTS[name](batch, steps) for name in sys.argv[3:] or VARIANTS},
            }
        )
    )
