"""What is advised can be typed, is heard, and changes something: for every network and plan."""

from __future__ import annotations

import itertools
import shlex

import pytest

from smalti import names
from smalti.advice import remedies
from smalti.advice.finding import Finding, Remedy
from smalti.cli.train import command
from smalti.recipes import resolve, with_options
from smalti.recipes.flags import FLAGS
from smalti.recipes.options import flatten
from tests.advice.courses import recipe_of

FLAG_WORDS = {flag.replace("-", "_"): field for flag, field in FLAGS.items()}
EVERY = list(itertools.product(names.MODELS, names.OPTIMIZERS, names.AUGMENTATIONS))


def all_remedies(recipe, data: str = "mnist") -> list[Remedy]:
    return [
        *remedies.against_overfitting(recipe, data),
        *remedies.larger_network(recipe),
        *remedies.weaker_regularisation(recipe),
        *remedies.smaller(recipe, 64),
        *remedies.lower_rate(recipe),
        *remedies.higher_rate(recipe),
        *remedies.longer(recipe),
    ]


@pytest.mark.parametrize(("model", "optimizer", "policy"), EVERY)
def test_every_remedy_is_taken_by_the_command_line_and_changes_the_recipe(
    model: str, optimizer: str, policy: str
) -> None:
    options = {"optimizer.name": optimizer, "augmentation.policy": policy}
    recipe = resolve(None, "", {"model.name": model, **options})
    found = all_remedies(recipe)
    assert len(found) >= 5
    for remedy in found:
        changed = with_options(recipe, remedy.changes)
        assert changed != recipe
        typed = command.make_context("train", ["digits", *shlex.split(str(remedy))]).params
        pairs = dict(text.split("=", 1) for text in typed["assignments"])
        given = sum(value is not None for name, value in typed.items() if name in FLAG_WORDS)
        assert given + len(pairs) == len(remedy.changes)
        again = with_options(recipe, {**_flag_options(typed), **pairs})
        assert flatten(again) == flatten(changed)


def _flag_options(typed: dict) -> dict:
    return {FLAG_WORDS[n]: v for n, v in typed.items() if n in FLAG_WORDS and v is not None}


def test_early_stopping_is_not_advised_without_validation() -> None:
    without = recipe_of(data__validation=0)
    stopping = {"training.early_stopping": 5}
    assert remedies.remedies(without, stopping) == ()
    assert remedies.remedies(recipe_of(), stopping) != ()


def test_a_field_that_the_network_does_not_have_is_not_advised() -> None:
    assert remedies.remedies(recipe_of("dense"), {"model.filters": (8,)}) == ()


def test_a_value_that_is_there_already_is_not_advised() -> None:
    assert remedies.remedies(recipe_of(model__dropout=0.25), {"model.dropout": 0.25}) == ()


def test_augmentation_that_is_advised_moves_pictures() -> None:
    plain = recipe_of("dense", augmentation__policy="none")
    for data in (*names.DATASETS, "anything"):
        moves = remedies.more_augmentation(plain, data)
        assert moves["augmentation.policy"] != "none"
        assert any(moves.get(f"augmentation.{kind}") for kind in ("shift", "rotation", "zoom"))


def test_nothing_is_left_to_advise_at_the_end_of_the_scale() -> None:
    full = recipe_of(
        model__dropout=0.5, model__head_dropout=0.5, optimizer__weight_decay=0.1,
        augmentation__mixup=0.2,
    )  # fmt: skip
    assert remedies.against_overfitting(full, "mnist") == ()
    assert remedies.longer(recipe_of(training__epochs=500)) == ()


def test_a_remedy_reads_as_flags_and_as_python() -> None:
    remedy = Remedy({"training.epochs": 40, "model.filters": (8, 16), "model.batch_norm": True})
    assert str(remedy) == "--epochs 40 --set model.filters=8,16 --set model.batch_norm=true"
    assert remedy.python == (
        'set={"training.epochs": 40, "model.filters": (8, 16), "model.batch_norm": True}'
    )


def test_a_finding_is_one_line_with_two_remedies_at_most() -> None:
    three = tuple(Remedy({"training.epochs": n}) for n in (1, 2, 3))
    finding = Finding("Cause", "Numbers.", three, "Words.")
    assert finding.line() == "Cause. Numbers. Words. Try: --epochs 1, or --epochs 2"
    assert finding.line(python=True).endswith('set={"training.epochs": 2}')
