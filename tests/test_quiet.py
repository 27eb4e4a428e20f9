import subprocess
import sys

from .conftest import ROOT

_TENSORFLOW = """
import sys
print("before", file=sys.stderr)
import paperlib.models
import tensorflow
tensorflow.zeros(1)
print("after", file=sys.stderr)
"""
_OTHER = """
import os, sys
from paperlib import quiet
with quiet._without_notes():
    os.write(2, b"I0000 oneDNN custom operations are on. You may see\\nan error\\n")
    print("Python's", file=sys.stderr, flush=True)
raise SystemExit("the end")
"""


def stderr(program):
    # Without the setting of `make`: who imports the package from a program of their own has none.
    env = {"PATH": "", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True)
    return done.stderr.splitlines()


def test_tensorflow_is_imported_without_its_notes():
    assert stderr(_TENSORFLOW) == ["before", "after"]


def test_everything_else_is_printed():
    assert stderr(_OTHER) == ["an error", "Python's", "the end"]
