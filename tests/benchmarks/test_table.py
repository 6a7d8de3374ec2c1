"""The tables of both READMEs are made from the stored figures, and staleness is noticed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import accuracy, accuracy_table, markdown, results, rows, table, throughput
from benchmarks.rows import Row

ROWS = {
    "good": Row("D1", "MNIST, CNN", "mnist", "cnn", 10, claim="~99 %", aim=0.99, headline=True),
    "all": Row(
        "D1", "MNIST, CNN", "mnist", "cnn", 10, "--validation 0", aim=0.999, headline=True
    ),
    "pooled": Row("C1", "MNIST", "mnist", "simple-cnn", options="--split 80/10/10"),
    "waiting": Row("D6", "CIFAR-10, later", "cifar10", "cnn", 3, note="six views"),
}  # fmt: skip


def entry(seed: int, accuracy: float, **others: Any) -> dict[str, Any]:
    made_up = {"n": 10_000, "seconds": 61.0, "device": "A CPU"}
    extra = {"precision": "float32", "threads": 1, "date": "2026-01-02"}
    return {"seed": seed, "test_accuracy": accuracy, **made_up, **extra, **others}


def store(name: str, folder: Path, *entries: dict[str, Any]) -> None:
    accuracy._store(name, ROWS[name], {entry["seed"]: entry for entry in entries}, folder)


def lines_of(text: str, key: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(f"| {key} |")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a results folder with two accuracy rows and one speed row."""
    for module in (accuracy, accuracy_table, rows):
        monkeypatch.setattr(module, "ROWS", ROWS)
    store("good", tmp_path, *(entry(seed, 0.991 + 0.002 * seed) for seed in range(3)))
    store("all", tmp_path, entry(0, 0.9965))
    spread = {"median": 0.987, "min": 0.951, "max": 1.02}
    ratio = {throughput.PLAIN: spread, throughput.AUGMENTED: spread}
    results.write("throughput", {"ratio": ratio}, tmp_path)
    return tmp_path


@pytest.fixture
def pages(tmp_path: Path) -> dict[Path, table.Content]:
    made = {tmp_path / "README.md": table.short, tmp_path / "full.md": table.full}
    for path in made:
        path.write_text(f"# Title\n\n{markdown.BEGIN}\nold\n{markdown.END}\n\nthe end\n")
    return made


def test_tables_stand_between_the_markers_and_nowhere_else(
    folder: Path, pages: dict[Path, table.Content]
) -> None:
    assert table.stale(pages, folder) == list(pages)
    assert table.write(pages, folder) == list(pages)
    for path in pages:
        text = path.read_text()
        assert text.startswith(f"# Title\n\n{markdown.BEGIN}\n")
        assert text.endswith(f"{markdown.END}\n\nthe end\n")
    assert table.stale(pages, folder) == []
    assert table.write(pages, folder) == []


def test_a_line_has_claim_mean_interval_aim_seeds_time_and_command(folder: Path) -> None:
    line, _ = lines_of(table.short(folder), "D1")
    assert "| ~99 % | **99.30 ± 0.20 %** (99.12–99.45) | ≥ 99.0 %: met |" in line
    assert "| 3 × 1 min 01 s (a) | `smalti train mnist --recipe cnn --epochs 10` |" in line
    assert "0.99 × (0.95–1.02)" in table.short(folder)


def test_a_missed_aim_says_by_how_much(folder: Path) -> None:
    assert "≥ 99.9 %: 0.25 short" in table.full(folder)


def test_rows_with_and_without_validation_stand_apart(folder: Path) -> None:
    text = accuracy_table.full(folder)
    validated, rest = text.split("**Official test set, trained on every training picture**")
    everything, pooled = rest.split("**Not the official test set**")
    assert "99.30 ± 0.20" in validated
    assert "99.65" not in validated
    assert "--validation 0" in everything
    assert "`pooled`" in pooled
    assert "Not the official" not in accuracy_table.short(folder)  # no headline row there


def test_a_row_without_figures_says_so_beside_its_command(folder: Path) -> None:
    (line,) = (line for line in table.full(folder).splitlines() if "`waiting`" in line)
    assert "CIFAR-10, later, six views" in line
    assert "not measured yet" in line
    assert "`smalti train cifar10 --recipe cnn --epochs 3`" in line
    assert "later" not in table.short(folder)


def test_figures_of_another_recipe_are_not_shown_as_todays(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = {**ROWS, "good": replace(ROWS["good"], epochs=11)}
    monkeypatch.setattr(accuracy_table, "ROWS", changed)
    line, _ = lines_of(table.short(folder), "D1")
    assert "to be measured again (99.30 ± 0.20 % at " in line
    assert "**" not in line
    assert "| ≥ 99.0 % | – |" in line


def test_a_recipe_that_is_not_there_yet_does_not_break_the_table(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = {**ROWS, "waiting": replace(ROWS["waiting"], recipe="to-come")}
    monkeypatch.setattr(accuracy_table, "ROWS", planned)
    assert "`smalti train cifar10 --recipe to-come --epochs 3`" in table.full(folder)


def test_times_of_several_machines_are_not_averaged(folder: Path) -> None:
    gpu = entry(
        1,
        0.9965,
        device="A GPU",
        device_type="cuda",
        seconds=5.0,
        precision="bfloat16",
        date="2026-01-05",
    )
    store("all", folder, entry(0, 0.9965), gpu, entry(2, 0.9965, seconds=63.0, date="2026-01-04"))
    text = accuracy_table.short(folder)
    assert "| 2 × 1 min 02 s (a), 1 × 5.0 s (b) |" in text
    assert (
        "(a) A CPU, 1 thread, float32, 2026-01-02 to 2026-01-04; (b) A GPU, bfloat16, 2026-01-05."
        in text
    )


def test_open_systems_stand_with_their_reason(folder: Path) -> None:
    assert "pre-trained weights" in table.short(folder)
    for item in rows.OPEN:
        assert f"| {item.key} | {item.system} | {item.reason} |" in table.full(folder)


def test_a_new_figure_makes_the_table_stale(folder: Path, pages: dict[Path, table.Content]) -> None:
    table.write(pages, folder)
    store("good", folder, entry(3, 0.5))
    assert table.stale(pages, folder) == list(pages)


def test_a_file_without_markers_is_an_error() -> None:
    with pytest.raises(ValueError, match="results"):
        markdown.renewed("no markers", "content")


def test_the_readmes_show_what_is_stored() -> None:
    assert table.stale() == [], "renew with: python -m benchmarks table"
