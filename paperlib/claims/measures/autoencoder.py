"""What the paper sees in Fig. 4 (Section V-A). Older records of autoencoders lack what is asked for here."""

from paperlib.analysis.statistics import mean
from paperlib.claims.evidence import Evidence
from paperlib.claims.measures.measured import Measured, hashes, singly


def inputs_found_again(evidence: Evidence) -> Measured:
    """How often, in percent, a reproduction is nearer to its own input than to any other test image
    (`result.retrieval`). One value an autoencoder."""
    found = [record for record in evidence.autoencoders if "retrieval" in record["result"]]
    if not found:
        return Measured()
    rates = [record["result"]["retrieval"]["rate"] for record in found]
    trials = min(record["result"]["retrieval"]["images"] for record in found)
    decibels = [record["result"]["test"]["psnr_db"] for record in found]
    shown = "; ".join(f"{psnr['reproduction']:.1f} dB, the mean image {psnr['mean_image']:.1f} dB" for psnr in decibels)
    return Measured(
        mean([100 * rate for rate in rates]),
        f"of {trials:,} test images, where guessing finds one; PSNR {shown}",
        tested=rates,
        terms={"trials": trials},
        records=hashes(found),
    )


def elements_that_recur(evidence: Evidence) -> Measured:
    """Elements of the embedding that stand out alike in six random images (`result.recurring`), and the share of the
    embeddings' variance that is common to all images (`result.common_variance`). One value an autoencoder."""
    found = [record for record in evidence.autoencoders if "recurring" in record["result"]]
    if not found:
        return Measured()
    results = [record["result"] for record in found]
    chance = results[0]["recurring"]["by_chance"]
    common = ", ".join(f"{100 * result['common_variance']:.0f} %" for result in results)
    remark = (
        f"of {found[0]['run']['embedding_size']}; {chance:.2f} by chance; {common} of the variance is common to all"
    )
    return singly([result["recurring"]["elements"] for result in results], remark, hashes(found))
