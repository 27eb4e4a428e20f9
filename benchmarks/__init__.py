"""Ours against what people would use instead, on the same machine and alternately. `make bench` runs it."""
