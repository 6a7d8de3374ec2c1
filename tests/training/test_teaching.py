import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from smalti import api
from smalti.errors import SmaltiError
from smalti.runs import Run
from smalti.training.progress import Listener
from smalti.training.teaching import distillation_loss
from tests.datasets import tiny_dataset
from tests.support import shapes

FAST = {"training.threads": 1, "training.batch_size": 16}


def trained(dataset, out, **options):
    listener = Listener()
    return api.train(dataset, "dense", epochs=3, set=FAST | options, out=out, listener=listener)


@pytest.fixture(scope="module")
def dataset():
    return tiny_dataset()


@pytest.fixture(scope="module")
def teacher(dataset, tmp_path_factory):
    return trained(dataset, tmp_path_factory.mktemp("teacher"), seed=7)


def taught_by(teacher, **options):
    return {"training.teacher": str(teacher.path), **options}


def test_the_loss_is_zero_where_student_and_teacher_agree():
    logits = torch.tensor([[1.0, 2.0, 0.5]])
    assert float(distillation_loss(logits, logits + 3, 2.0)) == pytest.approx(0, abs=1e-6)


def test_gradients_keep_their_size_with_the_temperature():
    answers = torch.tensor([[3.0, 0.0, -1.0]])

    def size(temperature):
        logits = torch.zeros(1, 3, requires_grad=True)
        distillation_loss(logits, answers, temperature).backward()
        return float(logits.grad.norm())

    assert size(100.0) == pytest.approx(size(50.0), rel=0.05)


def test_a_student_that_only_listens_comes_nearer_to_its_teacher(dataset, teacher, tmp_path):
    heard = taught_by(teacher, **{"training.teacher_weight": 1.0})
    taught = trained(dataset, tmp_path / "taught", **heard)
    alone = trained(dataset, tmp_path / "alone")
    part = dataset.part("validation")
    wanted = torch.from_numpy(api.load(teacher).logits_of(part))

    def away(run):
        own = torch.from_numpy(api.load(run).logits_of(part))
        return float(distillation_loss(own, wanted, 1.0))

    assert away(taught) < away(alone)


def test_a_taught_run_repeats_and_its_config_names_the_teacher(dataset, teacher, tmp_path):
    first = trained(dataset, tmp_path / "a", **taught_by(teacher))
    second = trained(dataset, tmp_path / "b", **taught_by(teacher))
    assert first.weights_fingerprint() == second.weights_fingerprint()
    assert first.recipe().training.teacher == str(teacher.path.resolve())


def test_a_teacher_of_other_classes_is_refused(dataset, teacher, tmp_path):
    other = replace(dataset, class_names=("a", "b", "c"))
    with pytest.raises(SmaltiError, match=r"teacher .* knows 3 classes"):
        trained(other, tmp_path, **taught_by(teacher))
    assert not list(tmp_path.iterdir())


def test_a_teacher_of_other_pictures_is_refused(teacher, tmp_path):
    with pytest.raises(SmaltiError, match="takes pictures of 12×12×1"):
        trained(tiny_dataset(side=14), tmp_path, **taught_by(teacher))


def test_a_teacher_that_may_have_seen_the_validation_pictures_is_told(
    dataset, teacher, tmp_path, caplog
):
    other = replace(dataset, fingerprint="1" * 64)
    trained(other, tmp_path, **taught_by(teacher))
    assert "may have seen those that validate here" in caplog.text


@pytest.mark.parametrize(
    "change",
    [
        {"data.validation": 0},
        {"data.validation": 0.2},
        {"data.split_seed": 1},
        {"data.split": "80/10/10"},
    ],
)
def test_a_teacher_of_another_division_is_told(teacher, tmp_path, caplog, change):
    taught = trained_on_npz(tmp_path, "student", training_only(tmp_path), **change)
    assert taught.path.exists()
    caplog.clear()
    trained_on_npz(tmp_path, "taught", training_only(tmp_path), **taught_by(taught))
    assert "another division" in caplog.text


@pytest.mark.parametrize("change", [{}, {"data.validation": 0.2}, {"data.split_seed": 1}])
def test_where_validation_pictures_are_given_every_teacher_knows_them(tmp_path, caplog, change):
    theirs = trained_on_npz(tmp_path, "teacher", with_validation(tmp_path), **change)
    caplog.clear()
    trained_on_npz(tmp_path, "student", with_validation(tmp_path), **taught_by(theirs))
    assert "another division" not in caplog.text


def trained_on_npz(tmp_path, name, path, **options):
    return trained(str(path), tmp_path / name, **options)


def training_only(tmp_path):
    return npz_of(tmp_path, "train", "test")


def with_validation(tmp_path):
    return npz_of(tmp_path, "train", "val", "test")


def npz_of(tmp_path, *parts):
    arrays = {}
    for number, part in enumerate(parts):
        images, labels = shapes(60, seed=number)
        arrays |= {f"x_{part}": images, f"y_{part}": labels}
    path = tmp_path / "tiny.npz"
    np.savez(path, **arrays)
    return path


def test_a_teacher_that_is_not_there_is_one_sentence(dataset, tmp_path):
    with pytest.raises(SmaltiError, match="nowhere"):
        trained(dataset, tmp_path, **{"training.teacher": "nowhere"})


def copied(teacher, tmp_path):
    folder = tmp_path / "teacher"
    shutil.copytree(teacher.path, folder)
    return Run(folder)


def refused(dataset, teacher, tmp_path, words):
    with pytest.raises(SmaltiError, match=words):
        trained(dataset, tmp_path / "student", **taught_by(teacher))
    assert not (tmp_path / "student").exists()


def test_a_teacher_that_has_not_finished_is_refused(dataset, teacher, tmp_path):
    run = copied(teacher, tmp_path)
    run.write_environment({**run.environment(), "finished": ""})
    refused(dataset, run, tmp_path, "has not finished")


def test_a_teacher_whose_weights_do_not_fit_is_refused(dataset, teacher, tmp_path):
    run = copied(teacher, tmp_path)
    description = run.classifier()
    run.write_classifier({**description, "model": {**description["model"], "hidden": [7]}})
    refused(dataset, run, tmp_path, "does not fit")


def test_a_teacher_that_is_no_network_of_our_own_is_refused(dataset, teacher, tmp_path):
    run = copied(teacher, tmp_path)
    run.write_classifier({**run.classifier(), "kind": "keras"})
    refused(dataset, run, tmp_path, "not a network of smalti's own but keras")


def test_a_teacher_that_is_gone_is_called_the_teacher(dataset, tmp_path):
    gone = {"training.teacher": str(tmp_path / "gone")}
    with pytest.raises(SmaltiError, match=r"The teacher cannot be read\. .*gone"):
        trained(dataset, tmp_path / "student", **gone)
