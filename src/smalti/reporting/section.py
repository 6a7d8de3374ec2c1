"""A section of the report: a title, the template that draws it, and what the template needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smalti.reporting.plots.canvas import Plot


@dataclass(frozen=True)
class Section:
    """``key`` is the section's anchor and its template, ``templates/sections/<key>.html``.

    Where the files it draws on are not there, ``missing`` says so in one sentence and ``command``
    makes them. ``plots`` are also written as files.
    """

    key: str
    title: str
    values: Mapping[str, Any] = field(default_factory=dict)
    plots: tuple[Plot, ...] = ()
    missing: str = ""
    command: str = ""
