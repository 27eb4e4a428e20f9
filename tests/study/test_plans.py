import itertools
from dataclasses import replace

import pytest

from paperlib.data import load
from paperlib.selection import DRAW, METHODS
from paperlib.study import plans, stages
from paperlib.study.profiles import PROFILES, profile
from paperlib.study.runs import Readings, file_name, plain


def test_readings_are_checked_before_anything_runs(digits):
    quick = profile("quick")
    for option, value in (("overlap", "both"), ("feed", "tape"), ("precision", "float8")):
        with pytest.raises(ValueError, match=f"{option} is '{value}': choose from"):
            Readings(**{option: value})
    with pytest.raises(
        ValueError, match="selection is 'best': choose 'full' or one of random, random_balanced, top_activations"
    ):
        replace(plans.split_runs(quick, digits)[-1], selection="best")
    with pytest.raises(ValueError, match="unknown profile 'fast': choose from quick, cpu, steps, paper"):
        profile("fast")


@pytest.mark.parametrize("name", PROFILES)
def test_plans_are_the_papers(name, digits):
    size = PROFILES[name]
    splits = plans.split_runs(size, digits)
    count = size.runs_at_split
    points = {(run.split, run.selection) for run in splits}
    assert points == {(0.0, "full")} | {(s, m) for s in count if s for m in ("random", "top_activations")}
    assert len(splits) == len(set(splits)) == count[0.0] + 2 * sum(n for split, n in count.items() if split)
    assert {run.k for run in splits} == {0, size.k}  # random draws as many
    assert {0.5, 0.9, 1.0} <= set(count) and min(count.values()) >= 2
    cuts = plans.budget_cuts(size, digits)
    assert {run.selection for run in cuts} == {"full", "random", "top_activations"}
    assert {sum(run.phases()) for run in cuts} == {round(0.5707 * size.steps)}


def by_clock():
    return [name for name, size in PROFILES.items() if size.budget_seeds]


@pytest.mark.parametrize("name", by_clock())
def test_budgets_are_shares_of_the_baselines_time(name, digits):
    size = PROFILES[name]
    splits = plans.split_runs(size, digits)
    budget = plans.budget_runs(size, digits)
    assert [run.selection for run in budget] == ["full", "top_activations"] * 4
    assert {run.time_share for run in budget} == {0.5707}
    precision = plans.precision_runs(size, digits)
    assert {run.precision for run in precision} == {"auto", "float32"} and len(precision) == 2 * len(
        size.baseline_seeds
    )
    baselines = {run for run in splits if run.split == 0 and run.seed in size.baseline_seeds}
    assert {run for run in precision if run.precision == "auto"} == set(budget[0].baselines()) == baselines
    lengths = plans.length_runs(size, digits)
    assert {run for run in lengths if run.steps == size.steps} < set(splits)  # found, not trained again
    feeds = plans.feed_runs(size, digits)
    assert {run for run in feeds if run.feed == "resident"} < set(splits) and len(feeds) == 4 * len(size.length_seeds)
    large = [run for run in plans.loss_runs(size, digits) if run.k > size.k]
    assert {run.k for run in large} == {10 * size.k} and set(budget) < set(plans.loss_runs(size, digits))


def test_another_number_of_samples_to_keep(digits):
    assert {run.k for run in plans.split_runs(profile("quick", 36), digits)} == {0, 36}
    assert profile("quick", 0) is profile("quick")
    with pytest.raises(ValueError, match="k is -1: give the number of samples to keep, or 0 for the profile's, 126"):
        profile("quick", -1)


def test_the_paper_profile_holds_the_papers_numbers():
    paper = profile("paper")
    assert (paper.steps, paper.batch, paper.k, paper.embedding_size) == (10_000, 1_024, 4_320, 216)
    assert (paper.autoencoder_steps, paper.autoencoder_batch, paper.decay) == (40_000, 1_024, 0.9999)
    assert paper.large_k == 43_200


def test_controls_are_paired_with_the_runs_of_fig_5():
    size, digits = profile("cpu"), load("digits")
    shown = {(run.split, run.seed) for run in plans.split_runs(size, digits) if run.split >= 0.9}
    controls = plans.control_runs(size, digits, union_size=2_900)
    kinds = {(run.selection, run.overlap, run.k) for run in controls}
    union = ("top_activations", "union", 4_320)
    assert kinds == {("random_balanced", "", 4_320), union, ("random", "", 2_900), ("top_activations", "fill", 43_200)}
    for kind in kinds - {("top_activations", "fill", 43_200)}:
        assert {(r.split, r.seed) for r in controls if (r.selection, r.overlap, r.k) == kind} == shown
    assert plans.union_run(size, digits) in controls


