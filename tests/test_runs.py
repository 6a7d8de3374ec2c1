import numpy as np
import pytest

from smalti.errors import SmaltiError
from smalti.files import write_json
from smalti.runs import Run, find_runs, safe_name

ROW = {
    "epoch": 1, "lr": 0.001, "train_loss": 1.5, "train_accuracy": 0.5,
    "val_loss": None, "val_accuracy": None, "seconds": 2.04,
}  # fmt: skip


@pytest.fixture
def run(tmp_path):
    return Run.create(tmp_path, "digits-cnn-0", {"name": "cnn"})


def test_the_config_is_written_first(run):
    assert [file.name for file in run.path.iterdir()] == ["config.json"]
    assert run.config() == {"name": "cnn"}


def test_history_keeps_empty_cells(run):
    run.write_history([ROW, {**ROW, "epoch": 2, "val_loss": 0.25}])
    assert run.history_file.read_text().splitlines()[1] == "1,0.001,1.5,0.5,,,2.0"
    assert run.history()[1] == {**ROW, "epoch": 2, "val_loss": 0.25, "seconds": 2.0}


def test_a_damaged_history_is_one_sentence(run):
    run.history_file.write_text("epoch,loss\n1,2\n")
    with pytest.raises(SmaltiError, match="expected the columns epoch, lr"):
        run.history()


def test_samples_of_a_kind_replace_each_other_only(run):
    grey, colour = np.zeros((4, 5, 1), np.uint8), np.zeros((4, 5, 3), np.uint8)
    run.write_samples("right", [grey], [{"label": "a"}])
    run.write_samples("wrong", [colour, colour], [{"label": "b"}, {"label": "c"}])
    run.write_samples("right", [colour], [{"label": "z"}])
    index = run.samples()
    assert index["right"] == [{"file": "right-00.png", "label": "z"}]
    assert [note["file"] for note in index["wrong"]] == ["wrong-00.png", "wrong-01.png"]
    assert all((run.samples_folder / note["file"]).exists() for note in index["wrong"])


def test_outputs_come_back(run):
    logits, labels = np.ones((3, 2), np.float64), np.array([0, 1, 1], np.uint8)
    run.write_outputs("test", logits, labels)
    found, found_labels = run.outputs("test")
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found_labels, labels)
    assert run.outputs("validation") is None


def test_runs_are_found_and_others_left_alone(run, tmp_path):
    (tmp_path / "something else").mkdir()
    assert [found.name for found in find_runs(tmp_path)] == ["digits-cnn-0"]
    assert find_runs(tmp_path / "nowhere") == []


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("digits-cnn-0", "digits-cnn-0"),
        ("my pictures/../x", "my-pictures-..-x"),
        ("Äpfel & Birnen", "Äpfel-Birnen"),
        ("../..", "run"),
        ("", "run"),
    ],
)
def test_names_are_made_safe(name, safe):
    assert safe_name(name) == safe


def test_a_run_shows_itself_in_a_notebook_and_escapes_what_it_shows(run):
    run.write_history([{**ROW, "val_loss": 0.2, "val_accuracy": 0.75}])
    run.write_metrics({"accuracy": 0.5})
    write_json(run.config_file, {"name": "<b>x</b>"})
    shown = run._repr_html_()
    assert "75.00 %" in shown
    assert "50.00 %" in shown
    assert "&lt;b&gt;x&lt;/b&gt;" in shown


def test_leftovers_of_a_killed_process_are_removed(run):
    leftover = run.path / "outputs" / ".test.safetensors.123.tmp"
    leftover.parent.mkdir()
    leftover.write_bytes(b"half")
    run.remove_leftovers()
    assert not leftover.exists()
    assert run.config_file.exists()
