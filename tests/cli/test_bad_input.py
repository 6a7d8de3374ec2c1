"""What a user mistypes: refused with exit code 2, the nearest valid name, and nothing written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

REFUSED = {
    "unknown command": ("trian digits", "'train'"),
    "unknown flag": ("train digits --epoch 3", "--epochs"),
    "no data": ("train", "smalti train digits"),
    "unknown data set": ("train mnits", "'mnist'"),
    "no such folder": ("train ./pictures", "pictures"),
    "unknown recipe": ("train digits --recipe cn", "'cnn'"),
    "missing recipe file": ("train digits --recipe ./mine.json", "mine.json"),
    "unknown model": ("train digits --model dnse", "'dense'"),
    "unknown field": ("train digits --set optimzer.name=adam", "'optimizer.name'"),
    "field without its section": ("train digits --set epochs=3", "'training.epochs'"),
    "field without a value": ("train digits --set seed", "NAME=VALUE"),
    "unknown optimizer": ("train digits --optimizer adanw", "'adamw'"),
    "unknown schedule": ("train digits --schedule cosin", "'cosine'"),
    "unknown augmentation": ("train digits --augmentation afine", "'affine'"),
    "unknown activation": ("train digits --set model.activation=rleu", "'relu'"),
    "a field of another model": (
        "train digits --recipe dense --set model.filters=8",
        "no field 'model.filters'",
    ),
    "unknown device": ("train digits --device gpu", "cuda"),
    "unknown precision": ("train digits --precision float16", "bfloat16"),
    "negative epochs": ("train digits --epochs -3", "training.epochs expects at least 1"),
    "no epochs": ("train digits --epochs 0", "training.epochs expects at least 1"),
    "epochs in words": ("train digits --epochs many", "whole number"),
    "half an epoch": ("train digits --epochs 1.5", "whole number"),
    "empty batches": ("train digits --batch-size 0", "at least 1"),
    "no learning rate": ("train digits --learning-rate 0", "more than 0"),
    "learning rate nan": ("train digits --learning-rate nan", "learning_rate"),
    "learning rate inf": ("train digits --learning-rate inf", "learning_rate"),
    "everything dropped": ("train digits --recipe dense --set model.dropout=1", "less than 1"),
    "a layer of nothing": ("train digits --recipe dense --set model.hidden=0", "at least 1"),
    "negative seed": ("train digits --seed -1", "seed expects at least 0"),
    "no seeds": ("train digits --seeds 0", "--seeds"),
    "negative validation": ("train digits --validation -0.1", "validation"),
    "stopping without validation": (
        "train digits --validation 0 --early-stopping 2",
        "validation",
    ),
    "plateau without validation": (
        "train digits --validation 0 --schedule plateau",
        "validation",
    ),
    "evaluate nothing": ("evaluate", "RUNS"),
    "evaluate no run": ("evaluate runs/nothing", "smalti runs"),
    "predict without a run": ("predict runs/nothing a.png", "smalti runs"),
    "report no run": ("report runs/nothing", "smalti runs"),
    "resume no run": ("train --resume runs/nothing", "smalti runs"),
    "compare nothing": ("compare", "smalti compare digits"),
    "compare without a choice": ("compare digits", "--vary"),
    "compare an unknown recipe": ("compare digits --recipes dense,knnn", "'knn'"),
    "compare a recipe with itself": ("compare digits --recipes dense,dense", "differ in nothing"),
    "compare one recipe": ("compare digits --recipes dense", "two ways of training"),
    "compare an empty name": ("compare digits --recipes dense,,cnn", "separated by commas"),
    "compare recipes that become the same on small pictures": (
        "compare digits --recipe cnn --vary model.filters=[8,8],[8,8,8]",
        "differ in nothing",
    ),
    "vary without values": ("compare digits --vary model.dropout", "FIELD=VALUE"),
    "vary an unknown field": ("compare digits --vary model.droput=0,0.5", "'model.dropout'"),
    "vary out of range": ("compare digits --vary model.dropout=0,1.5", "less than 1"),
    "vary a value twice": ("compare digits --vary model.dropout=0,0.0", "holds 0 twice"),
    "vary the same field twice": (
        "compare digits --vary model.dropout=0 --vary model.dropout=0.5",
        "given twice",
    ),
    "vary what nobody hears": (
        "compare digits --recipe dense --vary model.filters=8,16",
        "no field 'model.filters'",
    ),
    "vary the seed": ("compare digits --vary seed=0,1", "--seeds"),
    "vary the pictures": ("compare digits --vary data.split_seed=0,1", "same pictures"),
    "set what nobody hears": (
        "compare digits --recipes knn,forest --epochs 3",
        "no field 'training.epochs'",
    ),
    "a field of methods for networks": (
        "compare digits --recipe dense --vary baseline.trees=10,20",
        "for classical methods",
    ),
    "compare without validation": (
        "compare digits --recipes dense,knn --set data.validation=0",
        "--test",
    ),
    "compare two data sets": ("compare digits mnist --recipes dense,knn", "one data set"),
    "compare no run": ("compare runs/a runs/b", "smalti runs"),
    "no minutes": ("compare digits --recipes dense,knn --minutes 0", "--minutes"),
    "no seeds to compare": ("compare digits --recipes dense,knn --seeds 0", "--seeds"),
    "resume no comparison": ("compare --resume runs/compare-digits-1", "plan.json"),
    "resume with other recipes": (
        "compare --resume runs/compare-digits-1 --recipes knn,dense",
        "as it was begun",
    ),
    "a method in a network's place": (
        "train digits --recipe cnn --set baseline.name=knn",
        "--recipe knn",
    ),
    "unknown recipe shown": ("recipes cn", "'cnn'"),
    "unknown model shown": ("models cn --data cifar10", "'cnn'"),
    "unknown data set checked": ("data check mnits", "'mnist'"),
}


@pytest.mark.parametrize(("typed", "words"), REFUSED.values(), ids=REFUSED)
def test_a_mistake_is_refused_with_the_way_out(
    smalti: Callable, tmp_path: Path, typed: str, words: str
) -> None:
    outcome = smalti(*typed.split())
    assert outcome.code == 2
    assert words in outcome.err
    assert "Traceback" not in outcome.said
    assert outcome.out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("validation", ["60", "100000"])
def test_validation_leaves_pictures_to_train_on(
    smalti: Callable, npz: Callable[..., Path], validation: str
) -> None:
    outcome = smalti("train", npz(60), "--recipe", "dense", "--validation", validation)
    assert outcome.code == 2
    assert "validation" in outcome.err
    assert "60" in outcome.err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "not valid JSON"),
        ("[]", "JSON object"),
        ('{"optimizer": {"nmae": "adam"}}', "'optimizer.name'"),
        ('{"training": {"epochs": -3}}', "training.epochs expects at least 1"),
        ('{"training": 3}', "training"),
        ('{"model": {"name": null}}', "model.name"),
    ],
)
def test_a_recipe_file_is_checked_like_what_is_typed(
    smalti: Callable, tmp_path: Path, content: str, words: str
) -> None:
    path = tmp_path / "mine.json"
    path.write_text(content)
    outcome = smalti("train", "digits", "--recipe", path)
    assert outcome.code == 2
    assert words in outcome.err
    assert not (tmp_path / "runs").exists()


def test_the_nearest_run_is_named(smalti: Callable, run_folder: Path) -> None:
    outcome = smalti("evaluate", "runs/digits-dens-0")
    assert outcome.code == 2
    assert "runs/digits-dense-0" in outcome.err


@pytest.mark.parametrize("command", ["evaluate", "report", "train --resume"])
def test_a_folder_that_is_no_run_is_refused(smalti: Callable, tmp_path: Path, command: str) -> None:
    (tmp_path / "folder").mkdir()
    outcome = smalti(*command.split(), "folder")
    assert outcome.code == 2
    assert "config.json" in outcome.err


def test_resume_takes_no_other_options(smalti: Callable, run_folder: Path) -> None:
    outcome = smalti("train", "--resume", run_folder, "--epochs", "5")
    assert outcome.code == 2
    assert f"--resume {run_folder}" in outcome.err


def test_resuming_a_finished_run_says_so_and_changes_nothing(
    smalti: Callable, run_folder: Path
) -> None:
    before = {path: path.read_bytes() for path in run_folder.rglob("*") if path.is_file()}
    outcome = smalti("train", "--resume", run_folder)
    assert outcome.code == 0
    assert "finished" in outcome.said
    assert {path: path.read_bytes() for path in run_folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "a.png"),
        ("--index 3", "--data"),
        ("--data digits --index 360", "0 to 359"),
        ("--data digits --index -1", "0 to 359"),
        ("--data digits --part tset", "'test'"),
        ("--data digts --index 0", "'digits'"),
        ("a.png --data digits", "not both"),
    ],
)
def test_predict_says_what_it_expects(
    smalti: Callable, finished: Path, typed: str, words: str
) -> None:
    outcome = smalti("predict", finished, *typed.split())
    assert outcome.code == 2
    assert words in outcome.err
    assert outcome.out == ""


def bad_files(folder: Path) -> list[Path]:
    """Make files that are no pictures: missing, empty, text, half a PNG, a folder of nothing."""
    from PIL import Image

    whole = folder / "whole.png"
    Image.effect_noise((64, 64), 50).save(whole)
    (folder / "half.png").write_bytes(whole.read_bytes()[:600])
    whole.unlink()
    (folder / "empty.png").touch()
    (folder / "text.jpg").write_text("no picture")
    return [folder / name for name in ("missing.png", "empty.png", "text.jpg", "half.png")]


def test_predicting_nothing_but_bad_files_fails(
    smalti: Callable, finished: Path, tmp_path: Path
) -> None:
    outcome = smalti("predict", finished, *bad_files(tmp_path))
    assert outcome.code == 2
    assert "None of the 4 pictures could be read" in outcome.err
    assert all(name in outcome.out for name in ("missing", "empty", "text", "half"))


@pytest.mark.parametrize("form", ["--json", "--csv", ""])
def test_a_good_picture_among_bad_files_is_predicted_in_its_place(
    smalti: Callable, finished: Path, tmp_path: Path, picture: Path, form: str
) -> None:
    missing, *others = bad_files(tmp_path)
    outcome = smalti("predict", finished, missing, picture, *others, *form.split())
    assert outcome.code == 0
    if form == "--json":
        rows = json.loads(outcome.out)
        assert [bool(row.get("error")) for row in rows] == [True, False, True, True, True]
    else:
        header = form == "--csv"
        lines = outcome.out.splitlines()
        assert len(lines) == 5 + header
        assert lines[1 + header].startswith(str(picture))


def test_predicting_an_empty_folder_is_refused(
    smalti: Callable, finished: Path, tmp_path: Path
) -> None:
    (tmp_path / "pictures").mkdir()
    assert smalti("predict", finished, "pictures").code == 2
