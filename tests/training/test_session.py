"""Whole trainings on tiny data: what they write, repeat, and survive."""

import hashlib
import json
import logging
from dataclasses import replace

import numpy as np
import pytest
import torch

from smalti import calibration, names
from smalti.errors import MachineError, SmaltiError
from smalti.recipes import resolve
from smalti.runs import HISTORY_COLUMNS, Run, find_runs
from smalti.training import session
from smalti.training.progress import Listener
from smalti.training.trainer import Trainer
from tests.datasets import tiny_dataset


def recipe(name="cnn", **options):
    dotted = {key.replace("__", "."): value for key, value in options.items()}
    small = {"training.epochs": 3, "training.batch_size": 16, "training.threads": 1}
    widths = {"model.filters": (4, 8), "model.hidden": (16,)}
    heard = names.MODELS[resolve(name, "tiny", {}).model.name].fields
    small |= {key: value for key, value in widths.items() if key.removeprefix("model.") in heard}
    return resolve(name, "tiny", {**small, **dotted})


def digest(run):
    return hashlib.sha256(run.model_file.read_bytes()).hexdigest()


class StopAfter(Listener):
    """Stands for a process that dies in the epoch after ``epochs``."""

    def __init__(self, epochs, step=2):
        self.epochs, self.step = epochs, step

    def stepped(self, epoch, step):
        if epoch == self.epochs + 1 and step == self.step:
            raise KeyboardInterrupt


@pytest.mark.parametrize("name", names.RECIPES)
def test_every_recipe_learns_the_tiny_shapes(name, tmp_path):
    run = session.start(
        recipe(name, training__epochs=12, optimizer__learning_rate=0.01), tiny_dataset(), tmp_path
    )
    best = max(row["val_accuracy"] for row in run.history())
    assert best > 0.8


def test_a_run_folder_is_complete(tmp_path):
    run = session.start(recipe(), tiny_dataset(), tmp_path)
    assert run.path == tmp_path / "tiny-cnn-0"
    files = {str(file.relative_to(run.path)) for file in run.path.rglob("*") if file.is_file()}
    assert {
        "config.json", "environment.json", "classifier.json", "history.csv", "last.safetensors",
        "model.safetensors", "outputs/validation.safetensors", "samples/index.json",
    } <= files  # fmt: skip
    assert not [file for file in files if "tmp" in file]
    history = run.history()
    assert [row["epoch"] for row in history] == [1, 2, 3]
    assert set(history[0]) == set(HISTORY_COLUMNS)
    environment = run.environment()
    assert environment["data"]["validation"] == 30
    assert environment["finished"] >= environment["started"]
    assert len(run.samples()["augmented"]) == 16


def test_the_kept_weights_are_those_of_the_best_epoch(tmp_path):
    run = session.start(recipe(training__epochs=4), tiny_dataset(), tmp_path)
    _, epoch = run.read_model()
    history = run.history()
    best = max(history, key=lambda row: (row["val_accuracy"], -row["val_loss"]))
    assert epoch == best["epoch"] == run.classifier()["epoch"]
    logits, labels = run.outputs("validation")
    assert np.mean(logits.argmax(1) == labels) == pytest.approx(best["val_accuracy"], abs=0.04)


def test_the_same_seed_gives_the_same_bits_and_another_one_others(tmp_path):
    runs = [
        session.start(recipe(seed=seed), tiny_dataset(), tmp_path / str(number))
        for number, seed in enumerate((0, 0, 1))
    ]
    assert digest(runs[0]) == digest(runs[1]) != digest(runs[2])
    first, second = (run.history_file.read_text().splitlines() for run in runs[:2])
    assert [line.rsplit(",", 1)[0] for line in first] == [line.rsplit(",", 1)[0] for line in second]


