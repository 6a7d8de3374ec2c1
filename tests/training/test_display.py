import io

import pytest

from smalti.advice.finding import Finding, Remedy
from smalti.training import display
from smalti.training.display import LiveDisplay, NotebookDisplay, PlainDisplay, bar
from smalti.training.progress import Plan

PLAN = Plan(
    run=None, data="tiny", recipe="cnn", seed=0, train=1000, validation=100, epochs=2,
    first_epoch=1, steps=20, batch_size=50, parameters=1234, hardware="a CPU: float32",
)  # fmt: skip
ROW = {
    "epoch": 1, "lr": 0.001, "train_loss": 0.5, "train_accuracy": 0.8,
    "val_loss": 0.4, "val_accuracy": 0.85, "seconds": 10.0,
}  # fmt: skip


def tell(kind):
    stream = io.StringIO()
    listener = kind(stream)
    listener.started(PLAN)
    for step in range(1, 21):
        listener.stepped(1, step)
    listener.finished_epoch(ROW, best=True)
    listener.ended("all 2 epochs done")
    return stream.getvalue()


def test_plain_is_the_plan_and_a_line_an_epoch():
    assert tell(PlainDisplay).splitlines() == [
        "device  a CPU: float32",
        "data    tiny: 1,000 training, 100 validation pictures",
        "plan    cnn, 1,234 parameters, seed 0, 2 epochs × 20 steps of 50",
        "epoch 1/2  train 80.00 % loss 0.500  validation 85.00 % loss 0.400 *  10 s, 100 images/s",
        "all 2 epochs done",
    ]


def test_live_redraws_a_bar(monkeypatch):
    ticks = iter(range(1000))
    monkeypatch.setattr(display.time, "perf_counter", lambda: next(ticks))
    shown = tell(LiveDisplay)
    assert shown.count("\x1b[2K") == 20
    assert "epoch 1/2 ━━━━━━━━━━━━────────────" in shown


def test_a_notebook_gets_one_line_that_is_replaced(monkeypatch):
    ticks = iter(range(1000))
    monkeypatch.setattr(display.time, "perf_counter", lambda: next(ticks))
    shown = []
    stored = tell(lambda stream: NotebookDisplay(stream, shown.append))
    assert stored.splitlines() == ["device  a CPU: float32", "all 2 epochs done"]
    assert len(shown) == 20
    assert "━" in shown[0]
    assert shown[-1].startswith("epoch 1/2  train 80.00 %")


def test_the_bar_tells_pace_and_time_left():
    line = bar(PLAN, epoch=1, step=11, seconds=5)
    assert line == "epoch 1/2 ━━━━━━━━━━━━━─────────── 100 images/s, 14 s left"


def test_without_validation_the_line_is_shorter():
    row = {**ROW, "val_loss": None, "val_accuracy": None}
    assert "validation" not in display.epoch_line(row, True, PLAN)


@pytest.mark.parametrize("tty", [True, False])
def test_the_display_suits_the_stream(tty, monkeypatch):
    monkeypatch.setattr(display.sys.stderr, "isatty", lambda: tty, raising=False)
    assert type(display.make_display()) is (LiveDisplay if tty else PlainDisplay)


FINDING = Finding("Cause", "Numbers.", (Remedy({"training.epochs": 4}),))


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        (PlainDisplay, "note    Cause. Numbers. Try: --epochs 4\n"),
        (NotebookDisplay, 'note: Cause. Numbers. Try: set={"training.epochs": 4}\n'),
    ],
)
def test_what_is_noticed_early_is_one_line(kind, line):
    stream = io.StringIO()
    kind(stream).noticed(FINDING)
    assert stream.getvalue() == line
