"""Results as text for a terminal and as HTML for a notebook: the headline, then every class."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from smalti.wording import accuracy_with_interval, averaged_views, count, percent

SCORES = ("precision", "recall", "f1")
_HEAD = ("class", "precision", "recall", "F1", "pictures")
_SHOWN = 20
"""Classes that a notebook shows at most; the report has them all."""


def headline(metrics: Mapping[str, Any]) -> str:
    """Return ``"test loss 0.0391, test accuracy 98.88 % (95 % interval …, n = 10,000)"``."""
    low, high = metrics["accuracy_low"], metrics["accuracy_high"]
    said = accuracy_with_interval(metrics["accuracy"], low, high, metrics["n"])
    views = averaged_views(metrics.get("views", 1))
    return f"test loss {metrics['loss']:.4f}, test accuracy {said}" + f"; {views}" * bool(views)


def class_table(metrics: Mapping[str, Any], class_names: Sequence[str]) -> str:
    """Return precision, recall, F1 and number of pictures of every class, as lines of text."""
    rows = [_HEAD, *_rows(metrics, class_names)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = (
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows
    )
    return "\n".join(lines)


def as_html(metrics: Mapping[str, Any], class_names: Sequence[str]) -> str:
    """Return the headline and the table of classes for a notebook."""
    head = "".join(f"<th>{name}</th>" for name in _HEAD)
    rows = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
        for row in list(_rows(metrics, class_names))[:_SHOWN]
    )
    more = len(class_names) - _SHOWN
    note = f"<p>and {more} more classes</p>" if more > 0 else ""
    about = html.escape(f"{metrics['data']}, {metrics['split']}")
    return (
        f"<p><b>{headline(metrics)}</b><br>{about}</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{note}"
    )


def _rows(metrics: Mapping[str, Any], class_names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for name in class_names:
        scores = (percent(metrics.get(f"{score}/{name}")) for score in SCORES)
        yield (name, *scores, count(metrics.get(f"support/{name}", 0)))
