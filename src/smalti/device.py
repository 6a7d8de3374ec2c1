"""What this machine does best: device, number format, memory layout, threads; and why."""

from __future__ import annotations

import os
import platform
import statistics
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from smalti import machine
from smalti.errors import SmaltiError, log

if TYPE_CHECKING:
    import torch
    from torch import nn

FAST_BFLOAT16 = ("avx512_bf16", "amx_bf16")
"""CPU flags that make bfloat16 arithmetic faster than float32; without them it is slower."""


@dataclass(frozen=True)
class Hardware:
    """The choice for one run: names as PyTorch spells them, and the reason in words."""

    device: str
    device_name: str
    precision: str
    channels_last: bool
    threads: int
    reason: str

    def sentence(self) -> str:
        """Return the choice in one line for people."""
        layout = ", channels-last" if self.channels_last else ""
        threads = f", {self.threads} thread{'s' * (self.threads != 1)}" * (self.device == "cpu")
        return f"{self.device_name}: {self.precision}{layout}{threads} ({self.reason})"

    def torch_device(self) -> torch.device:
        import torch

        return torch.device(self.device)

    def autocast(self) -> torch.autocast:
        """Return the context in which the forward pass runs in the chosen precision."""
        import torch

        enabled = self.precision == "bfloat16"
        return torch.autocast(self.device, dtype=torch.bfloat16, enabled=enabled)

    def place(self, model: nn.Module) -> nn.Module:
        """Move a network to the device, its kernels in the chosen layout; returns the same."""
        # PyTorch's annotations lack the keyword.
        return model.to(device=self.torch_device(), memory_format=self.memory_format())  # type: ignore[call-overload]

    def memory_format(self) -> torch.memory_format:
        import torch

        return torch.channels_last if self.channels_last else torch.contiguous_format


def choose(
    device: str = "auto",
    precision: str = "auto",
    threads: int = 0,
    deterministic: bool = False,
    layout: str = "auto",
) -> Hardware:
    """Find the device and what it is fast at; every ``auto`` is decided here, by detection.

    Sets PyTorch's thread count, and with ``deterministic`` its deterministic algorithms. A device
    that is not there is an error that names those that are; one that is there and not used is told.
    """
    import torch

    there = available_devices()
    if device != "auto" and device not in there:
        raise SmaltiError(
            f"This machine has no device {device!r}; PyTorch sees: {', '.join(there)}.",
            "Leave out --device, or see: smalti doctor",
        )
    chosen = there[0] if device == "auto" else device
    if chosen == "cpu" and len(there) > 1:
        log.warning("The GPU (%s) is not used: --device cpu was asked for.", there[0])
    count = threads or usable_cores()
    if torch.get_num_threads() != count:
        torch.set_num_threads(count)
    wanted = deterministic and chosen != "cpu"
    # Setting it imports PyTorch's compiler, 1.5 s: only where it changes something.
    if wanted != torch.are_deterministic_algorithms_enabled():
        torch.use_deterministic_algorithms(wanted)
    if deterministic and chosen == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    chosen_precision, reason = _precision(chosen, precision)
    last = chosen != "mps" if layout == "auto" else layout == "channels-last"
    return Hardware(chosen, device_name(chosen), chosen_precision, last, count, reason)


def try_convolutions(hardware: Hardware, deterministic: bool) -> None:
    """Let cuDNN try its ways to do a convolution at each new shape, on CUDA, and take the fastest.

    Another run may find another one to be the fastest, and get other bits: not where it is to be
    ``deterministic``. Trying takes a moment; it is for trainings, not for a single picture.
    """
    import torch

    if hardware.device == "cuda":
        torch.backends.cudnn.benchmark = not deterministic


def plain_cpu() -> Hardware:
    """Return float32 on the CPU with PyTorch's settings as they are: what others are held against.

    Unlike :func:`choose` it changes and says nothing.
    """
    import torch

    threads = torch.get_num_threads()
    return Hardware("cpu", cpu_name(), "float32", False, threads, "to compare with")


def available_devices() -> list[str]:
    """Return the devices PyTorch can use here, best first; ``cpu`` is always the last."""
    import torch

    found = ["cuda"] if torch.cuda.is_available() else []
    if torch.backends.mps.is_available():
        found.append("mps")
    return [*found, "cpu"]


def unused_gpu() -> str | None:
    """Return the sentence for a GPU that is in the machine but that PyTorch cannot use, or None."""
    problem, repair = gpu_problem()
    return f"{problem} {repair[0].upper()}{repair[1:]}." if problem else None


