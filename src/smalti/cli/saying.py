"""Facts and warnings of the library on the error stream, so that output stays clean."""

from __future__ import annotations

import logging

import click

from smalti.errors import log


class _Saying(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        prefix = "warning: " if record.levelno >= logging.WARNING else ""
        click.echo(prefix + record.getMessage(), err=True)


def say_aloud() -> None:
    """Let what smalti says reach the person at the terminal."""
    log.setLevel(logging.INFO)
    log.propagate = False
    log.handlers[:] = [_Saying()]
