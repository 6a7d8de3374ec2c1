"""``.keras`` archives looked through before Keras sees them. Runs in the child."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from smalti.classifier.keras.config import unsafe_path
from smalti.classifier.keras.hdf5 import check_expansion
from smalti.errors import SmaltiError

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"

_MEMBERS = 10_000
_LARGEST_JSON = 64 << 20


def check_members(archive: zipfile.ZipFile, file: str, size: int) -> None:
    """Refuse names that lead out of the folder, doubles, passwords and bombs.

    By the table at the archive's end alone; nothing is unpacked.
    """
    members = archive.infolist()
    names = [member.filename for member in members]
    if len(members) > _MEMBERS:
        raise SmaltiError(f"{file} holds {len(members):,} files; expected a few.")
    for member in members:
        # Some writers' backslashes are made into slashes when the table is read.
        if unsafe_path(member.orig_filename):
            raise SmaltiError(
                f"{file} holds a file whose name leads out of its folder "
                f"({member.orig_filename!r:.60})."
            )
        if member.flag_bits & 1:
            raise SmaltiError(f"{file} is encrypted.")
    if len(set(names)) < len(names):
        raise SmaltiError(f"{file} holds two files of the same name.")
    check_expansion(sum(member.file_size for member in members), size, file)
    for name in (CONFIG, WEIGHTS):
        if name not in names:
            raise SmaltiError(
                f"{file} is not a Keras model: it holds no {name}.",
                "Expected a file written by model.save('….keras').",
            )


def read_json(archive: zipfile.ZipFile, name: str, file: str) -> dict[str, Any]:
    """Return a JSON object of the archive; empty where there is no such file."""
    if name not in archive.namelist():
        return {}
    if archive.getinfo(name).file_size > _LARGEST_JSON:
        raise SmaltiError(f"{file} holds a {name} of more than {_LARGEST_JSON >> 20} MB.")
    try:
        content = json.loads(archive.read(name))
    except (ValueError, RecursionError) as error:
        raise SmaltiError(f"{file} is damaged: its {name} is not valid JSON.") from error
    if not isinstance(content, dict):
        raise SmaltiError(f"{file} is damaged: its {name} is no object.")
    return content


def unpack_weights(archive: zipfile.ZipFile, target: Path) -> None:
    """Unpack the weights to a place of our own choice, piece by piece."""
    with archive.open(WEIGHTS) as source, target.open("wb") as file:
        while piece := source.read(1 << 20):
            file.write(piece)


def write_archive(
    target: Path, config: dict[str, Any], metadata: dict[str, Any], weights: Path
) -> None:
    """Write an archive as Keras writes them."""
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(METADATA, json.dumps(metadata))
        archive.writestr(CONFIG, json.dumps(config))
        archive.write(weights, WEIGHTS)
