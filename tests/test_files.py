import json

import numpy as np
import pytest

from smalti.errors import MachineError, SmaltiError
from smalti.files import (
    read_json,
    read_tensors,
    write_bytes,
    write_csv,
    write_json,
    write_tensors,
)

ARRAYS = {
    "b": np.arange(6, dtype=np.float32).reshape(2, 3),
    "a": np.array(3, dtype=np.int64),
    "empty": np.zeros((0, 4), np.uint8),
}


def test_tensors_and_state_come_back_as_they_were(tmp_path):
    path = tmp_path / "x.safetensors"
    write_tensors(path, ARRAYS, {"epoch": 3, "list": [1.5, None]})
    arrays, state = read_tensors(path)
    assert state == {"epoch": 3, "list": [1.5, None]}
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert (arrays[name].dtype, arrays[name].shape) == (array.dtype, array.shape)


def test_the_same_content_is_the_same_file(tmp_path):
    for name in ("one", "two"):
        write_tensors(tmp_path / name, ARRAYS, {"x": 1, "y": 2})
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_every_changed_byte_is_noticed(tmp_path):
    path = tmp_path / "x.safetensors"
    write_tensors(path, ARRAYS)
    content = path.read_bytes()
    for place in range(0, len(content), 3):
        changed = bytearray(content)
        changed[place] ^= 0x55
        path.write_bytes(changed)
        with pytest.raises(SmaltiError, match="is damaged"):
            read_tensors(path, "smalti repair")


def test_foreign_safetensors_are_refused(tmp_path):
    from safetensors.numpy import save_file

    save_file({"w": np.zeros(3)}, tmp_path / "x.safetensors")
    with pytest.raises(SmaltiError, match="is damaged"):
        read_tensors(tmp_path / "x.safetensors")


def test_a_missing_file_gives_the_repairing_command(tmp_path):
    with pytest.raises(SmaltiError, match="is missing") as caught:
        read_tensors(tmp_path / "x.safetensors", "smalti repair")
    assert caught.value.hint == "Repair it with: smalti repair"
    with pytest.raises(SmaltiError, match="is missing"):
        read_json(tmp_path / "x.json")


@pytest.mark.parametrize("content", ["", "{", "[1]", "nul", '{"a": 1}}'])
def test_damaged_json_is_one_sentence(content, tmp_path):
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(SmaltiError, match=r"x.json is damaged"):
        read_json(path)


def test_json_is_readable_by_people(tmp_path):
    write_json(tmp_path / "x.json", {"name": "Äpfel", "n": [1, 2]})
    text = (tmp_path / "x.json").read_text(encoding="utf-8")
    assert "Äpfel" in text
    assert json.loads(text) == {"name": "Äpfel", "n": [1, 2]}


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch):
    path = tmp_path / "x.txt"
    write_bytes(path, b"old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(MachineError, match="No space left on device") as caught:
        write_bytes(path, b"new")
    assert "kept" in caught.value.hint
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_csv_quotes_what_needs_it(tmp_path):
    write_csv(tmp_path / "x.csv", ("a", "b"), [("1,5", 'say "x"')])
    assert (tmp_path / "x.csv").read_text() == 'a,b\n"1,5","say ""x"""\n'
