import asyncio
import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from paperlib import environment, study
from paperlib.storage import records
from paperlib.study import outcomes, plans, workers
from paperlib.study.profiles import profile

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")


def local_cluster(workers):
    return distributed.LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0"
    )


@pytest.fixture(scope="module")
def cluster():
    # Dask looks for copies to drop every two seconds: also, if seldom, between that of the data and the first run.
    with dask.config.set({"distributed.scheduler.active-memory-manager.start": False}), local_cluster(2) as cluster:
        yield cluster


@pytest.fixture
def client(cluster):
    with distributed.Client(cluster, timeout=120, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=120)
        yield client


def test_runs_that_clocks_measure_stay_here(digits):
    quick = profile("quick")
    for run in plans.split_runs(quick, digits):
        assert workers.may_travel(run) == (run.split > 0)
    for run in [plans.autoencoder_run(quick, digits), *plans.riddle_runs(quick, digits)]:
        assert workers.may_travel(run)
    assert not any(map(workers.may_travel, plans.selection_runs(quick, digits)))
    for run in plans.loss_runs(quick, digits):
        assert not any(map(workers.may_travel, [run, *run.baselines()]))


def test_workers_give_the_same_records(tiny, digits, tmp_path, silent, client, monkeypatch):
    """Without a folder in common: only this process writes; and what a clock measures, it trains, at the end."""
    plan = [*plans.split_runs(tiny, digits), *plans.budget_runs(tiny, digits)]
    trained, here = outcomes._trained_classifiers, []

    def noted(group, *rest):
        here.append((group, len(list((tmp_path / "away").glob("*.json")))))
        return trained(group, *rest)

    runs = plan[:-2]  # what is not ended by a clock
    expected = study.execute(runs, digits, tmp_path / "here", silent)
    monkeypatch.setattr(outcomes, "_trained_classifiers", noted)  # in this process; workers have modules of their own
    found = study.execute(plan, digits, tmp_path / "away", silent, client)
    assert [records.without_times(record) for record in found[:-2]] == [records.without_times(r) for r in expected]
    assert {group for group, _ in here} == {(run,) for run in plan if not workers.may_travel(run)}
    assert [written for _, written in here] == [5, 6, 7]  # the autoencoder and four runs on subsets came first
    assert sorted(file.suffix for file in (tmp_path / "away").iterdir()) == [".json"] * 8 + [".npy", ".npz"]
    encoder, _ = study.autoencoder(plans.autoencoder_run(tiny, digits), tmp_path / "away")
    assert encoder.output_shape == (None, 18)


def test_the_scheduler_may_be_named_by_dasks_own_variable(cluster, client, monkeypatch):
    monkeypatch.delenv("DASK_SCHEDULER_ADDRESS", raising=False)
    with workers.connected(None) as found:
        assert found is None
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", cluster.scheduler_address)
    with workers.connected(None) as found:
        assert set(found.nthreads()) == set(client.nthreads())
    with workers.connected(client) as found:
        assert found is client

    async def in_a_notebook():
        return workers.check_scheduler()

    assert asyncio.run(in_a_notebook()) == cluster.scheduler_address


_CONNECT = """
import sys
from paperlib.study import workers
try:
    with workers.connected(None) as client:
        print(client)
except OSError as error:
    sys.exit(str(error))
"""


NO_ADDRESSES = (
    "127.0.0.1", "nonsense", "tcp://", "tcp://127.0.0.1", "tcp://127.0.0.1:port", "tcp://127.0.0.1:99999",
    "gopher://127.0.0.1:70", "http://[::1", " ",
)  # fmt: skip


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_what_is_no_address_is_told(address, monkeypatch):
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", address)
    with pytest.raises(workers.SchedulerError, match="no address of a scheduler: give one like tcp://") as told:
        workers.check_scheduler()
    assert f"SCHEDULER is {address!r}" in str(told.value)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("nonsense", "no address of a scheduler"),
        ("tcp://nobody.invalid:8786", "no scheduler answers there"),
        (f"tcp://{'a' * 100}.invalid:8786", "no scheduler answers there"),
        ("tcp://127.0.0.1:9", "no scheduler answers there"),  # nobody listens
        ("tcp://127.0.0.1:silent", "no scheduler answers there"),  # somebody listens who never says a word
        ("tcp://127.0.0.1:web", "no scheduler answers there"),
    ],
)
def test_a_scheduler_that_cannot_be_reached_is_told_in_seconds(address, message):
    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = address.replace(":silent", f":{silent.getsockname()[1]}").replace(":web", f":{web.server_port}")
        done = subprocess.run(
            [sys.executable, "-c", _CONNECT],
            env={**os.environ, "DASK_SCHEDULER_ADDRESS": address},
            capture_output=True,
            text=True,
            timeout=60,
        )
    web.shutdown()
    assert done.returncode == 1 and not done.stdout
    assert f"SCHEDULER is {address!r}" in done.stderr.splitlines()[-1] and message in done.stderr
    assert "Traceback" not in done.stderr and len(done.stderr.splitlines()) == 1


