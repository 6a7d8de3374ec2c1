"""What a person does with smalti from the first day, command by command."""

import csv
import io
import json
import signal
import subprocess
import time
from functools import partial

import pytest

from smalti import names
from smalti.runs import Run
from tests.support import SMALTI, process_environment

QUICK = ["--recipe", "dense", "--epochs", "1", "--set", "model.hidden=8"]


def test_alone_it_prints_five_commands_to_try(smalti):
    outcome = smalti()
    assert outcome.code == 0
    assert sum(line.startswith("  smalti ") for line in outcome.out.splitlines()) == 5


def test_several_seeds_give_several_runs_their_mean_and_the_next_line(smalti, npz):
    outcome = smalti("train", npz(), *QUICK, "--seeds", "3")
    assert outcome.code == 0
    runs = "runs/tiny-dense-0 runs/tiny-dense-1 runs/tiny-dense-2"
    assert f"next  smalti evaluate {runs}" in outcome.out
    assert "validation accuracy" in outcome.out
    assert "(mean ± sd, 3 seeds)" in outcome.out
    measured = smalti("evaluate", *runs.split())
    assert measured.out.count("test accuracy") == 4
    assert "95 % interval at the mean" in measured.out


def test_flags_and_set_end_in_the_config(smalti, npz, tmp_path):
    outcome = smalti(
        "train", npz(), *QUICK, "--optimizer", "sgd", "--learning-rate", "0.05", "--seed", "7",
        "--set", "model.activation=tanh", "--batch-size", "10", "--label-smoothing", "0.1",
        "--ema", "0.9", "--validation", "0.2", "--out", "elsewhere", "--name", "mine",
    )  # fmt: skip
    assert outcome.code == 0
    config = Run(tmp_path / "elsewhere" / "tiny-mine-7").config()
    assert config["optimizer"]["name"] == "sgd"
    assert config["model"]["activation"] == "tanh"
    assert (config["training"]["batch_size"], config["training"]["ema"]) == (10, 0.9)
    assert config["data"]["validation"] == 0.2


def test_a_model_alone_brings_its_own_recipe_and_a_named_recipe_wins(smalti, npz, tmp_path):
    small = ["--model", "resnet", "--epochs", "1", "--set", "model.filters=4,8"]
    assert smalti("train", npz(), *small).code == 0
    assert smalti("train", npz(), *small, "--recipe", "dense").code == 0
    alone, named = (Run(tmp_path / "runs" / f"tiny-{name}-0") for name in ("resnet", "dense"))
    for run in (alone, named):
        model = run.config()["model"]
        assert (model["name"], model["filters"], model["depth"]) == ("resnet", [4, 8], 2)
    assert alone.config()["augmentation"]["policy"] == "affine"
    assert named.config()["augmentation"]["policy"] == "none"


def test_a_folder_of_pictures_is_trained_measured_and_predicted(smalti, pictures, tmp_path):
    folder = pictures(12)
    options = ["--epochs", "3", "--set", "model.filters=4,8"]
    assert smalti("train", folder, "--image-size", "16", *options).code == 0
    [run] = (tmp_path / "runs").iterdir()
    measured = smalti("evaluate", run)
    assert "our own 80/10/10 split" in measured.out
    picture = next((folder / "ring").iterdir())
    predicted = smalti("predict", run, picture, "--json")
    [answer] = json.loads(predicted.out)
    assert answer["source"] == str(picture)
    assert answer["label"] in {"bar", "column", "ring"}
    assert sum(answer["probabilities"].values()) == pytest.approx(1)


def test_evaluating_twice_shows_what_is_stored(smalti, run_folder):
    stored = smalti("evaluate", run_folder)
    assert "stored result of" in stored.out
    assert "opened so far: 1" in stored.out
    again = smalti("evaluate", run_folder, "--again")
    assert "stored result" not in again.out
    assert "opened so far: 2" in smalti("evaluate", run_folder).out
    [values] = json.loads(smalti("evaluate", run_folder, "--json").out)
    assert values["times_opened"] == 2


def test_evaluate_shows_classes_and_the_confusion_matrix(smalti, run_folder):
    shown = smalti("evaluate", run_folder).out
    assert "precision" in shown
    assert "true \\ predicted" in shown
    assert "n = 360" in shown


def test_predict_gives_text_json_and_csv_in_the_order_asked(smalti, run_folder, picture, tmp_path):
    second = tmp_path / "zweites Bild ü.png"
    second.write_bytes(picture.read_bytes())
    text = smalti("predict", run_folder, second, picture)
    assert [line.split(":")[0] for line in text.out.splitlines()] == [str(second), str(picture)]
    rows = list(csv.DictReader(io.StringIO(smalti("predict", run_folder, second, "--csv").out)))
    assert rows[0]["source"] == str(second)
    assert 0 < float(rows[0]["confidence"]) <= 1
    globbed = json.loads(smalti("predict", run_folder, str(tmp_path / "*.png"), "--json").out)
    assert [answer["source"] for answer in globbed] == [str(picture), str(second)]


