import pytest

from smalti.classifier.keras.names_inside import layer_name, names_from, own_metadata


@pytest.mark.parametrize("junk", [[1], "x", None, 3, {"class_names": ["a", 1]}])
def test_metadata_that_smalti_would_not_write_is_left_out(junk):
    assert own_metadata(junk) == {}


def test_what_smalti_writes_is_kept():
    data = {"smalti": "1", "class_names": ["ü", "a cat"], "scale": "0-255", "data": ""}
    assert own_metadata(data) == data


@pytest.mark.parametrize("name", ["\x1b]0;owned\x07", "\ud800", "a\nb"])
def test_names_that_could_steer_a_terminal_are_not_taken(name):
    assert own_metadata({"class_names": [name]}) == {}
    assert names_from({}, [layer_name(["fine", name])]) == []
