"""Training with paperlib: python -m benchmarks.training_ours BATCH STEPS"""

import json
import sys
import time

from benchmarks.images import dataset, images_per_second
from paperlib.training import train_classifier

batch, steps = map(int, sys.argv[1:])
ended = []
trained = train_classifier(dataset(), steps=steps, batch=batch, on_step=lambda: ended.append(time.perf_counter()))
print(json.dumps({"images_per_s": images_per_second(ended, batch), "precision": trained.precision}))
