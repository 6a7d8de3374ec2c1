"""The page in a real browser: no overflow, no error, no request, every picture there.

Skipped where no Chromium is installed. The pages stand in frames of a harness page, which writes
what it measures into its own document.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import pytest

from tests.reporting.made_up import HOSTILE, HUNDRED

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
PHONE, DESKTOP = 390, 1200
PLANS: dict[str, dict[str, Any]] = {
    "ten": {},
    "hundred": {"class_names": HUNDRED},
    "hostile": {"class_names": HOSTILE},
    "fresh": {"evaluated": False},
    "spaces": {"parent": "my long folder name " * 6},
}

MEASURE = """
window.onload = () => {
  const found = {};
  for (const frame of document.querySelectorAll("iframe")) {
    const page = frame.contentDocument, root = page.documentElement;
    const words = [...page.querySelectorAll("p, h1, h2, h3, li, dt, dd, th, td, figcaption")];
    found[frame.name] = {
      overflow: root.scrollWidth - frame.clientWidth,
      outside: words.filter(e => !e.closest(".scroll, pre, details") && e.offsetParent
        && e.getBoundingClientRect().right > frame.clientWidth + 1).map(e => e.textContent),
      broken: [...page.images].filter(i => !i.naturalWidth).length,
      pictures: page.images.length,
      empty: [...page.querySelectorAll(".plot svg")].filter(s => s.clientHeight < 50).length,
      requests: frame.contentWindow.performance.getEntriesByType("resource")
        .map(r => r.name).filter(n => !n.startsWith("data:")),
    };
  }
  document.getElementById("found").textContent = JSON.stringify(found);
};
"""


@pytest.fixture(scope="module")
def measured(
    page_of: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    """What the browser measures of each page, by ``name-width``."""
    if CHROMIUM is None:
        pytest.skip("needs chromium")
    folder = tmp_path_factory.mktemp("browser")
    frames = "".join(
        f'<iframe name="{name}-{width}" style="border: 0; width: {width}px; height: 900px" '
        f'srcdoc="{escape(page_of(**plan))}"></iframe>'
        for name, plan in PLANS.items()
        for width in (PHONE, DESKTOP)
    )
    harness = folder / "harness.html"
    harness.write_text(
        f'<!doctype html><meta charset="utf-8"><script>{MEASURE}</script>{frames}'
        '<pre id="found"></pre>',
        encoding="utf-8",
    )
    shown, said = browse(harness, folder)
    assert "CONSOLE" not in said, said
    found = re.search(r'<pre id="found">(.*?)</pre>', shown, flags=re.DOTALL)
    assert found, said
    return json.loads(found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


def browse(page: Path, folder: Path) -> tuple[str, str]:
    """Return the document as the browser left it, and what was said on the console."""
    done = subprocess.run(
        [
            str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--enable-logging=stderr",
            f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=5000",
            "--dump-dom", page.as_uri(),
        ],
        capture_output=True, text=True, encoding="utf-8", timeout=120, check=True,
    )  # fmt: skip
    return done.stdout, done.stderr


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
@pytest.mark.parametrize("name", PLANS)
def test_the_page_stands_in_its_window(
    measured: dict[str, dict[str, Any]], name: str, width: int
) -> None:
    page = measured[f"{name}-{width}"]
    assert page["outside"] == []
    assert page["overflow"] <= 0
    assert page["broken"] == 0
    assert page["pictures"] >= 16
    assert page["empty"] == 0
    assert page["requests"] == []
