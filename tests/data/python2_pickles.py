"""Pickles as Python 2 wrote the published batches of CIFAR: opcode by opcode, protocol 2."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

PROTOCOL_2 = b"\x80\x02"


def pickled(value: Mapping[str, Any]) -> bytes:
    """Return a dictionary of texts, numbers, lists and uint8 arrays as a pickle."""
    return PROTOCOL_2 + _dumped(dict(value)) + b"."


def _dumped(value: Any) -> bytes:
    if isinstance(value, dict):
        pairs = b"".join(_dumped(key) + _dumped(item) for key, item in value.items())
        return b"}(" + pairs + b"u"
    if isinstance(value, list):
        return b"](" + b"".join(map(_dumped, value)) + b"e"
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, str):
        return _text(value.encode("ascii"))
    return _number(value)


def _number(value: int) -> bytes:
    if 0 <= value < 256:
        return b"K" + bytes([value])
    return (
        b"M" + struct.pack("<H", value) if 0 <= value < 65536 else b"J" + struct.pack("<i", value)
    )


def _text(value: bytes) -> bytes:
    """Return a ``str`` of Python 2, which is bytes."""
    if len(value) < 256:
        return b"U" + bytes([len(value)]) + value
    return b"T" + struct.pack("<i", len(value)) + value


def _array(value: np.ndarray) -> bytes:
    made = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n" + b"K\0\x85" + _text(b"b")
    kind = b"cnumpy\ndtype\n" + _text(b"u1") + b"K\0K\x01\x87R"
    kind += b"(K\x03" + _text(b"|") + b"NNN" + _number(-1) + _number(-1) + b"K\0tb"
    shape = b"(" + b"".join(map(_number, value.shape)) + b"t"
    return made + b"\x87R(K\x01" + shape + kind + b"\x89" + _text(value.tobytes()) + b"tb"
