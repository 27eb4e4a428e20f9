"""A `dask.array`, chunk by chunk, is chosen from index for index as the array in memory is."""

import os
import signal
import threading
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperlib.selection import METHODS, blocks, ranked_lists, select

from .test_activations import matrices

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")

PATIENCE = 120  # seconds, for what takes a few on an idle machine
IN_MEMORY_ONLY = sorted(set(METHODS) - {"random", "random_balanced", "top_activations"})


def many_ties(samples=1_000, elements=8):
    """Few values, so that most are ties; lists that overlap; one element that never varies, one that varies late."""
    draw = np.random.default_rng(0)
    embeddings = draw.integers(0, 6, (samples, elements)).astype(np.float32) + draw.integers(0, 3, (samples, 1))
    embeddings[:, 2] = 7
    embeddings[:, 4] = embeddings[:, 4].max()
    embeddings[-1, 4] -= 1
    return embeddings


@pytest.fixture(scope="module")
def client():
    """Of two worker processes."""
    with (
        dask.config.set({"distributed.comm.timeouts.connect": PATIENCE}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as cluster,
        distributed.Client(cluster, timeout=PATIENCE) as client,
    ):
        client.wait_for_workers(2, timeout=PATIENCE)
        yield client


@pytest.fixture
def threads():
    """The scheduler that dask uses where there is no client."""
    with dask.config.set(scheduler="threads", num_workers=2):
        yield


def lengths(total):
    """How many of `total` rows or columns each chunk has; some may have none."""
    cuts = st.lists(st.integers(0, total), max_size=6)
    return cuts.map(lambda cuts: tuple(np.diff([0, *sorted(cuts), total]).tolist()))


@given(matrices, st.data(), st.sampled_from(["fill", "union"]))
def test_chunks_do_not_show(embeddings, data, overlap):
    samples, elements = embeddings.shape
    k = data.draw(st.integers(1, samples))
    chunked = da.from_array(embeddings, chunks=(data.draw(lengths(samples)), data.draw(lengths(elements))))
    with dask.config.set(scheduler="threads", num_workers=2):
        try:
            expected = select(embeddings, k, overlap=overlap)
        except ValueError as error:
            with pytest.raises(ValueError) as found:
                select(chunked, k, overlap=overlap)
            assert str(found.value) == str(error)
            return
        chosen = select(chunked, k, overlap=overlap)
    assert chosen.tolist() == expected.tolist() and chosen.dtype == expected.dtype


@pytest.mark.parametrize("chunks", [(1, -1), (1, 3), (33, 1), (200, 2), ((5, 0, 180, 15), (7, 1)), (64, -1)])
def test_chunks_of_every_kind(chunks, threads):
    embeddings = many_ties(200)
    chunked = da.from_array(embeddings, chunks=chunks)
    for k in (3, 80):
        for overlap in ("fill", "union"):
            assert select(chunked, k, overlap=overlap).tolist() == select(embeddings, k, overlap=overlap).tolist()
    lists, live = ranked_lists(chunked, 50)
    assert np.array_equal(lists, ranked_lists(embeddings, 50)[0]) and live.tolist() == [True] * 2 + [False] + [True] * 5


def test_an_element_that_varies_only_between_chunks_is_live(threads):
    embeddings = np.repeat([[0.0, 1.0], [1.0, 1.0]], 4, axis=0)
    chunked = da.from_array(embeddings, chunks=(4, 2))
    assert select(chunked, 3).tolist() == select(embeddings, 3).tolist()
    assert set(select(chunked, 3).tolist()) <= {4, 5, 6, 7}
    with pytest.raises(ValueError, match="none of the 2 elements varies over the 8 samples"):
        select(da.ones((8, 2), chunks=3), 2)


def test_chunks_are_computed_again_only_for_a_deeper_look(threads):
    computed = []

    def noted(rows, block_info):
        computed.append(block_info[0]["array-location"][0][0])
        return rows

    apart, alike = np.eye(20), np.repeat(np.random.default_rng(0).random((20, 1)), 20, axis=1)
    alike[:, 1] *= 2
    for embeddings, looks in ((apart, 1), (alike, 3)):
        computed.clear()
        chunked = da.from_array(embeddings, chunks=(5, -1)).map_blocks(noted, meta=embeddings[:0])
        assert select(chunked, 8).tolist() == select(embeddings, 8).tolist()
        assert sorted(computed) == sorted([0, 5, 10, 15] * looks)


def test_labels_and_quotas(threads):
    embeddings, labels = many_ties(), np.arange(1_000) % 7
    chunked = da.from_array(embeddings, chunks=(90, -1))
    for given_labels in (labels, da.from_array(labels, chunks=90)):
        chosen = select(chunked, 100, labels=given_labels, quota_per_class=True)
        assert chosen.tolist() == select(embeddings, 100, labels=labels, quota_per_class=True).tolist()


@pytest.mark.parametrize("method", ["random", "random_balanced"])
def test_draws_compute_nothing(method):
    def never(rows):
        raise AssertionError("computed")

    chunked = da.zeros((60, 4), chunks=(7, 4)).map_blocks(never, meta=np.empty((0, 4)))
    labels = np.arange(60) % 3
    chosen = select(chunked, 20, method, labels=labels, seed=3)
    assert chosen.tolist() == select(np.zeros((60, 4)), 20, method, labels=labels, seed=3).tolist()


@pytest.mark.parametrize("method", IN_MEMORY_ONLY)
def test_methods_that_need_an_array_say_how_to_get_one(method):
    expected = rf"'{method}' needs an array, and embeddings are a dask.array \(60, 4\): give embeddings.compute\(\)"
    with pytest.raises(ValueError, match=expected):
        select(da.ones((60, 4), chunks=7), 5, method)
    assert "dask.array" in METHODS[method].__doc__


@pytest.mark.parametrize("option", [{"penalty": 0.5}, {"pairs": True}, {"pca": True}])
def test_options_that_need_an_array_say_how_to_get_one(option):
    name, value = next(iter(option.items()))
    with pytest.raises(ValueError, match=f"top_activations with {name}={value} needs an array.*open_memmap.*store"):
        select(da.ones((60, 4), chunks=7), 5, **option)


def test_the_file_that_errors_advise(tmp_path, threads):
    chunked = da.from_array(many_ties(), chunks=(90, -1))
    file = np.lib.format.open_memmap(tmp_path / "e.npy", "w+", chunked.dtype, shape=chunked.shape)
    da.store(chunked, file)
    assert select(file, 5, "k_center").tolist() == select(many_ties(), 5, "k_center").tolist()


def test_bad_input_is_named(threads):
    bad = many_ties()
    bad[700, 3], bad[702, 3] = np.nan, -np.inf
    with pytest.raises(ValueError, match="2 of 976 values in embeddings 628 to 749 are NaN or infinite: did training"):
        select(da.from_array(bad, chunks=(250, 5)), 10)
    good = da.from_array(many_ties(), chunks=(250, -1))
    with pytest.raises(ValueError, match="chunks of unknown sizes: call embeddings.compute_chunk_sizes"):
        select(good[good[:, 0] > 2], 10)
    for arguments, message in (
        ((good, 1_001), "k is 1001: expected 1 to N = 1000"),
        ((good[:, 0], 1), r"\(1000,\): expected real numbers"),
        ((good.astype(complex), 1), "complex128"),
    ):
        with pytest.raises(ValueError, match=message):
            select(*arguments)


def test_embeddings_larger_than_memory(threads, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1 << 16)

    def rows(block_info):
        return np.random.default_rng(block_info[None]["chunk-location"][0]).random((2_000, 64), np.float32)

    chunked = da.map_blocks(rows, chunks=((2_000,) * 60, (64,)), dtype=np.float32, meta=np.empty((0, 64), np.float32))
    select(chunked[:4_000], 5)  # what is imported when first used
    tracemalloc.start()
    select(chunked, 300)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < chunked.nbytes / 4


def test_workers_choose_the_same(client):
    embeddings = many_ties()
    for chunks in ((130, 3), (1_000, 8)):
        chunked = da.from_array(embeddings, chunks=chunks)
        for overlap in ("fill", "union"):
            assert select(chunked, 400, overlap=overlap).tolist() == select(embeddings, 400, overlap=overlap).tolist()
    embeddings[700, 3] = np.nan
    with pytest.raises(ValueError, match="1 of 976 values in embeddings 628 to 749 are NaN or infinite"):
        select(da.from_array(embeddings, chunks=(250, -1)), 10)


def test_embeddings_stay_on_the_workers(client):
    def rows(block_info):
        assert os.getpid() != home
        return np.random.default_rng(block_info[None]["chunk-location"][0]).random((5_000, 64), np.float32)

    home = os.getpid()
    chunked = da.map_blocks(rows, chunks=((5_000,) * 20, (64,)), dtype=np.float32, meta=np.empty((0, 64), np.float32))
    tracemalloc.start()
    chosen = select(chunked, 640)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(chosen) == 640 and peak < chunked.nbytes / 4


def test_a_worker_that_is_killed_half_way_changes_nothing(client, tmp_path):
    """Both workers wait in the second half of the chunks when one is killed, together with what it had ranked."""
    embeddings, chunks, go = many_ties(), 20, tmp_path / "go"

    def gated(rows, block_info):
        chunk = block_info[0]["chunk-location"][0]
        (tmp_path / f"started-{chunk}-{os.getpid()}").touch()
        while chunk >= chunks // 2 and not go.exists():
            time.sleep(0.01)
        return rows

    def started(least):
        return {path.name.split("-")[2] for path in tmp_path.glob("started-*") if int(path.name.split("-")[1]) >= least}

    client.wait_for_workers(2, timeout=PATIENCE)
    chunked = da.from_array(embeddings, chunks=(50, -1)).map_blocks(gated, meta=embeddings[:0])
    chosen = []
    choosing = threading.Thread(target=lambda: chosen.append(select(chunked, 100)))
    choosing.start()
    deadline = time.monotonic() + PATIENCE
    while len(started(chunks // 2)) < 2:
        assert time.monotonic() < deadline, "the workers do not get to the second half"
        time.sleep(0.01)
    killed = next(iter(started(chunks // 2)))
    os.kill(int(killed), signal.SIGKILL)
    go.touch()
    # The other worker may be about to fetch from the killed one: then it tries to connect until `client`'s time is up.
    choosing.join(2 * PATIENCE)
    assert not choosing.is_alive() and chosen[0].tolist() == select(embeddings, 100).tolist()
    assert len(list(tmp_path.glob("started-*"))) > chunks  # some were computed once more
