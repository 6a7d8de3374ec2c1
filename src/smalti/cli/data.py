"""``smalti data list | get | check | show``."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import click

from smalti.data.dataset import PARTS
from smalti.errors import SmaltiError
from smalti.wording import count, plural

if TYPE_CHECKING:
    from smalti.data.checking import DataCheck
    from smalti.data.dataset import Dataset

_DATA_DIR = click.option(
    "--data-dir",
    type=click.Path(file_okay=False),
    help="Folder with mnist.npz and the like; default: SMALTI_DATA.",
)
_LISTED = 40


@click.group()
def command() -> None:
    """List, fetch, check and show data sets."""


@command.command("list")
@_DATA_DIR
def list_sets(data_dir: str | None) -> None:
    """List the built-in sets: what they hold, and where they are."""
    from smalti.cli.tables import print_table
    from smalti.data.cache_folders import folder
    from smalti.data.inventory import available, cache_size

    sets = available(data_dir)
    rows = [[item.name, item.summary, item.sentence()] for item in sets]
    print_table(["data set", "what it is", "where"], rows)
    click.echo(f"\ncache  {folder()} ({cache_size() / 1e6:,.1f} MB)")
    click.echo("your own: smalti train FOLDER (one folder a class) or FILE.npz (x_train, y_train)")


@command.command("get")
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
@_DATA_DIR
def get(names: tuple[str, ...], data_dir: str | None) -> None:
    """Fetch built-in sets, verify their content, and keep them ready for training."""
    from smalti.data.load import load_given
    from smalti.names import DATASETS

    for name in names:
        DATASETS[name]
    for name in names:
        dataset = load_given(name, data_dir=data_dir)
        sizes = ", ".join(f"{count(len(part))} {word}" for word, part in dataset.parts.items())
        click.echo(f"{name} is ready: {sizes} ({dataset.split}); content verified")
    click.echo(f"next  smalti train {names[0]}")


@command.command("check")
@click.argument("source")
@click.option(
    "--image-size",
    type=click.IntRange(0, 4096),
    default=0,
    help="Side in pixels that pictures are scaled to; 0: 64 for folders, their own for arrays.",
)
@click.option("--run", metavar="RUN", help="A finished run on these data: its network looks, too.")
@click.option(
    "--folds", type=click.IntRange(2), metavar="N", help="Judge every training label by N models."
)
@click.option("--recipe", help="That of the folds' models.  [the run's; without a run as train]")
@click.option(
    "--likeness",
    type=click.FloatRange(0.5, 1),
    help="From here on two pictures are almost the same.  [0.75 or more, by the set]",
)
@click.option("--out", type=click.Path(file_okay=False), help="Without a run: write a page here.")
@_DATA_DIR
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def check_source(
    source: str,
    image_size: int,
    run: str | None,
    folds: int | None,
    recipe: str | None,
    likeness: float | None,
    out: str | None,
    data_dir: str | None,
    as_json: bool,
) -> None:
    """Count a data set's classes, sizes and duplicates, and look for what is wrong with it.

    SOURCE is a built-in name, a folder of class folders, or an .npz file. Parts that are missing
    are cut as for training. Pictures that are almost the same are found by perceptual hash. With
    --run the labels of the validation pictures are judged, too (confident learning), and pictures
    that lie apart are found; with --folds 5 the labels of all training pictures, by five models.
    Page and tables then lie in RUN/data-check, or without a run in OUT/check-SOURCE.
    """
    from smalti import api
    from smalti.cli import data_check
    from smalti.cli.train import second_ctrl_c_ends_at_once
    from smalti.data.checking import check

    dataset, problem = _to_check(source, image_size, run, data_dir)
    found = check(dataset)
    if not as_json:
        _show(found)
    if not found.intact:
        if as_json:
            _print_json(found.to_dict())
        raise _changed(found)
    if problem:
        if as_json:
            _print_json(found.to_dict())
        raise problem
    with second_ctrl_c_ends_at_once():
        faults = api.check_data(
            dataset,
            run,
            folds=folds,
            recipe=recipe,
            likeness=likeness,
            out=out,
            data_dir=data_dir,
            command=data_check.same_again(),
        )
    if as_json:
        _print_json({**found.to_dict(), **faults.to_dict()})
    else:
        data_check.show(faults)


def _to_check(
    source: str, image_size: int, run: str | None, data_dir: str | None
) -> tuple[Dataset, SmaltiError | None]:
    """Return the data with its parts, as a run's were cut; or as they are, and why none are cut."""
    from smalti.data.load import load_given
    from smalti.data.splits import with_parts

    if run is not None:
        from smalti.api import dataset_of
        from smalti.runs import Run

        if image_size:
            raise SmaltiError(
                "--image-size is not for --run: a run knows the size of its pictures.",
                "Leave --image-size out.",
            )
        return dataset_of(Run(run), source, data_dir), None
    dataset = load_given(source, image_size=image_size, data_dir=data_dir)
    try:
        return with_parts(dataset), None
    except SmaltiError as error:
        return dataset, error  # no parts can be cut: what is wrong shows in the counts


