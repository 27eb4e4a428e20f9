"""Train in one process all that the notebooks run: `python -m paperlib.recording PROFILE [DATA]`."""

import sys
from pathlib import Path

from paperlib import plans, profiles, study
from paperlib.data import load
from paperlib.progress import Progress


def record(profile, data="", figures="figures", progress="lines"):
    """Write what is not in `figures`/PROFILE/records, what the paper reports first; the notebooks then find it there.

    They would train it as well, but one after the other, and less of it together. Raises what
    `paperlib.study.execute` does; what was written before is kept.
    """
    setting = profiles.profile(profile)
    dataset = load(data or setting.source)
    folder, told = Path(figures) / profile / "records", Progress(progress)
    union = plans.union_run(setting, dataset)
    study.execute([union.autoencoder], dataset, folder, told)
    study.execute(plans.all_runs(setting, dataset, len(study.choose(union, dataset, folder))), dataset, folder, told)


if __name__ == "__main__":
    try:
        record(*sys.argv[1:])
    except (ValueError, OSError) as error:
        sys.exit(str(error))
