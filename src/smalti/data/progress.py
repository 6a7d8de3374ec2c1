"""A progress bar for downloading and decoding: in a terminal only, and on standard error."""

from __future__ import annotations

import sys
from typing import Any


class Progress:
    """A bar from 0 to ``size``; without a terminal it shows nothing.

    Used with ``with``; :meth:`start` shows the bar, and leaving the block gives the terminal back.
    """

    def __init__(self, label: str, size: int, in_bytes: bool = False) -> None:
        self.label = label
        self.size = size
        self._in_bytes = in_bytes
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Show the bar, where there is a terminal to show it in."""
        if sys.stderr.isatty() and self._bar is None:
            self._bar = _bar(self._in_bytes)
            self._task = self._bar.add_task(self.label, total=self.size or None)
            self._bar.start()

    def update(self, amount: int) -> None:
        """Move on by so much."""
        if self._bar:
            self._bar.advance(self._task, amount)

    def close(self) -> None:
        """Leave the bar as it is and give the terminal back."""
        if self._bar:
            self._bar.stop()
            self._bar = None


def _bar(in_bytes: bool) -> Any:
    from rich import progress
    from rich.console import Console

    amount = (
        (progress.DownloadColumn(), progress.TransferSpeedColumn())
        if in_bytes
        else (progress.MofNCompleteColumn(),)
    )
    return progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        *amount,
        progress.TimeRemainingColumn(),
        console=Console(stderr=True),
    )
