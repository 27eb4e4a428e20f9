"""Where the time of a training step goes: python -m benchmarks.operations BATCH

Prints JSON: milliseconds a step by group of operations, the arithmetic of each, and the machine's rates for a matrix
product of 4096 x 4096 x 4096. TensorFlow's own profiler does the timing, one operation at a time.
"""

import json
import re
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.tsl.profiler.protobuf import xplane_pb2

from benchmarks.images import dataset
from benchmarks.work import gigaflops
from paperlib.training import train_classifier

GROUPS = {  # name -> pattern of TensorFlow's names; the first that fits
    "augmentation and feeding": r"augmentation|resident|^functional[_\d]*/classifier[_\d]*/Cast",
    "conv1, kernel's gradient": r"gradient_tape.*/conv1",
    "conv1": r"/conv1",
    "conv2, kernel's gradient": r"^(Conv2D|transpose|ReverseV2|Pad|split|AddN)(_\d+)?:",
    "conv2, input's gradient": r"^conv2d_transpose",
    "conv2": r"/conv2.*Conv2D",
    "dense": r"dense",
    "pooling": r"pool",
    "normalization": r"norm",
    "ReLU": r"relu|Relu",
}
REST = "optimizer, averages, rest"
STEPS = 3


def teraflops(dtype, size=4096):
    matrix = tf.cast(tf.random.normal((size, size)), dtype)
    product = tf.function(lambda a: tf.matmul(a, a)[0, 0])
    times = []
    for _ in range(4):
        started = time.perf_counter()
        product(matrix).numpy()
        times.append(time.perf_counter() - started)
    return 2 * size**3 / min(times) / 1e12


def profiled(batch):
    """Milliseconds by TensorFlow's name of each operation, and the median step without the profiler."""
    ended = []
    with tempfile.TemporaryDirectory() as folder:

        def on_step():
            ended.append(time.perf_counter())
            if len(ended) == 12:
                tf.profiler.experimental.start(folder)
            if len(ended) == 12 + STEPS:
                tf.profiler.experimental.stop()

        train_classifier(dataset(), steps=12 + STEPS, batch=batch, on_step=on_step)
        trace = xplane_pb2.XSpace()
        trace.ParseFromString(next(Path(folder).rglob("*.xplane.pb")).read_bytes())
    times = defaultdict(float)
    for plane in trace.planes:
        if plane.name == "/host:CPU":
            for event in (event for line in plane.lines for event in line.events):
                name = plane.event_metadata[event.metadata_id].name
                if re.match(r"[\w/]+:\w+$", name):  # an operation and its kind; all else is around operations
                    times[name] += event.duration_ps / 1e9 / STEPS
    return times, 1e3 * float(np.median(np.diff(ended[2:12])))


def group_of(name):
    """The group of an operation by TensorFlow's name and kind of it, as the profiler writes them."""
    return next((group for group, pattern in GROUPS.items() if re.search(pattern, name)), REST)


if __name__ == "__main__":
    batch = int(sys.argv[1])
    tf.config.threading.set_inter_op_parallelism_threads(1)  # no two operations overlap, so their times add up
    rates = {name: teraflops(dtype) for name, dtype in (("bfloat16", tf.bfloat16), ("float32", tf.float32))}
    times, step = profiled(batch)
    grouped = dict.fromkeys([*GROUPS, REST], 0.0)
    for name, milliseconds in times.items():
        grouped[group_of(name)] += milliseconds
    print(json.dumps({"step_ms": step, "operations_ms": grouped, "gflop": gigaflops(batch), "matrix_tflops": rates}))
