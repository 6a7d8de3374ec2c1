"""The child that Keras runs in may crash, hang or eat memory; smalti says so and goes on."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from smalti.classifier.keras import process
from smalti.classifier.keras.classifier import KerasFile
from smalti.classifier.keras.messages import read_message, write_message
from smalti.classifier.keras.process import KerasProcess
from smalti.errors import MachineError, SmaltiError
from tests.classifier.keras_made import dense_h5
from tests.support import REPOSITORY, process_environment


@pytest.fixture
def stand_in(monkeypatch):
    """Return ``stand_in(**options)``: a process of its own with the misbehaving child."""
    monkeypatch.setattr(process, "_WORKER", "tests.classifier.keras_stand_in")
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    made = []

    def make(**options):
        made.append(KerasProcess(**options))
        return made[-1]

    yield make
    for child in made:
        child.close()


def test_messages_carry_values_and_arrays():
    stream = io.BytesIO()
    arrays = [np.arange(6, dtype=np.float32).reshape(2, 3).T, np.zeros((0, 3), np.uint8)]
    write_message(stream, {"a": [1, "ü"]}, arrays)
    stream.seek(0)
    content, found = read_message(stream)
    assert content == {"a": [1, "ü"]}
    assert all(np.array_equal(*pair) for pair in zip(found, arrays, strict=True))
    assert read_message(stream) is None


@pytest.mark.parametrize("kind", ["|O", "<U4"])
def test_messages_carry_nothing_but_numbers(kind):
    line = json.dumps({"content": {}, "arrays": [{"dtype": kind, "shape": [1]}]})
    with pytest.raises(ValueError, match="an array"):
        read_message(io.BytesIO(line.encode() + b"\n" + bytes(99)))


def test_one_child_answers_many_requests_and_leaves_nothing(stand_in):
    child = stand_in()
    home = None
    for number in range(3):
        reply, [doubled] = child.call("double", {}, [np.full((300, 300), number)])
        assert (doubled == 2 * number).all()
        assert home in (None, reply["home"])
        home = reply["home"]
    assert Path(home).is_dir()
    child.close()
    assert not Path(home).exists()
    with pytest.raises(MachineError, match="has ended; load the file again"):
        child.call("double", {})


@pytest.mark.parametrize(
    ("wish", "options", "said"),
    [
        ("hang", {"timeout": 0.5}, "gave no answer within 0.5 seconds"),
        ("crash", {}, "ended unexpectedly (signal 6)"),
        ("leave", {}, "ended unexpectedly (exit code 1: no more today)"),
        pytest.param("eat", {"memory": 1 << 30}, "needs more than 1 GB of memory",
                     marks=pytest.mark.skipif(sys.platform != "linux", reason="Linux limits")),
        ("babble", {}, "ended unexpectedly"),
    ],
)  # fmt: skip
def test_every_end_of_the_child_is_one_sentence(stand_in, wish, options, said):
    child = stand_in(**options)
    with pytest.raises(MachineError) as caught:
        child.call(wish, {})
    assert said in caught.value.problem
    assert "\n" not in caught.value.problem
    assert not child.alive


@pytest.mark.skipif(sys.platform == "win32", reason="a parent's end is seen by its number there")
def test_the_child_ends_with_its_folder_when_the_parent_is_killed(tmp_path):
    program = """
import sys
from smalti.classifier.keras import process
process._WORKER = "tests.classifier.keras_stand_in"
child = process.KerasProcess()
print(child._child.pid, child._folder.name, flush=True)
child.call("hang", {})
"""
    environment = {**process_environment(), "PYTHONPATH": str(REPOSITORY), "TMPDIR": str(tmp_path)}
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment
    )
    with parent:
        number, folder = parent.stdout.readline().split()
        wait_until(lambda: Path(f"/proc/{number}").exists() or sys.platform != "linux")
        parent.kill()
    wait_until(lambda: not Path(folder).exists())
    wait_until(lambda: not alive(int(number)))


def alive(number):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(true, seconds=60):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_small_machine_gives_the_child_less_memory(monkeypatch):
    monkeypatch.setattr(process, "memory_free", lambda: 4 << 30)
    assert process.memory_limit() == 3 << 30
    for free in (None, 1 << 40):
        monkeypatch.setattr(process, "memory_free", lambda free=free: free)
        assert process.memory_limit() == process.MEMORY


def test_after_a_crash_the_next_file_gets_a_new_child(stand_in, monkeypatch):
    monkeypatch.setattr(process, "_shared", [])
    first = process.shared()
    assert process.shared() is first
    with pytest.raises(MachineError):
        first.call("crash", {})
    second = process.shared()
    assert second is not first
    second.call("double", {})
    second.close()


def test_a_model_may_be_let_go_in_the_middle_of_another_request(stand_in, monkeypatch):
    child = stand_in()
    exchange, order = child._exchange, []

    def interrupted(content, arrays):
        order.append(content["function"])
        if content["function"] == "double":
            child.call_later("forget", {})  # as when Python collects garbage just now
        return exchange(content, arrays)

    monkeypatch.setattr(child, "_exchange", interrupted)
    child.call("double", {})
    child.call("double", {})
    assert order == ["double", "forget", "double"]


def test_a_missing_extra_gives_its_pip_line(monkeypatch):
    found = importlib.util.find_spec
    without = lambda name: None if name == "keras" else found(name)  # noqa: E731
    monkeypatch.setattr(importlib.util, "find_spec", without)
    with pytest.raises(SmaltiError, match="Keras files need keras, which is not installed") as said:
        KerasProcess()
    assert "pip install 'smalti[keras]'" in said.value.hint


def test_neither_programs_nor_network_are_open_to_the_child():
    ask = (
        "import os, socket, subprocess, sys\n"
        "from smalti.classifier.keras import worker\n"
        "sys.addaudithook(worker._refuse)\n"
        "for act in (lambda: os.system('true'), lambda: subprocess.run(['true']),\n"
        "            lambda: socket.create_connection(('127.0.0.1', 9))):\n"
        "    try:\n        act()\n    except PermissionError:\n        print('refused')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", ask], env=process_environment(), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["refused"] * 3


def test_nothing_of_keras_is_imported_here_and_models_are_let_go(tmp_path):
    path, _ = dense_h5(tmp_path / "a.h5", 3)
    file = KerasFile(path)
    child, model = file.process, file.facts["model"]
    batch = np.zeros((1, 12, 12), np.float32)
    assert file.logits(batch).shape == (1, 3)
    assert "keras" not in sys.modules
    del file
    with pytest.raises(SmaltiError, match=f"Keras could not do it: {model}"):
        child.call("smalti.classifier.keras.reading:predict", {"model": model}, [batch])
