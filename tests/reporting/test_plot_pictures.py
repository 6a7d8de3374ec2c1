"""Pictures in rows, one picture with its answer, several runs in the same axes."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from PIL import Image

from smalti.reporting.plots.canvas import Plot
from smalti.reporting.plots.comparison import comparison_plot
from smalti.reporting.plots.epochs import spread_apart
from smalti.reporting.plots.pictures import Tile, pictures_plot
from smalti.reporting.plots.prediction import MOST, prediction_plot

SVG = "{http://www.w3.org/2000/svg}"


def texts(plot: Plot) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(plot.svg).iter(f"{SVG}text")]


def pixels(plot: Plot) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(plot.png)).convert("RGB")).astype(int)


def noise(side: int, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (side, side, channels), np.uint8)


def test_captions_are_marked_right_or_wrong() -> None:
    tiles = [Tile(noise(8), "cat 99 %", right=True), Tile(noise(8), "dog 80 %", "is cat", False)]
    words = texts(pictures_plot([("Some", tiles)]))
    assert words == ["Some", "✓ cat 99 %", "✗ dog 80 %", "is cat"]


def test_small_pictures_keep_every_pixel() -> None:
    picture = noise(8)
    image = pixels(pictures_plot([("", [Tile(picture)])]))
    # A margin of 12 page pixels, 12 for each of the picture's, 2 dots for each of these.
    middles = 24 + 12 + 24 * np.arange(8)
    assert (image[np.ix_(middles, middles)] == picture).all()


def test_large_and_oblong_pictures_fit_into_the_same_square() -> None:
    long = np.zeros((10, 400, 3), np.uint8)
    one, two = pictures_plot([("", [Tile(long)])]), pictures_plot([("", [Tile(noise(96))])])
    assert pixels(one).shape == pixels(two).shape
    assert (pixels(one) < 30).all(axis=2).sum() == pytest.approx(192 * 192 / 40, rel=0.3)


def test_rows_are_full_and_long_captions_are_cut() -> None:
    tiles = [Tile(noise(8), "a very long name of a class " * 3) for _ in range(5)]
    wide, high = (pictures_plot([("", tiles)], columns=n) for n in (5, 2))
    assert pixels(wide).shape[1] > 2 * pixels(high).shape[1]
    assert all(word.endswith("…") and len(word) < 24 for word in texts(wide))


def test_no_pictures_at_all_are_still_a_drawing() -> None:
    assert pictures_plot([("Wrong", [])]).alt == "No pictures"


ANSWER = {"cat": 0.9, "dog": 0.06, "bird": 0.02, "ship": 0.01, "frog": 0.006, "deer": 0.004}


@pytest.mark.parametrize(
    ("label", "verdict"), [("", "Taken for cat"), ("cat", "cat ✓"), ("dog", "cat ✗, it is dog")]
)
def test_an_answer_says_whether_it_is_right(label: str, verdict: str) -> None:
    words = texts(prediction_plot([("seen", noise(8))], ANSWER, label=label))
    assert verdict in words
    assert "90.0 %" in words
    assert len([word for word in words if word.endswith("%")]) == MOST


def test_a_right_bar_is_blue_and_a_wrong_one_orange() -> None:
    grey = np.full((8, 8, 1), 128, np.uint8)
    for label, sign in (("cat", 1), ("dog", -1)):
        image = pixels(prediction_plot([("seen", grey)], ANSWER, label=label))
        assert (sign * (image[..., 2] - image[..., 0]) > 100).sum() > 1000


def history(epochs: int, scale: float = 1.0) -> list[dict[str, float | None]]:
    return [
        {"epoch": k, "lr": 0.1, "train_loss": 2 * scale / k, "train_accuracy": 1 - 0.5 / k,
         "val_loss": scale / k, "val_accuracy": 1 - 0.4 * scale / k, "seconds": 1.0}
        for k in range(1, epochs + 1)
    ]  # fmt: skip


def test_several_runs_share_the_axes_and_keep_their_names() -> None:
    plot = comparison_plot([("plain", history(3)), ("batch norm", history(5, 0.5))])
    words = texts(plot)
    assert words.count("plain") == words.count("batch norm") == 2
    assert "Loss, validation" in words
    assert plot.alt == "validation loss and accuracy of plain, batch norm"


def test_runs_without_validation_are_compared_in_training() -> None:
    bare = [{**row, "val_loss": None, "val_accuracy": None} for row in history(3)]
    assert "Loss, train" in texts(comparison_plot([("one", bare), ("two", history(3))]))


def test_a_run_without_a_number_is_left_out() -> None:
    nothing = [{**row, "val_loss": float("nan")} for row in history(2)]
    words = texts(comparison_plot([("one", history(2)), ("lost", nothing)]))
    assert words.count("lost") == 1  # its accuracy is there


@pytest.mark.parametrize(
    ("wanted", "apart"),
    [
        ([10.0, 100.0], [10.0, 100.0]),
        ([50.0, 50.0], [43.0, 57.0]),
        ([60.0, 40.0, 50.0], [64.0, 36.0, 50.0]),
        ([199.0, 198.0], [200.0, 186.0]),
        ([], []),
    ],
)
def test_lines_of_text_do_not_touch(wanted: list[float], apart: list[float]) -> None:
    assert spread_apart(wanted, 200) == pytest.approx(apart)
