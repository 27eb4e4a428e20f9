"""Evidence -> what a claim is measured by: one function a claim, named in `claims.yaml`."""

from paperlib.claims.measures.abstract import over_half_more, time_saved, time_saved_uncharged
from paperlib.claims.measures.arithmetic import (
    autoencoder_epochs_of_the_paper,
    epoch_shortened,
    epochs_of_the_paper,
    size_of_the_subset,
    time_share_of_the_paper,
)
from paperlib.claims.measures.autoencoder import elements_that_recur, inputs_found_again
from paperlib.claims.measures.budget import (
    accuracy_of_the_full_set,
    accuracy_subset_first,
    images_a_second,
    loss_ahead,
    loss_ahead_large,
)
from paperlib.claims.measures.measured import Measured
from paperlib.claims.measures.selection import size_of_the_union, writing_time
from paperlib.claims.measures.splits import (
    baseline_accuracy,
    difference_at_the_end,
    early_differences,
    embedding_accuracy,
    late_difference,
    random_accuracy,
    spread_at_the_end,
)

MEASURES = {
    measure.__name__: measure
    for measure in (
        baseline_accuracy, embedding_accuracy, random_accuracy, difference_at_the_end, early_differences,
        late_difference, spread_at_the_end, accuracy_subset_first, accuracy_of_the_full_set, loss_ahead,
        loss_ahead_large, images_a_second, writing_time, size_of_the_union, inputs_found_again, elements_that_recur,
        time_saved, time_saved_uncharged, over_half_more, size_of_the_subset, epoch_shortened, epochs_of_the_paper,
        autoencoder_epochs_of_the_paper, time_share_of_the_paper,
    )
}  # fmt: skip

__all__ = ["MEASURES", "Measured"]
