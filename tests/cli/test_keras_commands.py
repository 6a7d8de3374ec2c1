"""export, evaluate and predict with Keras files, as typed."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from smalti.runs import Run
from tests.classifier.keras_made import dense_h5
from tests.support import CLASS_NAMES, shapes


@pytest.fixture
def exported(smalti, run_folder):
    """Return the digits run and the file written of it under a name of the user's own."""
    outcome = smalti("export", run_folder, "--to", "epic_num_reader.h5")
    assert outcome.code == 0, outcome.said
    return run_folder, Path("epic_num_reader.h5")


def test_export_says_what_it_wrote_and_how_far_it_is_off(smalti, run_folder):
    outcome = smalti("export", run_folder)
    assert outcome.code == 0, outcome.said
    assert (run_folder / "model.keras").is_file()
    assert "largest difference of a probability" in outcome.out
    assert "(limit 0.0001)" in outcome.out
    assert "N×8×8×1, 0–255" in outcome.out
    assert f"smalti predict {run_folder / 'model.keras'} PICTURE" in outcome.out


def test_an_exported_file_answers_like_its_run(smalti, exported, picture):
    run, file = exported
    answers = []
    for path in (run, file):
        outcome = smalti("predict", path, picture, "--json")
        assert outcome.code == 0, outcome.said
        answers.append(json.loads(outcome.out)[0])
    assert answers[0]["label"] == answers[1]["label"]
    assert answers[0]["confidence"] == pytest.approx(answers[1]["confidence"], abs=1e-5)


def test_evaluating_the_file_gives_the_runs_own_number(smalti, exported):
    run, file = exported
    stored = Run(run).metrics()
    before = sorted(Path().rglob("*"))
    outcome = smalti("evaluate", file, "--data", "digits", "--json")
    assert outcome.code == 0, outcome.said
    (found,) = json.loads(outcome.out)
    assert found["accuracy"] == stored["accuracy"]
    assert found["loss"] == pytest.approx(stored["loss"], abs=1e-5)
    assert sorted(Path().rglob("*")) == before


def test_out_makes_a_folder_that_the_other_commands_take(smalti, exported, picture):
    _, file = exported
    assert smalti("evaluate", file, "--data", "digits", "--out", "theirs").code == 0
    for command in (["report", "theirs"], ["runs", "."], ["predict", "theirs", picture],
                    ["predict", "theirs", "--data", "digits", "--index", "3"]):  # fmt: skip
        outcome = smalti(*command)
        assert outcome.code == 0, outcome.said
    assert Path("theirs/report.html").is_file()
    again = smalti("evaluate", file, "--data", "digits", "--out", "theirs")
    assert "stored result" in again.out
    repeated = smalti("evaluate", "theirs", "--again", "--json")
    assert json.loads(repeated.out)[0]["times_opened"] == 2
    outcome = smalti("export", "theirs")
    assert outcome.code == 2
    assert "not a network of smalti's own" in outcome.err


def test_a_folder_of_other_data_is_not_mixed_up(smalti, exported, npz):
    _, file = exported
    assert smalti("evaluate", file, "--data", "digits", "--out", "theirs").code == 0
    stored = Path("theirs/metrics.json").read_bytes()
    scaled = ["--data", "digits", "--scale", "0-1"]
    other = ["--data", npz(side=8, channels=1), "--fit"]
    for options in (scaled, [*scaled, "--again"], [*other, "--again"]):
        outcome = smalti("evaluate", file, *options, "--out", "theirs")
        assert outcome.code == 2, outcome.said
        assert Path("theirs/metrics.json").read_bytes() == stored


def test_nothing_that_is_there_is_overwritten(smalti, exported, run_folder):
    _, file = exported
    for folder, said in ((run_folder, "is the run of something else"), (".", "is not empty")):
        outcome = smalti("evaluate", file, "--data", "digits", "--out", folder)
        assert outcome.code == 2
        assert said in outcome.err


def test_a_file_of_somebody_elses(smalti, npz):
    path, _ = dense_h5(Path("theirs.h5"), 3)
    outcome = smalti("evaluate", path, "--data", npz())
    assert outcome.code == 0, outcome.said
    assert "validation pictures" in outcome.err
    assert "--out DIR" in outcome.out


def test_pictures_with_the_data_that_a_file_is_for(smalti, npz, tmp_path):
    path, _ = dense_h5(Path("theirs.h5"), 3)
    images, _ = shapes(2)
    Image.fromarray(images[0, ..., 0]).save("a.png")
    refused = smalti("predict", path, "a.png")
    assert refused.code == 2
    assert "--scale" in refused.err
    for said in (["--scale", "0-1"], ["--scale", "-1-1"], ["--data", npz()]):
        outcome = smalti("predict", path, "a.png", "--csv", *said)
        assert outcome.code == 0, outcome.said
        (row,) = csv.DictReader(io.StringIO(outcome.out))
        assert row["source"] == "a.png"


def test_a_folder_is_read_at_the_networks_own_size(smalti, pictures):
    path, _ = dense_h5(Path("theirs.h5"), 3)
    folder = pictures()
    outcome = smalti("evaluate", path, "--data", folder, "--fit")
    assert outcome.code == 0, outcome.said
    outcome = smalti("predict", path, "--data", folder, "--index", "1", "--fit", "--json")
    assert json.loads(outcome.out)[0]["label"] in CLASS_NAMES


def test_an_export_replaces_a_file_only_where_it_is_told_to(smalti, run_folder):
    Path("mine.keras").write_text("three weeks of work")
    outcome = smalti("export", run_folder, "--to", "mine.keras")
    assert outcome.code == 2
    assert "mine.keras exists already" in outcome.err
    assert Path("mine.keras").read_text() == "three weeks of work"
    assert smalti("export", run_folder, "--to", "mine.keras", "--replace").code == 0
    assert Path("mine.keras").stat().st_size > 1000
    for _ in range(2):  # the run's own file is always written anew
        assert smalti("export", run_folder).code == 0


def test_a_place_that_cannot_be_written_names_the_right_option(smalti, run_folder):
    Path("file").write_text("")
    outcome = smalti("export", run_folder, "--to", "file/model.keras")
    assert outcome.code == 1
    assert "choose another file with --to" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["evaluate", "theirs.h5"], "does not say what it is to be measured on"),
        (["evaluate", "none.h5", "--data", "digits"], "There is no file none.h5"),
        (["evaluate", "none.h5", "--data", "digits", "--out", "RUN"], "There is no file none.h5"),
        (["evaluate", "theirs.h5", "--data", "digits"], "tells 3 classes apart; digits has 10"),
        (["evaluate", "RUN", "--scale", "0-1"], "--scale is for Keras files"),
        (["evaluate", "RUN", "--out", "x"], "--out is for Keras and ONNX files"),
        (["evaluate", "RUN", "theirs.h5", "--data", "digits"], "one file at a time"),
        (["predict", "theirs.h5", "a.png", "--scale", "0-2"], "0-2"),
        (["export", "RUN", "--to", "a.txt"], "ending of a format"),
        (["export", "RUN", "--format", "pickle"], "pickle"),
        (["export", "nowhere"], "There is no run folder nowhere"),
    ],
)
def test_bad_input_is_one_sentence(smalti, run_folder, arguments, said):
    dense_h5(Path("theirs.h5"), 3)
    chosen = [run_folder if argument == "RUN" else argument for argument in arguments]
    outcome = smalti(*chosen)
    assert outcome.code == 2
    assert said in outcome.err
    assert "Traceback" not in outcome.said
    assert np.all([not path.name.endswith(".tmp") for path in run_folder.rglob("*")])
