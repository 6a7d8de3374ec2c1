"""``smalti export``."""

from __future__ import annotations

import shlex

import click

from smalti.names import FORMATS


@click.command()
@click.argument("run", type=click.Path())
@click.option(
    "--format",
    "file_format",
    type=click.Choice(list(FORMATS)),
    help="Kind of file; without it the ending of --to says, else keras.",
)
@click.option(
    "--to", type=click.Path(dir_okay=False), help="The file to write.  [model.FORMAT in the run]"
)
@click.option("--replace", is_flag=True, help="Replace a file that is there already.")
def command(run: str, file_format: str | None, to: str | None, replace: bool) -> None:
    """Write RUN's classifier as a file for other programs.

    keras and h5 are loaded by plain Keras 3 on any backend, onnx by ONNX Runtime: pictures from 0
    to 255 in, normalised inside, probabilities out, class names inside. The file is compared with
    the run on pictures before it is put in its place.
    """
    from smalti import api
    from smalti.formats.exporting import parity_sentence

    done = api.export(run, file_format, to, replace=replace)
    shape = "×".join(map(str, done.input_shape))
    click.echo(
        f"{done.format:<6}{done.path} ({_size(done.path.stat().st_size)}, {done.written_by})"
    )
    click.echo(f"parity {parity_sentence(done)}")
    click.echo(f"input  N×{shape}, 0–255; output: probabilities of {done.classes} classes")
    for note in done.notes:
        click.echo(f"note   {note}")
    click.echo(f"next   smalti predict {shlex.quote(str(done.path))} PICTURE")


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"
