"""The page as a person gets it: complete, self-contained, safe, the same for the same files."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest

from smalti.errors import SmaltiError
from smalti.reporting.page import write_report
from smalti.reporting.plots.canvas import shorten
from smalti.reporting.sections import SECTIONS
from smalti.runs import Run
from tests.reporting.made_up import HOSTILE, HUNDRED

VARIANTS: dict[str, dict[str, Any]] = {
    "ten classes": {},
    "hundred classes": {"class_names": HUNDRED},
    "two classes": {"class_names": ("cat", "dog"), "side": 64},
    "grey digits": {"data": "mnist", "class_names": tuple("0123456789"), "channels": 1, "side": 28},
    "not evaluated": {"evaluated": False},
    "without validation": {"validation": False},
    "neither": {"evaluated": False, "validation": False},
    "one epoch": {"epochs": 1},
    "hostile names": {"class_names": HOSTILE, "name": "日本 run"},
    "path with spaces": {"parent": "my runs", "data": "my pictures"},
    "one tiny picture": {"n": 2, "side": 1},
}


class Reader(HTMLParser):
    """Collects what a browser would see: tags with attributes, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._inside: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "style" not in self._inside:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(params=VARIANTS.values(), ids=list(VARIANTS))
def page(request: pytest.FixtureRequest, page_of: Callable[..., str]) -> str:
    return page_of(**request.param)


@pytest.fixture
def read(page_of: Callable[..., str]) -> Callable[..., Reader]:
    """Return ``read(**plan)``: the report of a made-up run, as a browser sees it."""
    return lambda **plan: Reader(page_of(**plan))


# Every variant.


def test_every_section_is_there_and_can_be_jumped_to(page: str) -> None:
    reader = Reader(page)
    anchors = [section["id"] for section in reader.all("section")]
    assert len(anchors) == len(SECTIONS)
    jumps = [link["href"] for link in reader.all("a")]
    assert jumps == [f"#{anchor}" for anchor in anchors]


def test_nothing_comes_from_outside(page: str) -> None:
    reader = Reader(page)
    assert not reader.all("script")
    namespaces = ("http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink")
    for _, attributes in reader.tags:
        for name, value in attributes.items():
            if name in ("src", "href", "xlink:href"):
                assert (value or "").startswith(("data:", "#"))
            if name.startswith("xmlns"):
                assert value in namespaces
    assert "url(http" not in page
    assert "@import" not in page
    policy = next(m["content"] for m in reader.all("meta") if "http-equiv" in m)
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_pictures_and_plots_can_be_read_aloud(page: str) -> None:
    reader = Reader(page)
    assert all(image["alt"] for image in reader.all("img"))
    for drawing in reader.all("svg"):
        assert drawing.get("aria-hidden") or (drawing["role"] == "img" and drawing["aria-label"])


def test_ids_are_unique_and_lead_somewhere(page: str) -> None:
    ids = [attributes["id"] for _, attributes in Reader(page).tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"url\(#([^)]+)\)", page)) <= set(ids)


def test_plots_take_their_colours_and_their_font_from_the_page(page: str) -> None:
    defined = set(re.findall(r"--([\w-]+):", page))
    assert set(re.findall(r"var\(--([\w-]+)\)", page)) <= defined
    drawings = " ".join(re.findall(r'<svg role="img".*?</svg>', page, flags=re.DOTALL))
    assert set(re.findall(r"(?:fill|stroke): (#\w+)", drawings)) <= {"#000000"}
    assert "DejaVu" not in drawings


def test_the_page_is_small(page: str) -> None:
    assert len(page.encode()) < 600_000


# What it says.


def test_the_headline_is_the_test_accuracy_with_its_interval(
    finished_run: Callable[..., Run],
) -> None:
    run = finished_run(n=2000)
    metrics = run.metrics()
    assert metrics is not None
    text = Reader(write_report(run).read_text(encoding="utf-8")).text
    low, high = (f"{100 * metrics[f'accuracy_{end}']:.2f}" for end in ("low", "high"))
    assert f"test accuracy {100 * metrics['accuracy']:.2f} %" in text
    assert f"95 % interval {low}–{high} , n = 2,000, official split" in text


def test_before_the_test_set_is_opened_validation_stands_in(read: Callable[..., Reader]) -> None:
    text = read(evaluated=False, name="fresh").text
    assert "validation accuracy" in text
    assert "test accuracy" not in text
    assert re.search(r"has not been opened.*? smalti evaluate \S*/fresh", text)


def test_the_facts_of_the_training_are_listed(read: Callable[..., Reader]) -> None:
    text = read().text
    for fact in (
        "45,000 train, 5,000 validation, 2,000 test",
        "32 × 32 pixels, colour",
        "815,530",
        "12, epoch 11 kept",
        "8 min 31 s",
        "bfloat16, channels last",
        "cpu (Two-core processor)",
        "adamw, learning rate 0.002",
        "training pictures a second",
    ):
        assert fact in text


def test_confusions_are_said_in_words(read: Callable[..., Reader]) -> None:
    assert re.search(r"cat taken for deer , \d+ of 200", read().text)


