"""Rules about the machine: what makes training slow or stops it, each with its repair."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from smalti.advice.finding import Check, Finding
from smalti.wording import plural

_BUSY = 0.5
"""Cores kept busy by others above which training is noticeably slower; a desktop idles below."""

_SMALL_MEMORY = 1e9
"""Bytes: with less free memory than this, training a CNN on common sets is likely to be killed."""


@dataclass(frozen=True)
class MachineFacts:
    """What was found: ``threads`` that training would use, ``cores`` that can run at once.

    ``installed`` cores are those of the whole machine, ``limit`` the container's in cores or None,
    ``asked_threads`` the OMP_NUM_THREADS of the environment or None. ``busy`` is how many cores
    other processes keep busy, ``memory`` the free bytes, both None where unknown. ``unused_gpu``
    says why a GPU that is there cannot be used, and its repair; empty where nothing is wrong.
    ``devices`` are those PyTorch can use, ``bfloat16`` says whether the chosen one is fast at it.
    """

    device: str
    devices: tuple[str, ...]
    unused_gpu: tuple[str, str]
    precision: str
    fast_bfloat16: bool
    threads: int
    cores: int
    installed: int
    limit: float | None
    asked_threads: int | None
    busy: float | None
    memory: int | None


def check_machine(facts: MachineFacts) -> list[Check]:
    """Return everything that is looked at, in the order of its weight."""
    return [look(facts) for look in _CHECKS]


def slowness(busy: float | None, cores: int, threads: int) -> Finding | None:
    """Notice other processes that took a training's cores while it ran."""
    if busy is None or busy < _BUSY or busy + threads <= cores + _BUSY:
        return None
    return Finding(
        "Other programs slowed it down",
        f"While it trained on {plural(threads, 'thread')}, others kept {busy:.1f} of "
        f"{plural(cores, 'core')} busy.",
        advice="End them, or train when they are done.",
    )


def _gpu(facts: MachineFacts) -> Check:
    problem, repair = facts.unused_gpu
    if problem:
        return Check("GPU", False, problem, repair)
    if facts.device == "cpu" and len(facts.devices) > 1:
        wish = "leave out --device cpu"
        return Check("GPU", False, f"There is {facts.devices[0]}, and it is not used.", wish)
    found = "none here" if facts.devices == ("cpu",) else f"{facts.device} is used"
    return Check("GPU", True, found)


def _threads(facts: MachineFacts) -> Check:
    asked = f"OMP_NUM_THREADS={facts.asked_threads}"
    cores = plural(facts.cores, "usable core")
    if facts.threads > facts.cores:
        repair = f"unset OMP_NUM_THREADS, or train with --threads {facts.cores}"
        return Check(
            "threads", False, f"{facts.threads} for {cores} ({asked}): they wait in turn.", repair
        )
    # One core fewer leaves the machine usable, and is meant; half of them left idle is not.
    if facts.device == "cpu" and facts.asked_threads and 2 * facts.threads <= facts.cores:
        repair = f"unset OMP_NUM_THREADS, or train with --threads {facts.cores}"
        said = f"{facts.threads} for {cores} ({asked}): the others stay idle."
        return Check("threads", False, said, repair)
    return Check("threads", True, f"{facts.threads} for {cores}")


def _limit(facts: MachineFacts) -> Check:
    if facts.limit is None or facts.limit >= facts.installed:
        return Check("CPU limit", True, "none")
    said = f"This container may use {facts.limit:g} of {facts.installed} cores."
    # Threads are chosen by it already: what is left to say is why training is not faster.
    if facts.limit * 2 > facts.installed:
        return Check("CPU limit", True, said)
    return Check("CPU limit", False, said, "raise the limit (docker run --cpus N)")


def _precision(facts: MachineFacts) -> Check:
    if facts.precision == "bfloat16" and not facts.fast_bfloat16:
        said = "bfloat16 is emulated on this processor, slower than float32."
        return Check("precision", False, said, "--precision auto")
    return Check("precision", True, facts.precision)


def _others(facts: MachineFacts) -> Check:
    if facts.busy is None:
        return Check("other programs", True, "unknown on this system")
    said = f"Other programs keep {facts.busy:.1f} of {plural(facts.installed, 'core')} busy."
    room = facts.busy + facts.threads <= facts.installed + _BUSY
    if facts.busy < _BUSY or room or facts.device != "cpu":
        return Check("other programs", True, said)
    left = max(1, round(facts.installed - facts.busy))
    repair = f"end them, or train on what they leave: --threads {left}"
    return Check("other programs", False, said, repair)


def _memory(facts: MachineFacts) -> Check:
    if facts.memory is None:
        return Check("memory", True, "unknown on this system")
    said = f"{facts.memory / 1e9:.1f} GB free"
    if facts.memory >= _SMALL_MEMORY:
        return Check("memory", True, said)
    return Check(
        "memory", False, f"Only {said}.", "end other programs, or use a small --batch-size"
    )


_CHECKS: tuple[Callable[[MachineFacts], Check], ...] = (
    _gpu,
    _threads,
    _limit,
    _precision,
    _others,
    _memory,
)
