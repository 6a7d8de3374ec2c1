"""The page of a data check: suspected labels, pairs that are almost the same, what lies apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from smalti.files import write_bytes
from smalti.findings import Faults, LabelError, Outlier, Pair, Place
from smalti.reporting.page import templates
from smalti.reporting.pictures import picture_of
from smalti.wording import count, percent, plural

MOST_LABELS, MOST_PAIRS, MOST_OUTLIERS = 60, 48, 24
"""Of each kind that are shown; the tables hold all."""

FEWEST_LABELS = 16


def shown_places(found: Faults) -> list[Place]:
    """Return the pictures that the page shows, each once."""
    pairs = [place for pair in _pairs(found) for place in (pair.first, pair.second)]
    labels = [error.place for error in _errors(found)]
    outliers = [outlier.place for outlier in _outliers(found)]
    return list(dict.fromkeys([*labels, *pairs, *outliers]))


def write_page(found: Faults, pictures: Mapping[Place, np.ndarray]) -> None:
    """Write ``data-check.html``; ``pictures`` are those of :func:`shown_places`, uint8 H×W×C.

    The page needs no network, prints, follows light and dark, and works on a phone.
    """
    drawn = {place: picture_of(pixels, place.label) for place, pixels in pictures.items()}
    text = (
        templates()
        .get_template("data-check.html")
        .render(
            found=found,
            tiles=_tiles(found),
            drawn=drawn,
            errors=_errors(found),
            crossing=[pair for pair in _pairs(found) if pair.crosses],
            within=[pair for pair in _pairs(found) if not pair.crosses],
            outliers=_outliers(found),
            tables=[path.name for path in found.tables()],
        )
    )
    write_bytes(found.page, text.encode())


def _errors(found: Faults) -> tuple[LabelError, ...]:
    """Return the likely ones, or some of those that the judge contradicts where they are few."""
    if found.labels is None:
        return ()
    return found.labels.errors[: min(MOST_LABELS, max(found.labels.likely, FEWEST_LABELS))]


def _outliers(found: Faults) -> list[Outlier]:
    """Return some of each kind."""
    every = found.outliers or ()
    kinds = ([o for o in every if o.far], [o for o in every if not o.far])
    return [outlier for kind in kinds for outlier in kind[: MOST_OUTLIERS // 2]]


def _pairs(found: Faults) -> list[Pair]:
    """Return some pairs, those of train and test first; one photo in many copies is shown once."""
    if found.near is None:
        return []
    crossing = _different(pair for pair in found.near.pairs if pair.crosses)
    within = _different(pair for pair in found.near.pairs if not pair.crosses)
    return [*_spread(crossing, MOST_PAIRS // 2), *_spread(within, MOST_PAIRS // 2)]


def _different(pairs: Iterable[Pair]) -> list[Pair]:
    seen: set[Place] = set()
    kept = []
    for pair in pairs:
        if pair.first not in seen and pair.second not in seen:
            kept.append(pair)
        seen |= {pair.first, pair.second}
    return kept


def _spread(pairs: list[Pair], n: int) -> list[Pair]:
    """Return ``n`` from the likest to the least alike."""
    if len(pairs) <= n:
        return pairs
    return [pairs[round(k)] for k in np.linspace(0, len(pairs) - 1, n).tolist()]


def _tiles(found: Faults) -> list[tuple[str, str, str]]:
    """Return (value, name, meaning) of the numbers beside the headline."""
    tiles: list[tuple[Any, ...]] = []
    if found.labels:
        judged = f"of {count(found.labels.n)} {found.labels.pictures}"
        tiles.append((count(found.labels.likely), "likely label errors", judged))
    if found.near:
        share = percent(len(found.near.affected) / found.near.n_test) if found.near.n_test else ""
        tiles.append(
            (
                count(len(found.near.affected)),
                "test pictures almost in train",
                f"{share} of {count(found.near.n_test)}",
            )
        )
    if found.outliers is not None:
        far = sum(o.far for o in found.outliers)
        others = plural(len(found.outliers) - far, "other")
        tiles.append((count(far), "far from all", f"and {others} among other classes only"))
    return tiles
