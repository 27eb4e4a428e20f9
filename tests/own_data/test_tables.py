import numpy as np
import pandas as pd
import pytest

from paperlib.data import DataError
from paperlib.own_data import tables
from paperlib.own_data.loading import load

VECTORS = np.random.default_rng(0).normal(size=(6, 3))


def table(**columns):
    return pd.DataFrame({**dict(zip("abc", VECTORS.T)), **columns})


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_numbers_labels_and_files(tmp_path, suffix):
    path = tmp_path / f"mine.{suffix}"
    found = table(Label=list("xyzxyz"), path=[f"{i}.jpg" for i in range(6)], note=["text"] * 6, id=range(6))
    found.to_csv(path) if suffix == "csv" else found.to_parquet(path)
    samples = load(path)
    assert np.allclose(samples.embeddings, VECTORS) and samples.classes == ("x", "y", "z")
    assert samples.labels.tolist() == [0, 1, 2] * 2 and samples.files[5] == "5.jpg"
    assert "'note', 'id'" in samples.passed_over  # nor is the index that pandas writes an embedding
    assert samples.passed_over in samples.describe()


def test_no_header(tmp_path):
    np.savetxt(tmp_path / "bare.csv", VECTORS, delimiter=",")
    samples = load(tmp_path / "bare.csv")
    assert np.allclose(samples.embeddings, VECTORS) and samples.labels is None


def test_a_first_row_of_equal_numbers_is_a_sample(tmp_path):
    np.savetxt(tmp_path / "relu.csv", [[0, 0, 1.5], [1, 2, 3], [4, 5, 6]], delimiter=",")
    assert load(tmp_path / "relu.csv").embeddings.tolist() == [[0, 0, 1.5], [1, 2, 3], [4, 5, 6]]


def test_columns_that_pandas_counted_are_a_header(tmp_path):
    for index in (False, True):
        pd.DataFrame(VECTORS).to_csv(tmp_path / "counted.csv", index=index)
        assert np.allclose(load(tmp_path / "counted.csv").embeddings, VECTORS)


def test_numbers_with_fractions_are_no_labels(tmp_path):
    pd.DataFrame(VECTORS[:, :2], columns=["x", "y"]).to_csv(tmp_path / "plane.csv", index=False)
    samples = load(tmp_path / "plane.csv")
    assert np.allclose(samples.embeddings, VECTORS[:, :2]) and samples.labels is None
    table(target=VECTORS[:, 0]).to_csv(tmp_path / "predicted.csv", index=False)
    samples = load(tmp_path / "predicted.csv")
    assert np.allclose(samples.embeddings, VECTORS) and "'target'" in samples.passed_over


def test_a_column_of_lists(tmp_path):
    pd.DataFrame({"embedding": list(VECTORS), "y": [3, 4] * 3, "size": range(6)}).to_parquet(tmp_path / "lists.parquet")
    samples = load(tmp_path / "lists.parquet")
    assert np.array_equal(samples.embeddings, VECTORS) and samples.classes == ("3", "4")
    assert "'size'" in samples.passed_over


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"label": [1, None, 2, 1, 2, 1]}, "label is empty in row 1"),
        ({"a": [1, 2, np.nan, 4, 5, 6]}, "embedding 2 of embeddings has values that are NaN"),
    ],
)
def test_missing_values(tmp_path, columns, message):
    table(**columns).to_csv(tmp_path / "holes.csv", index=False)
    with pytest.raises(DataError, match=message):
        load(tmp_path / "holes.csv")


def test_what_is_no_table(tmp_path):
    for name, content, message in (
        ("empty.csv", b"", "damaged or no table"),
        ("header.csv", b"a,b\n", "has no rows"),
        ("text.csv", b"a,b\nx,y\nx,y\n", "no column of numbers to choose by among 'a', 'b'"),
        ("bytes.csv", b"\xff\xfe\x00\n\x9c", "damaged or no table|no column of numbers"),
        ("cut.parquet", b"PAR1", "damaged or no table"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=message):
            load(tmp_path / name)
    pd.DataFrame({"e": [[1.0, 2.0], [1.0]]}).to_parquet(tmp_path / "ragged.parquet")
    with pytest.raises(DataError, match="lists of different lengths"):
        load(tmp_path / "ragged.parquet")


def test_a_first_row_with_a_gap_is_a_sample(tmp_path):
    (tmp_path / "a.csv").write_text("1,NA,3\n2,3,4\n3,4,5\n")
    found, _ = tables.arrays(tmp_path / "a.csv")
    assert found["embeddings"].shape == (3, 3) and np.isnan(found["embeddings"][0, 1])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2,3\n4,5,6\n", "rows have more fields than the first has names"),
        ("a;b\n1,5;2,5\n3,5;4,5\n", "rows have more fields|looks separated by something else"),
        ("a;b\n1;2\n3;4\n", "the column 'a;b' looks separated by something else than commas"),
        ("a\tb\n1\t2\n3\t4\n", "looks separated by something else than commas"),
    ],
)
def test_what_is_separated_otherwise_is_told(tmp_path, text, message):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        tables.arrays(tmp_path / "a.csv")


def test_the_index_of_a_parquet_file_is_a_column(tmp_path):
    pytest.importorskip("pyarrow")
    table = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}, index=pd.Index(["x.png", "y.png"], name="path"))
    table.to_parquet(tmp_path / "a.parquet")
    found, _ = tables.arrays(tmp_path / "a.parquet")
    assert found["files"].tolist() == ["x.png", "y.png"] and found["embeddings"].shape == (2, 2)


def test_lists_of_which_the_first_is_missing(tmp_path):
    pytest.importorskip("pyarrow")
    pd.DataFrame({"embedding": [None, [1.0, 2.0]]}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match="embedding has lists of different lengths"):
        tables.arrays(tmp_path / "a.parquet")
