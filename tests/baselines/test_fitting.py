"""A classical method's folder: what it holds, how it is evaluated, and what it refuses."""

import json

import pytest

from smalti import api
from smalti.baselines import fitting
from smalti.errors import SmaltiError
from smalti.evaluation.evaluating import evaluate
from smalti.recipes import resolve
from smalti.reporting.page import write_report
from tests.datasets import tiny_dataset


@pytest.fixture
def run(tmp_path):
    return fitting.start(resolve("knn", "tiny", {}), tiny_dataset(), tmp_path)[0]


def test_the_folder_is_a_run_without_a_model(run):
    files = {str(path.relative_to(run.path)) for path in run.path.rglob("*") if path.is_file()}
    assert files == {
        "config.json", "environment.json", "classifier.json", "outputs/validation.safetensors",
    }  # fmt: skip
    assert run.path.name == "tiny-knn-0"
    assert run.is_baseline()
    assert fitting.is_finished(run)
    assert run.best_validation() > 0.6
    record = run.environment()
    assert record["data"]["division"] == tiny_dataset().division
    assert record["seconds"] >= 0
    assert record["images_per_second"] > 0
    assert record["baseline"]["outputs"] == "probabilities"


def test_evaluating_fits_again_and_stores_what_a_run_stores(run):
    first = evaluate(run, tiny_dataset)
    assert (first.stored, first.metrics["times_opened"]) == (False, 1)
    assert {"metrics.json", "predictions.csv"} <= {path.name for path in run.path.iterdir()}
    assert evaluate(run, tiny_dataset).stored
    again = evaluate(run, tiny_dataset, again=True)
    assert (again.accuracy, again.metrics["times_opened"]) == (first.accuracy, 2)


def test_scores_are_said_in_the_results(tmp_path):
    run, _ = fitting.start(resolve("linear-svm", "tiny", {}), tiny_dataset(), tmp_path)
    assert evaluate(run, tiny_dataset).metrics["outputs"] == "scores"
    assert "scores, of which the largest decides" in write_report(run).read_text()


def test_answers_that_came_out_otherwise_are_said(run, caplog):
    logits, labels = run.outputs("validation")
    run.write_outputs("validation", logits[:, ::-1], labels)
    evaluate(run, tiny_dataset)
    assert "otherwise than when" in caplog.text


def test_the_report_has_what_there_is_and_no_more(run):
    page = write_report(run).read_text()
    assert "97." in page or "%" in page
    assert "How training went" not in page
    assert "smalti predict" not in page
    assert "--resume" not in page
    assert "knn" in page


def test_what_needs_a_model_is_refused_in_one_sentence(run):
    for use in (
        lambda: api.load(run.path),
        lambda: api.export(run.path, "onnx"),
        lambda: api.resume(run.path),
        lambda: api.plot(run.path, "curves"),
    ):
        with pytest.raises(SmaltiError, match="classical method"):
            use()
    assert api.plot(run.path, "confusion").svg


def test_its_config_repeats_it(run, tmp_path):
    again, _ = fitting.start(
        resolve(str(run.config_file), "tiny", {}), tiny_dataset(), tmp_path / "again"
    )
    assert json.loads(again.config_file.read_text()) == json.loads(run.config_file.read_text())
    assert (again.outputs("validation")[0] == run.outputs("validation")[0]).all()


def test_without_validation_pictures_there_is_nothing_to_judge(tmp_path):
    run, _ = fitting.start(resolve("knn", "tiny", {}), tiny_dataset(validation=0), tmp_path)
    assert run.outputs("validation") is None
    assert fitting.is_finished(run)
    assert run.best_validation() is None


def test_a_fit_that_was_killed_is_not_finished(run):
    record = run.environment()
    del record["finished"]
    run.write_environment(record)
    assert not fitting.is_finished(run)
    run.environment_file.unlink()
    assert not fitting.is_finished(run)
