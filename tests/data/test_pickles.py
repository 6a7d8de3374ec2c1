"""The batches are read; whatever else a pickle may hold is refused and never run."""

from __future__ import annotations

import io
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from smalti.data.pickles import read_batch
from smalti.errors import SmaltiError
from tests.data.python2_pickles import PROTOCOL_2, pickled

DATA = np.arange(4 * 3072, dtype=np.uint8).reshape(4, 3072)
BATCH = {"data": DATA, "labels": [0, 9, 3, 3], "batch_label": "testing batch 1 of 1"}


def test_a_batch_as_python_2_wrote_it() -> None:
    read = read_batch(pickled(BATCH), "test_batch")
    assert list(read) == ["data", "labels", "batch_label"]
    assert (read["data"] == DATA).all()
    assert read["data"].dtype == np.uint8
    assert read["labels"] == [0, 9, 3, 3]


def test_our_stand_in_for_python_2_is_what_numpy_reads() -> None:
    whole = pickle.loads(pickled(BATCH), encoding="bytes")
    assert (whole[b"data"] == DATA).all()
    assert whole[b"labels"] == BATCH["labels"]


@pytest.mark.parametrize("protocol", [3, 4])
def test_a_batch_written_again_by_python_3(protocol: int) -> None:
    again = pickle.dumps({**BATCH, "data": np.asfortranarray(DATA)}, protocol=protocol)
    assert (read_batch(again, "test_batch")["data"] == DATA).all()


class Touch:
    """Pickled, it makes a file when it is loaded the usual way."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_would_run_something_is_refused(tmp_path: Path, protocol: int) -> None:
    trap = tmp_path / "sprung"
    content = pickle.dumps({**BATCH, "labels": Touch(trap)}, protocol=protocol)
    with pytest.raises(SmaltiError) as caught:
        read_batch(content, "data/test_batch")
    assert not trap.exists()
    assert "data/test_batch is refused: it is a pickle that asks for" in caught.value.problem
    assert "nothing in it was run" in caught.value.problem
    assert "\n" not in caught.value.problem
    pickle.loads(content)
    assert trap.exists()


@pytest.mark.parametrize(
    ("asked", "content"),
    [
        ("__builtin__.eval", b"c__builtin__\neval\n(S'1'\ntR."),
        ("posix.system", b"cposix\nsystem\n."),
        ("os.system", b"\x80\x04\x8c\x02os\x8c\x06system\x93."),
        ("numpy.core.multiarray.fromfile", b"cnumpy.core.multiarray\nfromfile\n."),
        ("numpy.ndarray.tofile", b"\x80\x04\x8c\x05numpy\x8c\x0endarray.tofile\x93."),
        ("numpy.fromfile", b"cnumpy\nfromfile\n."),
        ("_codecs.encode", b"c_codecs\nencode\n."),
        ("__builtin__.object", b"(i__builtin__\nobject\n."),
    ],
)
def test_other_names_are_refused_before_they_are_looked_up(asked: str, content: bytes) -> None:
    with pytest.raises(SmaltiError, match=f"asks for {asked},"):
        read_batch(PROTOCOL_2 + content if content[:1] != b"\x80" else content, "x")


SHELL = b"cnumpy\nndarray\n"
DTYPE = b"cnumpy\ndtype\n(U\x02u1tR"


def told(state: bytes) -> bytes:
    """Return a batch whose data is a shell that was told this state."""
    return PROTOCOL_2 + b"}U\x04data" + SHELL + b"(tR" + state + b"bs."


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no pickle",
        pickled(BATCH)[:-500],
        PROTOCOL_2 + b"K\x01.",
        PROTOCOL_2 + b"Pname\n.",
        PROTOCOL_2 + b"\x82\x01.",  # a name from the extension registry
        told(b"N"),
        told(b"(K\x01(K\x02t" + DTYPE + b"\x89U\x01at"),  # two pixels, one byte
        told(b"(K\x01(J\xff\xff\xff\xffJ\xff\xff\xff\xfft" + DTYPE + b"\x89U\x01at"),
        told(b"(K\x01(K\x01tcnumpy\ndtype\n(U\x01OtR\x89](K\x01et"),  # an array of objects
        PROTOCOL_2 + b"}U\x04data" + SHELL + b"s.",  # never told anything
        PROTOCOL_2 + SHELL + b"}\x93.",
        PROTOCOL_2 + SHELL + b"(t\x81.",  # a new object of no class
        PROTOCOL_2 + b"](" * 100_000,
        b"\x80\x05\x96" + (2**62).to_bytes(8, "little"),  # bytes that would fill any memory
    ],
)
def test_what_is_broken_is_said_to_be_damaged(content: bytes) -> None:
    with pytest.raises(SmaltiError, match="x is damaged: ") as caught:
        read_batch(content, "x")
    assert len(caught.value.problem) < 200


def test_a_shell_is_no_door() -> None:
    # Attributes set on what stands for NumPy must not reach NumPy, nor the next file.
    content = b"cnumpy\nndarray\n(N}U\x04nameK\x01stb"
    read_batch(PROTOCOL_2 + b"}U\x04data" + content + b"0}.", "x")
    assert np.ndarray.__name__ == "ndarray"
    assert (read_batch(pickled(BATCH), "x")["data"] == DATA).all()


def test_numbers_and_text_in_many_lengths() -> None:
    values = {"small": 3, "short": 3000, "long": 300_000, "text": "x" * 1000}
    read = read_batch(pickled(values), "x")
    assert [read[key] for key in ("small", "short", "long")] == [3, 3000, 300_000]
    assert read["text"] == b"x" * 1000
    assert pickle.Unpickler(io.BytesIO(pickled(values)), encoding="ascii").load() == values
