"""The page of a comparison: complete, self-contained, safe, and quiet about what is not there."""

import re
from pathlib import Path

import numpy as np
import pytest

from smalti.reporting.comparison import Disagreement, mean_history, write_page
from smalti.reporting.plots.tradeoff import Point, _ticks, _time, tradeoff_plot
from smalti.significance import Difference
from smalti.standings import Comparison, Standing
from tests.reporting.made_up import HOSTILE
from tests.reporting.test_page import Reader


def standing(label, mean, place, **values):
    found = Difference(mean - 0.9, mean - 0.91, mean - 0.89, 0.01, 3, 1000, 0.004)
    known = {"seconds": 10.0**place, "images_per_second": 20_000.0 / 3**place, "parameters": 1000}
    known |= {"difference": None if place == 0 else found, "p_holm": None if place == 0 else 0.01}
    return Standing(
        label, (f"runs/{label}-0",), (0, 1, 2), (mean,) * 3, mean, 0.004, mean - 0.01, mean + 0.01,
        **{**known, **values},
    )  # fmt: skip


def comparison(path, labels=("dense", "cnn", "knn"), **values):
    rows = tuple(standing(label, 0.9 + 0.01 * n, n) for n, label in enumerate(labels))
    known = {"part": "validation", "n": 1000, "split": "official split", "planned": 9, "done": 9}
    return Comparison(path, "mnist: 3 ways", "mnist", standings=rows, **{**known, **values})


def history(epochs=4, offset=0.0):
    return [
        {
            "epoch": n, "lr": 0.1, "train_loss": 1 / n, "train_accuracy": 0.5 + 0.1 * n,
            "val_loss": 1 / n + offset, "val_accuracy": 0.5 + 0.1 * n - offset, "seconds": 1.0,
        }
        for n in range(1, epochs + 1)
    ]  # fmt: skip


def disagreement(names=("zero", "one"), side=8):
    pictures = np.arange(3 * side * side, dtype=np.uint8).reshape(3, side, side, 1)
    return Disagreement(
        labels=("dense", "cnn"),
        runs=("mnist-dense-0", "mnist-cnn-0"),
        class_names=names,
        truth=np.array([0, 1, 0, 1, 1]),
        answers=(np.array([0, 1, 0, 0, 0]), np.array([1, 0, 1, 1, 0])),
        counts=(3, 1),
        places=(np.array([0, 1, 2]), np.array([3])),
        pictures=(pictures, pictures[:1]),
        both_wrong=1,
    )


def page_of(path, found=None, histories=None, differing=None):
    found = found or comparison(path)
    if histories is None:
        histories = {"dense": [history(), history(offset=0.1)], "cnn": [history(3)], "knn": [[]]}
    write_page(found, histories, differing)
    return (path / "compare.html").read_text(encoding="utf-8")


def test_everything_is_on_it(tmp_path):
    page = page_of(tmp_path, differing=disagreement())
    reader = Reader(page)
    ids = {attributes.get("id") for attributes in reader.all("section")}
    assert ids == {"table", "words", "time", "curves", "pictures", "reading"}
    links = {attributes["href"] for attributes in reader.all("a")}
    assert links == {f"#{name}" for name in ids}
    assert "Only dense is right: 3" in reader.text
    assert "✗ one" in reader.text
    assert len(reader.all("img")) == 4
    assert all(attributes["src"].startswith("data:image/png") for attributes in reader.all("img"))
    assert "both are wrong on 1 others" in reader.text
    names = {path.name for path in (tmp_path / "plots").iterdir()}
    assert {"training-time.svg", "prediction-time.png", "accuracy-curves.svg"} <= names


def test_nothing_comes_from_elsewhere(tmp_path):
    page = page_of(tmp_path, differing=disagreement())
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
    assert "default-src 'none'" in page
    assert "<script" not in page


def test_the_best_leads_and_is_marked(tmp_path):
    reader = Reader(page_of(tmp_path))
    assert "best on validation: knn" in reader.text
    [best] = [row for row in reader.all("tr") if row.get("class") == "best"]
    assert best


def test_drawings_follow_light_and_dark(tmp_path):
    page = page_of(tmp_path)
    drawings = re.findall(r"<svg role=\"img\".*?</svg>", page, flags=re.DOTALL)
    assert len(drawings) == 4
    for drawing in drawings:
        assert "var(--validation)" in drawing
        assert not re.findall(r"(?:fill|stroke): #(?!fefefe|none)[0-9a-f]{6}", drawing)


def test_names_of_any_kind_break_nothing(tmp_path):
    labels = HOSTILE[:6]
    found = comparison(tmp_path, labels)
    histories = {label: [history()] for label in labels}
    page = page_of(tmp_path, found, histories, disagreement(HOSTILE[:2]))
    assert "<b>x</b>" not in page
    assert "</script>" not in page
    assert "49" not in re.findall(r"\b49\b", Reader(page).text)


def test_what_is_not_there_is_left_out(tmp_path):
    rows = (
        standing("knn", 0.9, 0, seconds=None, images_per_second=None, parameters=None),
        Standing("later"),
    )
    found = Comparison(tmp_path, "x", "x", "test", 10, "our own split", 4, 1, rows)
    reader = Reader(page_of(tmp_path, found, {"knn": [[]]}))
    ids = {attributes.get("id") for attributes in reader.all("section")}
    assert ids == {"table", "words", "reading"}
    assert "1 of 4 runs are trained" in reader.text
    assert "not trained yet" in reader.text
    assert "our own split" in reader.text
    assert "parameters" not in reader.text


def test_more_rows_than_colours_are_said(tmp_path):
    labels = [f"dropout={n}" for n in range(11)]
    found = comparison(tmp_path, labels)
    page = page_of(tmp_path, found, {label: [history()] for label in labels})
    assert "3 further rows are not drawn" in page


def test_histories_are_averaged_as_far_as_all_go():
    found = mean_history([history(4), history(3, offset=0.2)])
    assert [row["epoch"] for row in found] == [1, 2, 3]
    assert found[0]["val_loss"] == pytest.approx(1.1)
    bare = [{**row, "val_loss": None} for row in history(3)]
    assert mean_history([history(3), bare])[0]["val_loss"] is None


@pytest.mark.parametrize("spread", [1.0, 1.5, 30.0, 1e6])
def test_times_are_marked_whatever_their_spread(spread):
    points = [Point(f"way {n}", 0.02 * spread**n, 0.9, 0.89, 0.91, "#0369a1") for n in range(2)]
    plot = tradeoff_plot(points, "time", "Accuracy", "time to train once")
    assert plot.svg.startswith(b"<?xml")
    ticks = _ticks(0.01, 0.02 * spread * 2)
    assert 1 <= len(ticks) <= 6


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.00002, "20 µs"), (0.05, "50 ms"), (1, "1 s"), (60, "1 min"), (600, "10 min"),
     (36000, "10 h"), (1e-9, "1.0e-09 s")],
)  # fmt: skip
def test_times_are_said_shortly(seconds, said):
    assert _time(seconds) == said


def test_the_same_comparison_gives_the_same_page(tmp_path):
    first = page_of(tmp_path, differing=disagreement())
    assert page_of(Path(tmp_path), differing=disagreement()) == first
