"""The greedy loop of k-center and max-sum dispersion, fast: one sample after another, the best each time.

Each choice changes the scores of all samples by their inner products with the chosen one. One choice at a time, that is
a pass over all embeddings for each of k, and the time goes into reading memory. Here the next few choices are predicted
among the samples that score highest now. One matrix product then gives the scores of all samples at each of these
steps, and a prediction counts only as far as it is what the plain loop chooses. The result is that of the plain loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paperlib.selection.points import Points, threads
from paperlib.selection.ties import Priority, best

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
# Writes the scores after a choice: (old scores (M,), inner products with the chosen sample (M,), constants of the
# samples (M,), the constant of the chosen one, new scores (M,)). Looks at each sample by itself.
Update = Callable[[Floats, Floats, Floats, float, Floats], Any]

_CANDIDATES = 2_000  # samples among which choices are predicted
_STEPS = 32  # predicted at a time at most: matrix products are no faster with more


def greedy(
    points: Points,
    k: int,
    start: int,
    scores: Floats,
    constants: Floats,
    update: Update,
    tolerance: Callable[[int], float],
    priority: Priority,
) -> Indices:
    """Choose k samples: a first one, then again and again the one with the highest score.

    Parameters
    ----------
    points : Points
        The embeddings (N, n).
    k : int
    start : int
        The first choice.
    scores : (N,) float64
        Of all samples before the first choice.
    constants : (N,) float64
        A number a sample that `update` needs.
    update : function
        How a choice changes the scores, see `Update`.
    tolerance : function
        How many are chosen -> how far rounding may have moved a score. Scores nearer than that are equal.
    priority : function
        Which of equal ones comes first; see `paperlib.selection.ties`.

    Returns
    -------
    (k,) int64
        Distinct indices, in the order of choice. O(k N n) time; O(N) memory besides the embeddings.
    """
    first = priority(np.arange(len(points)))
    most = points.at_a_time(_STEPS)
    chosen, steps, candidates = [start], 1, None
    with threads(points) as run:
        while len(chosen) < k:
            steps = min(steps, k - len(chosen))
            if candidates is None and steps > 1:
                candidates = _highest(scores, points.some(_CANDIDATES), tolerance(len(chosen)), first)
                rows = points.rows(candidates)
                local_constants, local_first = constants[candidates], first[candidates]
            expected = chosen[-1:]  # and, predicted, what follows if that is among the candidates
            if candidates is not None:
                local = scores[candidates]
            while candidates is not None and len(expected) < steps:
                products = rows @ points.rows(np.array(expected[-1:]))[0]
                update(local, products, local_constants, constants[expected[-1]], local)
                local[candidates == expected[-1]] = -np.inf
                if local.max() == -np.inf:
                    break
                expected.append(int(candidates[best(local, tolerance(len(chosen)), local_first)]))
            after = _scores_after(points, scores, constants, expected, update, run)
            for step, scores in enumerate(after, 1):
                chosen.append(best(scores, tolerance(len(chosen)), first))
                if expected[step : step + 1] != chosen[-1:]:
                    break
            scores = scores.copy()  # a view would keep all of them
            del after
            if step < len(expected):  # predicted wrongly: next look less far, and among others
                steps, candidates = min(most, step + 1 + step // 2), None
            elif len(expected) < steps:  # all candidates are taken
                candidates = None
            else:
                steps = min(most, 2 * steps)
    return np.array(chosen)


def _scores_after(
    points: Points, scores: Floats, constants: Floats, choices: Sequence[int], update: Update, run: Callable
) -> Floats:
    """Return the scores of all samples after each of some choices, (choices, N) float64."""
    rows = points.rows(np.array(choices))
    after = np.empty((len(choices), len(scores)))

    def fill(part: slice) -> None:
        for start, block in points.blocks(part):
            here = slice(start, start + len(block))
            before = scores[here]
            for new, products, choice in zip(after[:, here], rows @ block.T, choices):
                update(before, products, constants[here], constants[choice], new)
                before = new

    for _ in run(fill, points.parts()):
        pass
    for step, choice in enumerate(choices):
        after[step:, choice] = -np.inf
    return after


def _highest(scores: Floats, count: int, tolerance: float, first: NDArray[np.uint64]) -> Indices:
    """Return the `count` samples with the highest scores, by index; of equal ones those that come first."""
    bar = np.partition(scores, -count)[-count]
    above = np.flatnonzero(scores > bar + tolerance)[:count]
    equal = np.flatnonzero(np.abs(scores - bar) <= tolerance) if bar > -np.inf else np.flatnonzero(scores == bar)
    equal = equal[np.argsort(first[equal])][: count - len(above)]
    return np.sort(np.concatenate([above, equal]))
