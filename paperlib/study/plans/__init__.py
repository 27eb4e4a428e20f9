"""Which runs there are: profile and data set -> runs.

Of the data set only its name and fingerprint are looked at. `Readings` hold for a whole plan, except where a plan
compares their alternatives. Reading R7, `overlap`, is for the paper's figures (`plans.paper`); all that goes beyond the
paper is planned with `fill`.
"""

from paperlib.study.plans.arms import Named, autoencoder_run
from paperlib.study.plans.beyond import (
    VARIANTS,
    control_runs,
    feed_runs,
    learning_runs,
    length_runs,
    method_runs,
    precision_runs,
    riddle_runs,
    selection_runs,
    spike_runs,
    union_run,
)
from paperlib.study.plans.paper import (
    budget_cuts,
    budget_runs,
    claim_runs,
    large_runs,
    limited_runs,
    loss_runs,
    split_runs,
)
from paperlib.study.plans.questions import (
    ALTERNATIVE_READINGS,
    autoencoder_runs,
    embedding_runs,
    encoder_runs,
    factor_runs,
    interpolation_runs,
    open_question_runs,
    prediction_runs,
    reading_runs,
    weak_random_runs,
)

__all__ = [
    "ALTERNATIVE_READINGS",
    "VARIANTS",
    "Named",
    "autoencoder_run",
    "autoencoder_runs",
    "budget_cuts",
    "budget_runs",
    "claim_runs",
    "control_runs",
    "embedding_runs",
    "encoder_runs",
    "factor_runs",
    "feed_runs",
    "interpolation_runs",
    "large_runs",
    "learning_runs",
    "length_runs",
    "limited_runs",
    "loss_runs",
    "method_runs",
    "open_question_runs",
    "precision_runs",
    "prediction_runs",
    "reading_runs",
    "riddle_runs",
    "selection_runs",
    "spike_runs",
    "split_runs",
    "union_run",
    "weak_random_runs",
]
