"""The model card: what a classifier is, for whom, and how well it does, as one Markdown file.

The headings are those of Mitchell et al., "Model Cards for Model Reporting" (FAT* 2019). What the
run's files do not tell is not made up: the card says what its publisher has to add.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from smalti.files import write_bytes
from smalti.reporting.cautions import cautions
from smalti.reporting.facts import Facts, read_facts
from smalti.reporting.headline import headline
from smalti.reporting.page import templates
from smalti.reporting.sections.classes import classes
from smalti.reporting.sections.confidence import confidence
from smalti.reporting.sections.confusion import most_confused
from smalti.reporting.sections.repeat import repeat
from smalti.reporting.sections.training import training
from smalti.runs import Run

_MARK = "<!-- written by smalti report: {} -->"
_WEAKEST = 3


def write_card(run: Run) -> Path | None:
    """Write ``MODEL_CARD.md`` from a run's files and return its path.

    A card that somebody has edited is left as it is, and None returned. The same files give the
    same bytes.
    """
    if _is_edited(run.card_file):
        return None
    text = render(read_facts(run))
    write_bytes(run.card_file, f"{text}{_MARK.format(_hash(text))}\n".encode())
    return run.card_file


def render(facts: Facts) -> str:
    """Return the card's text."""
    outputs = facts.judged
    rows = [row for table in classes(facts).values["tables"] for row in table] if outputs else []
    values: dict[str, Any] = {
        "name": facts.run.name,
        "headline": headline(facts),
        "about": dict(training(facts).values["groups"]),
        "words": training(facts).values["words"],
        "names": facts.classifier.texts("class_names"),
        "shape": facts.classifier.values.get("input_shape") or [],
        "part": outputs.part if outputs else "",
        "rows": rows,
        "weakest": sorted(rows, key=lambda row: row.recall)[:_WEAKEST],
        "pairs": most_confused(outputs)[:_WEAKEST] if outputs else [],
        "confidence": confidence(facts).values if outputs else {},
        "stress": facts.stress,
        "cautions": cautions(facts),
        "commands": repeat(facts).values["commands"],
        "facts": facts,
    }
    made = templates()
    made.autoescape = False
    made.filters["text"] = _as_text
    return made.get_template("card.md").render(values)


def _as_text(value: object) -> str:
    """Return a name so that Markdown shows it as it is."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", str(value))


def _is_edited(path: Path) -> bool:
    """Tell whether a card is there that is not, to the byte, what was written."""
    if not path.exists():
        return False
    written = path.read_text(encoding="utf-8", errors="replace")
    text, mark, end = written.rpartition(_MARK.partition("{}")[0])
    return not mark or end != _MARK.partition("{}")[2].join([_hash(text), "\n"])


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
