"""A study's runs on the workers of a dask scheduler. What they find comes back as data: no file system is shared."""

import os
import pickle
from contextlib import nullcontext

from paperlib import environment
from paperlib.runs import AutoencoderRun, SelectionRun, StoppedRun


def connected(client):
    """A context manager for `client`, or a client of the scheduler that DASK_SCHEDULER_ADDRESS names, or None."""
    address = os.environ.get("DASK_SCHEDULER_ADDRESS")
    if client or not address:
        return nullcontext(client)
    from distributed import Client

    return Client(address, set_as_default=False)


def may_travel(run):
    """Whether a worker may train a run: not if a clock ends it, nor if its time may be what such a clock is set by.

    A budget is a share of the baseline's time: both must be of one machine, with nothing else running there.
    """
    if isinstance(run, SelectionRun):
        return False
    return isinstance(run, AutoencoderRun | StoppedRun) or not (run.selection == "full" or run.time_share)


def outcomes(client, train, inputs, dataset):
    """Yield (runs, list of train(runs, dataset, inputs[runs])) for each tuple of runs in the dict `inputs`, as workers
    finish them.

    `dataset` is sent to each worker once. Runs whose worker is lost are trained again on another. An error of `train`
    is raised here, and what has not begun is then given up.
    ValueError if there are no workers, or if one has several threads: training sets seeds for its whole process.
    RuntimeError if a worker has another version of this package's code.
    """
    if not inputs:
        return
    from dask import config
    from distributed import as_completed

    threads = client.nthreads()
    if set(threads.values()) != {1}:
        found = ", ".join(f"{address}: {count}" for address, count in threads.items()) or "none"
        raise ValueError(
            f"the workers' threads are {found}; a run needs a process of its own: start workers with "
            "`dask worker ADDRESS --nthreads 1`, one on each machine or for each GPU"
        )
    # As a task, and not scattered: what is lost with the last worker that holds it is then made again. As bytes: the
    # scheduler need not have this package. Without the warning that there are many: they are sent once.
    with config.set({"distributed.admin.large-graph-warning-threshold": "1 PiB"}):
        sent = client.submit(pickle.loads, pickle.dumps(dataset), pure=False)
    client.replicate([sent])  # dask sends a run to where its data are
    futures = {
        client.submit(_trained, train, runs, sent, given, environment.CODE, pure=False): runs
        for runs, given in inputs.items()
    }
    try:
        for future in as_completed(list(futures), loop=client.loop):
            yield futures.pop(future), future.result()
    finally:
        client.cancel(list(futures))


def _trained(train, runs, dataset, given, code):
    if environment.CODE != code:
        raise RuntimeError(
            f"a worker has the code {environment.CODE} of paperlib, and here it is {code}: install the same there, and "
            "start its workers again"
        )
    return list(train(runs, dataset, given))
