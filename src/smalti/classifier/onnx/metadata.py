"""What an ONNX file of smalti's own says of itself: one JSON object in ``metadata_props``.

It is the run's ``classifier.json`` with its ``calibration.json`` (``calibration``, None where there
is none), the fingerprint of the weights (``weights``), smalti's version (``smalti``), the range of
pixel values (``scale``), and the seal (``sha256``): the checksum of the whole file with zeros in
the seal's own place. ONNX has none, and a bit that flipped in the weights would answer like any
other.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from smalti import calibration
from smalti.calibration import Calibration
from smalti.version import __version__
from smalti.wording import is_showable

METADATA_KEY = "smalti"
INPUT, LOGITS, PROBABILITIES = "pictures", "logits", "probabilities"
"""Names of the graph's input (uint8 N×H×W×C) and outputs (float32 N×K)."""

SCALE = "0-255"
_WRITTEN_HERE = ("smalti", "scale", "weights", "calibration", "sha256")
_UNSEALED = "0" * 64
_SEAL = re.compile(rb'"sha256": "([0-9a-f]{64})"')


@dataclass(frozen=True)
class Facts:
    """What a file says of itself, each value of the kind that smalti writes."""

    class_names: tuple[str, ...]
    input_shape: tuple[int, int, int]
    views: int
    content: dict[str, Any]
    calibration: Calibration | None = None

    @property
    def version(self) -> str:
        """The version of smalti that wrote the file."""
        return str(self.content.get("smalti", ""))

    @property
    def parameters(self) -> int:
        """How many trained values the network has; 0 where its run did not say."""
        count = self.content.get("parameters", 0)
        return count if isinstance(count, int) else 0

    def describes(self, description: Mapping[str, Any], weights: str) -> bool:
        """Tell whether the file was made of these very weights and this very classifier.json."""
        return self.content.get("weights") == weights and all(
            self.content.get(key) == value
            for key, value in description.items()
            if key not in _WRITTEN_HERE
        )


def metadata(
    description: Mapping[str, Any], weights: str, calibrated: Calibration | None = None
) -> str:
    """Return the text that goes into a file."""
    own = {
        "smalti": __version__,
        "scale": SCALE,
        "weights": weights,
        "calibration": calibrated.to_dict() if calibrated else None,
        "sha256": _UNSEALED,
    }
    return json.dumps({**description, **own}, ensure_ascii=False)


def sealed(content: bytes) -> bytes:
    """Return a file's content with its seal in place; ValueError where it has no place for one."""
    found = _SEAL.search(content)
    if found is None:
        raise ValueError("no metadata of smalti's own in this file")
    start, end = found.span(1)
    blank = content[:start] + _UNSEALED.encode() + content[end:]
    return blank[:start] + hashlib.sha256(blank).hexdigest().encode() + blank[end:]


def is_whole(content: bytes) -> bool | None:
    """Tell whether a content matches its seal; None where it has none: smalti did not write it."""
    return None if _SEAL.search(content) is None else sealed(content) == content


def read_facts(text: str) -> Facts | None:
    """Return what the text says, or None where it is not what smalti writes."""
    try:
        content = json.loads(text)
        names, shape = content["class_names"], content["input_shape"]
        views = content.get("views", 1)
        fitted = content.get("calibration")
        found = calibration.read(fitted) if fitted is not None else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    if not (isinstance(names, list) and len(names) > 1 and all(map(is_showable, names))):
        return None
    if not (isinstance(shape, list) and len(shape) == 3 and all(map(_is_size, [*shape, views]))):
        return None
    return Facts(tuple(names), (shape[0], shape[1], shape[2]), views, content, found)


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and value > 0
