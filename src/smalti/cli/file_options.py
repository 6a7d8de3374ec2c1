"""Options that several commands take for a classifier, be it a run or a file."""

from __future__ import annotations

import click

from smalti.names import SCALES

precision_option = click.option(
    "--precision",
    type=click.Choice(["float32", "bfloat16", "auto"]),
    default="float32",
    show_default=True,
    help="Number format of a run's arithmetic.",
)
scale_option = click.option(
    "--scale",
    type=click.Choice(list(SCALES)),
    help="How a Keras file wants its pixels, where it does not say so itself.",
)
fit_option = click.option(
    "--fit",
    is_flag=True,
    help="Scale and recolour the data's pictures to what a file takes.",
)
