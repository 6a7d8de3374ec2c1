"""Pillow without its warnings, for many threads at once."""

from __future__ import annotations

import threading
import warnings


class _QuietPillow:
    """Pillow's warnings are silenced while any thread reads: what matters becomes a reason.

    ``warnings.catch_warnings`` alone would restore the wrong filters when threads overlap.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readers = 0
        self._catcher: warnings.catch_warnings[None] | None = None

    def __enter__(self) -> None:
        with self._lock:
            if self._readers == 0:
                self._catcher = warnings.catch_warnings()
                self._catcher.__enter__()
                warnings.filterwarnings("ignore", module=r"PIL\.")
            self._readers += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._readers -= 1
            if self._readers == 0 and self._catcher is not None:
                self._catcher.__exit__(None, None, None)
                self._catcher = None


QUIET = _QuietPillow()
"""``with QUIET:`` around every use of Pillow on files of unknown origin."""
