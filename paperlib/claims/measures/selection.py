"""What is selected, and what step 4 costs (Section IV-C and D)."""

import numpy as np

from paperlib.claims.evidence import Evidence
from paperlib.claims.measures.measured import Measured, hashes, singly


def size_of_the_union(evidence: Evidence) -> Measured:
    """Samples in the plain union of eq. 4's lists, which overlap; one value an autoencoder."""
    runs = evidence.runs
    unions = runs[(runs["overlap"] == "union") & (runs["k"] == evidence.profile.k) & (runs["variant"] == "")]
    sizes = unions.groupby("autoencoder")["subset_size"].first()
    k = evidence.profile.k
    shown = ", ".join(f"{100 * size / k:.0f} %" for size in sizes)
    return singly(sizes, f"{shown} of {k:,}: the lists overlap", hashes(unions))


def writing_time(evidence: Evidence) -> Measured:
    """Seconds to write the filtered data set: step 4. The median and the range of fresh measurements
    (`times.write_s` of the record of eq. 4's selection, a list). They are repeats in one process, of which the first
    also reads the images into memory."""
    written = [
        record
        for record in evidence.selections
        if record["run"]["method"] == "top_activations"
        and record["run"]["k"] == evidence.profile.k
        and dict(record["run"]["options"]) == {"overlap": evidence.overlap}
        and "write_s" in record["times"]
    ]
    seconds = [value for record in written for value in record["times"]["write_s"]]
    if not seconds:
        return Measured()
    chosen = float(np.median([record["times"]["select_s"] for record in written]))
    remark = f"median {np.median(seconds):.3f} s, {min(seconds):.3f} to {max(seconds):.3f} s; choosing: {chosen:.3f} s"
    return singly(seconds, remark, hashes(written))
