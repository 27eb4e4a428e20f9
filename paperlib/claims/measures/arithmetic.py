"""The paper's arithmetic, from its own numbers (profile `paper`): true or not whatever is run."""

from paperlib.claims.evidence import Evidence
from paperlib.claims.measures.measured import Measured, singly
from paperlib.study.profiles import PAPER_SAMPLES, PAPER_SECONDS, profile

_FROM = "from the paper's own numbers"


def size_of_the_subset(_: Evidence) -> Measured:
    """k: 20 samples for each of 216 elements, which is 8.64 % of the data."""
    paper = profile("paper")
    k = paper.embedding_size * 20
    return singly([k], f"{100 * k / PAPER_SAMPLES:.2f} % of {PAPER_SAMPLES:,}; {_FROM}", ())


def epoch_shortened(_: Evidence) -> Measured:
    """By how much shorter an epoch of the subset is, in percent: it has as many batches as samples allow."""
    return singly([100 * (1 - profile("paper").k / PAPER_SAMPLES)], _FROM, ())


def epochs_of_the_paper(_: Evidence) -> Measured:
    """Epochs of the classifier's training."""
    paper = profile("paper")
    return singly([paper.steps * paper.batch / PAPER_SAMPLES], _FROM, ())


def autoencoder_epochs_of_the_paper(_: Evidence) -> Measured:
    """Epochs of the autoencoder's training."""
    paper = profile("paper")
    return singly([paper.autoencoder_steps * paper.autoencoder_batch / PAPER_SAMPLES], _FROM, ())


def time_share_of_the_paper(_: Evidence) -> Measured:
    """Seven minutes in percent of the baseline's 736 s."""
    return singly([100 * 7 * 60 / PAPER_SECONDS], _FROM, ())
