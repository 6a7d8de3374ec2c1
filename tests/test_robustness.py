"""The figures of a stress test: intervals, words, and the way to a file and back."""

import json
from dataclasses import replace

import numpy as np
import pytest

from smalti import robustness
from smalti.metrics import mean_interval, wilson_interval
from smalti.robustness import Attacked, Attacks, Corrupted, Robustness, Share

NAMES = ("bar", "column", "ring")


def share(accuracy, n=200):
    return Share(accuracy, *wilson_interval(accuracy, n))


def kind(name, *accuracies):
    shares = tuple(map(share, accuracies))
    return Corrupted(name, share(float(np.mean(accuracies))), shares, "ring", 0.2, "bar", 0.615)


def found(**changes):
    kinds = (
        kind("fog", 0.9, 0.8, 0.7, 0.6, 0.5),
        kind("invert", 0.8, 0.4, 0.2, 0.1, 0.1),
        kind("blur", 0.9, 0.9, 0.9, 0.9, 0.85),
        kind("snow", 0.9, 0.7, 0.5, 0.4, 0.3),
    )
    attacks = Attacks(
        100,
        share(0.9, 100),
        10,
        (
            Attacked(1, share(0.8, 100), share(0.7, 100)),
            Attacked(2, share(0.6, 100), share(0.4, 100)),
        ),
    )
    values = Robustness(
        data="tiny",
        part="test",
        split="official split",
        n=200,
        of=1000,
        seed=0,
        clean=share(0.9),
        mean=share(0.6),
        corruptions=kinds,
        attacks=attacks,
        no_attacks="",
        precision_used="float32",
        views=1,
        seconds=12.3,
        images_per_second=1234.5,
        measured="2026-03-01T14:00:00+01:00",
    )
    return replace(values, **changes)


def test_the_weakest_are_said_first_with_interval_course_and_classes():
    spots = found().weak_spots
    assert [text.split(":")[0] for text in spots] == ["invert", "snow", "fog"]
    assert spots[0] == (
        "invert: 32.00 % over its strengths (95 % interval 25.93–38.75), 58.00 points below "
        "unchanged pictures; at strength 2 fewer than half as many are right (40.00 %). "
        "Hardest hit: ring, 20.00 % right. 62 % of the mistakes say bar."
    )
    assert "; 50.00 % at strength 5." in spots[2]


def test_attacks_say_where_most_is_lost_or_that_it_never_is():
    said = found().attacks.sentence
    assert said.startswith(
        "PGD leaves fewer than half of the right answers at epsilon 2/255: 40.00"
    )
    assert "n = 100), of 90.00 % before." in said
    stout = replace(found().attacks, by_epsilon=found().attacks.by_epsilon[:1])
    assert "more than half of the right answers even at epsilon 1/255: 70.00 %" in stout.sentence


def test_answers_become_shares_the_hardest_class_and_the_commonest_mistake():
    labels = np.array([0, 0, 1, 1, 2, 2])
    answers = np.tile(labels, (5, 1))
    answers[3:, 4] = 1
    answers[4, :2] = [2, 1]
    one = robustness.corrupted("fog", answers, labels, NAMES)
    assert [each.accuracy for each in one.by_strength] == pytest.approx([1, 1, 1, 5 / 6, 0.5])
    assert one.mean.accuracy == pytest.approx(26 / 30)
    assert (one.hardest, one.hardest_accuracy) == ("bar", 0.8)
    assert (one.answer, one.answer_share) == ("column", 0.75)
    perfect = robustness.corrupted("fog", np.tile(labels, (5, 1)), labels, NAMES)
    assert perfect.sentence(1.0).endswith("unchanged pictures; 100.00 % at strength 5.")


def test_a_class_without_pictures_is_not_the_hardest():
    labels = np.array([0, 0, 2])
    answers = np.tile([0, 1, 2], (5, 1))
    assert robustness.corrupted("fog", answers, labels, NAMES).hardest == "bar"


def test_the_mean_over_states_has_an_interval_over_the_pictures():
    random = np.random.default_rng(0)
    right = random.random((1, 1, 400)) < 0.7
    one = Share.mean(right)
    assert (one.low, one.high) == pytest.approx(wilson_interval(one.accuracy, 400), abs=2e-4)
    # States that all come out alike say no more than one of them.
    alike = Share.mean(right.repeat(15, axis=0).repeat(5, axis=1))
    assert (alike.low, alike.high) == pytest.approx((one.low, one.high))
    # States in which chance alone decides say as much as so many pictures.
    free = Share.mean(random.random((15, 5, 400)) < 0.7)
    assert free.high - free.low == pytest.approx((one.high - one.low) / np.sqrt(75), rel=0.15)


def test_the_interval_of_a_mean_stays_within_bounds():
    assert mean_interval(np.ones(50)) == wilson_interval(1.0, 50)
    assert mean_interval(np.array([0.3])) == wilson_interval(0.3, 1)
    assert mean_interval(np.array([])) == (0.0, 1.0)
    low, high = mean_interval(np.array([1.0] * 49 + [0.98]))
    assert 0.95 < low < 0.9996 < high <= 1


def test_a_file_gives_back_what_was_written():
    for values in (found(), found(attacks=None, no_attacks="They were left out.")):
        content = json.loads(json.dumps({**values.to_dict(), "weights": "abc"}))
        assert robustness.read(content) == values


DAMAGE = {
    "no mean": lambda c: c.pop("mean"),
    "crossed ends": lambda c: c.update(clean={"accuracy": 0.5, "low": 0.6, "high": 0.4}),
    "no corruptions": lambda c: c.update(corruptions=[]),
    "numbers for objects": lambda c: c.update(corruptions=[1]),
    "four strengths": lambda c: c["corruptions"][0]["by_strength"].pop(),
    "a word for n": lambda c: c.update(n="many"),
    "more seen than there are": lambda c: c.update(n=2000),
    "attacks without any": lambda c: c["attacks"].update(by_epsilon=[]),
    "no word of attacks": lambda c: c.pop("attacks"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=list(DAMAGE))
def test_what_was_changed_is_refused(damage):
    content = json.loads(json.dumps(found().to_dict()))
    damage(content)
    with pytest.raises((KeyError, TypeError, ValueError)):
        robustness.read(content)


def test_a_notebook_and_a_line_show_it():
    values = found(corruptions=(replace(found().corruptions[0], hardest="<b>"),))
    assert str(values).startswith("mean corruption accuracy 60.00 % (95 % interval ")
    shown = values._repr_html_()
    assert "&lt;b&gt;" in shown
    assert "<b>," not in shown
    assert "200 of 1,000 test pictures" in shown
    assert "all 1,000 test pictures" in found(n=1000).pictures
