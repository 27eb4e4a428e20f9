"""`make figures` in a copy of the project, whole process: python -m benchmarks.make_figures FOLDER VENV"""

import json
import subprocess
import sys
import time

folder, venv = sys.argv[1:]
started = time.perf_counter()
subprocess.run(["make", "-s", "figures", f"VENV={venv}"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
print(json.dumps({"seconds": time.perf_counter() - started}))
