"""The tables of both READMEs are made from the stored figures, and staleness is noticed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import (
    accuracy,
    accuracy_table,
    contest,
    keras_recipe,
    markdown,
    results,
    rows,
    table,
    throughput,
    trainings_table,
    tutorial,
)
from benchmarks.rows import Row
from benchmarks.trainings import SmaltiTraining

ROWS = {
    "good": Row("D1", "MNIST, CNN", "mnist", "cnn", 10, claim="~99 %", aim=0.99, headline=True),
    "all": Row(
        "D1", "MNIST, CNN", "mnist", "cnn", 10, "--validation 0", aim=0.999, headline=True
    ),
    "pooled": Row("C1", "MNIST", "mnist", "simple-cnn", options="--split 80/10/10"),
    "soon": Row("speed", "Soon", "mnist", "fast", aim=0.99, seconds=5),
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


@pytest.mark.parametrize(
    ("accuracy", "seconds", "said"),
    [
        (0.9912, 4.5, "met"),
        (0.9912, 7.0, "2.0 s too long"),
        (0.9872, 4.0, "0.28 short"),
        (0.9872, 9.0, "0.28 short and 4.0 s too long"),
    ],
)
def test_an_aim_may_be_a_time_too(folder: Path, accuracy: float, seconds: float, said: str) -> None:
    store("soon", folder, *(entry(n, accuracy, seconds=seconds, threads=2) for n in range(3)))
    [line] = lines_of(table.full(folder), "speed")
    assert f"| ≥ 99.0 % in ≤ 5.0 s: {said} |" in line


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


def test_label_errors_have_a_line(folder: Path) -> None:
    found = {"n": 30, "precision": 0.5, "recall": 0.9}
    highest = {"n": 18, "precision": 0.8994}
    figures = {"setting": "clothes, 18 labels planted", "recipe": "fast", "n": 600}
    results.write("labels", {**figures, "highest": highest, "likely": found}, folder)
    [line] = [line for line in table.full(folder).splitlines() if "Label errors" in line]
    assert "clothes, 18 labels planted, n = 600" in line
    assert "of the 18 ranked highest 89.94 % are planted; of the 30 called likely 50.00 %" in line


def test_the_readmes_show_what_is_stored() -> None:
    assert table.stale() == [], "renew with: python -m benchmarks table"


def contest_side(seconds: float, **others: Any) -> dict[str, Any]:
    made_up = {"command_seconds": seconds + 10, "accuracy": {"1": 0.932, "6": 0.938}, "n": 10_000}
    extra = {"device_type": "cpu", "device": "A CPU", "precision": "bfloat16", "threads": 2}
    return {"seconds": seconds, **made_up, **extra, "date": "2026-01-02", **others}


@pytest.fixture
def raced(folder: Path) -> Path:
    """Return a results folder with a contest of two sides, two turns, and one of one side."""
    two = contest.fast("smalti train cifar10 --recipe fast --validation 0")
    for seed in (0, 1):
        contest._store(two, seed, contest.RECORD, contest_side(1000, share_of_peak=0.8), folder)
        contest._store(two, seed, contest.SMALTI, contest_side(500 + 125 * seed), folder)
    alone = contest_side(300, accuracy={"1": 0.85}, threads=1)
    only = contest.fast("cifar10 --recipe fast --target 85", "fast-85", against="none")
    contest._store(only, 0, contest.SMALTI, alone, folder)
    return folder


def test_whole_trainings_stand_side_by_side_with_ratios(raced: Path) -> None:
    lines = [line for line in table.full(raced).splitlines() if line.startswith("| `fast")]
    port, own, only = lines
    times = "| 2 | 16 min 40 s | 16 min 50 s | 93.20 % | 93.80 % (6) | 80 % | – | – | (a) |"
    assert port.endswith(f"the record's port (`python -m benchmarks.record cifar10`) {times}")
    assert "| 2 | 9 min 22 s (8 min 20 s–10 min 25 s) |" in own
    assert own.endswith("| – | 1.80 × (1.60–2.00) | 1.78 × (1.59–1.98) | (a) |")
    assert "| 85.00 % | – | – | – | – | (b) |" in only
    assert "(a) A CPU, 2 threads, bfloat16, 2026-01-02" in table.full(raced)


def test_what_was_compared_stands_among_the_speeds_too(raced: Path) -> None:
    (line,) = (line for line in table.short(raced).splitlines() if "Training time" in line)
    assert "against the record's port | 1.80 × (1.60–2.00); whole command 1.78 ×" in line
    assert "93.80 % (6 views) to 93.80 % (6 views); 2 turns | > 1 × |" in line


def test_a_training_by_another_recipe_is_not_shown_as_today_s(
    raced: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "to be measured again" not in trainings_table.trainings(raced)
    monkeypatch.setattr(SmaltiTraining, "identity", "another")
    assert "--target 85` (to be measured again: the recipe at " in trainings_table.trainings(raced)


def test_a_side_that_has_not_landed_is_no_error(folder: Path) -> None:
    two = contest.fast("smalti train cifar10 --recipe fast --validation 0")
    contest._store(two, 0, contest.RECORD, contest_side(1000), folder)
    assert "the record's port" in table.full(folder)
    assert "Training time" not in table.short(folder)


def test_measurements_without_figures_are_named(folder: Path) -> None:
    assert "`python -m benchmarks growth`" in table.not_measured(folder)
    assert "throughput" not in table.not_measured(folder)
    assert table.not_measured(folder) in table.full(folder)


def test_keras_s_own_epochs_and_the_time_to_the_target_are_told(folder: Path) -> None:
    epochs = [
        {"epoch": place, "seconds": 100.0, "val_accuracy": 0.7 + 0.01 * place}
        for place in range(1, 21)
    ]
    keras_recipe._store("keras-recipe", {"seed": 0, "epochs": epochs[:3]}, {}, folder)
    text = table.short(folder)
    assert "100 s an epoch (100–100); 85 % on validation not reached (best 73.00 %)" in text
    keras_recipe._store("keras-recipe", {"seed": 0, "epochs": epochs}, {}, folder)
    assert "85 % on validation after 15 epochs, 25 min 00 s; 1 seed" in table.short(folder)


def test_a_tutorial_s_loop_is_told_with_its_workers(folder: Path) -> None:
    loop, spread = tutorial.called(2), {"median": 3.0, "min": 2.5, "max": 3.5}
    speeds = {tutorial.SMALTI: [900, 1000], tutorial.SMALTI_FLOAT32: [600], loop: [300, 320]}
    ratio = {tutorial.SMALTI: {loop: spread}, tutorial.SMALTI_FLOAT32: {loop: spread}}
    figures = {"precision": "bfloat16", "images_per_second": speeds, "ratio": ratio}
    results.write("tutorial", figures, folder)
    text = table.short(folder)
    said = "against a tutorial's loop, 2 workers | 3.00 × (2.50–3.50)"
    assert f"smalti (bfloat16) {said}; 950 to 310 images/s" in text
    assert f"smalti (float32) {said}; 600 to 310 images/s" in text