def gpu_problem() -> tuple[str, str]:
    """Return why an NVIDIA GPU that is in the machine is not used, and the repair; or twice empty.

    The common causes, told apart: a PyTorch without CUDA, a variable that hides the GPU, a
    container without the device, a driver that is missing or too old.
    """
    import torch

    sign = machine.nvidia_gpu()
    if sign is None or torch.cuda.is_available():
        return "", ""
    if torch.version.cuda is None:
        return (
            f"There is an NVIDIA GPU ({sign}), but this PyTorch cannot use it: it was built for "
            "CPU only.",
            "install a CUDA build of PyTorch: https://pytorch.org/get-started/locally",
        )
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    if hidden is not None and hidden.strip() in ("", "-1"):
        return (
            f"There is an NVIDIA GPU ({sign}), but CUDA_VISIBLE_DEVICES={hidden!r} hides it.",
            "unset CUDA_VISIBLE_DEVICES",
        )
    if not Path("/dev/nvidia0").exists():
        return (
            f"There are signs of an NVIDIA GPU ({sign}), but no device /dev/nvidia0.",
            "start the container with its GPU (docker run --gpus all), or load the driver "
            "(nvidia-smi tells what is wrong)",
        )
    return (
        f"There is an NVIDIA GPU, but this PyTorch cannot use it (built for CUDA "
        f"{torch.version.cuda}): the driver is probably too old.",
        "update the driver, or install a PyTorch for the CUDA version that nvidia-smi shows",
    )


def usable_cores() -> int:
    """Return the number of cores this process may run on (OMP_NUM_THREADS where it is set)."""
    return asked_threads() or machine.usable_cores()


def asked_threads() -> int | None:
    """Return the OMP_NUM_THREADS of the environment, or None where there is no such wish."""
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return int(wanted) if wanted.isdigit() and int(wanted) > 0 else None


def fast_at_bfloat16(device: str) -> bool:
    """Tell whether bfloat16 is faster than float32 on a device."""
    return _fast_precision(device)[0] == "bfloat16"


@cache
def cpu_flags() -> frozenset[str]:
    """Return the CPU's instruction set flags as Linux names them; empty elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return frozenset()
    for line in lines:
        if line.startswith(("flags", "Features")):
            return frozenset(line.partition(":")[2].split())
    return frozenset()


def device_name(device: str) -> str:
    """Return the name people know the device by."""
    if device == "cuda":
        import torch

        return torch.cuda.get_device_name()
    if device == "mps":
        return "Apple GPU"
    return cpu_name()


@cache
def cpu_name() -> str:
    """Return the processor's model name."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine() or "CPU"


def matrix_product_peak(
    device: str, precision: str, size: int | None = None, repeats: int = 5
) -> float:
    """Return GFLOP/s of a ``size``³ matrix product: the median of ``repeats``, after a warm-up.

    A ceiling to hold training against: a network cannot be faster than this. The size is 2048, and
    8192 on CUDA, where starting the smaller one takes longer than its arithmetic.
    """
    import torch

    size = size or (8192 if device == "cuda" else 2048)

    kind = torch.bfloat16 if precision == "bfloat16" else torch.float32
    left = torch.ones(size, size, dtype=kind, device=device)
    right = torch.ones(size, size, dtype=kind, device=device)
    seconds = []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        left @ right
        if device == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - began)
    return 2 * size**3 / statistics.median(seconds[1:]) / 1e9


def _precision(device: str, wanted: str) -> tuple[str, str]:
    fast, reason = _fast_precision(device)
    if wanted == "auto":
        return fast, reason
    if wanted == "bfloat16" and fast != "bfloat16":
        log.warning("bfloat16 was asked for, but this device is not fast at it: %s.", reason)
    return wanted, "as asked for"


def _fast_precision(device: str) -> tuple[str, str]:
    if device == "cuda":
        import torch

        if torch.cuda.get_device_capability() >= (8, 0):
            return "bfloat16", "tensor cores take it"
        return "float32", "this GPU has no fast bfloat16"
    if device == "mps":
        return "float32", "the safe choice on Apple GPUs"
    found = [flag for flag in FAST_BFLOAT16 if flag in cpu_flags()]
    if found:
        return "bfloat16", f"the CPU has {found[0].upper().replace('_', '-')}"
    return "float32", "the CPU has no AVX512-BF16 or AMX"
