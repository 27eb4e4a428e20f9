import io
import tracemalloc
import zipfile
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paperlib.data import DataError, load
from paperlib.data.npz import NpzArrays

from .malformed import arrays, npy, saved, written


def test_npz(tmp_path):
    dataset = load(saved(tmp_path / "mine.npz", y_train=np.arange(12).reshape(12, 1) % 3))
    assert dataset.name == "mine" and dataset.classes == ("0", "1", "2")
    assert dataset.y_train.shape == (12,) and dataset.y_train.dtype == np.int64
    assert load(saved(tmp_path / "named.npz", classes=["a", "b", "c"])).classes == ("a", "b", "c")
    assert load(str(saved(tmp_path / "again.npz"))).fingerprint == load(saved(tmp_path / "mine.npz")).fingerprint


def test_grey_images_without_a_channel_axis(tmp_path):
    grey = arrays(shape=(8, 8))
    assert load(saved(tmp_path / "grey.npz", **grey)).x_train.shape == (12, 8, 8, 1)


def test_what_does_not_fit_into_memory_is_not_read(tmp_path, monkeypatch):
    path = saved(tmp_path / "large.npz")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=1_000))
    with pytest.raises(DataError, match=r"large.npz: x_train is uint8 .* takes 0.0 GiB of memory, and 0.0 GiB are"):
        load(path)


def test_what_is_not_needed_is_not_read(tmp_path):
    with zipfile.ZipFile(saved(tmp_path / "more.npz"), "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("more.npy", "w") as member:
            member.write(npy((200 << 20,)))
            for _ in range(200):
                member.write(bytes(1 << 20))
        archive.writestr("readme.txt", "no array")
    tracemalloc.start()
    assert load(tmp_path / "more.npz").name == "more"
    assert tracemalloc.get_traced_memory()[1] < 20 << 20
    tracemalloc.stop()
    arrays = NpzArrays(tmp_path / "more.npz")
    assert sorted(arrays) == ["more", "x_test", "x_train", "y_test", "y_train"] and "readme.txt" not in arrays
    assert arrays["more"].shape == (200 << 20,) and arrays.get("readme.txt") is None


_WHOLE = io.BytesIO()
np.savez_compressed(_WHOLE, **arrays(), classes=["a", "b", "c"])
_STORED = io.BytesIO()
np.savez(_STORED, **arrays(), classes=["a", "b", "c"])


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    whole=st.sampled_from([_WHOLE.getvalue(), _STORED.getvalue()]),
    changes=st.lists(st.tuples(st.floats(0, 0.9999), st.binary(min_size=1, max_size=4)), max_size=6),
    end=st.floats(0.5, 1),
)
def test_any_damage_to_an_npz_is_told_or_does_no_harm(tmp_path_factory, whole, changes, end):
    content = bytearray(whole)
    for at, new in changes:
        content[int(at * len(content)) : int(at * len(content)) + len(new)] = new
    path = tmp_path_factory.getbasetemp() / "fuzzed.npz"
    path.write_bytes(content[: int(end * len(content)) if end < 0.9 else None])
    try:
        dataset = load(path)
    except DataError as error:
        assert str(path) in str(error)
    else:
        assert dataset.x_train.dtype == np.uint8 and dataset.y_train.max() < len(dataset.classes)


_SCALARS = st.one_of(st.integers(-(2**70), 2**70), st.text(max_size=5), st.none(), st.booleans(), st.floats())
_SHAPES = st.one_of(_SCALARS, st.lists(_SCALARS, max_size=5).map(tuple))


@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    shape=_SHAPES,
    descr=st.one_of(st.sampled_from(["|u1", "<i8", "<U3", "|O", "|V0", "<f2", ">u8", "", "M8[ns]"]), _SHAPES),
    key=st.sampled_from(["x_train", "y_test", "classes"]),
)
def test_any_header_is_told_or_does_no_harm(tmp_path_factory, shape, descr, key):
    path = written(tmp_path_factory.getbasetemp() / "headed.npz", {key: npy(shape, descr, bytes(96))})
    with pytest.raises(DataError, match="headed.npz"):
        load(path)


def test_class_names(tmp_path):
    for names, expected in (
        (["a", "b", "ü"], ("a", "b", "ü")),
        (np.array(["a", "b", "ü".encode()], dtype="S2"), ("a", "b", "ü")),
        ([3, 1, 2], ("3", "1", "2")),
    ):
        assert load(written(tmp_path / "named.npz", {"classes": names})).classes == expected


def test_only_what_has_its_images_is_taken_for_cifar10(tmp_path):
    for name in ("cifar100", "cifar10_mine", "cifar10", "cifar10-mine"):
        assert load(saved(tmp_path / f"{name}.npz")).classes == ("0", "1", "2")
