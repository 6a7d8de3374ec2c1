"""Averaged views are the recipe's choice, stored with the classifier, and said with a figure."""

import json

import numpy as np

from smalti import api
from smalti.runs import Run


def trained(smalti, *options):
    plan = ("--recipe", "dense", "--epochs", "2", "--threads", "1")
    assert smalti("train", "digits", *plan, *options).code == 0
    return Run("runs/digits-dense-0")


def test_views_are_said_wherever_the_figure_is_shown(smalti):
    run = trained(smalti, "--set", "prediction.views=3")
    said = "averages 3 views of the picture"
    assert said in smalti("evaluate", run.path).out
    assert said in smalti("evaluate", run.path).out, "a stored result says so too"
    assert json.loads(smalti("evaluate", run.path, "--json").out)[0]["views"] == 3


def test_one_view_is_nothing_to_speak_of(smalti):
    assert "views" not in smalti("evaluate", trained(smalti).path).out


def test_a_loaded_classifier_averages_what_its_run_says(smalti):
    run = trained(smalti, "--set", "prediction.views=2")
    images = np.random.default_rng(0).integers(0, 255, (4, 8, 8, 1), dtype=np.uint8)
    averaged = api.load(run).logits(images)
    description = run.classifier()
    run.write_classifier({**description, "views": 1})
    single = api.load(run)
    expected = (single.logits(images) + single.logits(images[:, :, ::-1])) / 2
    np.testing.assert_allclose(averaged, expected, atol=1e-5)


def test_a_number_of_views_that_nobody_knows_is_refused(smalti):
    outcome = smalti("train", "digits", "--set", "prediction.views=4")
    assert outcome.code == 2
    assert "prediction.views" in outcome.said
    assert "1, 2, 3, 6" in outcome.said
