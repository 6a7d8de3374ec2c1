"""What trackers are told, read back by their own readers; and what they cannot spoil."""

from __future__ import annotations

import json
import logging
import warnings

import pytest

from smalti import api
from smalti.errors import SmaltiError
from smalti.recipes.options import flatten
from smalti.runs import find_runs
from smalti.training import session, tracking
from smalti.training.progress import Listener
from smalti.training.trackers.mlflow import _look
from smalti.training.trackers.tracker import EPOCH_VALUES, FINAL_ACCURACY, FINAL_EPOCH, Tracker
from tests.datasets import tiny_dataset
from tests.training.test_session import StopAfter, recipe

EPOCHS = 4


def needs(package):
    if not tracking._is_installed(package):
        pytest.skip(f"needs {package}: pip install 'smalti[{package}]'")


class Shown(Listener):
    """Keeps the plan that a display is shown."""

    def started(self, plan):
        self.plan = plan


class Kept(Tracker):
    """A tracker in memory, which fails in the epoch ``failing``."""

    package = "json"

    def __init__(self, name="kept", failing=0):
        super().__init__(name)
        self.failing, self.told = failing, []

    def begin(self, run, settings, known):
        self.told.append("begin")
        return {}

    def log(self, epoch, values):
        self.told.append(epoch)
        if epoch == self.failing:
            raise OSError(28, "No space left on device")

    def end(self, values, finished):
        self.told.append("end" if finished else "stopped")


def train(tmp_path, *names, listener=None, data=None, **options):
    listener = tracking.tracked(listener or Listener(), names)
    wanted = recipe(training__epochs=EPOCHS, **options)
    return session.start(wanted, data or tiny_dataset(), tmp_path / "runs", listener)


def interrupted(tmp_path, name, after=2):
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, name, listener=StopAfter(after))
    [run] = find_runs(tmp_path / "runs")
    assert len(run.history()) == after
    return run


def resume(run):
    shown = Shown()
    session.resume(run, tiny_dataset(), tracking.tracked_again(shown, run))
    assert len(run.history()) == EPOCHS
    return shown.plan


def assert_is_the_history(read, run):
    """``read(name)`` gives (epoch, value) of a value as the log holds them."""
    for name, column in EPOCH_VALUES.items():
        rows = [(row["epoch"], row[column]) for row in run.history() if row[column] is not None]
        read_back = read(name)
        assert [step for step, _ in read_back] == [epoch for epoch, _ in rows], name
        rounding = 0.051 if name == "seconds" else 1e-5
        for (_, value), (_, expected) in zip(read_back, rows, strict=True):
            assert value == pytest.approx(expected, rel=1e-4, abs=rounding)


class TestTensorBoard:
    def events(self, run):
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        return EventAccumulator(
            str(run.path / "tensorboard"), size_guidance={"scalars": 0}
        ).Reload()

    def read(self, run):
        events = self.events(run)
        tags = events.Tags()["scalars"]
        return lambda name: [
            (event.step, event.value) for event in (events.Scalars(name) if name in tags else [])
        ]

    def settings(self, run):
        """Return the recipe's fields as the HPARAMS page reads them."""
        from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

        content = self.events(run).PluginTagToContent("hparams")["_hparams_/session_start_info"]
        values = HParamsPluginData.FromString(content).session_start_info.hparams
        return {name: getattr(value, value.WhichOneof("kind")) for name, value in values.items()}

    def test_it_reads_back_what_the_history_holds(self, tmp_path):
        shown = Shown()
        run = train(tmp_path, "tensorboard", listener=shown)
        assert_is_the_history(self.read(run), run)
        [(_, accuracy)] = self.read(run)(FINAL_ACCURACY)
        assert accuracy == pytest.approx(run.best_validation())
        assert self.read(run)(FINAL_EPOCH)[0][1] == run.classifier()["epoch"]
        assert shown.plan.logs == (f"tensorboard --logdir {run.path.parent}",)

    def test_it_holds_every_field_of_the_recipe(self, tmp_path):
        run = train(tmp_path, "tensorboard")
        settings, fields = self.settings(run), flatten(run.recipe())
        assert settings.keys() == fields.keys()
        assert settings["optimizer.learning_rate"] == fields["optimizer.learning_rate"]
        assert settings["model.filters"] == "4,8"
        assert settings["training.epochs"] == EPOCHS

    @pytest.mark.parametrize("after", [0, 1, 3])
    def test_resuming_goes_on_without_doubled_epochs(self, after, tmp_path):
        run = interrupted(tmp_path, "tensorboard", after)
        plan = resume(run)
        assert_is_the_history(self.read(run), run)
        assert len(self.settings(run)) == len(flatten(run.recipe()))
        assert plan.logs == (f"tensorboard --logdir {run.path.parent}",)

    def test_epochs_that_the_log_lost_are_logged_when_resumed(self, tmp_path):
        run = interrupted(tmp_path, "tensorboard")
        for file in (run.path / "tensorboard").iterdir():
            file.unlink()
        resume(run)
        assert_is_the_history(self.read(run), run)

    def test_without_validation_its_values_are_left_out(self, tmp_path):
        data = tiny_dataset(validation=0)
        run = train(tmp_path, "tensorboard", data=data, data__validation=0.0)
        assert_is_the_history(self.read(run), run)
        names = self.events(run).Tags()["scalars"]
        assert "loss/train" in names
        assert not [name for name in names if "validation" in name or "final" in name]

    def test_a_full_disk_takes_the_log_and_not_the_training(self, tmp_path, monkeypatch, caplog):
        from torch.utils.tensorboard import SummaryWriter

        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(SummaryWriter, "flush", full)
        run = train(tmp_path, "tensorboard")
        [warning] = caplog.records
        assert "Logging to tensorboard failed" in warning.getMessage()
        assert "No space left" in warning.getMessage()
        assert session.is_finished(run)

    def test_a_log_that_cannot_be_opened_is_left(self, tmp_path, caplog):
        run = interrupted(tmp_path, "tensorboard")
        folder = run.path / "tensorboard"
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
        folder.write_text("in the way")
        plan = resume(run)
        assert len(caplog.records) == 1
        assert plan.logs == ()


