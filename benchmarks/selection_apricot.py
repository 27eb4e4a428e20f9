"""Submodular selection with apricot: python -m benchmarks.selection_apricot FILE ELEMENTS K feature|facility"""

import json
import resource
import sys
import time

from apricot import FacilityLocationSelection, FeatureBasedSelection

from benchmarks.matrices import load

path, elements, k, kind = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
resource.setrlimit(resource.RLIMIT_AS, (12 << 30, 12 << 30))  # facility location holds similarities (N, N)
embeddings = load(path, elements)
selector = {"feature": FeatureBasedSelection, "facility": FacilityLocationSelection}[kind]
started = time.perf_counter()
try:
    selector(k, optimizer="lazy").fit(embeddings)
    print(json.dumps({"seconds": time.perf_counter() - started}))
except MemoryError:
    print(json.dumps({"note": "needs more than 12 GiB"}))
