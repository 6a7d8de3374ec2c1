"""The sheet of every class: every pixel of a small picture is there, square and in its colour."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from smalti.reporting.plots.canvas import Plot
from smalti.reporting.plots.class_grid import ClassRow, class_grid_plot


def pictures(n: int, side: int, channels: int, seed: int = 0) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return list(random.integers(0, 256, (n, side, side, channels), dtype=np.uint8))


def drawn(plot: Plot) -> np.ndarray:
    with Image.open(io.BytesIO(plot.png)) as image:
        return np.asarray(image.convert("RGB"))


def texts(plot: Plot) -> list[str]:
    return [text.get_text() for text in plot.figure.axes[0].texts]


def found(sheet: np.ndarray, block: np.ndarray) -> int:
    """Return how often a block stands in a sheet, pixel by pixel."""
    corner = (sheet[: 1 - len(block), : 1 - block.shape[1]] == block[0, 0]).all(axis=2)
    places = np.argwhere(corner)
    height, width = block.shape[:2]
    return sum(
        bool((sheet[top : top + height, left : left + width] == block).all())
        for top, left in places
    )


@pytest.mark.parametrize(("side", "factor"), [(8, 18), (28, 5), (32, 4), (47, 3)])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("apart", [False, True])
def test_small_pictures_keep_every_pixel(
    side: int, factor: int, channels: int, apart: bool
) -> None:
    rows = [ClassRow(f"class {k}", "12", pictures(3, side, channels, k)) for k in range(2)]
    sheet = drawn(class_grid_plot(rows, name="x", title="T", first_apart=apart))
    for row in rows:
        for picture in row.pictures:
            colours = np.repeat(picture, 3 // channels, axis=2)
            assert found(sheet, colours.repeat(factor, 0).repeat(factor, 1)) == 1


@pytest.mark.parametrize("shape", [(96, 96), (300, 100), (64, 64)])
def test_large_pictures_are_scaled_to_the_room_there_is(shape: tuple[int, int]) -> None:
    picture = np.full((*shape, 3), (200, 30, 90), np.uint8)
    sheet = drawn(class_grid_plot([ClassRow("one", "", [picture])], name="x", title="T"))
    rows, columns = np.nonzero((sheet == (200, 30, 90)).all(axis=2))
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert max(height, width) == 144
    assert height / width == pytest.approx(shape[0] / shape[1], rel=0.02)


def test_names_counts_title_and_what_was_done_are_written() -> None:
    rows = [ClassRow("a name that is far too long for it", "1,234", pictures(2, 28, 1))]
    rows += [ClassRow("$1$", "", [])]
    plot = class_grid_plot(rows, name="x", title="mnist, train", subtitle=("words " * 40, "more"))
    said = texts(plot)
    assert "mnist, train" in said
    assert "a name that is far too…" in said or any(text.endswith("…") for text in said)
    assert {"1,234", "$1$", "more"} <= set(said)
    assert sum(text.startswith("words") for text in said) > 1  # broken, not cut
    assert plot.alt.startswith("mnist, train: a name")


def widths(rows: Sequence[ClassRow], blocks: int = 0) -> tuple[int, int]:
    sheet = drawn(class_grid_plot(rows, name="x", title="T", blocks=blocks))
    return sheet.shape[1], sheet.shape[0]


def test_many_classes_stand_in_blocks() -> None:
    rows = [ClassRow(f"class {k}", "", pictures(3, 16, 3, k)) for k in range(100)]
    across, down = widths(rows)
    assert 1 < across / down < 2
    one_across, one_down = widths(rows, blocks=1)
    assert one_down > 5 * one_across
    assert widths(rows, blocks=10)[0] > across


def test_more_blocks_than_classes_leave_none_empty() -> None:
    rows = [ClassRow(f"class {k}", "", pictures(1, 16, 3, k)) for k in range(3)]
    assert widths(rows, blocks=20) == widths(rows, blocks=3)


@pytest.mark.parametrize("name", ["large_omnivores_and_herbivores", "Ankle boot", "7"])
def test_names_stand_between_margin_and_pictures(name: str) -> None:
    black = np.zeros((28, 28, 1), np.uint8)
    sheet = drawn(class_grid_plot([ClassRow(name, "5,400", [black])], name="x", title="T"))
    paper = (sheet == sheet[0, 0]).all(axis=2)
    first = np.flatnonzero((sheet == 0).all(axis=2).any(axis=0))[0]
    assert paper[:, :12].all()
    assert paper[60:, first - 12 : first].all()
    assert not paper[60:, 12 : first - 12].all()


def test_the_same_pictures_give_the_same_bytes() -> None:
    rows = [ClassRow("one", "3", pictures(3, 28, 1))]
    first, again = (class_grid_plot(rows, name="x", title="T").png for _ in range(2))
    assert first == again
