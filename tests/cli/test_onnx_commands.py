"""export, evaluate and predict with ONNX files, as typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from smalti.runs import Run


@pytest.fixture
def exported(smalti, run_folder):
    """Return the digits run and an ONNX file of it under a name of the user's own."""
    outcome = smalti("export", run_folder, "--to", "reader.onnx")
    assert outcome.code == 0, outcome.said
    return run_folder, Path("reader.onnx")


def test_export_says_what_it_wrote_and_how_far_it_is_off(smalti, run_folder):
    outcome = smalti("export", run_folder, "--format", "onnx")
    assert outcome.code == 0, outcome.said
    assert (run_folder / "model.onnx").is_file()
    assert "largest difference of a probability" in outcome.out
    assert "N×8×8×1, 0–255" in outcome.out
    assert f"smalti predict {run_folder / 'model.onnx'} PICTURE" in outcome.out


def test_an_exported_file_answers_like_its_run(smalti, exported, picture):
    run, file = exported
    answers = []
    for arguments in ([run], [file], [run, "--precision", "auto"]):
        outcome = smalti("predict", *arguments, picture, "--json")
        assert outcome.code == 0, outcome.said
        answers.append(json.loads(outcome.out)[0])
    for answer in answers[1:]:
        assert answer["label"] == answers[0]["label"]
        assert answer["confidence"] == pytest.approx(answers[0]["confidence"], abs=0.02)
    assert answers[1]["confidence"] == pytest.approx(answers[0]["confidence"], abs=1e-5)


def test_pictures_of_a_data_set(smalti, exported):
    _, file = exported
    outcome = smalti("predict", file, "--data", "digits", "--index", "3", "--json")
    assert outcome.code == 0, outcome.said
    assert json.loads(outcome.out)[0]["source"] == "digits test 3"


def test_evaluating_the_file_gives_the_runs_own_number(smalti, exported):
    run, file = exported
    stored = Run(run).metrics()
    outcome = smalti("evaluate", file, "--data", "digits", "--json")
    assert outcome.code == 0, outcome.said
    (found,) = json.loads(outcome.out)
    assert found["accuracy"] == stored["accuracy"]
    assert found["loss"] == pytest.approx(stored["loss"], abs=1e-5)
    assert found["precision_used"] == "float32"


def test_out_makes_a_folder_that_the_other_commands_take(smalti, exported, picture):
    run, file = exported
    assert smalti("evaluate", file, "--data", "digits", "--out", "theirs").code == 0
    assert Run("theirs").calibration() == Run(run).calibration()
    for command in (["report", "theirs"], ["runs", "."], ["predict", "theirs", picture],
                    ["predict", "theirs", "--data", "digits", "--index", "3"]):  # fmt: skip
        outcome = smalti(*command)
        assert outcome.code == 0, outcome.said
    page = (Path("theirs") / "report.html").read_text(encoding="utf-8")
    assert "before the temperature of" in page
    assert "Inside the network" not in page
    assert "stored result" in smalti("evaluate", file, "--data", "digits", "--out", "theirs").out
    repeated = smalti("evaluate", "theirs", "--again", "--json")
    assert json.loads(repeated.out)[0]["times_opened"] == 2
    outcome = smalti("export", "theirs", "--format", "onnx")
    assert outcome.code == 2
    assert "not a network of smalti's own" in outcome.err


def test_a_file_is_stressed_and_says_why_nobody_attacks_it(smalti, exported):
    run, file = exported
    own = json.loads(smalti("stress", run, "--n", "30", "--no-attacks", "--json").out)
    printed = smalti("stress", file, "--data", "digits", "--n", "30")
    assert printed.code == 0, printed.said
    assert "an ONNX file gives none" in printed.out
    assert "--out DIR keeps these figures" in printed.out
    kept = smalti("stress", file, "--data", "digits", "--n", "30", "--out", "theirs", "--json")
    assert kept.code == 0, kept.said
    assert json.loads(kept.out)["corruptions"] == own["corruptions"]
    assert Run("theirs").stress() is not None
    assert "stored result" in smalti("stress", "theirs").out


def test_an_export_replaces_a_file_only_where_it_is_told_to(smalti, exported):
    run, file = exported
    file.write_text("three weeks of work")
    outcome = smalti("export", run, "--to", file)
    assert outcome.code == 2
    assert "reader.onnx exists already" in outcome.err
    assert file.read_text() == "three weeks of work"
    assert smalti("export", run, "--to", file, "--replace").code == 0


def test_a_run_whose_weights_are_damaged_does_not_answer_from_its_file(smalti, run_folder, picture):
    assert smalti("export", run_folder, "--format", "onnx").code == 0
    (run_folder / "model.safetensors").write_bytes(b"damaged")
    outcome = smalti("predict", run_folder, picture)
    assert outcome.code == 2
    assert "model.safetensors is damaged" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["evaluate", "reader.onnx"], "does not say what it is to be measured on"),
        (["evaluate", "none.onnx", "--data", "digits"], "There is no file none.onnx"),
        (["evaluate", "reader.onnx", "--data", "TINY"], "tells 10 classes apart; tiny has 3"),
        (["evaluate", "reader.onnx", "--data", "digits", "--scale", "0-1"], "for Keras files"),
        (["evaluate", "reader.onnx", "--data", "digits", "--precision", "bfloat16"], "for runs"),
        (["evaluate", "text.onnx", "--data", "digits"], "is damaged, or no ONNX file"),
        (["predict", "text.onnx", "a.png"], "is damaged, or no ONNX file"),
        (["predict", "reader.onnx", "--precision", "auto", "a.png"], "--precision is for runs"),
        (["predict", "reader.onnx", "--precision", "half", "a.png"], "'half' is not one of"),
        (["export", "RUN", "--to", "a.onnnx"], "ending of a format"),
        (["export", "RUN", "--to", "a.onnx", "--format", "h5"], "does not end in .h5"),
    ],
)
def test_bad_input_is_one_sentence(smalti, exported, npz, arguments, said):
    run, _ = exported
    Path("text.onnx").write_text("not an ONNX file")
    places = {"RUN": run, "TINY": npz(side=8) if "TINY" in arguments else ""}
    outcome = smalti(*(places.get(argument, argument) for argument in arguments))
    assert outcome.code == 2
    assert said in outcome.err
    assert "Traceback" not in outcome.said
