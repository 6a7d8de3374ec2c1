import pytest

from smalti.recipes import ScheduleConfig
from smalti.training.schedules import factor_at, momentum_at

CYCLE = ScheduleConfig(name="one-cycle", rise=0.25)


def test_linear_falls_in_a_straight_line_after_the_warm_up():
    line = ScheduleConfig(name="linear", warmup=2.0)
    assert [factor_at(line, p, 10) for p in (1, 2, 4, 6, 10)] == [0.5, 1.0, 0.75, 0.5, 0.0]


def test_one_cycle_rises_from_a_25th_and_falls_to_almost_nothing():
    assert factor_at(CYCLE, 0, 8) == pytest.approx(1 / 25)
    assert factor_at(CYCLE, 2, 8) == pytest.approx(1.0)
    assert factor_at(CYCLE, 5, 8) == pytest.approx(0.5, abs=1e-4)
    assert 0 < factor_at(CYCLE, 8, 8) < 1e-5


def test_one_cycle_moves_momentum_against_the_rate():
    assert momentum_at(CYCLE, 0, 8, 0.95) == pytest.approx(0.95)
    assert momentum_at(CYCLE, 2, 8, 0.95) == pytest.approx(0.85)
    assert momentum_at(CYCLE, 8, 8, 0.95) == pytest.approx(0.95)


def test_other_courses_leave_momentum_alone():
    assert momentum_at(ScheduleConfig(name="cosine"), 3, 8, 0.9) == 0.9
