"""Pictures in the terminal: geometry, colours, and what happens without colours."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest

from smalti.reporting.terminal import caption, colour_depth, draw_pictures

ESCAPE = re.compile(r"\x1b\[[\d;]*m")


def grey(height: int, width: int, value: int = 128) -> np.ndarray:
    return np.full((height, width, 1), value, np.uint8)


def test_a_half_block_shows_the_upper_and_the_lower_pixel() -> None:
    picture = np.zeros((12, 12, 3), np.uint8)
    picture[0::2], picture[1::2] = (255, 0, 0), (0, 0, 255)
    lines = draw_pictures([picture], ["x"], width=12, colour="24-bit").split("\n")
    assert len(lines) == 6 + 1
    assert lines[0] == "\x1b[38;2;255;0;0;48;2;0;0;255m" + 12 * "▀" + "\x1b[0m"


def test_without_colour_dark_to_bright_is_a_ramp_of_plain_characters() -> None:
    picture = np.repeat(np.linspace(0, 255, 12).astype(np.uint8)[None, :, None], 2, axis=0)
    line = draw_pictures([picture], [""], width=12).split("\n")[0]
    assert line.isascii()
    assert (line[0], line[-1]) == (" ", "@")
    assert [" .:-=+*#%@".index(c) for c in line] == sorted(" .:-=+*#%@".index(c) for c in line)


def test_small_pictures_are_enlarged_by_repeating_pixels() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (8, 8, 1), np.uint8)
    lines = draw_pictures([picture], [""], width=16).split("\n")
    assert [len(line) for line in lines[:8]] == [16] * 8
    assert all(line[::2] == line[1::2] for line in lines[:8])


@pytest.mark.parametrize("width", [20, 40, 80, 120, 200])
@pytest.mark.parametrize("side", [8, 28, 32, 224])
def test_no_line_is_wider_than_the_terminal(side: int, width: int) -> None:
    drawn = draw_pictures([grey(side, side)] * 6, ["0123456789 ✗ (a long name)"] * 6, width)
    assert max(map(len, drawn.split("\n"))) <= width


def test_six_pictures_stand_in_equal_rows() -> None:
    rows = draw_pictures([grey(28, 28)] * 6, list("abcdef"), 80).split("\n\n")
    assert [row.split("\n")[-1].split() for row in rows] == [["a", "b", "c"], ["d", "e", "f"]]


def test_pictures_of_different_sizes_share_a_row() -> None:
    drawn = draw_pictures([grey(16, 16, 255), grey(8, 16, 255)], ["a", "b"], width=34)
    lines = drawn.split("\n")
    assert len(lines) == 8 + 1
    assert lines[0] == "@" * 16 + "  " + "@" * 16
    assert lines[7] == "@" * 16 + "  " + " " * 16


@pytest.mark.parametrize("shape", [(1, 1), (1, 10_000), (10_000, 1)])
def test_extreme_shapes_stay_small(shape: tuple[int, int]) -> None:
    lines = draw_pictures([grey(*shape)], ["x"], 80).split("\n")
    assert len(lines) <= 2 * 80 + 1
    assert max(map(len, lines)) <= 80


def test_shrinking_keeps_the_mean_brightness() -> None:
    checks = np.indices((64, 64)).sum(axis=0) % 2 * 255
    drawn = draw_pictures([checks[..., None].astype(np.uint8)], [""], 16, colour="24-bit")
    values = {int(v) for v in re.findall(r"38;2;(\d+);", drawn)}
    assert values <= {127, 128}


@pytest.mark.parametrize(
    ("pixel", "code"),
    [((255, 0, 0), 196), ((0, 0, 255), 21), ((128, 128, 128), 244), ((95, 135, 175), 67)],
)
def test_256_colours_take_the_nearest(pixel: tuple[int, int, int], code: int) -> None:
    picture = np.full((12, 12, 3), pixel, np.uint8)
    assert f"38;5;{code};48;5;{code}m" in draw_pictures([picture], [""], 12, colour="256")


def test_wide_characters_count_two_columns() -> None:
    row = draw_pictures([grey(12, 12)] * 2, ["日本語の長い名前", "b"], 26).split("\n")[-1]
    assert row == "日本語の長…" + " " + "  " + "b"


def test_captions_say_right_or_wrong() -> None:
    assert caption("7", "7") == "7 ✓"
    assert caption("3", "8") == "3 ✗ (8)"


def test_nothing_to_draw() -> None:
    assert draw_pictures([], [], 80) == ""


def test_every_picture_has_a_caption() -> None:
    with pytest.raises(ValueError, match="2 pictures but 1 captions"):
        draw_pictures([grey(8, 8)] * 2, ["a"], 80)


class Terminal(io.TextIOWrapper):
    def __init__(self, encoding: str = "utf-8", tty: bool = True) -> None:
        super().__init__(io.BytesIO(), encoding=encoding)
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty


@pytest.mark.parametrize(
    ("environ", "depth"),
    [
        ({"TERM": "xterm-256color"}, "256"),
        ({"COLORTERM": "truecolor"}, "24-bit"),
        ({"WT_SESSION": "1"}, "24-bit"),
        ({"COLORTERM": "truecolor", "NO_COLOR": "1"}, "none"),
        ({"COLORTERM": "truecolor", "TERM": "dumb"}, "none"),
    ],
)
def test_colour_depth_of_a_terminal(environ: dict[str, str], depth: str) -> None:
    assert colour_depth(Terminal(), environ) == depth


def test_no_colour_in_a_pipe_or_without_unicode() -> None:
    environ = {"COLORTERM": "truecolor"}
    assert colour_depth(Terminal(tty=False), environ) == "none"
    assert colour_depth(Terminal(encoding="ascii"), environ) == "none"
