"""The tables in README.md and benchmarks/README.md; a figure is never typed by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks import accuracy_table, results
from benchmarks.markdown import paragraphs, renewed
from benchmarks.speed_table import speed

Content = Callable[[Path], str]


def short(folder: Path = results.RESULTS) -> str:
    """Return what README.md shows: the headline rows, and speed."""
    return paragraphs(accuracy_table.short(folder), speed(folder))


def full(folder: Path = results.RESULTS) -> str:
    """Return what benchmarks/README.md shows: every row, and speed."""
    return paragraphs(accuracy_table.full(folder), speed(folder))


PAGES: Mapping[Path, Content] = {
    results.REPOSITORY / "README.md": short,
    results.REPOSITORY / "benchmarks" / "README.md": full,
}
"""The pages that hold tables, and what stands between their markers."""


def write(pages: Mapping[Path, Content] = PAGES, folder: Path = results.RESULTS) -> list[Path]:
    """Bring the tables of all pages up to date; return the pages that changed."""
    changed = stale(pages, folder)
    for path in changed:
        text = renewed(path.read_text(encoding="utf-8"), pages[path](folder))
        path.write_text(text, encoding="utf-8")
    return changed


def stale(pages: Mapping[Path, Content] = PAGES, folder: Path = results.RESULTS) -> list[Path]:
    """Return the pages whose tables are not those of the stored figures."""
    return [
        path
        for path, content in pages.items()
        if renewed(text := path.read_text(encoding="utf-8"), content(folder)) != text
    ]
