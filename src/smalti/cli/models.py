"""``smalti models``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from smalti import names
from smalti.errors import SmaltiError
from smalti.wording import count

if TYPE_CHECKING:
    from smalti.models.building import Layer


@click.command()
@click.argument("model", required=False)
@click.option("--data", help="Pictures and classes of this built-in set.  [mnist]")
@click.option("--shape", metavar="HxWxC", help="Pictures of this shape instead, such as 64x64x3.")
@click.option("--classes", type=click.IntRange(min=2), help="This many classes instead.")
@click.option("--set", "assignments", multiple=True, metavar="FIELD=VALUE", help="Set any field.")
def command(
    model: str | None,
    data: str | None,
    shape: str | None,
    classes: int | None,
    assignments: tuple[str, ...],
) -> None:
    """List the networks, or one MODEL's layers, shapes, parameters and MFLOP a picture."""
    from smalti.cli.tables import print_table

    if model is None:
        rows = [
            [entry.name, entry.summary, ", ".join(entry.fields)] for entry in names.MODELS.values()
        ]
        print_table(["model", "what it is", "fields (model.*)"], rows)
        click.echo("\nlayers: smalti models cnn --data cifar10")
        return
    names.MODELS[model]
    # A shape alone means pictures of one's own: the values for sets that have no name.
    data = data if data is not None else "" if shape else "mnist"
    published_shape, published_classes = _published(data) if data else ((0, 0, 0), 10)
    pictures = _parsed(shape) if shape else published_shape
    _show_layers(model, data, pictures, classes or published_classes, assignments)


def _show_layers(
    model: str,
    data: str,
    shape: tuple[int, int, int],
    classes: int,
    assignments: tuple[str, ...],
) -> None:
    from smalti.cli.tables import print_table
    from smalti.models.building import build, count_parameters, describe
    from smalti.recipes import resolve
    from smalti.recipes.options import parse_assignment
    from smalti.recipes.resolve import fit_to_pictures

    options = dict(parse_assignment(text) for text in assignments)
    recipe = fit_to_pictures(resolve(None, data, {**options, "model.name": model}), shape)
    network = build(recipe.model, shape, classes)
    layers = describe(network, shape)
    print_table(
        ["layer", "kind", ">output", ">parameters", ">MFLOP"], [_row(layer) for layer in layers]
    )
    flop = sum(layer.flop for layer in layers) / 1e6
    size = "×".join(map(str, shape))
    click.echo(
        f"\n{model} for {size} pictures, {classes} classes: "
        f"{count(count_parameters(network))} parameters, {flop:.1f} MFLOP a picture (forward; "
        "a multiply-add counts two)"
    )


def _row(layer: Layer) -> list[str]:
    output = "×".join(map(str, layer.output))
    flop = f"{layer.flop / 1e6:.2f}" if layer.flop >= 5000 else "<0.01" if layer.flop else ""
    return [
        layer.name,
        layer.kind,
        output,
        count(layer.parameters) if layer.parameters else "",
        flop,
    ]


def _published(data: str) -> tuple[tuple[int, int, int], int]:
    """The shape of a built-in set's pictures and the number of its classes."""
    from smalti.data.published import PUBLISHED

    found = PUBLISHED[names.DATASETS[data].name]
    return found.image_shape, len(found.class_names)


def _parsed(text: str) -> tuple[int, int, int]:
    parts = text.lower().replace("×", "x").split("x")
    if not all(part.isdigit() and int(part) > 0 for part in parts) or len(parts) not in (2, 3):
        raise SmaltiError(f"--shape expects HxWxC such as 32x32x3, not {text!r}.")
    height, width, *channels = (int(part) for part in parts)
    return height, width, channels[0] if channels else 1
