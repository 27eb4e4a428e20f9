import pandas as pd
import pytest

from paperlib.analysis import weak_random


def runs(random=(), eq4=()):
    rows = [("random", value) for value in random] + [("top_activations", value) for value in eq4]
    return pd.DataFrame(rows, columns=["selection", "accuracy"])


AS_READ = runs([64.8, 65.0, 65.2], [60.8, 61.0, 61.2])


@pytest.mark.parametrize(
    ("random", "eq4", "effect"),
    [
        ([57.8, 58.0, 58.2], [60.8, 61.0, 61.2], "random falls more than eq. 4"),
        ([57.8, 58.0, 58.2], [53.8, 54.0, 54.2], "random falls; not shown to fall more than eq. 4"),
        ([57.8, 58.0, 58.2], [], "random falls; eq. 4 has no such run"),
        ([57.8, 58.0, 58.2], [54.0], "random falls; too few runs of eq. 4 to say more"),
        ([60.0, 65.0, 69.0], [54.0, 54.1, 54.2], "undecided"),
        ([67.8, 68.0, 68.2], [70.0, 70.1, 70.2], "random rises"),
        ([57.8], [61.0], "undecided"),
        ([], [61.0, 61.2], "not measured"),
    ],
)
def test_what_a_reason_does(random, eq4, effect):
    found = weak_random.table({"as read": AS_READ, "it": runs(random, eq4)}).set_index("reason")
    assert found.loc["it", "effect"] == effect


def test_changes_are_from_the_arm_as_read():
    found = weak_random.table({"as read": AS_READ, "it": runs([60, 61, 62], [60, 61, 62])})
    row = found.iloc[1]
    assert row["random change"].value == pytest.approx(-4) and row["top_activations change"].value == pytest.approx(0)
    assert found.iloc[0]["random"].value == pytest.approx(65) and found.iloc[0]["effect"] == "–"


def test_a_change_counts_after_holms_correction():
    """That of "slight" is significant by itself, and not among five."""
    slight = runs([64.0, 64.3, 64.6])
    alone = weak_random.table({"as read": AS_READ, "slight": slight}).iloc[1]
    assert alone["random change"].high < 0 and alone["effect"] == "random falls; eq. 4 has no such run"
    others = {f"{number}": runs([64.0, 65.0, 66.0]) for number in range(4)}
    among = weak_random.table({"as read": AS_READ, "slight": slight, **others}).iloc[1]
    assert among["effect"] == "undecided" and among["p_holm"] == pytest.approx(5 * alone["p_holm"])
