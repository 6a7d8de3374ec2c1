"""The pickles of CIFAR, read without running anything that stands in them.

A pickle is a program: it may name any function of any module and call it. The published batches
name three, those that rebuild a NumPy array. Here these stand for empty shells that only keep what
they are given; every other name is refused before it is looked up, and the bytes of the array are
taken from the shell once its type and length are as they must be.
"""

from __future__ import annotations

import io
import pickle
from math import prod
from typing import Any

import numpy as np

from smalti.errors import SmaltiError

_MODULES = ("numpy.core.multiarray", "numpy._core.multiarray")


class _Forbidden(pickle.UnpicklingError):
    """A name that no published batch holds."""


class _Shell:
    """What stands for NumPy's functions: called, it gives a shell; told a state, it keeps it."""

    __slots__ = ("made_from", "state")

    def __init__(self, made_from: tuple[Any, ...] = ()) -> None:
        self.made_from = made_from
        self.state: Any = None

    def __call__(self, *arguments: Any) -> _Shell:
        return _Shell(arguments)

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Reader(pickle._Unpickler):
    # The one in Python: the C one lets nine bytes ask for gigabytes (an index into its memo).
    def find_class(self, module: str, name: str) -> Any:
        array = (module, name) in {("numpy", "ndarray"), ("numpy", "dtype")}
        if array or (module in _MODULES and name == "_reconstruct"):
            return _Shell()
        raise _Forbidden(f"{module}.{name}")


def read_batch(content: bytes, what: str) -> dict[str, Any]:
    """Return the dictionary of a CIFAR batch: numbers, texts (as bytes), lists and uint8 arrays.

    Keys are text. ``what`` names the file in errors; one that asks for anything else is refused.
    """
    try:
        loaded = _Reader(io.BytesIO(content), encoding="bytes").load()
        if not isinstance(loaded, dict):
            raise TypeError("it is no dictionary")
        return {_text(key): _array(value) for key, value in loaded.items()}
    except _Forbidden as error:
        raise SmaltiError(
            f"{what} is refused: it is a pickle that asks for {error}, which no published file "
            "does; nothing in it was run.",
            "Delete it and fetch the set again.",
        ) from error
    except Exception as error:  # whatever a broken pickle may end in
        raise SmaltiError(
            f"{what} is damaged: {' '.join(str(error).split()) or type(error).__name__}.",
            "Delete it and fetch the set again.",
        ) from error


def _text(key: Any) -> str:
    return key.decode("ascii") if isinstance(key, bytes) else str(key)


def _array(value: Any) -> Any:
    """Return the uint8 array that a shell was told; any other value as it is."""
    if not isinstance(value, _Shell):
        return value
    _, shape, kind, fortran, raw = value.state
    if kind.made_from[0] not in (b"u1", "u1") or not isinstance(raw, bytes):
        raise TypeError("its array does not hold bytes")
    if not all(isinstance(n, int) and n >= 0 for n in shape) or prod(shape) != len(raw):
        raise TypeError("its array has another length than its shape says")
    return np.frombuffer(raw, np.uint8).reshape(shape, order="F" if fortran else "C")
