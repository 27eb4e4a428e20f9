"""Folders of pictures of the kinds that people have, drawn here, through the whole of `paperlib select`.

They become 8 x 8 pixels, the smallest that there are, so that training takes seconds.
"""

import csv
import itertools

import numpy as np
from click.testing import CliRunner
from PIL import Image, ImageDraw

from paperlib import cli, training
from paperlib.own_data import embedding, loading, manifest, quality

ORIENTATION = 0x0112


def hand(fingers, draw, side=64):
    """A hand that shows a number before a bright wall, as in a set of pictures of sign language."""
    wall = np.array([222, 219, 212]) * draw.uniform(0.9, 1.0)
    skin = tuple(int(v) for v in np.array([190, 140, 115]) * draw.uniform(0.75, 1.1))
    image = Image.new("RGB", (side, side), tuple(int(v) for v in wall))
    pen = ImageDraw.Draw(image)
    x, y, palm = side * (0.5 + draw.normal(0, 0.03)), side * (0.68 + draw.normal(0, 0.03)), side * 0.2
    pen.ellipse([x - palm, y - palm, x + palm, y + palm], fill=skin)
    pen.rectangle([x - palm * 0.6, y, x + palm * 0.6, side], fill=skin)
    for finger in range(fingers):
        angle = np.pi * (0.1 + 0.8 * finger / 9) + draw.normal(0, 0.03)
        tip = x - 2.6 * palm * np.cos(angle), y - 2.6 * palm * np.sin(angle)
        pen.line([x, y, *tip], fill=skin, width=side // 10)
    return image


def scene(kind, draw, size=(48, 36)):
    """A field of one hue with a disc somewhere; pictures of one kind have the hue and the disc's size in common."""
    colours = np.random.default_rng(kind).integers(0, 256, (2, 3))
    image = Image.new("RGB", size, tuple(int(v) for v in colours[0]))
    radius = 0.15 + 0.2 * np.random.default_rng(kind).random()
    x, y, r = draw.uniform(0.3, 0.7) * size[0], draw.uniform(0.3, 0.7) * size[1], radius * min(size)
    ImageDraw.Draw(image).ellipse([x - r, y - r, x + r, y + r], fill=tuple(int(v) for v in colours[1]))
    return image


def save(images, root, suffix="png", **options):
    """Write (class name, image) pairs to class folders, or to the folder itself where the name is None."""
    for place, (name, image) in enumerate(images):
        path = root / (name or "") / f"{place:04}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path, **options)
    return root


def select(source, out, *arguments):
    command = ["select", source, "--out", out, "--image-size", 8, "--no-pictures", "--progress", "none", *arguments]
    done = CliRunner().invoke(cli.main, [str(part) for part in command], catch_exceptions=False)
    if done.exit_code:
        return done, None, None
    (folder,) = (path for path in out.iterdir() if path.name != "kept")
    indices, found = manifest.read(folder)
    with open(folder / "selected.csv", newline="") as file:
        assert [row["path"] for row in csv.DictReader(file)] == found["result"]["files"]
    assert len(set(indices.tolist())) == len(indices) == found["run"]["k"]
    return done, indices, found


def check_learned(found):
    """What every choice that is reported as one must be able to say of its training."""
    measured = quality.Quality(**found["result"]["training"]["quality"])
    assert measured.shortcomings() == []
    return measured


def test_hands_before_a_wall(tmp_path):
    """The folder that the fixed 100 steps did not learn: without a word, they chose by embeddings that say nothing."""
    draw = np.random.default_rng(0)
    source = save([(str(i % 10), hand(i % 10, draw)) for i in range(300)], tmp_path / "hands", "jpg", quality=90)
    samples = loading.load(source, 8)
    once = embedding.plan(samples, 30, steps=100, learning_rate=0.1)
    assert embedding.plan(samples, 30)["attempts"][0] == once["attempts"][0] == [100, 0.1]
    done, indices, found = select(source, tmp_path / "out", "-k", "10%")
    assert done.exit_code == 0, done.output
    attempts = found["result"]["training"]["attempts"]
    assert "times the error of the mean image" in attempts[0]["said"] and attempts[-1]["said"] == "it worked"
    assert "Tried 100 steps at rate 0.1" in done.stdout
    measured = check_learned(found)
    assert measured.distinct_embeddings == measured.distinct_images == 300
    chosen = np.bincount(samples.labels[indices], minlength=10)
    assert "Chosen of each class: 0 " in done.stdout and chosen.max() < len(indices) / 2


def test_scans_in_grey_cannot_be_taken_for_colour(tmp_path):
    draw, pages = np.random.default_rng(0), []
    for i in range(80):
        image = Image.new("L", (60, 80), 250)
        pen = ImageDraw.Draw(image)
        for line in range(5 + draw.integers(0, 60), 80, 6 + 10 * (i % 2)):
            pen.line([6, line, draw.integers(20, 55), line], fill=int(draw.integers(0, 90)), width=2 + 2 * (i % 2))
        pages.append((None, image))
    done, indices, found = select(save(pages, tmp_path / "scans", "tif"), tmp_path / "out", "-k", 9, "-m", "random")
    assert done.exit_code == 0 and "8 × 8, grey" in done.stdout and "No labels" in done.stdout
    assert found["result"]["classes"] is None and found["run"]["embedding"] is None and len(indices) == 9
    plain = loading.load(tmp_path / "scans", 60).images
    assert plain.shape == (80, 60, 60, 1) and plain.min() < 90 and plain.max() == 250


def test_photos_of_12_megapixels_that_were_taken_sideways(tmp_path):
    """Turned as a viewer turns them, they are the pictures that were never turned."""
    draw, upright, turned = np.random.default_rng(0), [], []
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    for i in range(4):
        image = scene(i, draw, (1500, 2000)).resize((3000, 4000))
        upright.append((None, image))
        turned.append((None, image.transpose(Image.Transpose.ROTATE_90)))
    first = loading.load(save(upright, tmp_path / "upright", "jpg"))
    second = loading.load(save(turned, tmp_path / "turned", "jpg", exif=exif))
    assert first.images.shape == second.images.shape == (4, 64, 64, 3)
    assert np.abs(first.images.astype(int) - second.images).max() <= 12  # JPEG's blocks lie differently
    assert first.preparation == second.preparation and "4000 × 3000" in second.preparation
    assert select(tmp_path / "turned", tmp_path / "out", "-k", 2, "-m", "random")[0].exit_code == 0


def test_20_pictures_in_all(tmp_path):
    draw = np.random.default_rng(0)
    source = save([("ab"[i % 2], scene(i % 2, draw)) for i in range(20)], tmp_path / "few")
    done, indices, found = select(source, tmp_path / "out", "-k", 4)
    assert done.exit_code == 0, done.output
    check_learned(found)
    assert found["result"]["samples"] == 20 and len(indices) == 4


def test_1000_near_duplicates_are_refused_with_a_reason(tmp_path):
    """Nothing but noise tells them apart, which no embedding holds: a choice by it would be a draw in disguise."""
    draw = np.random.default_rng(0)
    base = np.asarray(hand(3, draw, 8), int)
    near = ((None, Image.fromarray((base + draw.integers(-1, 2, base.shape)).astype(np.uint8))) for _ in range(1000))
    source = save(near, tmp_path / "copies")
    done, *_ = select(source, tmp_path / "out", "-k", 50)
    assert done.exit_code == cli.NOT_LEARNED
    assert "the images hardly differ" in done.stderr and "the method 'random'" in done.stderr
    assert select(source, tmp_path / "other", "-k", 50, "-m", "random")[0].exit_code == 0


def test_200_classes_of_5(tmp_path):
    draw = np.random.default_rng(0)
    source = save([(f"{i % 200:03}", scene(i % 200, draw)) for i in range(1000)], tmp_path / "many")
    done, indices, found = select(source, tmp_path / "out", "-k", "10%")
    assert done.exit_code == 0, done.output
    check_learned(found)
    assert "Chosen of each of 200 classes" in done.stdout
    lost = 200 - len(set(loading.load(source, 8).labels[indices].tolist()))
    assert f"{lost:,} of 200 classes lose all of their samples" in done.stderr  # 100 samples cannot be of 200 classes


def test_a_training_that_collapses_is_noticed(tmp_path, monkeypatch):
    """An encoder that gives the same for all is no choice, however well training seemed to end."""
    trained = training.train_autoencoder(
        np.random.default_rng(0).integers(0, 256, (8, 8, 8, 3), dtype=np.uint8), embedding_size=4, image_size=8,
        steps=1, batch=4,
    )  # fmt: skip
    trained.encoder.set_weights([0 * weights for weights in trained.encoder.get_weights()])
    monkeypatch.setattr(training, "train_autoencoders", lambda *_, **__: itertools.repeat(trained))
    draw = np.random.default_rng(0)
    source = save([("ab"[i % 2], scene(i % 2, draw)) for i in range(20)], tmp_path / "few")
    done, *_ = select(source, tmp_path / "out", "-k", 4, "--embedding-size", 4)
    assert done.exit_code == cli.NOT_LEARNED and "20 distinct images have 1 embeddings" in done.stderr
