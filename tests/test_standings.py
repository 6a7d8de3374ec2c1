from dataclasses import replace
from pathlib import Path

import pytest

from smalti.significance import Difference
from smalti.standings import Comparison, Standing, accuracy_words, sentence, signed, signed_range

BASE = Standing("dense", ("a", "b"), (0, 1), (0.9, 0.92), 0.91, 0.0141, 0.90, 0.92)


def row(mean=0.01, p=0.001, seeds=3, sd=0.002, **values):
    found = Difference(mean, mean - 0.002, mean + 0.002, p, seeds, 1000, sd if seeds > 1 else None)
    known = {"mean": 0.92, "sd": 0.01, "low": 0.91, "high": 0.93, "seconds": 65.0, **values}
    return Standing("cnn", ("c",), (0,), (0.92,), difference=found, p_holm=p, **known)


def comparison(*rows, **values):
    known = {"part": "validation", "n": 1000, "split": "official split", "planned": 4, "done": 4}
    return Comparison(
        Path("runs/compare-x-1"), "x: 2 ways", "x", standings=(BASE, *rows), **{**known, **values}
    )


@pytest.mark.parametrize(
    ("fraction", "said"),
    [(0.003, "+0.30"), (-0.012, "−1.20"), (0.0, "0.00"), (-0.00001, "0.00"), (0.5, "+50.00")],
)
def test_a_difference_has_its_sign_where_it_is_one(fraction, said):
    assert signed(fraction) == said


def test_ranges_and_accuracies_are_said_in_points():
    assert signed_range(-0.004, 0.006) == "−0.40 to +0.60"
    assert accuracy_words(BASE) == "91.00 ± 1.41 %"
    assert accuracy_words(Standing("x", mean=0.5)) == "50.00 %"
    assert accuracy_words(Standing("x")) == "–"


def test_the_verdict_is_that_of_the_corrected_p_value():
    assert row(p=0.049).verdict == "better"
    assert row(mean=-0.01, p=0.049).verdict == "worse"
    assert row(p=0.05).verdict == "no difference"
    unsure = replace(row(p=0.02), p_holm=0.14)
    assert (unsure.verdict, unsure.differs) == ("better?", False)
    assert "Better by itself, but not sure among so many rows." in sentence(unsure, BASE)
    assert (BASE.verdict, Standing("x").verdict) == ("baseline", "not trained yet")


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        (row(), "cnn: +1.00 points to dense (95 % interval +0.80 to +1.20 points, p = 0.001)"),
        (row(), "p = 0.001). Better."),
        (row(mean=-0.01), "Worse."),
        (row(p=0.0001), "p < 0.001"),
        (row(p=0.4), "p = 0.40). No difference at this n."),
        (
            row(p=0.4, detectable=0.0091, target=0.003, needed=9),
            "No difference at this n; 3 seeds tell about 0.91 points; to tell 0.3 points apart you "
            "need about 9 seeds.",
        ),
        (
            row(p=0.4, detectable=0.0091, target=0.01),
            "To tell 1 point apart needs more pictures than 1,000",
        ),
        (
            row(p=0.4, detectable=0.0091, target=0.003),
            "To tell 0.3 points apart needs more pictures than 1,000, however many seeds.",
        ),
        (row(seeds=1), "Better on these pictures; with one seed that is about these two networks"),
        (row(p=0.4, seeds=1), "No difference at this n, and with one seed that is about"),
    ],
)  # fmt: skip
def test_each_row_is_a_sentence(standing, words):
    assert words in sentence(standing, BASE)


def test_the_table_has_a_cell_for_every_column():
    found = comparison(row(images_per_second=12345.0), Standing("later"))
    assert all(len(cells) == len(found.columns) for cells in found.rows())
    assert found.rows()[1] == [
        "cnn", "92.00 ± 1.00 %", "91.00–93.00", "+1.00", "+0.80 to +1.20", "better",
        "1 min 05 s", "12,300",
    ]  # fmt: skip
    assert found.rows()[2][5] == "not trained yet"
    assert len(found.sentences()) == 1


def test_what_the_figures_are_of_is_said():
    assert "same 1,000 validation pictures" in comparison(row()).about()[0]
    opened = comparison(row(), part="test").about()[0]
    assert "opened the test set of every run" in opened
    assert "official split" in opened
    assert any("Cut short: 3 of 4 runs" in text for text in comparison(row(), done=3).about())
    two = comparison(row(), row(seeds=1, facts=("a fact",))).about()
    assert any("Holm" in text for text in two)
    assert any("McNemar" in text for text in two)
    assert "cnn: a fact." in two


def test_a_notebook_and_a_print_show_the_table():
    found = comparison(row())
    shown = found._repr_html_()
    assert "<td>better</td>" in shown
    assert "compare.html" in shown
    assert "better" in str(found)
    hostile = Standing("<b>x</b>", mean=0.5, low=0.4, high=0.6)
    assert "<b>x</b>" not in comparison(hostile)._repr_html_()