def worker_of(runs, dataset, given):
    for run in runs:
        if run == "bad":
            raise ValueError("a run that fails")
        yield run, os.getpid(), dataset, given


def test_outcomes_come_from_the_workers(client):
    groups = {(f"run {i}", f"more {i}"): i for i in range(20)}
    found = dict(workers.outcomes(client, worker_of, groups, "the data"))
    assert os.getpid() not in {process for outcomes in found.values() for _, process, _, _ in outcomes}
    for group, i in groups.items():
        assert [(run, *rest) for run, _, *rest in found[group]] == [(run, "the data", i) for run in group]


def test_one_run_that_fails_loses_no_other(client):
    groups, found = {("good", "bad"): 0, ("a",): 1, ("b",): 1}, []
    with pytest.raises(ValueError, match="a run that fails"):
        for runs, _ in workers.outcomes(client, worker_of, groups, "the data"):
            found.append(runs)
    assert sorted(found) == [("a",), ("b",)]


def waits_for_the_kill(runs, dataset, given):
    (given / f"began-{os.getpid()}").touch()
    while not (given / "go").exists():
        time.sleep(0.01)
    yield os.getpid(), dataset


def test_a_worker_that_is_killed_changes_nothing(client, tmp_path):
    found, runs = [], dict.fromkeys([(run,) for run in "abcd"], tmp_path)
    sweeping = threading.Thread(target=lambda: found.extend(workers.outcomes(client, waits_for_the_kill, runs, "data")))
    sweeping.start()
    deadline = time.monotonic() + 120
    while len(began := list(tmp_path.glob("began-*"))) < 2:
        assert time.monotonic() < deadline, "the workers do not begin"
        time.sleep(0.01)
    killed = int(began[0].name.split("-")[1])
    os.kill(killed, signal.SIGKILL)
    (tmp_path / "go").touch()
    sweeping.join(120)
    assert sorted(run for (run,), _ in found) == list("abcd")
    assert all(data == "data" and process != killed for _, [(process, data)] in found)


def kills_the_first(runs, dataset, given):
    if os.getpid() == given:
        os.kill(given, signal.SIGKILL)
    yield dataset


@pytest.mark.filterwarnings("error:Sending large graph")
def test_data_lost_with_the_last_worker_are_sent_again():
    with local_cluster(1) as cluster, distributed.Client(cluster, timeout=120, set_as_default=False) as client:
        [first] = client.run(os.getpid).values()
        runs, data = {("a",): first, ("b",): first}, bytes(2**24)
        assert dict(workers.outcomes(client, kills_the_first, runs, data)) == {("a",): [data], ("b",): [data]}


def test_workers_with_other_code_are_refused(client, monkeypatch):
    monkeypatch.setattr(environment, "CODE", "changed")
    with pytest.raises(RuntimeError, match="of paperlib, and here it is changed: install the same there"):
        dict(workers.outcomes(client, worker_of, {("run",): 0}, "the data"))


def test_workers_with_several_threads_are_refused():
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=2, processes=False, dashboard_address="127.0.0.1:0"
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        with pytest.raises(ValueError, match="inproc.*: 2; a run needs a process of its own.*--nthreads 1"):
            dict(workers.outcomes(client, worker_of, {("run",): 0}, "the data"))
        client.retire_workers()
        with pytest.raises(ValueError, match="threads are none"):
            dict(workers.outcomes(client, worker_of, {("run",): 0}, "the data"))