def test_unsure_answers_are_marked_in_every_form(smalti, run_folder, picture):
    text = smalti("predict", run_folder, picture, "--abstain-below", "100").out
    assert "  ? unsure: below the 100.00 % asked for" in text
    [answer] = json.loads(
        smalti("predict", run_folder, picture, "--abstain-below", "0", "--json").out
    )
    assert answer["unsure"] == ""
    shown = smalti("predict", run_folder, picture, "--abstain-below", "100", "--csv").out
    [row] = csv.DictReader(io.StringIO(shown))
    assert row["unsure"] == "below the 100.00 % asked for"
    wrong = smalti("predict", run_folder, picture, "--abstain-below", "130")
    assert wrong.code == 2
    assert "0<=x<=100" in wrong.err
    fraction = smalti("predict", run_folder, picture, "--abstain-below", "0.9")
    assert fraction.code == 2
    assert "Perhaps: --abstain-below 90" in fraction.err


def test_conformal_sets_in_every_form(smalti, run_folder, picture):
    text = smalti("predict", run_folder, picture, "--conformal", "95").out
    assert "  set: " in text
    [answer] = json.loads(smalti("predict", run_folder, picture, "--conformal", "99", "--json").out)
    assert answer["classes"][0] == answer["label"]
    shown = smalti("predict", run_folder, picture, "--conformal", "99", "--csv").out
    [row] = csv.DictReader(io.StringIO(shown))
    assert row["classes"] == "; ".join(answer["classes"])
    assert "set:" not in smalti("predict", run_folder, picture).out
    fraction = smalti("predict", run_folder, picture, "--conformal", "0.95")
    assert fraction.code == 2
    assert "Perhaps: --conformal 95" in fraction.err
    too_many = smalti("predict", run_folder, picture, "--conformal", "99.9")
    assert too_many.code == 2
    assert "need at least 999 validation pictures; this classifier had 360" in too_many.err
    assert "--conformal 99.5" in too_many.err
    assert "sets for 95 %: the true class is in" in smalti("evaluate", run_folder).out


def test_explain_draws_files_and_pictures_of_a_set(smalti, run_folder, picture, tmp_path):
    drawn = smalti("explain", run_folder, picture)
    assert drawn.code == 0
    assert (run_folder / "plots" / "explained.png").is_file()
    to = tmp_path / "own.svg"
    named = smalti("explain", run_folder, "--data", "digits", "--index", "3", "--to", to)
    assert f"drawn  {to}" in named.out
    assert "digits test 3" in to.read_text()


def test_stress_says_how_a_run_breaks_and_keeps_it(smalti, run_folder):
    first = smalti("stress", run_folder, "--n", "40")
    assert first.code == 0
    assert "mean corruption accuracy" in first.out
    assert "digits, our own 60/20/20 split, 40 of 360 test pictures" in first.out
    assert all(name in first.out for name in names.CORRUPTIONS)
    assert "PGD, 10 steps" in first.out
    assert "\n3. " in first.out
    assert f"next  smalti report {run_folder}" in first.out
    assert (run_folder / "plots" / "stress.png").is_file()
    again = smalti("stress", run_folder)
    assert "stored result of" in again.out
    as_json = smalti("stress", run_folder, "--json").out
    stored = json.loads((run_folder / "stress.json").read_text())
    assert json.loads(as_json) == {k: v for k, v in stored.items() if k != "weights"}
    assert smalti("report", run_folder).code == 0
    assert "Mean corruption accuracy" in (run_folder / "report.html").read_text()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["--n", "0"], "0 is not in the range x>=1"),
        (["--n", "5", "--all"], "give one of both"),
        (["--out", "x"], "--out is for Keras and ONNX files"),
        (["--scale", "0-1"], "--scale is for Keras files"),
    ],
)
def test_what_cannot_be_stressed_is_one_sentence(smalti, run_folder, typed, said):
    outcome = smalti("stress", run_folder, *typed)
    assert outcome.code == 2
    assert said in outcome.err
    assert "Traceback" not in outcome.said
    assert not (run_folder / "stress.json").exists()


def test_stress_of_nothing_and_of_a_file_without_data(smalti, tmp_path):
    assert "There is no run folder" in smalti("stress", "nowhere").err
    assert "smalti stress theirs.h5 --data mnist" in smalti("stress", "theirs.h5").err


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ([], "expects picture files, or --data with --index"),
        (["a.png", "--data", "digits"], "expects picture files, or --data with --index"),
        (["a.png", "--index", "3"], "--index needs --data"),
        (["a.png"], "a.png"),
        (["--data", "digits", "--index", "9999"], "--index expects 0 to 359"),
        (["--data", "digits", "--class", "eleven"], "There is no class 'eleven'"),
        (["--data", "digits", "--to", "x.bmp"], "written as .png or .svg"),
    ],
)
def test_what_cannot_be_explained_is_one_sentence(smalti, run_folder, typed, said):
    outcome = smalti("explain", run_folder, *typed)
    assert outcome.code == 2
    assert said in outcome.err
    assert "Traceback" not in outcome.said


