"""``smalti explain``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from smalti.cli.predict import Asked, chosen_pictures, expand
from smalti.errors import SmaltiError

if TYPE_CHECKING:
    from smalti.classifier.protocol import Classifier

MOST = 24
"""Pictures on one sheet."""


@click.command()
@click.argument("run", type=click.Path())
@click.argument("pictures", nargs=-1)
@click.option("--data", help="Explain pictures of this data set instead of files.")
@click.option("--index", "indices", type=int, multiple=True, help="Which of them; from 0.")
@click.option("--part", default="test", show_default=True, help="train, validation or test.")
@click.option("--class", "classes", multiple=True, help="Explain this class, likely or not.")
@click.option("--top", type=click.IntRange(1, 5), default=2, show_default=True, help="How many.")
@click.option("--to", type=click.Path(), help="File to draw to, .png or .svg. [RUN/plots]")
@click.option("--data-dir", type=click.Path(file_okay=False), help="Where data sets lie.")
def command(
    run: str,
    pictures: tuple[str, ...],
    data: str | None,
    indices: tuple[int, ...],
    part: str,
    classes: tuple[str, ...],
    top: int,
    to: str | None,
    data_dir: str | None,
) -> None:
    """Draw where PICTURES speak for the classes that they are taken for.

    RUN is a run folder, a Keras file or an ONNX file. Warm places speak for the class under the
    picture: by the gradients of a run's own network (LayerCAM, a Grad-CAM), and for files of others
    by what is lost when the place is hidden.
    """
    from smalti.explanations.explaining import method_of

    if bool(pictures) == bool(data):
        raise SmaltiError(
            "smalti explain expects picture files, or --data with --index.",
            f"For example: smalti explain {run} photo.png",
        )
    if indices and not data:
        raise SmaltiError("--index needs --data.", "For example: --data mnist --index 0")
    asked = Asked(run, data, None, False, "float32", data_dir, quickest=False)
    target = Path(to) if to else _target(asked)
    if data:
        used = _draw_data(asked, data, indices or (0,), part, classes, top, target)
    else:
        used = _draw_files(asked, pictures, classes, top, target)
    click.echo(f"drawn  {target}")
    click.echo(f"by     {method_of(used)}")


def _target(asked: Asked) -> Path:
    """Return where a drawing goes that nobody named a file for."""
    from smalti.runs import Run

    return Path("explained.png") if asked.is_file else Run(asked.run).plots_folder / "explained.png"


def _draw_files(
    asked: Asked, pictures: tuple[str, ...], classes: tuple[str, ...], top: int, target: Path
) -> Classifier:
    from smalti import api

    files = expand(pictures)
    _require_few(len(files))
    names, classifier = [Path(file).name for file in files], asked.classifier()
    api.explain(classifier, files, classes=classes, top=top, names=names, to=target)
    return classifier


def _draw_data(
    asked: Asked,
    data: str,
    indices: tuple[int, ...],
    part: str,
    classes: tuple[str, ...],
    top: int,
    target: Path,
) -> Classifier:
    from smalti import api

    _require_few(len(indices))
    classifier, dataset = asked.with_data(data)
    images, labels = chosen_pictures(dataset, data, indices, part)
    names = [
        f"{data} {part} {index}: {label}" for index, label in zip(indices, labels, strict=True)
    ]
    api.explain(classifier, images, classes=classes, top=top, names=names, to=target)
    return classifier


def _require_few(n: int) -> None:
    if not 1 <= n <= MOST:
        raise SmaltiError(f"smalti explain draws 1 to {MOST} pictures on a sheet, not {n}.")
