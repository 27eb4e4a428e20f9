"""Training with paperlib: python -m benchmarks.training_ours BATCH STEPS"""

import json
import sys

from benchmarks.images import dataset, images_per_second
from paperlib.training import train_classifier

batch, steps = map(int, sys.argv[1:])
trained = train_classifier(dataset(), steps=steps, batch=batch)
print(json.dumps({"images_per_s": images_per_second(trained.history.seconds, batch), "precision": trained.precision}))
