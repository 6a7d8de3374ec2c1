"""The tables in README.md and benchmarks/README.md; a figure is never typed by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks import accuracy_table, results
from benchmarks.growth_table import growth
from benchmarks.markdown import paragraphs, renewed
from benchmarks.speed_table import speed
from benchmarks.trainings_table import trainings

Content = Callable[[Path], str]

MEASUREMENTS = (
    "throughput", "startup", "memory", "keras", "keras-recipe", "tutorial", "record", "fast",
    "sklearn", "growth", "labels",
)  # fmt: skip
"""Commands whose figures stand in the tables once they are there, under the same name."""


def short(folder: Path = results.RESULTS) -> str:
    """Return what README.md shows: the headline rows, and speed."""
    return paragraphs(accuracy_table.short(folder), speed(folder))


def full(folder: Path = results.RESULTS) -> str:
    """Return what benchmarks/README.md shows: every row, speed, trainings, growth."""
    return paragraphs(
        accuracy_table.full(folder),
        speed(folder),
        trainings(folder),
        growth(folder),
        not_measured(folder),
    )


def not_measured(folder: Path = results.RESULTS) -> str:
    """Return one sentence that names the measurements of speed without a stored figure."""
    missing = [name for name in MEASUREMENTS if results.read(name, folder) is None]
    commands = ", ".join(f"`python -m benchmarks {name}`" for name in missing)
    return f"Not measured yet: {commands}." if missing else ""


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
