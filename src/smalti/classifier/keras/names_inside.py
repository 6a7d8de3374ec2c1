"""Class names inside a Keras file: where the exporter puts them, and where they are found.

Two places. A JSON object of smalti's own (a key of ``metadata.json`` in ``.keras``, an attribute of
the ``.h5``), exact but lost when somebody loads the model and saves it again. And the name of the
last layer, ``classes.cat.dog``: Keras keeps layer names through loading, saving, fine-tuning and
conversion, and shows them in ``model.summary()``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from smalti.wording import is_showable

METADATA_KEY = "smalti"
PREFIX = "classes."
LONGEST = 30_000
"""Characters of a layer's name; HDF5 stores no attribute of more than 64 kB."""


def layer_name(class_names: Sequence[str]) -> str:
    """Return the last layer's name; what TensorFlow does not allow there is written ``_xHEX_``."""
    name = PREFIX + ".".join(map(_encoded, class_names))
    return name if len(name) <= LONGEST else "classes"


def own_metadata(data: Any) -> dict[str, Any]:
    """Return what smalti put into a file; anything that it would not have written is left out."""
    if not isinstance(data, dict):
        return {}
    kept = {key: data[key] for key in ("smalti", "scale", "data") if isinstance(data.get(key), str)}
    names = data.get("class_names")
    if isinstance(names, list) and names and all(map(is_showable, names)):
        kept["class_names"] = names
    return kept


def names_from(data: Any, layer_names: Sequence[str]) -> list[str]:
    """Return the class names in a file's metadata or in its last layer's name; else none."""
    stored = data.get("class_names") if isinstance(data, dict) else None
    if isinstance(stored, list) and stored and all(isinstance(name, str) for name in stored):
        return stored
    last = layer_names[-1] if layer_names else ""
    if not last.startswith(PREFIX):
        return []
    names = [_decoded(part) for part in last.removeprefix(PREFIX).split(".")]
    return names if all(map(is_showable, names)) else []


def _encoded(name: str) -> str:
    kept = re.sub(r"[^A-Za-z0-9-]", lambda found: f"_x{ord(found[0]):X}_", name)
    return kept or "_x_"


def _decoded(part: str) -> str:
    return re.sub(r"_x([0-9A-F]*)_", lambda found: chr(int(found[1] or "0", 16)), part).strip("\0")
