"""Waiting threads sleep soon, unless somebody has decided how long they are to wait."""

import os
import subprocess
import sys

import pytest

from smalti.sharing import SPINS, share_processor


@pytest.mark.parametrize(
    ("given", "spins"),
    [
        ({}, SPINS),
        ({"GOMP_SPINCOUNT": "7"}, "7"),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, None),
        ({"OMP_WAIT_POLICY": "ACTIVE", "GOMP_SPINCOUNT": "7"}, "7"),
    ],
)
def test_what_was_set_is_obeyed(given, spins, monkeypatch):
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    share_processor()
    assert os.environ.get("GOMP_SPINCOUNT") == spins


def test_it_is_settled_before_pytorch_is_there():
    ask = "import smalti, os, sys; print(os.environ['GOMP_SPINCOUNT'], 'torch' in sys.modules)"
    unset = {
        name: value
        for name, value in os.environ.items()
        if name not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
    }
    said = subprocess.run(
        [sys.executable, "-c", ask], env=unset, capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == [SPINS, "False"]