def test_a_tracker_that_fails_is_said_once_and_told_no_more(tmp_path, caplog):
    failing, sound = Kept(failing=2), Kept("sound")
    listener = tracking.Tracking(Listener(), [failing, sound])
    run = session.start(recipe(), tiny_dataset(), tmp_path, listener)
    assert failing.told == ["begin", 1, 2]
    assert sound.told == ["begin", 1, 2, 3, "end"]
    [warning] = caplog.records
    assert warning.levelno == logging.WARNING
    assert session.is_finished(run)


def test_logging_changes_no_bit_of_what_is_trained(tmp_path):
    logged, plain = train(tmp_path, "tensorboard"), train(tmp_path)
    assert logged.model_file.read_bytes() == plain.model_file.read_bytes()
    assert logged.config() == plain.config()
    assert "log" not in plain.environment()


def test_ctrl_c_ends_the_log(tmp_path):
    kept = Kept()
    listener = tracking.Tracking(StopAfter(1), [kept])
    with pytest.raises(KeyboardInterrupt):
        session.start(recipe(), tiny_dataset(), tmp_path, listener)
    assert kept.told == ["begin", 1, "stopped"]


def test_a_missing_extra_is_said_before_anything_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(tracking.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(SmaltiError) as caught:
        api.train(tmp_path / "nowhere.npz", log="wandb", out=tmp_path)
    assert "wandb, which is not installed" in caught.value.problem
    assert "pip install 'smalti[wandb]'" in caught.value.hint
    assert not list(tmp_path.iterdir())


def test_a_folder_of_logs_is_no_installed_package(tmp_path, monkeypatch):
    (tmp_path / "logs_of_a_tracker").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert not tracking._is_installed("logs_of_a_tracker")
    assert tracking._is_installed("json")


def test_a_run_is_finished_without_a_tracker_that_was_uninstalled(tmp_path, monkeypatch, caplog):
    run = interrupted(tmp_path, "tensorboard")
    monkeypatch.setattr(tracking, "_is_installed", lambda _: False)
    plan = resume(run)
    assert plan.logs == ()
    assert "pip install 'smalti[tensorboard]'" in caplog.text


def test_a_run_whose_record_is_lost_is_resumed_without_a_log(tmp_path):
    run = interrupted(tmp_path, "tensorboard")
    run.environment_file.unlink()
    assert resume(run).logs == ()


@pytest.mark.parametrize("wrong", ["tensorbord", "mlfow", "wanb"])
def test_an_unknown_tracker_gets_the_nearest(wrong, tmp_path):
    with pytest.raises(SmaltiError, match="Did you mean"):
        api.train(tmp_path / "nowhere.npz", log=["tensorboard", wrong], out=tmp_path)


def test_a_classical_method_has_nothing_to_log(npz, tmp_path):
    with pytest.raises(SmaltiError, match="knn knows no epochs"):
        api.train(npz(), "knn", log="tensorboard", out=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_each_seed_has_its_log(npz, tmp_path):
    runs = api.train_seeds(
        npz(), "dense", seeds=2, options={"training.epochs": 2}, out=tmp_path,
        log=["tensorboard", "tensorboard"], make_listener=Listener,
    )  # fmt: skip
    for run in runs:
        assert_is_the_history(TestTensorBoard().read(run), run)


def test_the_command_line_says_how_to_look(npz, cli, tmp_path):
    done = cli("train", npz(), "--recipe", "dense", "--epochs", "1", "--log", "tensorboard")
    assert done.returncode == 0, done.stderr
    assert "log     look with: tensorboard --logdir runs\n" in done.stderr
    resumed = cli("train", "--resume", "runs/tiny-dense-0", "--log", "tensorboard")
    assert resumed.returncode == 2
    assert "takes no other options" in resumed.stderr


@pytest.mark.slow
class TestMLflow:
    @pytest.fixture(autouse=True)
    def database(self, monkeypatch):
        needs("mlflow")
        monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
        monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME", raising=False)
        # What MLflow's own packages warn of while a test reads.
        with warnings.catch_warnings(action="ignore"):
            yield

    def stored(self, run):
        from mlflow.tracking import MlflowClient

        client = MlflowClient(f"sqlite:///{run.path.parent / 'mlflow.db'}")
        return client, client.get_run(run.environment()["log"]["mlflow"]["run"])

    def test_a_resumed_run_reads_back_whole(self, tmp_path):
        run = interrupted(tmp_path, "mlflow")
        assert self.stored(run)[1].info.status == "KILLED"
        plan = resume(run)
        client, found = self.stored(run)
        points = lambda name: client.get_metric_history(found.info.run_id, name)  # noqa: E731
        assert_is_the_history(lambda name: [(p.step, p.value) for p in points(name)], run)
        assert found.info.status == "FINISHED"
        assert found.info.run_name == run.name
        assert found.data.metrics[FINAL_ACCURACY] == pytest.approx(run.best_validation())
        assert found.data.params.keys() == flatten(run.recipe()).keys()
        assert found.data.params["model.filters"] == "4,8"
        assert plan.logs[0].startswith("mlflow ui --backend-store-uri sqlite:///")
        again = train(tmp_path, "mlflow")
        assert self.stored(again)[1].info.experiment_id == found.info.experiment_id


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("http://user:secret@host:5000", "host:5000"),
        ("https://host", "https://host"),
        ("postgresql://user:secret@host/db", "$MLFLOW_TRACKING_URI"),
    ],
)
def test_no_password_is_said(uri, said):
    assert said in _look(uri)
    assert "secret" not in _look(uri)


