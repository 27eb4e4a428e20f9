"""A study's runs on the workers of a dask scheduler. What they find comes back as data: no file system is shared."""

import asyncio
import os
import pickle
import socket
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from paperlib import environment
from paperlib.data import Dataset
from paperlib.study.runs import AutoencoderRun, SelectionRun

if TYPE_CHECKING:
    from distributed import Client

_VARIABLE = "DASK_SCHEDULER_ADDRESS"  # dask's own; SCHEDULER of the Makefile
_PROTOCOLS = ("tcp", "tls", "ws", "wss")
_ANSWERS_WITHIN = 5  # seconds


class SchedulerError(OSError):
    """A scheduler that cannot be reached; the message names SCHEDULER, its value and the way out."""


def check_scheduler() -> str | None:
    """Find out, within seconds, whether a scheduler answers where one should be.

    Returns
    -------
    str or None
        The address that DASK_SCHEDULER_ADDRESS (SCHEDULER of the Makefile) names; None if it names none.

    Raises
    ------
    SchedulerError
        For what is no address, where nothing answers, and where something answers that is no scheduler.
    """
    address = os.environ.get(_VARIABLE)
    if not address:
        return None
    try:
        parts = urlsplit(address if "://" in address else f"tcp://{address}")
        host, port = parts.hostname, parts.port
        fits = parts.scheme in _PROTOCOLS and host and not parts.path
    except ValueError:  # a port that is no number, or none of a port
        fits, port = False, None
    if not fits or not port:
        raise SchedulerError(
            f"SCHEDULER is {address!r}, which is no address of a scheduler: give one like tcp://192.168.0.1:8786, as "
            "`dask scheduler` prints it, or leave SCHEDULER out to train here"
        )
    try:
        socket.create_connection((host, port), timeout=_ANSWERS_WITHIN).close()
        with ThreadPoolExecutor(1) as thread:  # in a notebook, this one has an event loop already
            thread.submit(asyncio.run, asyncio.wait_for(_asked(address), _ANSWERS_WITHIN)).result()
    # UnicodeError: a host's name that cannot be one. TimeoutError of asyncio is an OSError only from Python 3.11 on.
    except (OSError, ValueError, UnicodeError, asyncio.TimeoutError) as error:
        raise _unreached(address, error) from error
    return address


async def _asked(address: str) -> None:
    """Have a scheduler say what it is. A `Client` of anything else would wait for ever, and so would its process."""
    from distributed.core import rpc
    from distributed.security import Security

    async with rpc(address, connection_args=Security().get_connection_args("client")) as scheduler:
        if (await scheduler.identity()).get("type") != "Scheduler":
            raise ValueError("it is a worker")


def _unreached(address: str, error: Exception) -> SchedulerError:
    reason = getattr(error, "strerror", None) or str(error).partition("\n")[0] or type(error).__name__
    return SchedulerError(
        f"SCHEDULER is {address!r}, but no scheduler answers there ({reason}): start one with `dask scheduler`, which "
        "prints its address, or leave SCHEDULER out to train here"
    )


@contextmanager
def connected(client: "Client | None") -> "Iterator[Client | None]":
    """A connection to a scheduler, for as long as the context lasts.

    Parameters
    ----------
    client : distributed.Client or None
        One that is connected already. It is yielded as it is, and stays connected.

    Yields
    ------
    distributed.Client or None
        If none is given: one of the scheduler that DASK_SCHEDULER_ADDRESS names; None if it names none.

    Raises
    ------
    SchedulerError
        As `check_scheduler` does.
    """
    if client is not None:
        yield client
        return
    address = check_scheduler()
    if address is None:
        yield None
        return
    from distributed import Client

    with Client(address, set_as_default=False) as connection:
        yield connection


def may_travel(run: Any) -> bool:
    """Whether a worker may train a run: not if a clock ends it, nor if its time may be what such a clock is set by.

    A budget is a share of the baseline's time: both must be of one machine, with nothing else running there.

    Parameters
    ----------
    run
        One of `paperlib.study.runs`.
    """
    if isinstance(run, SelectionRun):
        return False
    return isinstance(run, AutoencoderRun) or bool(run.stop) or not (run.selection == "full" or run.time_share)


def outcomes(
    client: "Client",
    train: Callable[[tuple, Dataset, Any], Iterator],
    inputs: Mapping[tuple, Any],
    dataset: Dataset,
) -> Iterator[tuple[tuple, list]]:
    """Train on workers, and yield what comes out in the order in which they finish.

    Runs whose worker is lost are trained again on another.

    Parameters
    ----------
    client : distributed.Client
        Of the workers' scheduler.
    train : callable
        Called on a worker as ``train(runs, dataset, inputs[runs])``; its results are collected into a list.
    inputs : dict
        Tuple of runs, to be trained together -> what `train` needs to know about them.
    dataset : Dataset
        It is sent to each worker once.

    Yields
    ------
    runs : tuple
        A key of `inputs`.
    results : list
        What `train` gave for it. The first error of `train` is raised here, once all others have ended: what they did
        is not lost with it.

    Raises
    ------
    ValueError
        If there are no workers, or if one has several threads: training sets seeds for its whole process.
    RuntimeError
        If a worker has another version of this package's code.
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
    failed = None
    try:
        for future in as_completed(list(futures), loop=client.loop):
            runs = futures.pop(future)
            if error := future.exception():
                failed = failed or error
            else:
                yield runs, future.result()
    finally:
        client.cancel(list(futures))
    if failed:
        raise failed


def _trained(train: Callable, runs: tuple, dataset: Dataset, given: Any, code: str) -> list:
    if code != environment.CODE:
        raise RuntimeError(
            f"a worker has the code {environment.CODE} of paperlib, and here it is {code}: install the same there, and "
            "start its workers again"
        )
    return list(train(runs, dataset, given))
