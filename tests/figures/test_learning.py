import pandas as pd

from paperlib.figures.learning import learning_curves

from .reading import NOTE, legend, said


def test_learning_curves_have_all_scales_and_the_papers_points():
    rows = [
        {"profile": profile, "selection": selection, "seed": seed, "samples": samples * scale, "accuracy": 60.0 + seed}
        for profile, scale in (("cpu", 1), ("steps", 10)) for selection in ("full", "random", "top_activations")
        for samples in (1_000, 2_000) for seed in (0, 1, 2)
    ]  # fmt: skip
    table = pd.DataFrame(rows).assign(arm=lambda found: found["selection"])
    stated = pd.DataFrame({"selection": ["full"], "samples": [10_240_000], "accuracy": [83.3]})
    figure = learning_curves(table, NOTE, stated)
    for profile in ("cpu", "steps"):
        for arm in ("full set alone", "random alone", "eq. 4 alone"):
            assert f"{arm}, profile {profile} (n = 3)" in legend(figure)
    assert "the paper: full set alone, 83.3 %" in legend(figure)
    axis = figure.axes[0]
    assert axis.get_xscale() == "log" and "samples seen" in axis.get_xlabel() and "(%)" in axis.get_ylabel()
    assert axis.get_ylim()[1] > 83.3 and NOTE in said(figure)
