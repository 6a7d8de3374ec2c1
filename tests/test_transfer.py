import pytest
import torch

from smalti.transfer import send


class Recorded:
    """Stands for a tensor of the CPU; remembers what is asked of it."""

    def __init__(self):
        self.asked = []

    def pin_memory(self):
        self.asked.append("pin")
        return self

    def to(self, device, non_blocking=False):
        self.asked.append((device.type, non_blocking))
        return self


@pytest.mark.parametrize(
    ("device", "asked"),
    [
        ("cuda", ["pin", ("cuda", True)]),
        ("mps", [("mps", False)]),
        ("cpu", [("cpu", False)]),
    ],
)
def test_only_the_way_to_an_nvidia_gpu_is_pinned_and_not_waited_for(device, asked):
    values = Recorded()
    send(values, torch.device(device))
    assert values.asked == asked


def test_on_the_cpu_nothing_is_copied():
    values = torch.arange(3)
    assert send(values, torch.device("cpu")) is values


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
def test_many_transfers_in_a_row_arrive_whole():
    device = torch.device("cuda")
    kept = [send(torch.full((1000,), n), device) for n in range(200)]
    assert all(bool((values == n).all()) for n, values in enumerate(kept))
