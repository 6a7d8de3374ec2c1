import logging

import pytest
import torch

from smalti import device
from smalti.errors import SmaltiError


@pytest.fixture
def flags(monkeypatch):
    def set_flags(*names):
        monkeypatch.setattr(device, "cpu_flags", lambda: frozenset(names))

    return set_flags


def test_precision_follows_what_the_cpu_can_do(flags):
    flags("avx2", "avx512_bf16")
    fast = device.choose("cpu", threads=1)
    assert (fast.precision, fast.reason) == ("bfloat16", "the CPU has AVX512-BF16")
    flags("avx2")
    slow = device.choose("cpu", threads=1)
    assert slow.precision == "float32"
    assert "no AVX512-BF16" in slow.reason


def test_a_slow_wish_is_granted_and_told(flags, caplog):
    flags("avx2")
    chosen = device.choose("cpu", "bfloat16", threads=1)
    assert (chosen.precision, chosen.reason) == ("bfloat16", "as asked for")
    assert "not fast at it" in caplog.text


def test_a_device_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(device, "available_devices", lambda: ["cpu"])
    with pytest.raises(SmaltiError, match="no device 'cuda'; PyTorch sees: cpu"):
        device.choose("cuda")


def test_a_gpu_that_is_left_idle_is_told(monkeypatch, caplog):
    monkeypatch.setattr(device, "available_devices", lambda: ["cuda", "cpu"])
    assert device.choose("cpu", threads=1).device == "cpu"
    assert "not used" in caplog.text


def test_threads_are_set_and_said():
    before = torch.get_num_threads()
    try:
        chosen = device.choose("cpu", "float32", threads=1)
        assert torch.get_num_threads() == 1
        assert chosen.sentence().endswith("float32, channels-last, 1 thread (as asked for)")
    finally:
        torch.set_num_threads(before)


def test_the_threads_of_the_environment_are_respected(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert device.usable_cores() == 7
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert device.usable_cores() >= 1


@pytest.mark.parametrize(
    ("kind", "deterministic", "tried"),
    [("cuda", False, True), ("cuda", True, False), ("cpu", False, False)],
)
def test_convolutions_are_tried_on_cuda_unless_bits_must_repeat(
    monkeypatch, kind, deterministic, tried
):
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", False)
    hardware = device.Hardware(kind, "", "float32", True, 1, "")
    device.try_convolutions(hardware, deterministic)
    assert torch.backends.cudnn.benchmark is tried


def test_autocast_makes_what_the_precision_says():
    layer = torch.nn.Linear(4, 4)
    for precision, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        logging.disable(logging.WARNING)
        hardware = device.choose("cpu", precision, threads=1)
        logging.disable(logging.NOTSET)
        with hardware.autocast():
            assert layer(torch.zeros(2, 4)).dtype == dtype


def test_the_peak_is_a_plausible_number():
    assert 0.1 < device.matrix_product_peak("cpu", "float32", size=128, repeats=2) < 1e6


# A GPU that is there and cannot be used: each cause has its repair.


@pytest.fixture
def with_gpu(monkeypatch):
    """Return ``with_gpu(built_for, device_file=True)``: signs of a GPU that PyTorch cannot use."""

    def pretend(built_for, device_file=True):
        monkeypatch.setattr(device.machine, "nvidia_gpu", lambda: "/proc/driver/nvidia/version")
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        monkeypatch.setattr(torch.version, "cuda", built_for)
        monkeypatch.setattr(device.Path, "exists", lambda path: device_file)
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    return pretend


def test_a_pytorch_without_cuda_is_named(with_gpu):
    with_gpu(built_for=None)
    problem, repair = device.gpu_problem()
    assert "built for CPU only" in problem
    assert "install a CUDA build" in repair
    assert device.unused_gpu() == f"{problem} I{repair[1:]}."


def test_a_hidden_gpu_is_named(with_gpu, monkeypatch):
    with_gpu(built_for="12.8")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    problem, repair = device.gpu_problem()
    assert "CUDA_VISIBLE_DEVICES='' hides it" in problem
    assert repair == "unset CUDA_VISIBLE_DEVICES"


def test_a_container_without_the_device_is_named(with_gpu):
    with_gpu(built_for="12.8", device_file=False)
    problem, repair = device.gpu_problem()
    assert "no device /dev/nvidia0" in problem
    assert "docker run --gpus all" in repair


def test_an_old_driver_is_the_last_guess(with_gpu):
    with_gpu(built_for="12.8")
    problem, _ = device.gpu_problem()
    assert "built for CUDA 12.8" in problem
    assert "driver is probably too old" in problem


def test_a_gpu_in_use_or_none_is_no_problem(with_gpu, monkeypatch):
    with_gpu(built_for="12.8")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device.unused_gpu() is None
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(device.machine, "nvidia_gpu", lambda: None)
    assert device.unused_gpu() is None


def test_the_plain_cpu_leaves_everything_as_it_is(caplog, monkeypatch):
    monkeypatch.setattr(device, "available_devices", lambda: ["cuda", "cpu"])
    threads = torch.get_num_threads()
    plain = device.plain_cpu()
    assert (plain.device, plain.precision, plain.threads) == ("cpu", "float32", threads)
    assert torch.get_num_threads() == threads
    assert caplog.text == ""
