import pytest
import torch

from smalti.models.views import averaged


def column_of_brightest(inputs):
    """Answer with the flattened pictures themselves: every view stays visible."""
    return inputs.flatten(1)


def picture():
    inputs = torch.zeros(1, 1, 3, 3)
    inputs[0, 0, 1, 0] = 8.0
    return inputs


def answer(views):
    return averaged(column_of_brightest, picture(), views).reshape(3, 3)


def test_one_view_is_the_network_itself():
    assert torch.equal(answer(1), picture()[0, 0])


def test_two_views_add_the_mirror_image():
    assert answer(2)[1].tolist() == [4.0, 0.0, 4.0]


def test_three_views_weigh_two_diagonal_shifts_by_a_quarter_and_repeat_the_border():
    # Up-left keeps row 1 pixel 0 out of sight; its repeated border shows it again at row 2.
    assert answer(3).tolist() == [[0.0, 0.0, 0.0], [4.0, 0.0, 0.0], [2.0, 2.0, 0.0]]


def test_six_views_are_the_three_and_their_mirror_images():
    three = answer(3)
    assert torch.equal(answer(6), 0.5 * (three + three.flip(1)))


@pytest.mark.parametrize("views", [1, 2, 3, 6])
def test_the_weights_of_the_views_add_up_to_one(views):
    ones = torch.ones(2, 3, 5, 4)
    assert torch.allclose(averaged(column_of_brightest, ones, views), ones.flatten(1))
