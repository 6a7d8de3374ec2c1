"""What all drawings share: size in page pixels, palette, and the ways out (SVG, PNG, in the page).

A figure is drawn once, in the palette's light colours. For the page every palette colour in the
SVG becomes the CSS variable of the same name, so that the drawing follows light and dark; text
stays text, in the page's own font. One figure unit is one page pixel (72 dpi).
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smalti.errors import SmaltiError, log
from smalti.files import write_bytes
from smalti.notebook import in_notebook, show_below

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PALETTE = {
    "ink": "#1b2430",
    "muted": "#5a6676",
    "line": "#dde2e9",
    "paper": "#fefefe",
    "train": "#b45309",
    "validation": "#0369a1",
    "green": "#15803d",
    "violet": "#7c3aed",
    "rose": "#be185d",
    "teal": "#0e7490",
    "brown": "#854d0e",
}
"""Light colours by the name of their CSS variable; orange and blue stay apart for everyone."""

FONT_SIZE = 11
_MARGIN = 12
"""Around the drawing in files; cut off in the page, whose own margins do."""

PNG_SCALE = 2
"""Pixels of a PNG file for a page pixel."""

_OTHER_SCRIPTS = (
    "Noto Sans CJK JP", "Noto Sans CJK SC", "Hiragino Sans", "PingFang SC", "Yu Gothic",
    "Microsoft YaHei", "Malgun Gothic", "Noto Sans Arabic", "Noto Sans Devanagari",
    "Arial Unicode MS",
)  # fmt: skip


@dataclass(frozen=True)
class Plot:
    """A finished figure: its file name without suffix, and what it shows in one sentence.

    A notebook shows it below the cell; :meth:`save` writes it, :meth:`show` opens it elsewhere.
    """

    name: str
    figure: Figure = field(repr=False)
    alt: str

    def save(self, to: str | Path = ".") -> Path:
        """Write the drawing and return its path.

        ``to`` is a file that ends in ``.png`` or ``.svg``, or a folder, which then holds
        ``<name>.png``. What was there before is replaced.
        """
        path = Path(to).expanduser()
        if path.is_dir() or not path.suffix:
            path = path / f"{self.name}.png"
        formats = {".png": "png", ".svg": "svg"}
        if path.suffix.lower() not in formats:
            raise SmaltiError(
                f"A drawing is written as .png or .svg, not as {path.name}.",
                f"For example: {path.with_suffix('.png')}",
            )
        write_bytes(path, getattr(self, formats[path.suffix.lower()]))
        return path

    def show(self) -> None:
        """Open the drawing in this machine's viewer; in a notebook, show it below the cell."""
        show(self)

    @cached_property
    def svg(self) -> bytes:
        """The drawing as a file; the same figure gives the same bytes."""
        metadata = {"Date": None, "Creator": None, "Format": None, "Type": None}
        return _drawn(self, "svg", metadata=metadata)

    @cached_property
    def png(self) -> bytes:
        """The drawing in pixels, two for each page pixel."""
        return _drawn(self, "png", dpi=72 * PNG_SCALE, metadata={"Software": None})

    @cached_property
    def inline(self) -> str:
        """The drawing as an ``<svg>`` element for the page, in the page's colours and font."""
        svg = self.svg.decode()
        svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
        start = svg.index(">", svg.index("<svg")) + 1
        return self._head() + _for_page(svg[start:])

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """Show the drawing in a notebook: its page pixels as wide as those of the text."""
        width, height = (round(inches * 72) for inches in self.figure.get_size_inches())
        return self.png, {"width": width, "height": height}

    def _head(self) -> str:
        width, height = (inches * 72 - 2 * _MARGIN for inches in self.figure.get_size_inches())
        return (
            f'<svg role="img" aria-label="{escape(self.alt)}" style="--width: {width:.0f}px" '
            f'viewBox="{_MARGIN} {_MARGIN} {width:.5g} {height:.5g}">'
        )


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of this many page pixels, and a margin around them."""
    from matplotlib.figure import Figure

    size = ((width + 2 * _MARGIN) / 72, (height + 2 * _MARGIN) / 72)
    return Figure(figsize=size, dpi=72, facecolor=PALETTE["paper"])


def add_axes(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Return axes at this place inside the margin, in page pixels from the upper left corner."""
    across, down = (inches * 72 for inches in figure.get_size_inches())
    left, bottom = left + _MARGIN, down - _MARGIN - top - height
    box = (left / across, bottom / down, width / across, height / down)
    axes = figure.add_axes(box, facecolor="none")
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0, labelsize=FONT_SIZE, labelcolor=PALETTE["muted"], pad=5)
    return axes


def text_width(text: str, size: float = FONT_SIZE) -> float:
    """Return about how many pixels a text takes (wide scripts count a full square a letter)."""
    return sum(1.0 if ord(letter) > 0x2E7F else 0.64 for letter in text) * size


def shorten(text: str, length: int) -> str:
    """Return a text of at most this many letters, cut in the middle of nothing: ``"automo…"``."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def show(plot: Plot) -> None:
    """Show a drawing where the person is: below the notebook's cell, or in a viewer."""
    if in_notebook():
        show_below(plot)
        return
    import tempfile
    import webbrowser

    # Kept: the viewer reads it after this call has returned.
    path = plot.save(tempfile.mkdtemp(prefix="smalti-"))
    if not webbrowser.open(path.as_uri()):
        log.warning("No viewer could be started; the drawing is %s.", path)


def _drawn(plot: Plot, file_format: str, **options: Any) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    canvas = (FigureCanvasSVG if file_format == "svg" else FigureCanvasAgg)(plot.figure)
    content = io.BytesIO()
    with style(salt=plot.name):
        canvas.print_figure(content, format=file_format, **options)
    return content.getvalue()


@contextmanager
def style(salt: str = "smalti") -> Iterator[None]:
    """Draw with text as text, stable ids, and names of any script without complaint.

    Functions that draw are decorated with it: matplotlib reads its settings when an artist is
    made as well as when it is drawn.
    """
    import matplotlib

    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()  # a style set in a notebook changes no report
        matplotlib.rcParams.update(
            {
                "svg.fonttype": "none",
                "svg.hashsalt": salt,
                "text.parse_math": False,  # a class may be called "$1$"
                "font.family": _fonts(),
                "axes.unicode_minus": False,
                "image.composite_image": False,  # a matrix stays one small picture of K×K pixels
            }
        )
        # Browsers find a font for every script; a PNG shows a box where this machine has none.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


@cache
def _fonts() -> list[str]:
    from matplotlib.font_manager import fontManager

    installed = set(fontManager.get_font_names())
    return ["DejaVu Sans", *(name for name in _OTHER_SCRIPTS if name in installed)]


def _for_page(svg: str) -> str:
    """Return the drawing in the page's colours and font, and without ids that nothing refers to.

    Several drawings share one page, so that their ids must not meet. Only tags are changed: a
    class may have any name.
    """
    tags = re.findall(r"<[^>]+>", svg)
    used = set(re.findall(r"#([\w.-]+)", "".join(tags)))

    def changed(tag: re.Match[str]) -> str:
        text = tag.group()
        for name, colour in PALETTE.items():
            text = text.replace(colour, f"var(--{name})")
        text = re.sub(r"font-family: [^;\"]*;? ?", "", text)
        text = re.sub(r' transform="rotate\(-0 [^"]*"', "", text)
        return re.sub(r' id="([^"]*)"', lambda m: m.group() if m.group(1) in used else "", text)

    svg = re.sub(r"<[^>]+>", changed, svg)
    return re.sub(r">\s+<", ">\n<", svg).strip()
