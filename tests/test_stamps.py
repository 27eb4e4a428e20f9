import matplotlib.pyplot as plt
import pandas as pd

from paperlib import stamps
from paperlib.figures import save

SHOWN = [{"run": 1, "result": 0.5}, {"run": 2, "result": 0.6}]


def drawn(folder, drawn_from):
    figure, axis = plt.subplots(figsize=(1, 1))
    axis.plot([1, 2])
    save(figure, folder, "picture", pd.DataFrame({"a": [1, 2]}), drawn_from)
    plt.close(figure)
    return folder / "picture.png"


def test_a_picture_of_these_records_is_fine_in_any_order(tmp_path):
    assert stamps.problem(drawn(tmp_path, SHOWN), SHOWN[::-1] + SHOWN) is None


def test_a_picture_of_other_records_is_stale(tmp_path):
    picture = drawn(tmp_path, SHOWN)
    for there in (SHOWN[:1], [*SHOWN, {"run": 3}], [SHOWN[0], {"run": 2, "result": 0.7}]):
        assert "stale: drawn from 2 records" in stamps.problem(picture, there)


def test_a_table_that_was_changed_a_table_or_picture_that_is_missing(tmp_path):
    picture = drawn(tmp_path, SHOWN)
    csv = tmp_path / "picture.csv"
    csv.write_text(csv.read_text().replace("2", "3"))
    assert "not the table that the picture was drawn from" in stamps.problem(picture, SHOWN)
    csv.unlink()
    assert "not the table" in stamps.problem(picture, SHOWN)
    picture.unlink()
    assert "missing" in stamps.problem(picture, SHOWN)
