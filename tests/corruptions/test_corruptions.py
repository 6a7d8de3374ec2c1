"""Every corruption by being in the registry; then each for what it is to do."""

import io

import numpy as np
import pytest
from PIL import Image

from smalti.corruptions.applying import batches, corrupted
from smalti.names import CORRUPTIONS
from smalti.robustness import STRENGTHS

WITHOUT_CHANCE = {"blur", "brightness", "contrast", "jpeg", "pixelate", "scale"}


def soft(n=6, height=28, width=28, channels=3, grain=0, seed=0):
    """Return pictures of a bright blob before a dark ground, each of another tint and texture."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width] - np.array([height - 1, width - 1])[:, None, None] / 2
    blob = np.exp(-((y / height * 5) ** 2) - (x / width * 9) ** 2)[None, ..., None]
    tint = random.uniform(0.5, 1, (n, 1, 1, channels))
    grain = random.uniform(-grain, grain, (n, height, width, channels))
    return np.rint(40 + 170 * blob * tint + grain).astype(np.uint8)


@pytest.mark.parametrize("name", CORRUPTIONS)
@pytest.mark.parametrize(
    "shape", [(28, 28, 1), (32, 32, 3), (20, 36, 3), (8, 8, 1), (1, 1, 3), (2, 3, 1), (64, 64, 3)]
)
def test_pictures_keep_their_form_and_the_given_ones_their_pixels(name, shape):
    pictures = soft(3, *shape)
    before = pictures.copy()
    for strength in STRENGTHS:
        changed = corrupted(pictures, name, strength)
        assert changed.shape == pictures.shape
        assert changed.dtype == np.uint8
    np.testing.assert_array_equal(pictures, before)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_each_strength_changes_more_than_the_one_before(name):
    for side, channels in ((28, 1), (32, 3), (64, 1)):
        pictures = soft(12, side, side, channels, grain=30)
        far = [
            np.abs(corrupted(pictures, name, strength).astype(float) - pictures).mean()
            for strength in STRENGTHS
        ]
        assert far[0] > 0.2
        assert (np.diff(far) > 0).all(), far


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_same_seed_gives_the_same_pixels_and_another_one_others(name):
    pictures = soft(8)
    first = corrupted(pictures, name, 3, seed=1)
    np.testing.assert_array_equal(first, corrupted(pictures, name, 3, seed=1))
    assert (first == corrupted(pictures, name, 3, seed=2)).all() == (name in WITHOUT_CHANCE)
    assert (first == corrupted(pictures, name, 3, seed=1, batch=1)).all() == (
        name in WITHOUT_CHANCE
    )


@pytest.mark.parametrize("name", ["blur", "motion-blur", "pixelate", "shift", "scale", "rotate"])
def test_what_has_a_size_grows_with_the_picture(name):
    small = soft(16, 32, 32, 1)
    large = small.repeat(2, axis=1).repeat(2, axis=2)
    shrunk = corrupted(large, name, 4).reshape(16, 32, 2, 32, 2, 1).mean(axis=(2, 4))
    between = np.abs(shrunk - corrupted(small, name, 4)).mean()
    done = np.abs(corrupted(small, name, 4).astype(float) - small).mean()
    assert between < 0.4 * done


def test_noise_is_as_strong_as_it_says_and_stronger_on_larger_pictures():
    for side in (32, 128):
        flat = np.full((8, side, side, 3), 128, np.uint8)
        growth = np.sqrt(side / 32)
        normal = corrupted(flat, "gaussian-noise", 3).astype(float)
        assert normal.std() == pytest.approx(25.5 * growth, rel=0.05)
        assert normal.mean() == pytest.approx(128, abs=1)
        counted = corrupted(flat, "shot-noise", 3).astype(float)
        assert counted.mean() == pytest.approx(128, abs=1)
        assert counted.std() == pytest.approx(255 * growth * np.sqrt(128 / 255 / 55), rel=0.05)
        salted = corrupted(flat, "impulse-noise", 3)
        assert np.mean(salted == 255) == pytest.approx(0.025 * growth, rel=0.15)
        assert np.mean(salted == 0) == pytest.approx(0.025 * growth, rel=0.15)


def test_black_stays_black_where_no_photons_come():
    assert not corrupted(np.zeros((2, 28, 28, 1), np.uint8), "shot-noise", 5).any()


@pytest.mark.parametrize("name", ["blur", "motion-blur", "pixelate", "contrast", "shift", "rotate"])
def test_an_even_picture_has_nothing_to_lose(name):
    even = np.full((4, 20, 20, 3), 77, np.uint8)
    np.testing.assert_array_equal(corrupted(even, name, 5), even)


def test_blurred_pictures_are_as_bright_as_before():
    pictures = soft(4, 32, 32)
    for name in ("blur", "motion-blur"):
        means = corrupted(pictures, name, 5).mean(axis=(1, 2, 3))
        np.testing.assert_allclose(means, pictures.mean(axis=(1, 2, 3)), atol=1.0)


def test_light_is_added_or_taken_from_the_differences():
    pictures = soft(3)
    brighter = np.minimum(255, pictures.astype(int) + 51)
    np.testing.assert_array_equal(corrupted(pictures, "brightness", 2), brighter)
    flat = corrupted(pictures, "contrast", 5).astype(float)
    np.testing.assert_allclose(flat.mean(axis=(1, 2)), pictures.mean(axis=(1, 2)), atol=0.6)
    np.testing.assert_allclose(flat.std(axis=(1, 2)), 0.15 * pictures.std(axis=(1, 2)), atol=0.5)


def test_a_stripe_is_inverted_and_in_the_end_everything():
    pictures = soft(50, 28, 30)
    np.testing.assert_array_equal(corrupted(pictures, "invert", 5), 255 - pictures)
    changed = (corrupted(pictures, "invert", 2) != pictures).any(axis=(1, 3))
    assert (changed.sum(axis=1) == 12).all()
    starts = changed.argmax(axis=1)
    assert all(row[start : start + 12].all() for row, start in zip(changed, starts, strict=True))
    assert len(set(starts)) > 5


def test_jpeg_is_what_pillow_makes_of_each_picture():
    pictures = soft(3)
    stored = io.BytesIO()
    Image.fromarray(pictures[2]).save(stored, "JPEG", quality=25)
    np.testing.assert_array_equal(corrupted(pictures, "jpeg", 3)[2], np.asarray(Image.open(stored)))


def test_fewer_pixels_are_left_as_squares():
    for side, left in ((28, 11), (32, 13), (64, 13)):
        changed = corrupted(soft(1, side, side, 1, grain=30), "pixelate", 5)[0, ..., 0]
        for axis in (0, 1):
            edges = np.diff(changed.astype(int), axis=axis).any(axis=1 - axis)
            assert edges.sum() == left - 1


def test_a_shift_is_by_whole_pixels_over_the_ground_of_the_border():
    pictures = np.full((60, 20, 20, 1), 9, np.uint8)
    pictures[:, 8:12, 8:12] = 200
    changed = corrupted(pictures, "shift", 3)
    ways = set()
    for picture in changed[..., 0]:
        rows, columns = np.nonzero(picture == 200)
        assert len(rows) == 16
        assert (np.delete(picture.ravel(), rows * 20 + columns) == 9).all()
        ways.add((rows.min() - 8, columns.min() - 8))
    assert ways == {(y, x) for y in (-3, 0, 3) for x in (-3, 0, 3)} - {(0, 0)}


def test_what_touches_the_border_leaves_no_streak():
    pictures = np.zeros((30, 20, 20, 1), np.uint8)
    pictures[:, 9:11] = 200  # a bar from edge to edge: most of the border is black
    for name in ("shift", "scale"):
        changed = corrupted(pictures, name, 5)
        assert (changed[..., 0].astype(float).sum(axis=(1, 2)) <= pictures[0].sum()).all()
    assert (corrupted(pictures, "scale", 5)[:, :, [0, -1]] == 0).all()


@pytest.mark.parametrize(("strength", "degrees"), [(1, 8), (3, 22), (5, 36)])
def test_pictures_are_turned_about_their_centre_by_moderate_angles(strength, degrees):
    pictures = soft(40, 41, 41, 1).astype(float)
    changed = corrupted(pictures.astype(np.uint8), "rotate", strength).astype(float)
    y, x = np.mgrid[:41, :41] - 20.0
    weight = np.clip(changed[..., 0] - 40, 0, None)
    means = [(weight * axis).sum(axis=(1, 2)) / weight.sum(axis=(1, 2)) for axis in (x, y)]
    assert np.abs(means).max() < 0.2
    xx, yy, xy = ((weight * square).sum(axis=(1, 2)) for square in (x * x, y * y, x * y))
    angles = np.degrees(np.arctan2(2 * xy, yy - xx) / 2)  # of the long axis, from upright
    np.testing.assert_allclose(np.abs(angles), degrees, atol=1.5)
    assert (angles > 0).any()
    assert (angles < 0).any()


def test_what_shrinks_keeps_its_brightness_and_loses_its_area():
    pictures = np.zeros((1, 40, 40, 1), np.uint8)
    pictures[:, 10:30, 10:30] = 200
    changed = corrupted(pictures, "scale", 5)[0, ..., 0].astype(float)
    assert changed[20, 20] == 200
    assert changed.sum() / pictures.sum() == pytest.approx(0.25, rel=0.03)


def test_fog_and_snow_make_dark_pictures_brighter():
    dark = np.full((10, 32, 32, 3), 20, np.uint8)
    for name in ("fog", "snow"):
        means = [corrupted(dark, name, strength).mean() for strength in STRENGTHS]
        assert (np.diff([20, *means]) > 2).all()
    assert (corrupted(dark, "snow", 5) > 240).mean() > 0.05
    assert (corrupted(dark, "fog", 5) > 240).mean() == 0


def test_batches_cover_every_picture_once_and_are_smaller_for_large_ones():
    rows = np.concatenate([np.arange(1000)[each] for each in batches(1000, 32, 32)])
    np.testing.assert_array_equal(rows, np.arange(1000))
    assert len(list(batches(1000, 32, 32))) == 4
    assert next(iter(batches(1000, 512, 512))) == slice(0, 4)
    assert list(batches(0, 8, 8)) == []
