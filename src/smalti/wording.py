"""How numbers are said on screens and pages: one style, in one place.

Files hold fractions and seconds; people read percent with two decimals, a space before the sign,
an en dash in ranges and commas between thousands. Standard library only.
"""

from __future__ import annotations

import math

UNKNOWN = "–"
"""What stands where a number is missing."""


def percent(fraction: float | None, decimals: int = 2) -> str:
    """Return a fraction as percent: ``0.97222`` is ``"97.22 %"``; None and nan are ``"–"``."""
    if fraction is None or not math.isfinite(fraction):
        return UNKNOWN
    return f"{points(fraction, decimals)} %"


def points(fraction: float, decimals: int = 2) -> str:
    """Return a fraction as percent without the sign, for tables that have it in their head."""
    return f"{100 * fraction:.{decimals}f}"


def interval(low: float, high: float) -> str:
    """Return two fractions as a range without its sign: ``"94.96–98.48"``."""
    return f"{points(low)}–{points(high)}"


def accuracy_with_interval(accuracy: float, low: float, high: float, n: int) -> str:
    """Return ``"97.22 % (95 % interval 94.96–98.48, n = 360)"``."""
    return f"{percent(accuracy)} (95 % interval {interval(low, high)}, n = {count(n)})"


def mean_and_spread(mean: float, spread: float, seeds: int) -> str:
    """Return ``"83.12 ± 0.21 % (mean ± sd, 3 seeds)"``; one seed has no spread and says so.

    ``spread`` is the standard deviation over seeds (n-1), a fraction like ``mean``.
    """
    if seeds < 2 or not math.isfinite(spread):
        return f"{percent(mean)} ({plural(seeds, 'seed')})"
    return f"{points(mean)} ± {points(spread)} % (mean ± sd, {plural(seeds, 'seed')})"


def averaged_views(views: float) -> str:
    """Return what has to be said beside a figure of several views; nothing for one."""
    return "" if views == 1 else f"each answer averages {views:g} views of the picture"


def count(number: float) -> str:
    """Return a whole number with commas between thousands: ``"10,000"``."""
    return f"{round(number):,}"


def plural(number: int, noun: str, many: str = "") -> str:
    """Return ``"1 epoch"``, ``"6 epochs"``; ``many`` is for nouns whose plural is not in s."""
    return f"{count(number)} {noun if number == 1 else many or noun + 's'}"


def duration(seconds: float | None) -> str:
    """Return a time as people say it: ``"0.8 s"``, ``"3 min 05 s"``, ``"2 h 07 min"``."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min"


def is_showable(name: object) -> bool:
    """Tell a text that can be shown from one with control characters, which steer a terminal."""
    return isinstance(name, str) and name.isprintable()
