"""What goes through the pipes: a line of JSON, then the bytes of the arrays that it announces."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import IO, Any

import numpy as np

LARGEST_LINE = 1 << 26
LARGEST_ARRAY = 1 << 32
"""Bytes that a message may announce; more is a broken pipe or a child gone astray."""


def write_message(
    stream: IO[bytes], content: Mapping[str, Any], arrays: Sequence[np.ndarray] = ()
) -> None:
    """Write JSON values and numeric arrays; the other side has them when this returns."""
    whole = [np.ascontiguousarray(array) for array in arrays]
    forms = [{"dtype": array.dtype.str, "shape": list(array.shape)} for array in whole]
    line = json.dumps({"content": dict(content), "arrays": forms})
    stream.write(line.encode() + b"\n")
    for array in whole:
        stream.write(array.reshape(-1).view(np.uint8).data)
    stream.flush()


def read_message(stream: IO[bytes]) -> tuple[dict[str, Any], list[np.ndarray]] | None:
    """Return what :func:`write_message` wrote, or None where the other side has gone.

    Only numbers are taken. ValueError for what is no message.
    """
    line = stream.readline(LARGEST_LINE)
    if not line.endswith(b"\n"):
        return None
    message = json.loads(line)
    arrays = []
    for form in message["arrays"]:
        kind, shape = np.dtype(form["dtype"]), tuple(map(int, form["shape"]))
        size = kind.itemsize * math.prod(shape)
        if kind.kind not in "biuf" or not 0 <= size <= LARGEST_ARRAY:
            raise ValueError(f"an array {kind} of {size} bytes")
        content = stream.read(size)
        if len(content) < size:
            return None
        arrays.append(np.frombuffer(content, kind).reshape(shape))
    return message["content"], arrays
