"""Embeddings of 50,000 images with paperlib: python -m benchmarks.embedding_ours"""

import json
import time

from benchmarks.images import images
from paperlib.models import autoencoder
from paperlib.training import embed

x, _ = images()
encoder, _ = autoencoder()
embed(encoder, x[:1_000])  # to warm up
started = time.perf_counter()
embed(encoder, x)
print(json.dumps({"seconds": time.perf_counter() - started}))
