"""The drawings: what they show, in files and in the page."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ElementTree

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from smalti.reporting.plots.canvas import PALETTE, Plot, shorten, text_width
from smalti.reporting.plots.confusion import confusion_plot
from smalti.reporting.plots.curves import PANELS, all_curves, curves
from tests.reporting.made_up import HOSTILE

SVG = "{http://www.w3.org/2000/svg}"


def history(epochs: int = 5, **columns: float | None) -> list[dict[str, float | None]]:
    start: dict[str, float | None] = {
        "lr": 0.001, "train_loss": 1.5, "train_accuracy": 0.5, "val_loss": 1.4,
        "val_accuracy": 0.6, "seconds": 1.0, **columns,
    }  # fmt: skip
    return [
        {"epoch": epoch} | {k: None if v is None else v / epoch for k, v in start.items()}
        for epoch in range(1, epochs + 1)
    ]


def texts(svg: bytes) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def pixels(plot: Plot) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(plot.png)).convert("RGB")).astype(int)


# Curves.


def test_curves_say_their_names_and_the_chosen_epoch() -> None:
    loss, accuracy, rate = curves(history(), chosen=3)
    assert {"Loss", "train", "validation", "epoch 3 kept", "epoch"} <= set(texts(loss.svg))
    assert {"Accuracy", "train", "validation"} <= set(texts(accuracy.svg))
    assert "train" not in texts(rate.svg)


def test_accuracy_is_read_in_percent() -> None:
    ticks = [text for text in texts(curves(history(), 3)[1].svg) if text.endswith("%")]
    assert len(ticks) >= 3
    assert all(re.fullmatch(r"\d+ %", tick) for tick in ticks)


def test_epochs_are_whole_numbers_between_the_first_and_the_last() -> None:
    for epochs in (1, 2, 3, 7, 200):
        words = texts(curves(history(epochs), None)[2].svg)
        places = [int(word) for word in words if word.isdigit()]
        assert places
        assert 1 <= min(places) <= max(places) <= epochs


def test_without_validation_there_is_one_curve() -> None:
    words = texts(curves(history(val_loss=None, val_accuracy=None), 5)[0].svg)
    assert "train" in words
    assert "validation" not in words


def test_values_that_are_not_finite_are_left_out() -> None:
    rows = history()
    rows[2]["train_loss"], rows[4]["train_loss"] = float("inf"), float("nan")
    assert "train" in texts(curves(rows, 5)[0].svg)


def test_a_history_without_a_single_value_is_still_drawn() -> None:
    nan = float("nan")
    rows = [{**row, "train_loss": nan, "val_loss": nan} for row in history()]
    assert curves(rows, None)[0].svg.startswith(b"<?xml")


@pytest.mark.parametrize(
    ("rate", "said"),
    [(0.002, "0.002"), (1e-5, "1e-5"), (0.1, "0.1"), (0.00025, "2.5e-4"), (1.5, "1.5")],
)
def test_a_constant_rate_has_one_tick(rate: float, said: str) -> None:
    rows = [{**row, "lr": rate} for row in history()]
    words = texts(curves(rows, None)[2].svg)
    ticks = [word for word in words if re.fullmatch(r"[\d.]+(e-\d+)?", word) and not word.isdigit()]
    assert ticks == [said]


def test_labels_at_the_ends_do_not_touch() -> None:
    rows = [{**row, "val_loss": row["train_loss"]} for row in history()]
    root = ElementTree.fromstring(curves(rows, None)[0].svg)
    heights = [
        float(
            re.search(r"translate\(\S+ (\S+)\)|$", element.get("transform", ""))[1]
            or element.get("y", 0)
        )
        for element in root.iter(f"{SVG}text")
        if element.text in ("train", "validation")
    ]
    assert abs(heights[0] - heights[1]) >= 11


def test_one_file_holds_all_panels() -> None:
    words = texts(all_curves(history(), 3).svg)
    assert {panel.title for panel in PANELS} <= set(words)


def test_the_alternative_text_has_the_numbers() -> None:
    alt = curves(history(), 3)[0].alt
    assert alt == (
        "Loss over 5 epochs: train from 1.5 to 0.3, validation from 1.4 to 0.28; epoch 3 was kept"
    )


# Confusion matrix.


def test_counts_stand_in_their_cells() -> None:
    matrix = np.array([[90, 10, 0], [0, 100, 0], [7, 0, 93]])
    words = texts(confusion_plot(matrix, ("a", "b", "c")).svg)
    assert sorted(word for word in words if word.isdigit()) == sorted(
        ["90", "10", "100", "7", "93"]
    )
    assert words.count("a") == words.count("b") == 2


def test_normalised_cells_are_percent_of_the_row() -> None:
    matrix = np.array([[199, 1], [150, 50]])
    words = texts(confusion_plot(matrix, ("a", "b"), normalised=True).svg)
    assert {"100", "0.5", "75", "25"} <= set(words)


def test_a_class_that_never_occurs_is_an_empty_row() -> None:
    words = texts(confusion_plot(np.array([[5, 0], [0, 0]]), ("a", "b"), normalised=True).svg)
    assert [word for word in words if word.isdigit()] == ["100"]


def test_right_is_blue_and_mistakes_are_orange() -> None:
    plot = confusion_plot(np.array([[5, 5], [0, 10]]), ("a", "b"))
    image = pixels(plot)
    red, blue = image[..., 0], image[..., 2]
    assert ((blue - red) > 40).sum() > 2 * 80 * 80  # two cells of 56 points, two pixels a point
    assert ((red - blue) > 40).sum() > 80 * 80


def test_a_hundred_classes_have_all_their_names() -> None:
    names = [f"class {number}" for number in range(100)]
    words = texts(confusion_plot(np.eye(100, dtype=int), names).svg)
    assert all(words.count(name) == 2 for name in names)


def test_a_thousand_classes_stay_small() -> None:
    plot = confusion_plot(np.eye(1000, dtype=int), [str(number) for number in range(1000)])
    assert len(plot.inline) < 400_000


# Canvas.


def test_text_stays_text_and_hostile_names_stay_whole() -> None:
    words = texts(confusion_plot(np.eye(len(HOSTILE), dtype=int), HOSTILE).svg)
    for name in HOSTILE:
        assert words.count(shorten(name, 14)) == 2


def test_the_same_figure_gives_the_same_bytes_whatever_the_style() -> None:
    first = curves(history(), 3)[0]
    style = {"grid.linestyle": "--", "axes.labelweight": "bold", "font.size": 30}
    with mpl.rc_context(style):
        again = curves(history(), 3)[0]
        assert again.svg == first.svg
        assert again.png == first.png
        assert mpl.rcParams["font.size"] == 30


def test_the_page_gets_variables_where_the_file_has_colours() -> None:
    plot = curves(history(), 3)[0]
    for name in ("train", "validation", "muted", "line"):
        assert PALETTE[name] in plot.svg.decode()
        assert PALETTE[name] not in plot.inline
        assert f"var(--{name})" in plot.inline
    assert plot.inline.startswith('<svg role="img" aria-label="Loss over')
    ElementTree.fromstring(plot.inline.replace("xlink:", ""))


def test_files_carry_no_date_and_no_program() -> None:
    plot = curves(history(), 3)[0]
    assert b"<dc:" not in plot.svg
    assert b"Software" not in plot.png


@pytest.mark.parametrize(
    ("text", "short"), [("cat", "cat"), ("automobile", "auto…"), ("old car", "old…")]
)
def test_shorten(text: str, short: str) -> None:
    assert shorten(text, 5) == short


def test_wide_scripts_take_a_square_a_letter() -> None:
    assert text_width("日本", 10) == 20
    assert text_width("ab", 10) < 14
