"""Markdown: a table, and what stands between two markers."""

from __future__ import annotations

import re
from collections.abc import Sequence

BEGIN, END = "<!-- results -->", "<!-- /results -->"


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, or nothing where it has no line."""
    if not lines:
        return ""
    rows = [head, ("---",) * len(head), *lines]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def paragraphs(*parts: str) -> str:
    """Return the parts that are not empty, with a line between them."""
    return "\n\n".join(part for part in parts if part)


def renewed(text: str, content: str) -> str:
    """Return a text with what stands between its two markers replaced."""
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"expected {BEGIN} and {END} once each")
    body = f"{BEGIN}\n{content}\n{END}"
    pattern = re.escape(BEGIN) + ".*" + re.escape(END)
    return re.sub(pattern, lambda _: body, text, flags=re.DOTALL)