def test_a_name_that_is_taken_gets_a_number(tmp_path):
    data = tiny_dataset()
    paths = [session.start(recipe(training__epochs=1), data, tmp_path).name for _ in range(3)]
    assert paths == ["tiny-cnn-0", "tiny-cnn-0-2", "tiny-cnn-0-3"]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"training__ema": 0.9},
        {"optimizer__name": "sgd", "optimizer__learning_rate": 0.05},
        {"optimizer__name": "adam", "schedule__name": "plateau", "schedule__patience": 1},
        {"augmentation__policy": "none", "schedule__name": "constant"},
        {"data__validation": 0.0},
    ],
    ids=lambda options: ",".join(map(str, options.values())) or "as it is",
)
@pytest.mark.parametrize("stopped_after", [0, 1, 3])
def test_a_resumed_run_ends_with_the_bits_of_one_never_stopped(options, stopped_after, tmp_path):
    data = tiny_dataset(validation=0 if "data__validation" in options else 30)
    wanted = recipe(training__epochs=4, **options)
    whole = session.start(wanted, data, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        session.start(wanted, data, tmp_path / "cut", StopAfter(stopped_after))
    [cut] = find_runs(tmp_path / "cut")
    assert len(cut.history()) == stopped_after
    session.resume(cut, data)
    assert digest(cut) == digest(whole)
    keys = [key for key in HISTORY_COLUMNS if key != "seconds"]
    for ours, theirs in zip(cut.history(), whole.history(), strict=True):
        assert [ours[key] for key in keys] == [theirs[key] for key in keys]


def test_the_recorded_time_is_that_of_the_whole_training(tmp_path):
    data = tiny_dataset()
    with pytest.raises(KeyboardInterrupt):
        session.start(recipe(training__epochs=3), data, tmp_path, StopAfter(2))
    [run] = find_runs(tmp_path)
    arrays, note = run.read_last()
    for row in note["history"]:
        row["seconds"] = 1000.0
    run.write_last(arrays, note)
    session.resume(run, data)
    assert 2000 <= run.environment()["seconds"] < 3000


def test_what_was_lost_between_two_files_is_mended_on_resume(tmp_path):
    data, wanted = tiny_dataset(), recipe(training__epochs=4)
    whole = session.start(wanted, data, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        session.start(wanted, data, tmp_path / "cut", StopAfter(2))
    [cut] = find_runs(tmp_path / "cut")
    cut.model_file.unlink()
    cut.history_file.write_text("epoch,lr\n1,")
    session.resume(cut, data)
    assert digest(cut) == digest(whole)
    assert len(cut.history()) == 4


def test_resuming_a_finished_run_says_so_and_changes_nothing(tmp_path, caplog):
    caplog.set_level(logging.INFO, "smalti")
    run = session.start(recipe(), tiny_dataset(), tmp_path)
    before = {file: file.stat().st_mtime_ns for file in run.path.rglob("*")}
    session.resume(run, tiny_dataset())
    assert "is finished (all 3 epochs done)" in caplog.text
    assert before == {file: file.stat().st_mtime_ns for file in run.path.rglob("*")}


def test_a_lost_classifier_is_written_again_on_resume(tmp_path):
    run = session.start(recipe(), tiny_dataset(), tmp_path)
    before, weights = run.classifier(), digest(run)
    run.classifier_file.unlink()
    session.resume(run, tiny_dataset())
    assert (run.classifier(), digest(run)) == (before, weights)


def test_it_is_calibrated_on_validation_and_again_where_that_was_lost(tmp_path):
    run = session.start(recipe(), tiny_dataset(), tmp_path)
    logits, labels = run.outputs("validation")
    found = run.calibration()
    assert found == calibration.fit(logits, labels)
    for damage in (run.calibration_file.unlink, lambda: run.calibration_file.write_text("[")):
        damage()
        session.resume(run, tiny_dataset())
        assert run.calibration() == found


def test_resuming_elsewhere_warns_that_bits_may_differ(tmp_path, caplog):
    with pytest.raises(KeyboardInterrupt):
        session.start(recipe(), tiny_dataset(), tmp_path, StopAfter(1))
    [run] = find_runs(tmp_path)
    run.write_environment({**run.environment(), "threads": 64})
    session.resume(run, tiny_dataset())
    assert "bits may differ" in caplog.text
    assert "threads was 64 and is 1" in caplog.text


def test_resuming_with_other_data_is_refused(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        session.start(recipe(), tiny_dataset(), tmp_path, StopAfter(1))
    [run] = find_runs(tmp_path)
    with pytest.raises(SmaltiError, match="The data changed since"):
        session.resume(run, replace(tiny_dataset(), fingerprint="1" * 64))


def test_a_truncated_state_is_refused_and_an_edited_one_too(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        session.start(recipe(), tiny_dataset(), tmp_path, StopAfter(1))
    [run] = find_runs(tmp_path)
    content = run.last_file.read_bytes()
    flipped = bytearray(content)
    flipped[-5] ^= 1
    for damaged in (content[:-100], content[:20], b"", bytes(flipped)):
        run.last_file.write_bytes(damaged)
        with pytest.raises(SmaltiError, match=r"last.safetensors is damaged"):
            session.resume(run, tiny_dataset())


def test_a_config_changed_to_another_network_is_refused(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        session.start(recipe(), tiny_dataset(), tmp_path, StopAfter(1))
    [run] = find_runs(tmp_path)
    config = run.config()
    config["model"]["hidden"] = [17]
    run.config_file.write_text(json.dumps(config))
    with pytest.raises(SmaltiError, match="does not fit the network"):
        session.resume(run, tiny_dataset())


def test_a_config_repeats_the_run(tmp_path):
    run = session.start(recipe(), tiny_dataset(), tmp_path / "a")
    again = resolve(str(run.config_file), "anything", {})
    assert digest(session.start(again, tiny_dataset(), tmp_path / "b")) == digest(run)


def test_early_stopping_ends_and_says_when(tmp_path):
    wanted = recipe(training__epochs=50, training__early_stopping=2, optimizer__learning_rate=1e-6)
    said = []

    class Ear(Listener):
        def ended(self, reason):
            said.append(reason)

    run = session.start(wanted, tiny_dataset(), tmp_path, Ear())
    assert len(run.history()) < 50
    assert said[0].startswith("stopped after epoch")


def test_without_validation_the_columns_are_empty_and_nothing_steers(tmp_path):
    data = tiny_dataset(validation=0)
    run = session.start(recipe(), data, tmp_path)
    assert all(row["val_accuracy"] is None for row in run.history())
    assert run.outputs("validation") is None
    assert run.calibration() is None
    assert run.classifier()["epoch"] == 3
    with pytest.raises(SmaltiError, match="early_stopping"):
        session.start(recipe(training__early_stopping=2), data, tmp_path)


def test_a_diverging_training_names_epoch_and_cause_and_keeps_what_was_finished(tmp_path):
    class Poison(Listener):
        def stepped(self, epoch, step):
            if epoch == 2 and step == 1:
                with torch.no_grad():
                    self.trainer.model[0].weight.fill_(float("nan"))

    poison, original = Poison(), Trainer.__init__

    def remember(self, *arguments):
        original(self, *arguments)
        poison.trainer = self

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "__init__", remember)
        with pytest.raises(SmaltiError, match=r"no longer a number \(epoch 2") as caught:
            session.start(recipe(), tiny_dataset(), tmp_path, poison)
    assert "--learning-rate 0.0002" in caught.value.hint
    [run] = find_runs(tmp_path)
    assert len(run.history()) == 1
    assert run.read_model()[1] == 1


def test_out_of_memory_names_a_batch_size_that_fits(tmp_path, monkeypatch):
    forward = torch.nn.Conv2d.forward

    def greedy(self, pictures):
        if len(pictures) > 5:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to …")
        return forward(self, pictures)

    monkeypatch.setattr(torch.nn.Conv2d, "forward", greedy)
    with pytest.raises(MachineError, match="16 pictures a batch") as caught:
        session.start(recipe(), tiny_dataset(), tmp_path)
    assert "--batch-size 4;" in caught.value.hint


def test_other_runtime_errors_are_not_called_out_of_memory(tmp_path, monkeypatch):
    def broken(self, pictures):
        raise RuntimeError("something else")

    monkeypatch.setattr(torch.nn.Linear, "forward", broken)
    with pytest.raises(RuntimeError, match="something else"):
        session.start(recipe("dense"), tiny_dataset(), tmp_path)


def test_both_precisions_train(tmp_path):
    for precision in ("float32", "bfloat16"):
        run = session.start(
            recipe(training__precision=precision), tiny_dataset(), tmp_path / precision
        )
        assert run.environment()["precision"] == precision


def test_both_layouts_train_and_are_recorded(tmp_path):
    for layout in ("channels-last", "channels-first"):
        run = session.start(
            recipe(training__layout=layout, training__epochs=1), tiny_dataset(), tmp_path / layout
        )
        assert run.environment()["channels_last"] == (layout == "channels-last")


def test_weights_are_float32_whatever_the_arithmetic(tmp_path):
    run = session.start(recipe(training__precision="bfloat16"), tiny_dataset(), tmp_path)
    weights, _ = run.read_model()
    assert {array.dtype for array in weights.values()} == {
        np.dtype("float32"), np.dtype("int64")
    }  # fmt: skip


def test_batch_norm_of_single_pictures_is_refused(tmp_path):
    with pytest.raises(SmaltiError, match="at least two pictures a batch"):
        session.start(recipe(training__batch_size=1), tiny_dataset(), tmp_path)
    assert list(tmp_path.iterdir()) == []
    session.start(
        recipe("dense", training__batch_size=1, training__epochs=1), tiny_dataset(), tmp_path
    )


def test_an_unwritable_place_is_the_machines_failure(tmp_path):
    place = tmp_path / "file"
    place.write_text("in the way")
    with pytest.raises(MachineError, match="Could not write"):
        session.start(recipe(), tiny_dataset(), place)


def test_opening_what_is_no_run_says_so(tmp_path):
    session.start(recipe(training__epochs=1), tiny_dataset(), tmp_path)
    with pytest.raises(SmaltiError, match=r"Did you mean .*tiny-cnn-0"):
        Run(tmp_path / "tiny-cn-0")
    with pytest.raises(SmaltiError, match="not a run folder"):
        Run(tmp_path)