def _print_json(values: dict[str, Any]) -> None:
    click.echo(json.dumps(values, indent=2, ensure_ascii=False))


@command.command("show")
@click.argument("source")
@click.option(
    "--augment", metavar="RECIPE", help="Beside each picture, what this recipe makes of it."
)
@click.option("--to", metavar="FILE", type=click.Path(), help="Where to write it.  [NAME-….png]")
@click.option("-n", "--pictures", "n", type=int, help="Pictures, or augmented versions, a class.")
@click.option("--columns", type=click.IntRange(1, 20), help="Blocks of classes side by side.")
@click.option("--part", type=click.Choice(PARTS), default="train", show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, help="Chooses pictures and changes.")
@click.option("--image-size", type=click.IntRange(0, 4096), help="As for check.")
@_DATA_DIR
def show(
    source: str,
    augment: str | None,
    to: str | None,
    n: int | None,
    columns: int | None,
    part: str,
    seed: int,
    image_size: int | None,
    data_dir: str | None,
) -> None:
    """Save a sheet of pictures of every class, as they are or as training sees them.

    SOURCE is a built-in name, a folder of class folders, or an .npz file.
    """
    from smalti import api

    path = api.show_data(
        source,
        augment,
        part=part,
        n=n,
        columns=columns or 0,
        seed=seed,
        image_size=image_size,
        to=to,
        data_dir=data_dir,
    )
    click.echo(f"saved {path}")
    quoted = shlex.quote(source)
    if augment is None:
        click.echo(f"next  smalti data show {quoted} --augment cnn")
    else:
        click.echo(f"next  smalti train {quoted} --recipe {shlex.quote(augment)}")


def _show(found: DataCheck) -> None:
    sizes = ", ".join(f"{count(n)} {part}" for part, n in found.sizes.items())
    shape = "×".join(map(str, found.image_shape))
    click.echo(f"{found.name}: {sizes}; {shape}; {found.split}")
    _show_counts(found)
    if found.file_sizes:
        listed = ", ".join(f"{name} {w}×{h}" for name, (w, h) in found.file_sizes.items())
        click.echo(f"files        {listed} pixels (width×height)")
    _show_duplicates(found)
    for file, reason in found.skipped[:_LISTED]:
        click.echo(f"left out     {file}: {reason}")
    if len(found.skipped) > _LISTED:
        click.echo(f"left out     {count(len(found.skipped) - _LISTED)} more: --json lists all")
    state = "as recorded" if found.intact else f"CHANGED, recorded was {found.recorded[:16]}…"
    click.echo(f"fingerprint  {found.fingerprint[:16]}… ({state})")


def _show_counts(found: DataCheck) -> None:
    from smalti.cli.tables import print_table

    parts = list(found.counts)
    names = list(found.counts[parts[0]])
    rows = [[name, *(count(found.counts[part][name]) for part in parts)] for name in names]
    click.echo()
    print_table(["class", *(f">{part}" for part in parts)], rows[:_LISTED])
    if len(rows) > _LISTED:
        click.echo(
            f"… and {plural(len(rows) - _LISTED, 'class', 'classes')} more: --json lists all"
        )
    click.echo()


def _show_duplicates(found: DataCheck) -> None:
    said = [f"{count(n)} within {part}" for part, n in found.duplicates.items() if n]
    for pair, n in found.shared.items():
        if n:
            first, second = pair.split(" & ")
            said.append(f"{count(n)} of {second} also in {first}")
    click.echo(f"duplicates   {', '.join(said) or 'none'}")
    for conflict in found.conflict_examples:
        places = [f"{part} {index}" for part, index in (conflict.first, conflict.second)]
        click.echo(
            f"conflict     {places[0]} is {conflict.first_class!r}, "
            f"the same picture {places[1]} is {conflict.second_class!r}"
        )
    more = found.conflicts - len(found.conflict_examples)
    if more > 0:
        click.echo(f"conflict     {plural(more, 'picture')} more with two labels")


def _changed(found: DataCheck) -> SmaltiError:
    from smalti.data.cache_folders import folder

    return SmaltiError(
        f"The decoded copy of {found.name} is not what was recorded: it was changed or damaged.",
        f"Delete its folder in {folder()} and load it again.",
    )