@pytest.mark.slow
class TestWeightsAndBiases:
    def records(self, file):
        """Return the records of a ``.wandb`` file: a log in LevelDB's format, after 7 bytes."""
        from wandb.proto import wandb_internal_pb2

        content, place, whole, found = file.read_bytes(), 7, b"", []
        while place + 7 <= len(content):
            left = 32768 - place % 32768
            if left < 7:
                place += left
                continue
            length, kind = (
                int.from_bytes(content[place + 4 : place + 6], "little"),
                content[place + 6],
            )
            whole += content[place + 7 : place + 7 + length]
            place += 7 + length
            if kind in (1, 4):  # a whole record, or the last part of one
                record = wandb_internal_pb2.Record()
                record.ParseFromString(whole)
                found.append(record)
                whole = b""
        return found

    def test_a_resumed_run_reads_back_whole(self, tmp_path, monkeypatch):
        needs("wandb")
        monkeypatch.setenv("WANDB_MODE", "offline")
        run = interrupted(tmp_path, "wandb")
        plan = resume(run)
        files = sorted((run.path / "wandb").glob("offline-run-*/*.wandb"))
        assert len(files) == 2
        records = [record for file in files for record in self.records(file)]
        rows = [
            {".".join([item.key, *item.nested_key]).lstrip("."): json.loads(item.value_json)
             for item in record.history.item}
            for record in records if record.WhichOneof("record_type") == "history"
        ]  # fmt: skip
        assert_is_the_history(
            lambda name: [(row["epoch"], row[name]) for row in rows if name in row], run
        )
        begun = [record.run for record in records if record.WhichOneof("record_type") == "run"]
        assert {one.run_id for one in begun} == {run.environment()["log"]["wandb"]["id"]}
        settings = {item.key: item.value_json for item in begun[0].config.update}
        assert flatten(run.recipe()).keys() <= settings.keys()
        assert begun[0].display_name == run.name
        assert plan.logs[0].startswith("wandb sync ")
        summaries = b"".join(file.read_bytes() for file in files)
        assert FINAL_ACCURACY.encode() in summaries

    def test_without_a_login_the_training_goes_on(self, npz, cli, tmp_path):
        needs("wandb")
        # A process of its own: W&B keeps the mode that it was first asked in.
        alone = {"HOME": str(tmp_path), "WANDB_MODE": "online", "WANDB_API_KEY": None}
        done = cli(
            "train", npz(), "--recipe", "dense", "--epochs", "1", "--log", "wandb",
            env={**alone, "PYTHONWARNINGS": None},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert done.stderr.count("Logging to wandb failed") == 1
        [run] = find_runs(tmp_path / "runs")
        assert run.best_validation() is not None
