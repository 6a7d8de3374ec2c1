"""Arrays as people have them become uint8 N×H×W×C; others are refused with what was found."""

from __future__ import annotations

import numpy as np
import pytest

from smalti.data import fingerprints
from smalti.data.pixels import as_array, as_pictures, conversions
from smalti.errors import SmaltiError
from tests.support import shapes

EVERY_VALUE = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)


def converted(images: np.ndarray) -> tuple[np.ndarray, str]:
    view = as_pictures(as_array(images, "x"), "x")
    conversion = conversions({"x": view})["x"]
    whole = conversion.whole(view)
    assert (np.concatenate(list(conversion.pieces(view))) == whole).all()
    assert whole.shape[3] == conversion.channels(view)
    return whole, conversion.note


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4"])
def test_fractions_from_0_to_1_come_back_exactly(dtype: str) -> None:
    images, note = converted((EVERY_VALUE / 255).astype(dtype))
    assert (images == EVERY_VALUE).all()
    assert "from 0 to 1: stored as uint8" in note


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_fractions_from_0_to_255_come_back_exactly(dtype: str) -> None:
    images, note = converted(EVERY_VALUE.astype(dtype))
    assert (images == EVERY_VALUE).all()
    assert "from 0 to 255: stored as uint8" in note


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int64", ">i4", "uint64"])
def test_whole_numbers_stay_as_they_are(dtype: str) -> None:
    images, note = converted(EVERY_VALUE.astype(dtype))
    assert images.dtype == np.uint8
    assert (images == EVERY_VALUE).all()
    assert note == ""


def test_truth_values_become_black_and_white() -> None:
    images, note = converted(EVERY_VALUE > 100)
    assert np.unique(images).tolist() == [0, 255]
    assert "truth values" in note


def test_fractions_are_rounded_not_cut() -> None:
    images, _ = converted(np.array([0.4, 0.6, 99.5, 254.7]).reshape(1, 2, 2))
    assert images.ravel().tolist() == [0, 1, 100, 255]


@pytest.mark.parametrize(
    ("shape", "pictures"),
    [
        ((5, 8, 9), (5, 8, 9, 1)),
        ((5, 8, 9, 1), (5, 8, 9, 1)),
        ((5, 8, 9, 3), (5, 8, 9, 3)),
        ((5, 1, 8, 9), (5, 8, 9, 1)),
        ((5, 3, 8, 9), (5, 8, 9, 3)),
        ((5, 4, 8, 9), (5, 8, 9, 4)),
        ((5, 3, 3, 3), (5, 3, 3, 3)),  # either way: channels last
    ],
)
def test_shapes(shape: tuple[int, ...], pictures: tuple[int, ...]) -> None:
    assert as_pictures(np.zeros(shape), "x").shape == pictures


def test_channels_first_is_turned_not_reshaped() -> None:
    images, _ = shapes(6, channels=3)
    turned, _ = converted(images.transpose(0, 3, 1, 2))
    assert (turned == images).all()
    assert turned.flags.c_contiguous


def test_pictures_that_are_right_already_are_not_copied() -> None:
    images, _ = shapes(6, channels=3)
    assert np.shares_memory(converted(images)[0], images)
    assert np.shares_memory(converted(images[..., 0].copy())[0], images) is False


@pytest.mark.parametrize(
    ("shape", "hint"),
    [
        ((10, 784), "x.reshape(-1, 28, 28)"),
        ((10, 3072), "x.reshape(-1, 32, 32, 3)"),
        ((10, 100), "x.reshape(-1, 10, 10)"),
        ((10, 5), "Reshape it first"),
        ((10,), "Reshape it first"),
        ((), "Reshape it first"),
        ((10, 8, 8, 2), "Reshape it first"),
        ((2, 10, 8, 8, 3), "Reshape it first"),
    ],
)
def test_other_shapes_are_refused(shape: tuple[int, ...], hint: str) -> None:
    with pytest.raises(SmaltiError, match="expected pictures as N×height×width") as caught:
        as_pictures(np.zeros(shape), "x_train")
    assert caught.value.problem.startswith("x_train has the shape")
    assert hint in caught.value.hint


@pytest.mark.parametrize("shape", [(0, 8, 8), (0, 8, 8, 3), (5, 0, 8), (5, 8, 0, 1)])
def test_empty_arrays_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(SmaltiError, match="x_train is empty"):
        as_pictures(np.zeros(shape), "x_train")


