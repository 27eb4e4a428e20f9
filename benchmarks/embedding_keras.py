"""Embeddings of 50,000 images with the same network and `predict`: python -m benchmarks.embedding_keras"""

import json
import time

import numpy as np

from benchmarks.images import images
from paperlib.models import autoencoder

x, _ = images()
encoder, _ = autoencoder()
encoder.predict(x[:1_000, 4:28, 4:28] / np.float32(255), verbose=0)  # to warm up
started = time.perf_counter()
encoder.predict(x[:, 4:28, 4:28] / np.float32(255), verbose=0)
print(json.dumps({"seconds": time.perf_counter() - started}))
