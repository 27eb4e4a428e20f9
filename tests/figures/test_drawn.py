"""What the pictures must show: arms, numbers of runs, units, data set and profile; not where pixels are."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.container import ErrorbarContainer

from paperlib.figures import beyond, paper

NOTE = "some data, profile small"
RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def said(figure):
    """All words of a picture."""
    figure.canvas.draw()  # tick labels are made then
    return " | ".join(text.get_text() for text in figure.findobj(plt.Text) if text.get_text() and text.get_visible())


def legend(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def intervals(axis):
    """Label -> [(x, y, low, high)] of what is drawn with error bars."""
    found = {}
    for container in axis.containers:
        if isinstance(container, ErrorbarContainer):
            segments = container.lines[2][0].get_segments()
            marks = container.lines[0].get_xydata()
            found[container.get_label()] = [(x, y, s[0][1], s[1][1]) for (x, y), s in zip(marks, segments)]
    return found


def runs(selection, split, accuracies, *, steps=(50, 50), clock=None):
    columns = {"selection": selection, "split": split, "seed": range(len(accuracies)), "accuracy": accuracies}
    return pd.DataFrame({**columns, "fast_steps": steps[0], "full_steps": steps[1], "time_share": clock})


SPLITS = pd.concat(
    [
        runs("full", 0.0, [70.0, 72.0, 74.0]),
        *(runs(arm, split, [60.0, 62.0, 64.0]) for arm in ("random", "top_activations") for split in (0.1, 0.9)),
        runs("random", 1.0, [50.0, 52.0]),
    ],
    ignore_index=True,
)


def test_fig_5_has_splits_at_their_distances_with_intervals_and_n():
    figure = paper.split_accuracies(SPLITS, NOTE, {(0.0, "full"): 83.3, (1.0, "random"): 57.6})
    ours, theirs = figure.axes
    assert list(ours.get_xticks()) == [0, 10, 90, 100]
    points = intervals(ours)["random"]
    assert [round(x - points[0][0]) for x, *_ in points] == [0, 80, 90]
    reach = 4.302653 * 2 / np.sqrt(3)  # Student's t for 2 degrees of freedom; three runs with a spread of 2
    assert points[0][1:] == pytest.approx((62, 62 - reach, 62 + reach), abs=1e-4)
    assert points[2][1:] == (51, 51, 51)  # two runs are shown, and have no interval
    beneath = [text.get_text() for text in ours.texts]
    assert beneath == ["n: full set", "3", "random", "3", "3", "2", "eq. 4", "3", "3"]
    words = said(figure)
    assert NOTE in words and "95 %" in words and "test accuracy (%)" in words and "share of steps" in words
    assert "three runs or more" in words
    assert {text.get_text() for text in theirs.texts} == {"83.3", "57.6"}


def test_fig_5_has_no_panel_of_the_paper_without_its_points():
    assert len(paper.split_accuracies(SPLITS, NOTE).axes) == 1


@pytest.mark.parametrize("clock, ended", [(0.5707, "time is up"), (None, "steps are used up")])
def test_fig_6_has_steps_differences_and_every_arm_on_record(clock, ended):
    table = pd.concat(
        [
            runs("full", 0.0, [60.0, 62.0], steps=(0, 711), clock=clock),
            runs("random", 0.5, [59.0, 61.0], steps=(600, 85), clock=clock),
            runs("top_activations", 0.5, [56.0, 58.0], steps=(600, 42), clock=clock),
        ]
    )
    figure = paper.fixed_budget(table, NOTE, {"full": 10.4, "top_activations": 63.5})
    runs_axis, differences = figure.axes
    assert [label.get_text() for label in runs_axis.get_xticklabels()] == ["711"] * 2 + ["685"] * 2 + ["642"] * 2
    assert len(legend(figure)) == 3 and all("n = 2" in label for label in legend(figure))
    assert [text.get_text() for text in differences.texts] == ["-1.0", "-4.0"]
    assert "(points)" in differences.get_ylabel() and "95 %" in differences.get_title()
    assert runs_axis.get_ylim()[1] > 63.5 + 5  # room for the paper's mean and its text
    words = said(figure)
    assert ended in words and NOTE in words and "the paper: 63.5 %" in words and "the paper: 10.4 %" in words


def losses(selection, k, level, seed, fast=0):
    step = np.arange(1, 101)
    loss = level + 1 / step
    about = {"selection": selection, "k": k, "split": 0.5 if k else 0.0, "seed": seed, "fast_steps": fast}
    return pd.DataFrame({**about, "step": step, "seconds": step / 2, "loss": loss})


LOSSES = pd.concat(
    [
        *(losses("full", 0, 2.0 + 0.1 * seed, seed) for seed in (0, 1)),
        *(losses("random", 20, 1.9 + 0.1 * seed, seed, fast=60) for seed in (0, 1)),
        *(losses("top_activations", 20, 1.5 + 0.1 * seed, seed, fast=60) for seed in (0, 1)),
        losses("top_activations", 200, 2.3, 0, fast=60),
    ]
)


@pytest.mark.parametrize("against, unit, change", [("seconds", "seconds", 30.5), ("step", "steps", 61)])
def test_fig_7_shows_differences_from_the_mean_of_the_full_set(against, unit, change):
    figure = paper.loss_curves(LOSSES, NOTE, 86.4, 8.64, against)
    above, below = figure.axes
    drawn = {line.get_label(): line.get_ydata() for line in below.lines if not line.get_label().startswith("_")}
    means = {name: np.mean(values) for name, values in drawn.items() if len(values)}
    assert means == pytest.approx(
        {
            "full set alone (n = 2)": 0,
            "random 8.64 % first (50 / 50) (n = 2)": -0.1,
            "eq. 4, 8.64 % first (50 / 50) (n = 2)": -0.5,
            "eq. 4, 86.40 % first (50 / 50) (n = 1)": 0.25,
        }
    )
    changes = {line.get_xdata()[0] for line in below.lines if line.get_linestyle() == ":" and len(line.get_xdata())}
    assert changes == {change}
    assert unit in below.get_xlabel() and "nats" in below.get_ylabel() and "nats" in above.get_ylabel()
    assert NOTE in said(figure) and "lowest to highest seed" in said(figure)
    low, high = above.get_ylim()
    assert low < 1.5 and len([tick for tick in above.get_yticks() if low < tick < high]) >= 3


def test_fig_4_has_a_row_a_place_and_says_what_recurs():
    images, embeddings = RNG.random((2, 24, 24, 3)), RNG.random((2, 216))
    figure = paper.reconstructions(images, embeddings, images, NOTE, common_variance=0.53)
    shapes = [image.get_array().shape for axis in figure.axes for image in axis.images]
    assert shapes.count((9, 24)) == 2
    assert "53 %" in said(figure) and NOTE in said(figure) and "activation" in said(figure)
    assert np.allclose(figure.axes[2].images[0].get_array()[0], embeddings[0, :24])
    assert "recurs" not in said(paper.reconstructions(images, embeddings, images, NOTE))


def test_fig_4_of_one_place_is_about_square():
    images, embeddings = RNG.random((1, 8, 8, 1)), RNG.random((1, 18))
    figure = paper.reconstructions(images, embeddings, images, NOTE)
    assert (3, 6) in [image.get_array().shape for axis in figure.axes for image in axis.images]


def test_chosen_samples_are_what_the_encoder_sees():
    images = RNG.integers(0, 255, (5, 32, 32, 3), dtype=np.uint8)
    figure = paper.chosen_samples(images, np.array([[0, 1], [2, 3]]), NOTE, 24)
    sheet = figure.axes[0].images[0].get_array()
    assert np.array_equal(sheet[:24, :24], images[0, 4:28, 4:28])
    assert "24 × 24" in said(figure) and NOTE in said(figure)


def test_one_random_draw_is_called_one_and_has_the_spread_of_draws():
    table = pd.DataFrame({"class": ["a", "b"], "chosen": [4, 6], "available": [50, 50]})
    figure = paper.class_counts({"top_activations": table, "random": table}, NOTE)
    assert "random, one draw" in legend(figure) and any("95 of 100" in label for label in legend(figure))
    (bars,) = [c for c in figure.axes[0].containers if isinstance(c, ErrorbarContainer)]
    low, high = bars.lines[2][0].get_segments()[0][:, 1]
    assert (low, high) == (2, 8)  # 10 of 50 + 50: hypergeometric
    assert NOTE in said(figure)


def test_overlap_is_on_a_log_scale_with_every_number():
    figure = paper.overlap(pd.DataFrame({"elements": [1, 2, 3, 4], "samples": [2087, 562, 0, 1]}), NOTE)
    assert figure.axes[0].get_yscale() == "log"
    assert [text.get_text() for text in figure.axes[0].texts] == ["2,087", "562", "1"]
    assert "563 of 2,650" in said(figure) and "log scale" in said(figure)


def test_the_spread_of_elements_has_means_and_the_threshold():
    embeddings = RNG.normal(3, [1.0, 2.0, 0.001], (500, 3))
    figure = paper.embedding_spread(embeddings, NOTE)
    assert {"standard deviation", "mean", "1 % of the median deviation: 1 of 3 elements vary less"} == set(
        legend(figure)
    )


def test_controls_have_the_full_set_and_n():
    table = pd.concat(
        [runs("random", 0.9, [60.0, 62.0, 64.0]).assign(arm="random"), runs("x", 0.9, [58.0]).assign(arm="eq. 4, fill")]
    ).assign(subset_size=4320)
    figure = beyond.controls(table, NOTE, pd.Series([70.0, 72.0]))
    assert legend(figure) == [
        "full set alone: mean, 95 % interval (n = 2)",
        "random, 4,320 samples (n = 3)",
        "eq. 4, fill, 4,320 samples (n = 1)",
    ]
    assert "95 %" in said(figure) and NOTE in said(figure) and "test accuracy (%)" in said(figure)


def costs():
    rows = [
        {"selection": name, "arm": name, "steps": steps, "seed": seed, "accuracy": 50 + steps / 10 + seed,
         "training_s": float(steps), "charged_s": float(steps) + (300 if name == "top_activations" else 0)}
        for name in ("full", "top_activations", "random") for steps in (50, 100) for seed in (0, 1)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_cost_hides_no_arm_and_has_intervals_of_the_pooled_spread():
    figure = beyond.cost(costs(), NOTE)
    drawn = intervals(figure.axes[0])
    assert set(drawn) == {f"{name} (n = 2 a point)" for name in ("full", "top_activations", "random")}
    assert list(drawn)[-1].startswith("random")  # on top of eq. 4, in a smaller and hollow mark
    sizes = {c.get_label().split()[0]: c.lines[0].get_markersize() for c in figure.axes[0].containers}
    assert sizes["random"] < sizes["top_activations"]
    x, y, low, high = drawn["random (n = 2 a point)"][0]
    reach = 2.446912 * np.sqrt(0.5) / np.sqrt(2)  # t for 6 degrees of freedom; all pairs are one point apart
    assert (x, y, low, high) == pytest.approx((50, 55.5, 55.5 - reach, 55.5 + reach), abs=1e-4)
    assert "seconds" in said(figure) and "pooled" in said(figure) and NOTE in said(figure)


def summary(method, k, split, accuracy, variant=False):
    return {"method": method, "variant": variant, "k": k, "split": split, "accuracy": accuracy,
            "low": accuracy - 1, "high": accuracy + 1, "n": 3}  # fmt: skip


def test_every_method_has_a_panel_with_random_in_it():
    names = ("random", "eq. 4", "k-means")
    rows = [summary(name, k, split, 60.0) for name in names for k in (10, 40) for split in (0.9, 1.0)]
    figure = beyond.methods_by_size(pd.DataFrame([*rows, summary("full set", 0, 0.0, 70.0)]), 100, NOTE)
    panels = {axis.get_title(): axis for axis in figure.axes if axis.get_visible()}
    assert set(panels) == {"eq. 4", "k-means"}
    for axis in panels.values():
        assert len([c for c in axis.containers if isinstance(c, ErrorbarContainer)]) == 4  # both, at two splits
    assert legend(figure) == ["random", "100 / 0", "90 / 10", "full set alone (n = 3)"]
    assert "n = 3" in said(figure) and "40.0 %" in said(figure) and NOTE in said(figure)


def test_methods_are_sorted_and_what_cannot_be_told_is_shaded():
    rows = [
        {"method": name, "variant": False, "k": 10, "split": split, "difference": value, "low": value - 1,
         "high": value + 1, "n": 3, "n_other": 5, "minimum detectable": 1.5}
        for name, value in (("eq. 4", -4.0), ("k-means", 1.0), ("k-center", -6.0)) for split in (0.9, 1.0)
    ]  # fmt: skip
    figure = beyond.methods_against_random(pd.DataFrame(rows), NOTE)
    axis = figure.axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["k-center", "eq. 4", "k-means"]
    assert {(bar.get_x(), bar.get_width()) for bar in axis.patches} == {(-1.5, 3.0)}
    assert any("80 % power" in label for label in legend(figure))
    assert "n = 3; 5 of random" in said(figure) and "points" in said(figure) and NOTE in said(figure)


@pytest.mark.parametrize("draw", [beyond.methods_by_size, beyond.methods_against_random])
def test_single_runs_are_drawn_without_intervals(draw):
    nan = float("nan")
    rows = [{**summary(name, 10, split, 60.0), "low": nan, "high": nan, "n": 1, "n_other": 1, "difference": -2.0,
             "minimum detectable": nan} for name in ("random", "eq. 4") for split in (0.9, 1.0)]  # fmt: skip
    figure = draw(pd.DataFrame(rows), *([100] if draw is beyond.methods_by_size else []), NOTE)
    assert "n = 1" in said(figure)
    points = [point for axis in figure.axes for c in axis.containers if isinstance(c, ErrorbarContainer)
              for point in c.lines[0].get_xydata()]  # fmt: skip
    assert points and np.isfinite(points).all()


def test_no_two_methods_have_the_same_mark():
    names = ["random", "eq. 4", "eq. 4, penalty", "eq. 4, after PCA", "eq. 4, pairs of elements"]
    means = pd.DataFrame([summary(name, 10, 1.0, 60.0 + i, "," in name) for i, name in enumerate(names)])
    figure = beyond.methods_by_coverage(means, pd.DataFrame({"method": names, "mean distance": range(5)}), NOTE)
    lines = [container.lines[0] for container in figure.axes[0].containers]
    looks = {(line.get_marker(), line.get_color(), line.get_markerfacecolor()) for line in lines}
    assert len(looks) == len(names) == len(legend(figure))


def test_learning_curves_have_all_scales_and_the_papers_points():
    rows = [
        {"profile": profile, "selection": selection, "seed": seed, "samples": samples * scale, "accuracy": 60.0 + seed}
        for profile, scale in (("cpu", 1), ("steps", 10)) for selection in ("full", "random", "top_activations")
        for samples in (1_000, 2_000) for seed in (0, 1, 2)
    ]  # fmt: skip
    table = pd.DataFrame(rows).assign(arm=lambda found: found["selection"])
    stated = pd.DataFrame({"selection": ["full"], "samples": [10_240_000], "accuracy": [83.3]})
    figure = beyond.learning_curves(table, NOTE, stated)
    for profile in ("cpu", "steps"):
        for arm in ("full set alone", "random alone", "eq. 4 alone"):
            assert f"{arm}, profile {profile} (n = 3)" in legend(figure)
    assert "the paper: full set alone, 83.3 %" in legend(figure)
    axis = figure.axes[0]
    assert axis.get_xscale() == "log" and "samples seen" in axis.get_xlabel() and "(%)" in axis.get_ylabel()
    assert axis.get_ylim()[1] > 83.3 and NOTE in said(figure)


def test_break_even_has_both_selections_and_the_pipelines():
    ratio = {"path": "50 / 50", "alone": 100, "fast_steps": 50, "full_steps": 50, "seeds": 2}
    rows = [
        {**ratio, "arm": arm, "accuracy": accuracy, "once": once, "ratio": r, "lowest": r - 0.1, "highest": r + 0.1}
        for arm, once, r in (("eq. 4 first", 20.0, 0.6), ("random first", 0.0, 1.0)) for accuracy in (50, 60)
    ]  # fmt: skip
    pipelines = pd.DataFrame({"pipeline": ["the paper's", "ours"], "lowest": [0.15, 0.9], "highest": [1.0, 1.0]})
    figure = beyond.break_even(pd.DataFrame(rows), pipelines, NOTE)
    assert set(legend(figure)) == {
        "the paper's: ratio 0.15 to 1.00",
        "ours: ratio 0.90 to 1.00",
        "eq. 4 first, charged 20 full-set steps once (2 seeds)",
        "random first, nothing charged (2 seeds)",
    }
    drawn = intervals(figure.axes[0])["random first, nothing charged (2 seeds)"]
    assert drawn[0] == pytest.approx((50, 1.0, 0.9, 1.1))
    assert "accuracy that is asked for (%)" in said(figure) and NOTE in said(figure)


def test_break_even_says_so_where_no_accuracy_is_reached():
    columns = ["arm", "accuracy", "once", "ratio", "lowest", "highest", "seeds"]
    found = pd.DataFrame([["eq. 4 first", 50.0, 0.0, np.nan, np.nan, np.nan, 0]], columns=columns)
    pipelines = pd.DataFrame({"pipeline": ["ours"], "lowest": [0.9], "highest": [1.0]})
    assert "no accuracy is reached" in said(beyond.break_even(found, pipelines, NOTE))