def test_a_perfect_classifier_has_no_confusions(read: Callable[..., Reader]) -> None:
    text = read(n=40, class_names=("a", "b"), strength=50.0).text
    assert "No picture of the test part was taken for another class." in text


def test_sample_predictions_carry_marks_and_confidence(read: Callable[..., Reader]) -> None:
    reader = read()
    kinds = [figure.get("class") for figure in reader.all("span") if "class" in figure]
    assert kinds.count("right") == 16
    assert kinds.count("wrong") == 16
    assert re.search(r"✗ \w+ is \w+ \d+\.\d %", reader.text)


def test_commands_quote_a_path_with_spaces(read: Callable[..., Reader]) -> None:
    text = read(parent="my runs", data="my pictures").text
    assert re.search(
        r"smalti train 'my pictures' --recipe '\S*/my runs/cifar10-cnn-0/config.json'", text
    )
    assert re.search(r"smalti predict '\S*/my runs/cifar10-cnn-0' picture.png", text)


def test_every_setting_is_listed_as_it_is_set(read: Callable[..., Reader]) -> None:
    text = read().text
    assert "model.filters 32,64,128" in text
    assert "augmentation.horizontal_flip true" in text


def test_names_are_text_and_never_markup(page_of: Callable[..., str]) -> None:
    page = page_of(class_names=HOSTILE, data="<i>data</i>")
    assert not re.search("<b>x|</script>|<i>|{{", page.replace("{{ 7 }}", ""))
    reader = Reader(page)
    for name in HOSTILE:
        assert " ".join(name.split()) in reader.text
    assert not reader.all("script")
    for name in HOSTILE:  # in both matrices, on both sides
        assert reader.words.count(shorten(name, 14)) >= 4


def test_long_names_are_cut_in_plots_and_whole_in_tables(read: Callable[..., Reader]) -> None:
    words = [word.strip() for word in read(class_names=HOSTILE).words]
    assert "a" * 13 + "…" in words
    assert "a" * 40 in words


# Files.


def test_plots_are_files_too(finished_run: Callable[..., Run]) -> None:
    run = finished_run()
    write_report(run)
    names = {path.name for path in run.plots_folder.iterdir()}
    stems = (
        "curves", "confusion", "confusion-normalised", "reliability", "coverage", "map", "stress",
        "attacks",
    )  # fmt: skip
    assert names == {f"{stem}.{kind}" for stem in stems for kind in ("svg", "png")}
    assert (run.plots_folder / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_files_give_the_same_bytes(finished_run: Callable[..., Run]) -> None:
    run = finished_run()
    write_report(run)
    files = [run.report_file, *sorted(run.plots_folder.iterdir())]
    first = [path.read_bytes() for path in files]
    write_report(run)
    assert [path.read_bytes() for path in files] == first


# Files that are missing.


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("history.csv", "No epoch has been finished yet"),
        ("outputs", "There are no stored outputs yet"),
        ("samples", "Sample predictions are written when the run is evaluated."),
        ("metrics.json", "The test set has not been opened."),
        ("classifier.json", "test accuracy"),
        ("environment.json", "test accuracy"),
        ("model.safetensors", "test accuracy"),
    ],
)
def test_a_missing_file_costs_its_section_only(
    finished_run: Callable[..., Run], missing: str, said: str
) -> None:
    run = finished_run()
    path = run.path / missing
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    assert said in Reader(write_report(run).read_text(encoding="utf-8")).text


def test_a_run_that_only_began_has_a_report(finished_run: Callable[..., Run]) -> None:
    run = finished_run()
    for path in run.path.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path != run.config_file:
            path.unlink()
    text = Reader(write_report(run).read_text(encoding="utf-8")).text
    assert "This run has no accuracy yet." in text
    assert "smalti train --resume" in text


# Files that are damaged.


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", "{"),
        ("config.json", '{"model": "cnn"}'),
        ("environment.json", "[]"),
        ("environment.json", '{"data": {"train": "many"}}'),
        ("classifier.json", '{"class_names": ["only one"]}'),
        ("classifier.json", '{"class_names": "cat"}'),
        ("metrics.json", '{"n": 2000}'),
        ("metrics.json", '{"accuracy": "good", "n": 2000}'),
        ("metrics.json", '{"accuracy": 0.5, "n": 7}'),
        ("history.csv", "epoch,lr\n1,x\n"),
        ("outputs/test.safetensors", "nothing"),
        ("samples/index.json", '{"right": 3}'),
        ("samples/index.json", '{"right": [{"file": "../config.json", "label": "cat"}]}'),
        ("samples/index.json", '{"right": [{"file": "gone.png", "label": "cat"}]}'),
        ("samples/wrong-00.png", "not a picture"),
    ],
)
def test_a_damaged_file_is_named(finished_run: Callable[..., Run], name: str, content: str) -> None:
    run = finished_run()
    (run.path / name).write_text(content, encoding="utf-8")
    with pytest.raises(SmaltiError) as raised:
        write_report(run)
    assert str(run.path / name).removesuffix("/index.json") in raised.value.problem
    assert not run.report_file.exists()
