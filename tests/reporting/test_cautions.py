"""What a reader is told before trusting the numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from smalti.reporting.cautions import cautions
from smalti.reporting.facts import read_facts
from smalti.runs import Run


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ({"data": "mnist"}, "15 of MNIST's 10,000 test labels are wrong"),
        ({"data": "cifar10"}, "3.3 % of CIFAR-10's test pictures have near-duplicates"),
        ({"data": "cifar100"}, "10 % of CIFAR-100's"),
        ({"split": "our own 80/10/10 split"}, "The test part is our own 80/10/10 split"),
        ({"validation": False}, "Trained without validation pictures"),
        ({"metrics": {"times_opened": 3}}, "opened 3 times"),
        ({"metrics": {"precision_used": "bfloat16"}}, "Evaluated in bfloat16"),
        ({"metrics": {"views": 6}}, "Each answer averages 6 views of the picture"),
    ],
)
def test_a_caution_is_said_where_it_applies(
    finished_run: Callable[..., Run], plan: dict[str, Any], said: str
) -> None:
    found = cautions(read_facts(finished_run(**{"data": "digits", **plan})))
    assert len(found) == 1
    assert said in found[0]


def test_what_is_known_of_the_official_test_is_not_said_of_another(
    finished_run: Callable[..., Run],
) -> None:
    [sentence] = cautions(read_facts(finished_run(data="mnist", split="our own 80/10/10 split")))
    assert sentence.startswith("The test part is our own")


def test_nothing_is_said_where_nothing_applies(finished_run: Callable[..., Run]) -> None:
    assert cautions(read_facts(finished_run(data="digits"))) == []


def test_an_unfinished_run_says_how_to_continue(finished_run: Callable[..., Run]) -> None:
    run = finished_run(data="digits", evaluated=False)
    environment = run.environment()
    run.write_environment({k: v for k, v in environment.items() if k != "finished"})
    [sentence] = cautions(read_facts(run))
    assert sentence == (
        f"Training has not ended: 12 epochs so far. "
        f"Continue it with: smalti train --resume {run.path}"
    )


@pytest.mark.parametrize(("skipped", "said"), [(1, "1 file of the data"), (3, "3 files of")])
def test_files_left_out_are_counted(
    finished_run: Callable[..., Run], skipped: int, said: str
) -> None:
    run = finished_run(data="digits")
    environment = run.environment()
    environment["data"]["skipped"] = skipped
    run.write_environment(environment)
    [sentence] = cautions(read_facts(run))
    assert sentence.startswith(said)
