"""What has to be said of a Keras file that does not say it itself."""

from __future__ import annotations

import click

from smalti.names import SCALES

scale_option = click.option(
    "--scale",
    type=click.Choice(list(SCALES)),
    help="How a Keras file wants its pixels, where it does not say so itself.",
)
fit_option = click.option(
    "--fit",
    is_flag=True,
    help="Scale and recolour the data's pictures to what a Keras file takes.",
)