def test_the_riddles_runs_are_cut_off_where_the_papers_were():
    size, digits = profile("cpu"), load("digits")
    riddle = plans.riddle_runs(size, digits)
    phases = {(run.selection, run.phases()) for run in riddle if run.stop == 685}
    assert phases == {("full", (0, 685)), ("top_activations", (600, 85))}
    assert {run.stop for run in riddle} == {1, 3, 10, 30, 100, 300, 685}
    assert len({file_name(run) for run in riddle}) == len(riddle)


@pytest.mark.parametrize("name", [name for name, size in PROFILES.items() if size.compared_seeds])
def test_methods_are_compared_at_every_size_and_split_with_random_among_them(name, digits):
    size = PROFILES[name]
    runs = plans.method_runs(size, digits)
    assert len(set(runs)) == len(runs) and size.k in size.compared_sizes
    points = set(itertools.product(METHODS, size.compared_sizes, (0.9, 1.0), size.compared_seeds))
    assert points == {(run.selection, run.k, run.split, run.seed) for run in runs if run.k}
    variants = [run for run in runs if run.selection == "top_activations" and set(run.options()) - {"overlap"}]
    expected = set(itertools.product(plans.VARIANTS, (0.9, 1.0), size.compared_seeds))
    assert {(list(run.options())[-1], run.split, run.seed) for run in variants} == expected
    assert {run.k for run in variants} == {size.k}
    shared = [run for run in runs if run.k in (0, size.k) and run.selection in ("full", "random", "top_activations")]
    found = {run for run in plans.split_runs(size, digits) if run.split in (0.0, 0.9, 1.0)}
    assert set(shared) - set(variants) <= found  # on record already
    assert len({file_name(run) for run in runs}) == len(runs)


def test_every_selection_that_is_trained_on_is_measured(digits):
    size = profile("cpu")
    measured = plans.selection_runs(size, digits)
    assert len(set(measured)) == len(measured)
    trained = {
        (run.selection, run.k, tuple(sorted(run.options().items()))) for run in plans.method_runs(size, digits) if run.k
    }
    assert {(run.method, run.k, run.options) for run in measured} == trained
    seeds = {method: {run.seed for run in measured if run.method == method} for method in METHODS}
    assert {method for method, some in seeds.items() if some == {0, 1, 2}} == DRAW
    assert all(some == {0} for method, some in seeds.items() if method not in DRAW)


def test_a_selection_with_an_option_that_its_method_lacks_is_refused(digits):
    run = plans.selection_runs(profile("quick"), digits)[0]
    with pytest.raises(ValueError, match="method 'random' has no option pairs"):
        replace(run, options=(("pairs", True),))


def test_each_reason_for_a_weak_random_arm_changes_one_thing(digits):
    size = profile("cpu")
    usual = {run for run in plans.split_runs(size, digits) if run.split == 1}
    reasons = plans.weak_random_runs(size, digits)
    for reason, runs in reasons.items():
        assert runs and not usual & set(runs), reason
        for run in runs:
            [alike] = [one for one in usual if (one.selection, one.seed) == (run.selection, run.seed)]
            changed = {name for name in vars(run) if getattr(run, name) != getattr(alike, name)}
            assert changed - {"autoencoder"} and len(changed - {"autoencoder"}) == 1, reason
    [rate] = {run.rate_steps for runs in reasons.values() for run in runs if run.rate_steps}
    assert rate == 177  # of 1,200, as 1,476 of 10,000: 350 passes over the subset at the paper's scale
    names = [file_name(run) for run in stages.all_runs(size, digits, 2_900)]
    assert len(set(names)) == len(names)


def test_fields_that_runs_gained_leave_names_as_they_were(digits):
    for run in plans.split_runs(profile("cpu"), digits):
        assert not {"subset_seed", "counts_of", "order", "rate_steps", "clip", "stop"} & set(plain(run))
    with pytest.raises(ValueError, match="counts_of is 'top_activations': it needs selection 'random'"):
        replace(plans.split_runs(profile("cpu"), digits)[0], counts_of="top_activations")
