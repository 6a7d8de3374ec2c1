from smalti.training.clock import Clock


def test_a_training_of_one_process_has_its_processor_time():
    clock = Clock([])
    sum(range(200_000))
    spent = clock.spent()
    assert spent.keys() == {"seconds", "cpu_seconds"}
    assert 0 <= spent["cpu_seconds"] <= spent["seconds"] + 0.1


def test_earlier_epochs_count_and_processor_time_is_unknown_then():
    clock = Clock([{"seconds": 20.0}, {"seconds": 12.5}])
    assert clock.spent()["seconds"] >= 32.5
    assert "cpu_seconds" not in clock.spent()
