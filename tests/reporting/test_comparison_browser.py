"""The comparison's page in a real browser: nothing sticks out, on a phone and on a desk."""

import json
import re
from html import escape

import pytest

from tests.reporting.made_up import HOSTILE
from tests.reporting.test_browser import CHROMIUM, DESKTOP, MEASURE, PHONE, browse
from tests.reporting.test_comparison import comparison, disagreement, history, page_of


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
def test_the_page_stands_in_its_window(tmp_path):
    labels = ["dense", "logistic-regression", *HOSTILE[:5], *(f"dropout={n}" for n in range(5))]
    found = comparison(tmp_path, labels)
    page = page_of(tmp_path, found, {label: [history()] for label in labels}, disagreement())
    frames = "".join(
        f'<iframe name="{width}" style="border: 0; width: {width}px; height: 900px" '
        f'srcdoc="{escape(page)}"></iframe>'
        for width in (PHONE, DESKTOP)
    )
    harness = tmp_path / "harness.html"
    harness.write_text(
        f'<!doctype html><meta charset="utf-8"><script>{MEASURE}</script>{frames}'
        '<pre id="found"></pre>',
        encoding="utf-8",
    )
    shown, said = browse(harness, tmp_path)
    assert "CONSOLE" not in said, said
    content = re.search(r'<pre id="found">(.*?)</pre>', shown, flags=re.DOTALL)
    text = content[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    for measured in json.loads(text).values():
        assert measured["outside"] == []
        assert measured["overflow"] <= 0
        assert (measured["broken"], measured["empty"]) == (0, 0)
        assert measured["pictures"] == 4
        assert measured["requests"] == []