def test_predicting_from_a_data_set_says_right_or_wrong(smalti, run_folder):
    outcome = smalti("predict", run_folder, "--data", "digits", "--index", "5", "--index", "0")
    lines = outcome.out.splitlines()
    assert lines[0].startswith("digits test 5: ")
    assert all("✓ right" in line or "✗ wrong, it is" in line for line in lines)
    [row] = json.loads(
        smalti("predict", run_folder, "--data", "digits", "--part", "train", "--json").out
    )
    assert row["right"] == (row["label"] == row["true"])
    too_far = smalti("predict", run_folder, "--data", "digits", "--index", "360")
    assert too_far.code == 2
    assert "0 to 359" in too_far.err


def test_runs_lists_what_there_is(smalti, run_folder):
    listed = smalti("runs", run_folder.parent).out
    assert "digits-dense-0" in listed
    assert "2/2" in listed
    [row] = json.loads(smalti("runs", run_folder.parent, "--json").out)
    assert (row["data"], row["recipe"]) == ("digits", "dense")
    assert 0 < row["test"] < 1
    assert "Make one" in smalti("runs", "nowhere").out


def test_recipes_are_listed_shown_and_written(smalti, tmp_path):
    listed = smalti("recipes").out
    assert all(name in listed for name in names.RECIPES)
    assert "mnist 99 and 99.5 %" in listed
    plan = smalti("recipes", "--data", "mnist", "--target", "99", "--json").out
    assert json.loads(plan)["name"] == "fast-99"
    assert "training.label_smoothing" in smalti("recipes", "--fields").out
    written = smalti("recipes", "cnn", "--data", "mnist", "--json").out
    (tmp_path / "mine.json").write_text(written)
    assert json.loads(written)["model"]["padding"] == "valid"
    assert smalti("recipes", "cn").code == 2
    assert "Did you mean 'mnist'" in smalti("recipes", "cnn", "--data", "mnst").err


def test_a_written_recipe_is_taken_back(smalti, npz, tmp_path):
    first = smalti("train", npz(), *QUICK)
    assert first.code == 0
    again = smalti("train", npz(), "--recipe", "runs/tiny-dense-0/config.json")
    assert again.code == 0
    paths = [tmp_path / "runs" / name for name in ("tiny-dense-0", "tiny-dense-0-2")]
    weights = [Run(path).model_file.read_bytes() for path in paths]
    assert weights[0] == weights[1]


@pytest.mark.parametrize("model", names.MODELS)
@pytest.mark.parametrize("data", names.DATASETS)
def test_models_show_layers_and_sizes(smalti, model, data):
    shown = smalti("models", model, "--data", data).out
    assert "parameters" in shown.splitlines()[-1]
    assert "MFLOP a picture" in shown.splitlines()[-1]


def test_models_take_shapes_and_fields(smalti):
    shown = smalti("models", "cnn", "--shape", "64x64x3", "--classes", "5").out
    assert "64×64×3 pictures, 5 classes" in shown
    # A shape alone stands for pictures of one's own: four stages, as in training on a folder.
    assert "stage4_block2.add" in smalti("models", "resnet", "--shape", "64x64x3").out
    assert "stage4" not in smalti("models", "resnet", "--shape", "64x64x3", "--data", "mnist").out
    assert "100 classes" in smalti("models", "resnet", "--data", "cifar100").out
    assert smalti("models", "cnn", "--shape", "wide").code == 2
    assert (
        "16×32×32" in smalti("models", "cnn", "--data", "cifar10", "--set", "model.filters=16").out
    )


def test_doctor_looks_at_everything(smalti):
    facts = json.loads(smalti("doctor", "--json").out)
    assert facts["packages"]["torch"]
    assert set(facts["matrix product"]) == {"float32", "bfloat16"}
    assert set(facts["data"]) == set(names.DATASETS)
    assert facts["threads"] >= 1
    assert smalti("doctor").code == 0


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_and_sigterm_keep_finished_epochs(npz, tmp_path, sent, code):
    command = [*SMALTI, "train", str(npz(300)), "--recipe", "dense", "--epochs", "5000"]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=process_environment(), stderr=subprocess.PIPE, text=True,
        # Tests that run in the background of a shell have been told to ignore Ctrl-C.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    history = tmp_path / "runs" / "tiny-dense-0" / "history.csv"
    for _ in range(3000):
        if history.exists() or process.poll() is not None:
            break
        time.sleep(0.02)
    process.send_signal(sent)
    _, said = process.communicate(timeout=60)
    assert process.returncode == code, said
    assert "kept; continue with: smalti train --resume runs/tiny-dense-0" in said
    assert "Traceback" not in said
    run = Run(history.parent)
    assert len(run.history()) >= 1
    assert run.read_model()[1] >= 1
    # What was finished is usable at once.
    done = subprocess.run(
        [*SMALTI, "evaluate", "runs/tiny-dense-0"], cwd=tmp_path, env=process_environment(),
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