@pytest.mark.parametrize(
    ("values", "found", "hint"),
    [
        (np.array([-1.0, 1.0]), "from -1 to 1; expected 0 to 255, or 0 to 1", "(x + 1) / 2"),
        (np.array([-2.1, 2.6]), "from -2.1 to 2.6", "as they were before"),
        (np.array([0.0, 300.0]), "from 0 to 300", "x / 300"),
        (np.array([0, 256]), "from 0 to 256; expected 0 to 255.", "x // 257"),
        (np.array([0, 65535], np.uint16), "from 0 to 65535", "x // 257"),
        (np.array([-128, 127], np.int8), "from -128 to 127", "x.view('uint8')"),
        (np.array([0, 10**9]), "from 0 to 1e+09", "x / 1e+09"),
    ],
)
def test_other_ranges_are_refused(values: np.ndarray, found: str, hint: str) -> None:
    with pytest.raises(SmaltiError) as caught:
        converted(np.resize(values, (3, 2, 2)))
    assert found in caught.value.problem
    assert hint in caught.value.hint


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_pixels_that_are_no_numbers_are_refused(
    bad: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = np.zeros((500, 4, 4))
    images[[7, 300], 1, 2] = bad
    monkeypatch.setattr(fingerprints, "CHUNK_BYTES", 1000)
    with pytest.raises(SmaltiError, match=r"in 2 of 500 pictures; the first is picture 7"):
        converted(images)


@pytest.mark.parametrize(
    ("images", "words"),
    [
        ([np.zeros((4, 4)), np.zeros((5, 5))], "not an array"),
        (np.array([np.zeros((4, 4)), None], dtype=object), "holds Python objects"),
        (np.array([["a", "b"]]), "expected numbers"),
        (np.zeros((2, 3, 3), np.complex64), "the type complex64"),
        (np.zeros((2, 3, 3), "datetime64[s]"), "the type datetime64"),
        (None, "holds Python objects"),
    ],
)
def test_what_is_no_array_of_numbers_is_refused(images: object, words: str) -> None:
    with pytest.raises(SmaltiError, match=words):
        as_array(images, "x_train")


def test_opacity_is_laid_on_white() -> None:
    pixel = np.array([[200, 100, 0, 255], [200, 100, 0, 0], [200, 100, 0, 128]], np.uint8).reshape(
        3, 1, 1, 4
    )
    images, _ = converted(pixel)
    assert images[:, 0, 0].tolist() == [[200, 100, 0], [255, 255, 255], [227, 177, 127]]


def test_sizes_must_agree() -> None:
    one, other = np.zeros((2, 8, 8, 3), np.uint8), np.zeros((2, 9, 8, 3), np.uint8)
    with pytest.raises(SmaltiError, match=r"x_test holds pictures of 9×8×3, x_train of 8×8×3"):
        conversions({"x_train": one, "x_test": other})


def test_scales_must_agree() -> None:
    one, other = EVERY_VALUE / 255, EVERY_VALUE.astype(float)
    with pytest.raises(SmaltiError, match="x_test has pixels up to 255, x_train up to 1"):
        conversions({"x_train": one, "x_test": other})


def test_parts_of_different_types_are_each_converted_their_way() -> None:
    arrays = {"x_train": EVERY_VALUE, "x_test": EVERY_VALUE / 255, "x_val": EVERY_VALUE * 0.0}
    ways = conversions(arrays)
    assert (ways["x_test"].whole(arrays["x_test"]) == EVERY_VALUE).all()
    assert (ways["x_train"].whole(arrays["x_train"]) == EVERY_VALUE).all()


@pytest.mark.parametrize(("highest", "factor"), [(16.0, "15.9375"), (1, "255")])
def test_almost_black_pictures_are_doubted(
    highest: float, factor: str, said: pytest.LogCaptureFixture
) -> None:
    converted(np.array([0, highest]).repeat(8).reshape(1, 4, 4))
    assert f"multiply them by {factor} first" in said.text


def test_black_pictures_are_doubted(said: pytest.LogCaptureFixture) -> None:
    converted(np.zeros((2, 4, 4), np.uint8))
    assert "all pictures are black" in said.text
