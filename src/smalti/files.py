"""Files that are written whole or not at all, and read with one clear sentence when damaged.

Weights and arrays are safetensors, everything else JSON or CSV: nothing is ever a pickle. Every
file is written beside its place and renamed, so that a reader never meets half a file.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from smalti.errors import MachineError, SmaltiError

_METADATA_KEY = "smalti"


@contextmanager
def machine_errors(path: Path, elsewhere: str = "another folder with --out") -> Iterator[None]:
    """Turn a failing disk into one sentence that says that finished work is kept.

    ``elsewhere`` is what the user may choose instead.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise MachineError(
            f"Could not write {path}: {reason}.",
            f"What was finished before is kept; free space, or choose {elsewhere}.",
        ) from error


def write_bytes(path: Path, content: bytes, elsewhere: str = "another folder with --out") -> None:
    """Write a file whole: beside its place, flushed to disk, then renamed over it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with machine_errors(path, elsewhere):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON that a person can read."""
    write_bytes(path, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())


def read_json(path: Path, repair: str = "") -> dict[str, Any]:
    """Read a JSON object; a missing or damaged file is one sentence with the ``repair`` command."""
    hint = f"Repair it with: {repair}" if repair else ""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SmaltiError(f"{path} is missing.", hint) from error
    except OSError as error:
        raise unreadable(path, error) from error
    except ValueError as error:
        raise SmaltiError(f"{path} is damaged: it is not valid JSON ({error}).", hint) from error
    if not isinstance(content, dict):
        raise SmaltiError(f"{path} is damaged: expected a JSON object.", hint)
    return content


def write_csv(path: Path, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write a table with a header line."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    write_bytes(path, text.getvalue().encode())


def write_tensors(
    path: Path, arrays: Mapping[str, np.ndarray], state: Mapping[str, Any] | None = None
) -> None:
    """Write named arrays as safetensors with a checksum of their content and a JSON ``state``.

    Both stand in one metadata key: safetensors writes several in no stable order.
    """
    from safetensors.numpy import save

    # NumPy's ascontiguousarray would make a vector of a single number.
    contiguous = {key: np.asarray(array, order="C") for key, array in arrays.items()}
    note = {"sha256": _digest(contiguous), "state": dict(state or {})}
    write_bytes(path, save(contiguous, metadata={_METADATA_KEY: json.dumps(note)}))


def read_tensors(path: Path, repair: str = "") -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Read what :func:`write_tensors` wrote: the arrays and the state.

    A missing, truncated or edited file is one sentence with the ``repair`` command.
    """
    from safetensors import SafetensorError, safe_open

    hint = f"Repair it with: {repair}" if repair else ""
    if not path.is_file():
        raise SmaltiError(f"{path} is missing.", hint)
    try:
        # safetensors calls a file that may not be read a missing one; Python says what is wrong.
        path.open("rb").close()
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        note = json.loads(metadata[_METADATA_KEY])
        expected, state = note["sha256"], note["state"]
    except OSError as error:
        raise unreadable(path, error) from error
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise SmaltiError(f"{path} is damaged: {error}.", hint) from error
    if _digest(arrays) != expected:
        raise SmaltiError(f"{path} is damaged: its content does not match its checksum.", hint)
    return arrays, state


def _digest(arrays: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.sha256()
    for key in sorted(arrays):
        array = arrays[key]
        digest.update(f"{key} {array.dtype.str} {array.shape};".encode())
        digest.update(array.reshape(-1).view(np.uint8).data if array.size else b"")
    return digest.hexdigest()


def unreadable(path: Path, error: OSError) -> MachineError:
    """Return the error for a file that is there but cannot be read."""
    return MachineError(f"Could not read {path}: {error.strerror or error}.")
