"""Which number format training computes in: the one that the machine is fast at, or the one that the caller names."""

from pathlib import Path

POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}  # our name -> Keras dtype policy

# Without such instructions bfloat16 is emulated, and many times slower than float32.
_BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16"}


def resolve(precision: str = "auto") -> str:
    """Return the number format to train in.

    Parameters
    ----------
    precision : {"auto", "bfloat16", "float32"}
        "auto" takes bfloat16 on a GPU and on processors that have instructions for it, else float32.

    Returns
    -------
    str
        "bfloat16" or "float32", a key of `POLICIES`.

    Raises
    ------
    ValueError
        For another `precision`.
    """
    if precision in POLICIES:
        return precision
    if precision != "auto":
        raise ValueError(f"precision is {precision!r}: choose 'auto', {', '.join(map(repr, POLICIES))}")
    from paperlib.compute.kernels import on_processor  # imported late: Keras is slow to import

    return "bfloat16" if not on_processor() or _processor_has_bfloat16() else "float32"


def _processor_has_bfloat16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:  # not Linux: nothing is known, so take the safe choice
        return False
    return any(_BFLOAT16_FLAGS & set(line.split()) for line in lines if line.startswith("flags"))
