"""Made-up runs, one call each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smalti.reporting.page import write_report
from smalti.runs import Run
from tests.reporting.made_up import Plan, make_run


@pytest.fixture
def finished_run(tmp_path: Path) -> Callable[..., Run]:
    """Return ``finished_run(**plan)``: a run folder; fields of :class:`Plan` by keyword."""

    def make(parent: str = "runs", **plan: Any) -> Run:
        return make_run(tmp_path / parent, Plan(**plan))

    return make


@pytest.fixture(scope="session")
def page_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Return ``page_of(**plan)``: the report of a made-up run, drawn once a test session."""
    drawn: dict[str, str] = {}

    def page(parent: str = "runs", **plan: Any) -> str:
        key = repr((parent, plan))
        if key not in drawn:
            run = make_run(tmp_path_factory.mktemp("reports") / parent, Plan(**plan))
            drawn[key] = write_report(run).read_text(encoding="utf-8")
        return drawn[key]

    return page
