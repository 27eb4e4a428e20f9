import os
import signal
import threading
import time

import pytest

from paperlib import environment, outcomes, plans, records, study, sweep
from paperlib.profiles import profile

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
        assert sweep.may_travel(run) == (run.split > 0)
    for run in [plans.autoencoder_run(quick, digits), *plans.riddle_runs(quick, digits)]:
        assert sweep.may_travel(run)
    assert not any(map(sweep.may_travel, plans.selection_runs(quick, digits)))
    for run in plans.loss_runs(quick, digits):
        assert not any(map(sweep.may_travel, [run, *run.baselines()]))


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
    assert {group for group, _ in here} == {(run,) for run in plan if not sweep.may_travel(run)}
    assert [written for _, written in here] == [5, 6, 7]  # the autoencoder and four runs on subsets came first
    assert sorted(file.suffix for file in (tmp_path / "away").iterdir()) == [".json"] * 8 + [".npy", ".npz"]
    encoder, _ = study.autoencoder(plans.autoencoder_run(tiny, digits), tmp_path / "away")
    assert encoder.output_shape == (None, 18)


def test_the_scheduler_may_be_named_by_dasks_own_variable(cluster, client, monkeypatch):
    monkeypatch.delenv("DASK_SCHEDULER_ADDRESS", raising=False)
    with sweep.connected(None) as found:
        assert found is None
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", cluster.scheduler_address)
    with sweep.connected(None) as found:
        assert set(found.nthreads()) == set(client.nthreads())
    with sweep.connected(client) as found:
        assert found is client


def worker_of(runs, dataset, given):
    for run in runs:
        if run == "bad":
            raise ValueError("a run that fails")
        yield run, os.getpid(), dataset, given


def test_outcomes_come_from_the_workers(client):
    groups = {(f"run {i}", f"more {i}"): i for i in range(20)}
    found = dict(sweep.outcomes(client, worker_of, groups, "the data"))
    assert os.getpid() not in {process for outcomes in found.values() for _, process, _, _ in outcomes}
    for group, i in groups.items():
        assert [(run, *rest) for run, _, *rest in found[group]] == [(run, "the data", i) for run in group]
    with pytest.raises(ValueError, match="a run that fails"):
        dict(sweep.outcomes(client, worker_of, {("good", "bad"): 0}, "the data"))


def waits_for_the_kill(runs, dataset, given):
    (given / f"began-{os.getpid()}").touch()
    while not (given / "go").exists():
        time.sleep(0.01)
    yield os.getpid(), dataset


def test_a_worker_that_is_killed_changes_nothing(client, tmp_path):
    found, runs = [], dict.fromkeys([(run,) for run in "abcd"], tmp_path)
    sweeping = threading.Thread(
        target=lambda: found.extend(sweep.outcomes(client, waits_for_the_kill, runs, "data"))
    )
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
        assert dict(sweep.outcomes(client, kills_the_first, runs, data)) == {("a",): [data], ("b",): [data]}


def test_workers_with_other_code_are_refused(client, monkeypatch):
    monkeypatch.setattr(environment, "CODE", "changed")
    with pytest.raises(RuntimeError, match="of paperlib, and here it is changed: install the same there"):
        dict(sweep.outcomes(client, worker_of, {("run",): 0}, "the data"))


def test_workers_with_several_threads_are_refused():
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address="127.0.0.1:0"
    ) as cluster:
        with distributed.Client(cluster, set_as_default=False) as client:
            with pytest.raises(ValueError, match="inproc.*: 2; a run needs a process of its own.*--nthreads 1"):
                dict(sweep.outcomes(client, worker_of, {("run",): 0}, "the data"))
            client.retire_workers()
            with pytest.raises(ValueError, match="threads are none"):
                dict(sweep.outcomes(client, worker_of, {("run",): 0}, "the data"))
