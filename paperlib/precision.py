"""Which number format training computes in: what the machine is fast at, or what the caller says."""

from pathlib import Path

POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}  # our name -> Keras dtype policy

# Without such instructions bfloat16 is emulated and many times slower than float32.
_BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16"}


def resolve(precision="auto"):
    """"float32" or "bfloat16"; "auto" takes bfloat16 on a GPU and on processors with instructions for it."""
    if precision in POLICIES:
        return precision
    if precision != "auto":
        raise ValueError(f"precision is {precision!r}: choose 'auto', {', '.join(map(repr, POLICIES))}")
    from paperlib.kernels import on_processor  # here: who names a precision need not wait for Keras

    return "bfloat16" if not on_processor() or _processor_has_bfloat16() else "float32"


def _processor_has_bfloat16(cpuinfo=Path("/proc/cpuinfo")):
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:  # not Linux: nothing known, so the safe choice
        return False
    return any(_BFLOAT16_FLAGS & set(line.split()) for line in lines if line.startswith("flags"))
