"""The README's tables are made from the stored figures, and staleness is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import accuracy, results, table, throughput


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a results folder with one accuracy row and one speed row."""
    seeds = [
        {"seed": seed, "test_accuracy": right, "n": 10_000, "seconds": 61.0, "device": "A CPU"}
        for seed, right in enumerate((0.991, 0.993, 0.995))
    ]
    row = accuracy.ROWS["mnist-cnn"]
    accuracy._store("mnist-cnn", row, {entry["seed"]: entry for entry in seeds}, tmp_path)
    spread = {"median": 0.987, "min": 0.951, "max": 1.02}
    ratio = {throughput.PLAIN: spread, throughput.AUGMENTED: spread}
    results.write("throughput", {"ratio": ratio}, tmp_path)
    return tmp_path


@pytest.fixture
def readme(tmp_path: Path) -> Path:
    path = tmp_path / "README.md"
    path.write_text(f"# Title\n\n{table.BEGIN}\nold\n{table.END}\n\nthe end\n")
    return path


def test_tables_stand_between_the_markers_and_nowhere_else(folder: Path, readme: Path) -> None:
    assert not table.is_current(readme, folder)
    assert table.write(readme, folder)
    text = readme.read_text()
    assert text.startswith(f"# Title\n\n{table.BEGIN}\n")
    assert text.endswith(f"{table.END}\n\nthe end\n")
    assert table.is_current(readme, folder)
    assert not table.write(readme, folder)


def test_a_line_has_the_mean_its_spread_interval_and_command(folder: Path) -> None:
    text = table.tables(folder)
    assert "**99.30 ± 0.20 %** (99.12–99.45)" in text
    assert "`smalti train mnist --recipe cnn --epochs 10`" in text
    assert "| 3 | 1 min 01 s | A CPU |" in text
    assert "0.99 × (0.95–1.02)" in text


def test_a_new_figure_makes_the_table_stale(folder: Path, readme: Path) -> None:
    table.write(readme, folder)
    entry = {"seed": 0, "test_accuracy": 0.5, "n": 10_000, "seconds": 1.0, "device": "A CPU"}
    accuracy._store("mnist-cnn", accuracy.ROWS["mnist-cnn"], {0: entry}, folder)
    assert not table.is_current(readme, folder)
    assert "**50.00 %**" in table.tables(folder)


def test_a_file_without_markers_is_an_error() -> None:
    with pytest.raises(ValueError, match="results"):
        table.renewed("no markers", results.RESULTS)


def test_the_readme_shows_what_is_stored() -> None:
    assert table.is_current(), "renew it with: python -m benchmarks table"
